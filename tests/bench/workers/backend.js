/** The same app and the same bridge as in the service worker, in a web worker; `SHARED` is where the build put them. */

import { Files } from "SHARED/files.js";
import { boot } from "SHARED/python.js";

/** Take the place of `serve` in a generated `sw.js`. */
export async function serve(modules, manifest) {
  const { wasm, stdlib, archives, runtime } = manifest;
  const script = new URL(self.location.href);
  const files = new Files([wasm, stdlib, ...archives], script, () => {});
  const own = { [new URL("pyodide.asm.wasm", new URL(runtime, script)).href]: wasm.url, [new URL(stdlib.url, script).href]: stdlib.url };
  const { fetch } = self;
  self.fetch = (input, init) => (own[String(input)] ? files.response(own[String(input)]) : fetch(input, init));
  const urls = { indexURL: new URL(runtime, script).href, stdLibURL: new URL(stdlib.url, script).href };
  const site = { root: new URL("./app", script).pathname, origin: script.origin };
  const mounted = archives.map(async ({ url, mount }) => ({ mount, content: await files.content(url) }));
  const python = await boot({ ...modules, ...urls }, manifest, site, mounted);
  self.onmessage = async ({ data: { id, url, method, headers, body } }) => {
    const response = await python.respond(new Request(url, { method, headers, body }), navigator);
    const content = await response.arrayBuffer();
    self.postMessage({ id, status: response.status, headers: [...response.headers], content }, [content]);
  };
  self.postMessage({ ready: true });
}
