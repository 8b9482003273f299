/**
 * How apps in Pyodide are booted by the book: a web worker, the files of the npm package as they are, the wheels
 * unpacked at the start, everything compiled as it is imported.
 */

import { loadPyodide } from "./pyodide/pyodide.mjs";

const NO_PACKAGES = JSON.stringify({
  info: { arch: "wasm32", platform: "emscripten_5_0_3", version: "314.0.7", python: "3.14.2", abi_version: "2026_0" },
  packages: {},
});

self.onmessage = async ({ data: { module, attribute, path } }) => {
  const load = async (/** @type {string} */ name) => (await fetch(new URL(name, import.meta.url))).arrayBuffer();
  const names = await (await fetch(new URL("wheels.json", import.meta.url))).json();
  const wheels = names.map((/** @type {string} */ name) => load(`wheels/${name}`));
  const [app, bridge] = [load("app.zip"), load("stock_bridge.py")];
  const indexURL = new URL("pyodide/", import.meta.url).href;
  const python = await loadPyodide({ indexURL, lockFileContents: NO_PACKAGES });
  for (const wheel of wheels) python.unpackArchive(await wheel, "wheel");
  python.unpackArchive(await app, "zip", { extractDir: "/app" });
  python.runPython(new TextDecoder().decode(await bridge));
  const body = await python.globals.get("first_response")(module, attribute, path);
  self.postMessage({ answer: JSON.parse(body), heap: python._module.HEAPU8.length });
};
