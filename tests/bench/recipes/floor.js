/**
 * The floor under every boot: load Pyodide's two modules, compile and instantiate its wasm, and copy a heap into its
 * memory. There it ends: no Python runs.
 */

import "./pyodide/pyodide.asm.mjs";
import { loadPyodide } from "./pyodide/pyodide.mjs";

const { instantiateStreaming } = WebAssembly;
const NO_PACKAGES = JSON.stringify({
  info: { arch: "wasm32", platform: "emscripten_5_0_3", version: "314.0.7", python: "3.14.2", abi_version: "2026_0" },
  packages: {},
});

self.onmessage = ({ data: { heap } }) => {
  const contents = new Uint8Array(heap).fill(1);
  WebAssembly.instantiateStreaming = async (source, imports) => {
    const { instance } = await instantiateStreaming(source, imports);
    const memory = /** @type {WebAssembly.Memory} */ (instance.exports.memory);
    const missing = heap - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65536));
    new Uint8Array(memory.buffer).set(contents);
    self.postMessage({ answer: true });
    return new Promise(() => {});
  };
  const indexURL = new URL("pyodide/", import.meta.url).href;
  void loadPyodide({ indexURL, stdLibURL: "data:application/zip,", lockFileContents: NO_PACKAGES });
};
