// @ts-check
/**
 * Files that go with an image: those that were written, and those that Python holds open, which it finds again under the
 * same numbers. A database that is open counts on the numbers of its files, too.
 */

/** Numbers of the files that are made while an app is frozen: above those of all that a Python has at its start. */
const FIRST_NUMBER = 2 ** 20;

/**
 * @typedef {object} Carried
 * @property {[path: string, size: number][]} files that were written; their contents go one after the other
 * @property {[fd: number, path: string, flags: number, position: number, number: number][]} open
 * @property {string[]} deleted paths of those among the files that are only held open
 */

/**
 * Let an app's own files, and those that are made from now on, have numbers that no other file has at a reader's.
 *
 * @param {any} FS Emscripten's
 * @param {string[]} own paths
 */
export function beginToCarry(FS, own) {
  FS.nextInode = FIRST_NUMBER;
  for (const path of own) FS.lookupPath(path).node.id = FS.nextInode++;
}

/**
 * @param {any} FS
 * @param {string[]} written paths
 * @returns {{carried: Carried, contents: Uint8Array}} throws if something is open that is no file
 */
export function pickUp(FS, written) {
  /** @type {Carried} */
  const carried = { files: [], open: [], deleted: [] };
  const nodes = new Map(written.map((path) => [path, FS.lookupPath(path).node]));
  for (const stream of FS.streams) {
    if (!stream || stream.fd <= 2) continue;
    const { fd, path, node, flags, position } = stream;
    const there = FS.analyzePath(path).object;
    if (!FS.isFile(node.mode) || (there ?? node) !== node) throw new Error(`it holds ${path} open`);
    if (!there && !nodes.has(path)) carried.deleted.push(path);
    if (!there) nodes.set(path, node);
    carried.open.push([fd, path, flags, position, node.id]);
  }
  const contents = [...nodes.values()].map((node) => node.contents.subarray(0, node.usedBytes));
  carried.files = [...nodes].map(([path, { usedBytes }]) => [path, usedBytes]);
  return { carried, contents: joined(contents) };
}

/**
 * @param {any} FS
 * @param {Carried} carried
 * @param {Uint8Array} contents
 */
export function putDown(FS, { files, open, deleted }, contents) {
  let at = 0;
  for (const [path, size] of files) {
    FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    FS.writeFile(path, contents.slice(at, (at += size)), { canOwn: true });
  }
  for (const [fd, path, flags, position, number] of open) {
    const { node } = FS.lookupPath(path);
    if (number >= FIRST_NUMBER) node.id = number;
    const { stream_ops } = node;
    FS.createStream({ node, path, flags, seekable: true, position, stream_ops, ungotten: [], error: false }, fd);
  }
  for (const path of deleted) FS.unlink(path);
  if (open.length) FS.nextInode = Math.max(FS.nextInode, 2 * FIRST_NUMBER);
}

/** @param {Uint8Array[]} parts */
function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
