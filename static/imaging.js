// @ts-check
/** Takes images of a started Python's memory, at build time. Not shipped to readers. */

import { pickUp } from "./carried.js";
import { MAGIC, PAGE } from "./snapshot.js";

/** @import {Image, Settings} from "./snapshot.js" */

/**
 * The image of a Python at rest, which was started as one that can be frozen.
 *
 * @param {any} pyodide
 * @param {string[]} [written] paths of files that go with it
 * @returns {{settings: Settings, heap: Uint8Array, contents: Uint8Array}}
 */
export function take(pyodide, written = []) {
  const module = pyodide._module;
  const { API, FS, LDSO } = module;
  const loader = pyodide.pyimport("pyodide._package_loader");
  // At each start it would look into every installed package, to tell those that are Pyodide's own. None is.
  loader.init_loaded_packages = pyodide.pyimport("builtins").dict;
  // Pyodide lists there what it finds installed, and wants the list empty in an image.
  for (const list of [pyodide.loadedPackages, loader.loadedPackages]) {
    for (const name of Object.keys(list)) delete list[name];
  }
  const { carried, contents } = pickUp(FS, written);
  clearFreeMemory(module);
  const references = API.serializeHiwireState();
  const handles = /** @type {[string, {name: string}][]} */ (Object.entries(LDSO.loadedLibsByHandle));
  const settings = {
    build: API.config.BUILD_ID,
    heap: module.HEAPU8.length,
    tableBefore: module.tableBefore,
    table: module.wasmTable.length,
    handles: handles.map(([handle, { name }]) => /** @type {[number, string]} */ ([Number(handle), name])).filter(([handle]) => handle),
    libraries: Object.keys(LDSO.loadedLibsByName).filter((path) => path.endsWith(".so")).sort(),
    carried,
    references,
  };
  return { settings, heap: module.HEAPU8.slice(), contents };
}

/**
 * What of a heap differs from another.
 *
 * @param {Settings} settings
 * @param {Uint8Array} heap
 * @param {Uint8Array} before may be shorter: what is beyond is zero
 * @param {boolean} [relative] whether what lies there before it is restored is known to the last bit
 * @returns {Image}
 */
export function difference(settings, heap, before, relative = false) {
  /** @type {Image["runs"]} */
  const runs = [];
  const held = [];
  const words = new Uint32Array(heap.buffer, heap.byteOffset, heap.length / 4);
  const old = new Uint32Array(heap.length / 4);
  old.set(new Uint32Array(before.buffer, before.byteOffset, before.length / 4));
  for (let page = 0; page < heap.length / PAGE; page++) {
    const [from, to] = [(page * PAGE) / 4, ((page + 1) * PAGE) / 4];
    if (isSame(words, old, from, to)) continue;
    const now = words.subarray(from, to);
    const kind = now.some(Boolean) ? 1 : 0;
    if (kind) held.push(relative ? now.map((word, at) => word ^ old[from + at]) : now);
    const last = runs[runs.length - 1];
    if (last && last[0] + last[1] === page && last[2] === kind) last[1]++;
    else runs.push([page, 1, kind]);
  }
  const pages = new Uint8Array(held.length * PAGE);
  held.forEach((page, at) => pages.set(new Uint8Array(page.buffer, page.byteOffset, PAGE), at * PAGE));
  return { settings, relative, runs, pages, contents: new Uint8Array() };
}

/**
 * Bytes of the pages in which a heap differs from what it was.
 *
 * @param {Uint8Array} heap
 * @param {Uint8Array} before may be shorter: what is beyond was zero
 */
export function changed(heap, before) {
  const words = new Uint32Array(heap.buffer, heap.byteOffset, heap.length / 4);
  const old = new Uint32Array(before.buffer, before.byteOffset, before.length / 4);
  const nothing = new Uint32Array(PAGE / 4);
  let count = 0;
  for (let from = 0; from < words.length; from += PAGE / 4) {
    const to = from + PAGE / 4;
    const same = from < old.length ? isSame(words, old, from, to) : isSame(words.subarray(from, to), nothing, 0, PAGE / 4);
    if (!same) count++;
  }
  return count * PAGE;
}

/**
 * @param {Uint32Array} words
 * @param {Uint32Array} others
 * @param {number} from
 * @param {number} to
 */
function isSame(words, others, from, to) {
  // A loop: of most pages every word is compared, tens of millions in all.
  for (let at = from; at < to; at++) if (words[at] !== others[at]) return false;
  return true;
}

/**
 * Fill freed memory with zeros: what was there would only be carried to readers.
 *
 * @param {any} module
 */
function clearFreeMemory(module) {
  const end = () => module.HEAPU32[module._emscripten_get_sbrk_ptr() >>> 2];
  const blocks = [];
  for (let size = 1 << 24; size >= 16; size >>= 1) {
    for (;;) {
      const before = end();
      const block = module._malloc(size);
      if (!block) break;
      blocks.push(block);
      if (end() !== before) break; // The heap had to grow: nothing free is that large.
      module.HEAPU8.fill(0, block, block + size);
    }
  }
  for (const block of blocks) module._free(block);
}

/**
 * The bytes of an image as they are shipped; see `decode`.
 *
 * @param {Image} image
 */
export function encode({ pages, contents, ...about }) {
  const text = JSON.stringify(about);
  const characters = new TextEncoder().encode(text).length;
  // Padded, so that the pages can be read as words.
  const description = new TextEncoder().encode(text + " ".repeat((8 - (characters % 8)) % 8));
  const content = new Uint8Array(8 + description.length + pages.length + contents.length);
  const view = new DataView(content.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, description.length, true);
  content.set(description, 8);
  content.set(pages, 8 + description.length);
  content.set(contents, 8 + description.length + pages.length);
  return content;
}
