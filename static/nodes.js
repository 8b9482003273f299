// @ts-check
/** Puts files into Emscripten's file system in memory, by the thousand: its own calls look at every folder on the way. */

/** The modes of a regular file and of a folder, for everybody to read and write. */
const FILE = 0o100666;
const FOLDER = 0o40777;

/** When all of them were changed: the same at the build and at each reader's, or what was frozen would seem outdated. */
const CHANGED = Date.UTC(2026, 0, 1);

/**
 * @param {any} FS
 * @returns {(path: string) => any} the node of a file at an absolute path, which is made if there is none
 */
export function nodes(FS) {
  /** @type {Map<string, any>} by path */
  const folders = new Map([["", FS.root]]);
  const within = (/** @type {string} */ path, /** @type {number} */ mode) => {
    const end = path.lastIndexOf("/");
    const parent = folder(path.slice(0, end));
    const name = path.slice(end + 1);
    return parent.contents[name] ?? parent.node_ops.mknod(parent, name, mode, 0);
  };
  /** @type {(path: string) => any} */
  const folder = (path) => {
    let node = folders.get(path);
    if (!node) folders.set(path, (node = within(path, FOLDER)));
    return node;
  };
  return (path) => Object.assign(within(path, FILE), { atime: CHANGED, mtime: CHANGED, ctime: CHANGED });
}
