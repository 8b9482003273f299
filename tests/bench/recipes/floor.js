/**
 * The floor under every boot: load Pyodide's two modules, compile and instantiate its wasm, and copy a heap into its
 * memory. No Python runs.
 */

import createPyodideModule from "./pyodide/pyodide.asm.mjs";
import "./pyodide/pyodide.mjs";

self.onmessage = ({ data: { heap } }) => {
  const contents = new Uint8Array(heap).fill(1);
  const wasm = fetch(new URL("pyodide/pyodide.asm.wasm", import.meta.url));
  createPyodideModule({
    noInitialRun: true,
    instantiateWasm(/** @type {WebAssembly.Imports} */ imports) {
      WebAssembly.instantiateStreaming(wasm, imports).then(({ instance }) => {
        const memory = /** @type {WebAssembly.Memory} */ (imports.env?.memory ?? instance.exports.memory);
        const missing = heap - memory.buffer.byteLength;
        if (missing > 0) memory.grow(Math.ceil(missing / 65536));
        new Uint8Array(memory.buffer).set(contents);
        self.postMessage({ answer: true, heap: memory.buffer.byteLength });
      });
      return {};
    },
  });
};
