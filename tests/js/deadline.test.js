// The interrupt buffer: what CPython reads, and when it reads a signal; by a clock that goes on at each look.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deadline } from "../../static/deadline.js";

const SIGINT = 2;
const turn = () => new Promise((resolve) => setImmediate(resolve));
let clock = 1;

/** A buffer by that clock. */
function timed(t, limit) {
  t.mock.method(performance, "now", () => clock);
  return deadline(limit);
}

/** Look each millisecond until there is a signal; milliseconds since the first look. */
function looked(buffer, patience = 1000) {
  for (let waited = 0; waited < patience; waited++, clock++) {
    if (buffer[0] === SIGINT) return waited;
    buffer[0] = 0;
  }
  return Infinity;
}

test("a stretch that is too long gets a signal, and soon another", (t) => {
  const buffer = timed(t, () => 60);
  assert.equal(looked(buffer), 60);
  assert.equal(looked(buffer), 30);
});

test("each stretch has its own time, however many there are", async (t) => {
  const buffer = timed(t, () => 60);
  for (let stretch = 0; stretch < 4; stretch++) {
    assert.equal(looked(buffer, 40), Infinity);
    await turn();
  }
});

test("stretches that were queued before the first began count apart", async (t) => {
  const buffer = timed(t, () => 60);
  const found = [];
  await Promise.all([1, 2, 3].map(() => turn().then(() => found.push(looked(buffer, 40)))));
  assert.deepEqual(found, [Infinity, Infinity, Infinity]);
});

test("the limit is asked for at each stretch", async (t) => {
  let limit = Infinity;
  const buffer = timed(t, () => limit);
  assert.equal(looked(buffer, 20), Infinity);
  await turn();
  limit = 10;
  assert.equal(looked(buffer), 10);
});
