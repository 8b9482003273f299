// @ts-check
/** At build time: which files an app needs that starts from images. Not shipped to readers. */

import { Absent } from "./absent.js";
import { files } from "./tar.js";

/** @import {Listing} from "./absent.js" */
/** @import {Archive} from "./interpreter.js" */

const LIBRARY = { folder: "/lib", name: "python314.zip" };

/**
 * What a started Python has of files: its standard library, then what each archive holds.
 *
 * @param {any} pyodide
 * @param {Archive[]} archives
 * @returns {Listing[]}
 */
export function listings({ FS }, archives) {
  const { folder, name } = LIBRARY;
  const { size } = FS.stat(`${folder}/${name}`);
  const held = archives.map(({ mount, content }) => ({ folder: mount, files: sizes(content) }));
  return [{ folder, files: [[name, size]] }, ...held];
}

/**
 * @param {Uint8Array} archive
 * @returns {Listing["files"]}
 */
function sizes(archive) {
  return Array.from(files(archive), ({ path, content }) => [path, content.length]);
}

/**
 * Take all files away, and note which are looked into.
 *
 * @param {Set<number>} needed gets the places of the listings that have one, or a native module
 */
export function noting(needed) {
  return (/** @type {any} */ FS, /** @type {Listing[]} */ all) => {
    for (const [at, listing] of all.entries()) {
      const paths = listing.files.map(([path]) => `${listing.folder}/${path}`);
      // Native modules are loaded before Python starts.
      if (paths.some((path) => path.endsWith(".so"))) needed.add(at);
      const contents = new Map(paths.map((path) => [path, FS.lookupPath(path).node.contents]));
      const absent = new Absent((path) => {
        needed.add(at);
        return contents.get(path);
      });
      absent.add(FS, listing);
    }
  };
}
