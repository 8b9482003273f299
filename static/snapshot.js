// @ts-check
/**
 * Restores images of a started Python's memory, which the build has taken.
 *
 * An image holds the pages of the WebAssembly memory that differ from what lay there before: a base image from a
 * module that was instantiated and nothing more, an overlay from its base. No file of Pyodide is changed: its own
 * `_makeSnapshot` and `_loadSnapshot` do the work, and what they leave open is settled here. Native modules are
 * loaded before Python starts, in a fixed order and at fixed places, so that every address in an image is right in
 * every browser.
 */

import { putDown } from "./carried.js";

/** Bytes of a page; what the memory allocator and CPython's own arenas are multiples of. */
export const PAGE = 4096;

/** Where native modules begin in the table of functions: above the base of every engine's own table. */
const TABLE_BASE = 16384;

/** The first four bytes of an image. */
export const MAGIC = 0x474d4941;

/**
 * What Python is to find again, besides its memory.
 *
 * @typedef {object} Settings
 * @property {string} build of Pyodide
 * @property {number} heap bytes of the memory
 * @property {number} tableBefore entries of the table of functions after the native modules were loaded
 * @property {number} table entries of it when the image was taken
 * @property {[number, string][]} handles of native modules that Python has opened, and their paths
 * @property {string[]} libraries paths of the native modules, in the order in which they were loaded
 * @property {import("./carried.js").Carried} carried files that go with it
 * @property {unknown} references to JavaScript objects, as Pyodide describes them
 * @property {import("./absent.js").Listing[]} [listings] in a base: the standard library's archive, and what each archive
 *   of the dependencies holds
 */

/**
 * @typedef {object} Image
 * @property {Settings} settings
 * @property {[first: number, count: number, held: 0 | 1][]} runs of pages: held in the image, or zero
 * @property {Uint8Array} pages the held ones
 * @property {Uint8Array} contents of the files that go with it
 * @property {boolean} relative whether they are combined by XOR with what lay there before, as an overlay's: often it is
 *   a number here and there that has changed, and the rest packs well
 */

/**
 * What is done with the memory of a Python that starts.
 *
 * @typedef {object} Memory
 * @property {() => Promise<Map<string, Promise<WebAssembly.Module>>>} libraries native modules by path
 * @property {Promise<Image[]>} [images] to be restored, base first
 * @property {(heap: Uint8Array) => void} [onFresh] called before anything is restored
 * @property {(heap: Uint8Array) => void} [onRestored] called before Python runs
 * @property {(FS: any, listings: import("./absent.js").Listing[]) => void} [onFiles] called before that, with what the
 *   base lists
 */

/**
 * Wrap Pyodide's `createPyodideModule` so that native modules are loaded first, each at its place, and images restored.
 *
 * @param {any} create
 * @param {Memory} memory
 */
export function withMemory(create, memory) {
  return async (/** @type {any} */ settings) => {
    const libraries = memory.libraries();
    libraries.catch(() => {}); // Told where it is awaited.
    /** @type {(error: unknown) => void} */
    let fail;
    const broken = new Promise((_, reject) => (fail = reject));
    settings.preRun.push(async (/** @type {any} */ module) => {
      module.addRunDependency("native modules");
      try {
        await loadAll(module, await libraries, (await memory.images)?.[0].settings.libraries);
        module.removeRunDependency("native modules");
      } catch (error) {
        // Emscripten would wait for ever.
        fail(error);
      }
    });
    const module = await Promise.race([create(settings), broken]);
    memory.onFresh?.(module.HEAPU8);
    if (memory.images) prepare(module, await memory.images, memory);
    return module;
  };
}

/**
 * @param {any} module
 * @param {Map<string, Promise<WebAssembly.Module>>} compiled
 * @param {string[]} [order]
 */
async function loadAll(module, compiled, order = [...compiled.keys()].sort()) {
  module.wasmTable.grow(TABLE_BASE - module.wasmTable.length);
  for (const path of order) {
    const code = await compiled.get(path);
    if (!code) throw new Error(`the image needs ${path}, which is in no archive`);
    const library = module.newDSO(path, undefined, "loading");
    library.refcount = Infinity;
    library.global = false;
    library.exports = await module.loadWebAssemblyModule(code, { loadAsync: true, nodelete: true, global: false }, path, {});
  }
  module.tableBefore = module.wasmTable.length;
}

/**
 * Make Pyodide restore the images in the place of the snapshot that it was given.
 *
 * @param {any} module
 * @param {Image[]} images
 * @param {Memory} memory
 */
function prepare(module, images, { onFiles, onRestored }) {
  const { settings, contents } = images[images.length - 1];
  const { API, LDSO, wasmTable } = module;
  if (API.config.BUILD_ID !== settings.build) throw new Error(`the image is of another Pyodide: ${settings.build}`);
  if (module.tableBefore !== settings.tableBefore) {
    throw new Error(`the table has ${module.tableBefore} entries, and the image was taken with ${settings.tableBefore}`);
  }
  if (module.HEAP8.length < settings.heap) module.growMemory(settings.heap);
  if (wasmTable.length < settings.table) wasmTable.grow(settings.table - wasmTable.length);
  for (const [handle, path] of settings.handles) LDSO.loadedLibsByHandle[handle] = LDSO.loadedLibsByName[path];
  onFiles?.(module.FS, images[0].settings.listings ?? []);
  putDown(module.FS, settings.carried, contents);
  API.restoreSnapshot = () => {
    // CPython keeps a pointer into this very instance's table there.
    const trampoline = (module.__PyRuntime + module.HEAP32[module.__PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET >> 2]) >> 2;
    const own = module.HEAP32[trampoline];
    for (const image of images) restore(module.HEAPU32, image);
    module.HEAP32[trampoline] = own;
    onRestored?.(module.HEAPU8);
    return settings.references;
  };
}

/**
 * Put an image into a memory.
 *
 * @param {Uint32Array} heap
 * @param {Image} image
 */
export function restore(heap, { runs, pages, relative }) {
  const words = new Uint32Array(pages.buffer, pages.byteOffset, pages.length / 4);
  let at = 0;
  for (const [first, count, held] of runs) {
    const [start, end] = [(first * PAGE) / 4, ((first + count) * PAGE) / 4];
    if (!held) {
      heap.fill(0, start, end);
    } else if (relative) {
      for (let word = start; word < end; word++) heap[word] ^= words[at++];
    } else {
      heap.set(words.subarray(at, (at += end - start)), start);
    }
  }
}

/**
 * Read the bytes of an image: magic number, length of the description, description, pages, contents of files.
 *
 * @param {Uint8Array} content
 * @returns {Image}
 */
export function decode(content) {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  if (content.length < 8 || view.getUint32(0, true) !== MAGIC) throw new Error("not an image of a started Python");
  const end = 8 + view.getUint32(4, true);
  /** @type {Omit<Image, "pages" | "contents">} */
  const about = JSON.parse(new TextDecoder().decode(content.subarray(8, end)));
  const pages = about.runs.reduce((sum, [, count, held]) => sum + count * held * PAGE, 0);
  const wanted = about.settings.carried.files.reduce((sum, [, size]) => sum + size, pages);
  if (content.length - end !== wanted) throw new Error(`the image holds ${content.length - end} of ${wanted} bytes`);
  return { ...about, pages: content.subarray(end, end + pages), contents: content.subarray(end + pages) };
}
