// Whether the worker waits for images, by what a network of some speed has brought so far.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Images } from "../../static/images.js";

const MB = 1024 * 1024;
const LIST = [{ url: "base", sha256: "", size: 9 * MB }, { url: "overlay", sha256: "", size: MB }];
let asked;

/** Files of which the images are there or not, over a network of so many megabytes a second; none of them is an image. */
function images({ held = false, speed = 0 } = {}) {
  const files = {
    hold: async () => held,
    speed: async () => (speed * MB) / 1000,
    content: async (url) => (asked.push(url), new Uint8Array(8)),
    release() {},
  };
  return new Images(files, LIST, "shop");
}

/** Start an app by images, and say which ways were tried. */
async function tried(some) {
  const ways = [];
  await some.start(async (images) => {
    ways.push(images ? "image" : "files");
    return images;
  });
  return ways;
}

beforeEach(() => {
  asked = [];
  mock.restoreAll();
  mock.method(console, "warn", () => {});
});

test("stored images are used, and what they cannot do the files do, with the reason in the log", async () => {
  assert.deepEqual(await tried(images({ held: true })), ["image", "files"]);
  assert.match(String(console.warn.mock.calls[0].arguments), /shop starts without its image:,Error: not an image/);
});

test("images are waited for where they come within a second", async () => {
  assert.equal((await tried(images({ speed: 11 })))[0], "image");
  assert.deepEqual(await tried(images({ speed: 9 })), ["files"]);
  assert.deepEqual(asked, ["base", "overlay"]);
});

test("a reader who saves data gets none, neither first nor later", async () => {
  Object.defineProperty(navigator, "connection", { value: { saveData: true }, configurable: true });
  try {
    assert.deepEqual(await tried(images({ speed: 1000 })), ["files"]);
    await images().store();
    assert.deepEqual(asked, []);
  } finally {
    delete navigator.connection;
  }
});

test("after a start without, they are fetched for the next one", async () => {
  await images().store();
  assert.deepEqual(asked, ["base", "overlay"]);
  asked = [];
  await images({ held: true }).store();
  assert.deepEqual(asked, []);
});

test("an app without images starts from its files", async () => {
  assert.deepEqual(await tried(new Images({}, [], "plain")), ["files"]);
});
