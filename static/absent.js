// @ts-check
/**
 * Files that a Python starts without. Each is in its place from the start, with its name and size, so that looking for
 * files and listing folders is as it will be; only what is in them comes later.
 */

import { PythonEnded } from "./ending.js";
import { nodes } from "./nodes.js";

/** @typedef {{folder: string, files: [path: string, size: number][]}} Listing paths are relative to the folder */

/** Somebody has looked into a file that is not there yet: it is no error of the file system, so Python ends with it. */
export class NotYet extends PythonEnded {
  /** @param {string} path */
  constructor(path) {
    super(`${path} was looked into before it was there`);
  }
}

export class Absent {
  #look;
  /** @type {Map<string, any>} those that have not come, by path: nodes of Emscripten's file system */
  #nodes = new Map();

  /** @param {(path: string) => Uint8Array} look what a file holds that has not come: called each time it is looked into */
  constructor(look) {
    this.#look = look;
  }

  /**
   * Let there be such files; where there is one, it is this one from now on.
   *
   * @param {any} FS Emscripten's, of files in memory
   * @param {Listing} listing
   */
  add(FS, { folder, files }) {
    const nodeOf = nodes(FS);
    for (const [path, size] of files) {
      const whole = `${folder}/${path}`;
      const node = nodeOf(whole);
      node.usedBytes = size;
      this.#nodes.set(whole, node);
      const get = () => this.#look(whole);
      const set = (/** @type {Uint8Array} */ content) => this.fill(whole, content);
      Object.defineProperty(node, "contents", { configurable: true, enumerable: true, get, set });
    }
  }

  /**
   * Here is one of the files, if it is one.
   *
   * @param {string} path
   * @param {Uint8Array} content
   */
  fill(path, content) {
    const node = this.#nodes.get(path);
    if (!node) return;
    this.#nodes.delete(path);
    Object.defineProperty(node, "contents", { configurable: true, enumerable: true, writable: true, value: content });
  }
}
