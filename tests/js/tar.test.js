// Archives as Python's tarfile writes them are read back in tests/test_bundle.py; here is what it never writes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { files } from "../../static/tar.js";

const encode = (text) => new TextEncoder().encode(text);

/** One entry: its header as the POSIX format has it, and its content filled up to whole blocks. */
function entry(name, content, { type = "0", prefix = "" } = {}) {
  const bytes = typeof content === "string" ? encode(content) : content;
  const block = new Uint8Array(512 + Math.ceil(bytes.length / 512) * 512);
  block.set(encode(name), 0);
  block.set(encode(bytes.length.toString(8).padStart(11, "0") + "\0"), 124);
  block.set(encode(type), 156);
  block.set(encode("ustar\x0000"), 257);
  block.set(encode(prefix), 345);
  block.set(bytes, 512);
  return block;
}

const record = (key, value) => {
  const tail = ` ${key}=${value}\n`;
  const length = encode(tail).length;
  const digits = [1, 2, 3, 4].find((count) => String(length + count).length === count);
  return `${length + digits}${tail}`;
};

const archive = (...blocks) => Buffer.concat([...blocks, new Uint8Array(1024)]);
const read = (...blocks) => [...files(archive(...blocks))].map(({ path, content }) => [path, Buffer.from(content).toString()]);

test("an empty archive has no files", () => {
  assert.deepEqual(read(), []);
  assert.deepEqual([...files(new Uint8Array())], []);
});

test("files come in order, content of any length", () => {
  const contents = [0, 1, 511, 512, 513, 1024].map((length) => "x".repeat(length));
  assert.deepEqual(read(...contents.map((content, at) => entry(`f${at}`, content))), contents.map((content, at) => [`f${at}`, content]));
});

test("content is not copied", () => {
  const bytes = archive(entry("a", "content"));
  const [{ content }] = files(bytes);
  assert.equal(content.buffer, bytes.buffer);
});

test("a name that fills its field has no end mark", () => {
  const [name, prefix] = ["n".repeat(100), "p".repeat(155)];
  assert.deepEqual(read(entry(name, "1"), entry(name, "2", { prefix })), [[name, "1"], [`${prefix}/${name}`, "2"]]);
});

test("a pax path counts for the next file only, whatever stands beside it", () => {
  const long = "größe/".repeat(300) + "日本語.py";
  const pax = record("mtime", "1.5") + record("path", long) + record("comment", "path=none\n1 x=y");
  assert.deepEqual(read(entry("x", pax, { type: "x" }), entry("short", "1"), entry("other", "2")), [[long, "1"], ["other", "2"]]);
});

test("a pax path may hold what looks like a record's end", () => {
  const path = "line\nbreak=and space .txt";
  assert.deepEqual(read(entry("x", record("path", path), { type: "x" }), entry("short", "1")), [[path, "1"]]);
});

test("a global header, folders and links are no files", () => {
  const blocks = [
    entry("g", record("path", "wrong"), { type: "g" }),
    entry("folder/", "", { type: "5" }),
    entry("link", "", { type: "2" }),
    entry("x", record("path", "folder-by-pax"), { type: "x" }),
    entry("folder/", "", { type: "5" }),
    entry("file", "content"),
  ];
  assert.deepEqual(read(...blocks), [["file", "content"]]);
});

test("what follows the end mark is not read", () => {
  assert.deepEqual(read(entry("a", "1"), new Uint8Array(512), entry("b", "2")), [["a", "1"]]);
});
