// Whether the worker waits for images, by what a network of some speed has brought so far.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Images } from "../../static/images.js";

const MB = 1024 * 1024;
const LIST = [{ url: "base", sha256: "", size: 9 * MB }, { url: "overlay", sha256: "", size: MB }];
let asked;

/** Files of which the images are there or not; of the others, the network brings so many megabytes a second. */
function images({ held = false, speeds = [] } = {}) {
  const files = {
    hold: async () => held,
    speed: async (_, [number]) => ((speeds[number] ?? 0) * MB) / 1000,
    download: async (list) => asked.push(...list),
    release() {},
  };
  return new Images(files, LIST, "shop");
}

const comeSoon = (some) => images(some).comeSoon([[0], [1]]);

beforeEach(() => (asked = []));

test("images are waited for where they are, or come within a second", async () => {
  assert.equal(await comeSoon({ held: true }), true);
  assert.equal(await comeSoon({ speeds: [11, 0] }), true);
  assert.equal(await comeSoon({ speeds: [9, 11] }), false);
  // All of the first is there already, so that it tells nothing.
  assert.equal(await comeSoon({ speeds: [0, 11] }), true);
  assert.equal(await comeSoon({ speeds: [0, 0] }), false);
});

test("a reader who saves data gets none, neither first nor later", async () => {
  Object.defineProperty(navigator, "connection", { value: { saveData: true }, configurable: true });
  try {
    assert.equal(await comeSoon({ speeds: [1000] }), false);
    await images().store();
    assert.deepEqual(asked, []);
  } finally {
    delete navigator.connection;
  }
});

test("after a start without, they are fetched for the next one", async () => {
  await images().store();
  assert.deepEqual(asked, LIST);
});

test("an app without images starts from its files", async () => {
  assert.equal(await new Images({}, [], "plain").comeSoon([]), false);
});
