// Files without contents, in a file system as Emscripten's in memory: nodes, and operations that make them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Absent, NotYet } from "../../static/absent.js";

const FOLDER = 0o40000;
const node_ops = {
  mknod: (parent, name, mode) =>
    (parent.contents[name] = { node_ops, mode, ...(mode & FOLDER ? { contents: {} } : { contents: new Uint8Array(), usedBytes: 0 }) }),
};
const LISTING = { folder: "/lib/packages", files: [["one/a.py", 3], ["b.py", 5]] };

/** A file system, and the nodes of some files in it. */
function made(paths = []) {
  const FS = { root: { contents: {}, node_ops } };
  const at = (path) => path.split("/").slice(1).reduce((node, name) => node.contents[name], FS.root);
  const absent = new Absent((path) => {
    throw new NotYet(path);
  });
  absent.add(FS, LISTING);
  return { FS, absent, nodes: paths.map(at) };
}

test("a file that has not come has its name and size, and nobody sees what is in it", () => {
  const { FS, nodes: [a, b] } = made(["/lib/packages/one/a.py", "/lib/packages/b.py"]);
  assert.deepEqual(Object.keys(FS.root.contents.lib.contents.packages.contents), ["one", "b.py"]);
  assert.deepEqual([a.usedBytes, b.usedBytes, a.mode & FOLDER], [3, 5, 0]);
  assert.throws(() => a.contents, { constructor: NotYet, message: "/lib/packages/one/a.py was looked into before it was there" });
});

test("it is filled once, and what was written over it stays", () => {
  const { absent, nodes: [a, b] } = made(["/lib/packages/one/a.py", "/lib/packages/b.py"]);
  absent.fill("/lib/packages/one/a.py", Buffer.from("abc"));
  assert.equal(String(a.contents), "abc");
  a.contents = Buffer.from("changed");
  absent.fill("/lib/packages/one/a.py", Buffer.from("abc"));
  b.contents = Buffer.from("own");
  absent.fill("/lib/packages/b.py", Buffer.from("other"));
  absent.fill("/lib/packages/c.py", Buffer.from("none of them"));
  assert.deepEqual([String(a.contents), String(b.contents)], ["changed", "own"]);
});

test("a file that is there is looked into all the same", () => {
  const seen = [];
  const FS = { root: { contents: {}, node_ops } };
  const file = node_ops.mknod(FS.root, "python.zip", 0o100666);
  file.contents = Buffer.from("whole");
  const { contents } = file;
  new Absent((path) => (seen.push(path), contents)).add(FS, { folder: "", files: [["python.zip", 5]] });
  assert.equal(String(file.contents), "whole");
  assert.deepEqual(seen, ["/python.zip"]);
});
