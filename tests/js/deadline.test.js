// The interrupt buffer: what CPython reads, and when it reads a signal.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deadline } from "../../static/deadline.js";

const SIGINT = 2;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Look until there is a signal; milliseconds since the first look. */
function looked(buffer, patience = 1000) {
  const began = performance.now();
  while (performance.now() - began < patience) {
    if (buffer[0] === SIGINT) return performance.now() - began;
    buffer[0] = 0;
  }
  return Infinity;
}

test("a stretch that is too long gets a signal, and soon another", () => {
  const buffer = deadline(() => 60);
  const first = looked(buffer);
  assert.ok(first >= 60 && first < 90, `${first}`);
  const second = looked(buffer);
  assert.ok(second >= 30 - 1 && second < 60, `${second}`);
});

test("each stretch has its own time, however many there are", async () => {
  const buffer = deadline(() => 60);
  for (let stretch = 0; stretch < 4; stretch++) {
    assert.equal(looked(buffer, 40), Infinity);
    await turn();
  }
});

test("stretches that were queued before the first began count apart", async () => {
  const buffer = deadline(() => 60);
  const found = [];
  await Promise.all([1, 2, 3].map(() => turn().then(() => found.push(looked(buffer, 40)))));
  assert.deepEqual(found, [Infinity, Infinity, Infinity]);
});

test("the limit is asked for at each stretch", async () => {
  let limit = Infinity;
  const buffer = deadline(() => limit);
  assert.equal(looked(buffer, 20), Infinity);
  await turn();
  limit = 10;
  assert.ok(looked(buffer) < 40);
});
