// Images of memories that are arrays here; whole Pythons are restored in tests/test_images.py and in the browsers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { difference, encode } from "../../static/imaging.js";
import { decode, restore } from "../../static/snapshot.js";

const PAGE = 4096;
const SETTINGS = { build: "b", heap: 5 * PAGE, tableBefore: 1, table: 2, handles: [], libraries: [], references: {}, carried: { files: [["/a", 3]], open: [], deleted: [] } };

/** A memory of pages that are filled with these bytes. */
function memory(...fills) {
  const bytes = new Uint8Array(fills.length * PAGE);
  fills.forEach((fill, page) => bytes.fill(fill, page * PAGE, (page + 1) * PAGE));
  return bytes;
}

const BEFORE = memory(1, 2, 3, 4);
const AFTER = memory(1, 5, 0, 4, 7);
AFTER[3 * PAGE + 17] = 99;

for (const relative of [false, true]) {
  test(`what differs is restored, ${relative ? "relative to what lies there" : "whatever lies there"}`, () => {
    const image = { ...difference(SETTINGS, AFTER, BEFORE, relative), contents: Uint8Array.of(7, 8, 9) };
    assert.deepEqual(image.runs, [[1, 1, 1], [2, 1, 0], [3, 2, 1]]);
    const read = decode(encode(image));
    assert.deepEqual(read, { ...image, settings: SETTINGS });
    const heap = new Uint8Array(5 * PAGE);
    heap.set(BEFORE);
    if (!relative) heap.fill(200, PAGE, 2 * PAGE);
    restore(new Uint32Array(heap.buffer), read);
    assert.deepEqual(heap, AFTER);
  });
}

test("an overlay holds what has changed of a page, so that it packs well", () => {
  const { pages } = difference(SETTINGS, AFTER, BEFORE, true);
  assert.equal(pages.filter(Boolean).length, PAGE + 1 + PAGE);
});

test("what is no image, or not all of one, is refused", () => {
  const content = encode({ ...difference(SETTINGS, AFTER, BEFORE), contents: new Uint8Array(3) });
  assert.throws(() => decode(content.subarray(0, 7)), /not an image of a started Python/);
  assert.throws(() => decode(Uint8Array.from(content).fill(0, 0, 1)), /not an image of a started Python/);
  assert.throws(() => decode(content.subarray(0, -PAGE)), /the image holds 8195 of 12291 bytes/);
});
