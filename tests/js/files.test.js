// The worker's downloads over a real HTTP server. CacheStorage is the one part of the platform that Node lacks.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { after, before, beforeEach, mock, test } from "node:test";
import { gzipSync } from "node:zlib";
import { DownloadError, Files } from "../../static/files.js";

/** As much of CacheStorage as there is to it: what is put can be matched, listed and deleted. */
class Storage {
  #caches = new Map();
  full = false;

  names() {
    return [...this.#caches.keys()];
  }

  async open(name) {
    if (!this.#caches.has(name)) this.#caches.set(name, new Map());
    const stored = this.#caches.get(name);
    return {
      match: async (url) => stored.get(url)?.clone(),
      keys: async () => [...stored.keys()].map((url) => new Request(url)),
      delete: async (url) => stored.delete(url),
      put: async (url, response) => {
        if (this.full) throw new DOMException("the disk is full", "QuotaExceededError");
        const body = await response.arrayBuffer();
        stored.set(url, new Response(body, { headers: response.headers }));
      },
    };
  }
}

const CONTENT = Buffer.from("größe ".repeat(20000));
const SERVED = gzipSync(CONTENT);
let server, root, answers, asked;

before(async () => {
  server = createServer((request, response) => {
    asked.push(request.url);
    const answer = answers[request.url];
    if (answer) answer(response);
    else response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  root = `http://127.0.0.1:${server.address().port}/docs/`;
});
after(() => server.close());
beforeEach(() => {
  globalThis.caches = new Storage();
  answers = {};
  asked = [];
});

const script = (name = "shop") => new URL(`asgi-live/${name}/sw.js`, root);

/** Publish a file and give its entry of the manifest. */
function publish(name, served, type = "text/plain") {
  const path = `/docs/asgi-live/shared/${name}`;
  answers[path] = (response) => response.end(served);
  const sha256 = createHash("sha256").update(served).digest("hex");
  return { url: `../shared/${name}`, sha256, size: served.length, type };
}

function made(list, { name = "shop", onProgress = () => {} } = {}) {
  return new Files(list, script(name), onProgress);
}

test("a file is downloaded once, unpacked and kept", async () => {
  const file = publish("app.tar.gzip", SERVED);
  const files = made([file]);
  assert.deepEqual(Buffer.from(await files.content(file.url)), CONTENT);
  assert.equal((await files.response(file.url)).headers.get("content-type"), "text/plain");
  files.release();
  assert.deepEqual(Buffer.from(await files.content(file.url)), CONTENT);
  await files.store();
  assert.deepEqual(Buffer.from(await made([file]).content(file.url)), CONTENT);
  assert.equal(asked.length, 1);
});

test("asked for twice at once, it is downloaded once", async () => {
  const file = publish("python.zip", CONTENT);
  const files = made([file]);
  const [one, two] = await Promise.all([files.content(file.url), files.content(new URL(file.url, script()).href), files.download([file])]);
  assert.equal(one, two);
  assert.deepEqual(Buffer.from(one), CONTENT);
  assert.equal(asked.length, 1);
});

test("only the manifest's files can be had", async () => {
  const files = made([publish("a.zip", CONTENT)]);
  assert.equal(files.has("../shared/a.zip"), true);
  assert.equal(files.has("../shared/b.zip"), false);
  await assert.rejects(files.content("../shared/b.zip"), { constructor: DownloadError, message: /b\.zip is not in the manifest$/ });
});

test("progress counts every byte once, and ends at the total", async () => {
  const seen = [];
  const list = [publish("a.tar.gzip", SERVED), publish("b.zip", CONTENT), publish("a.tar.gzip", SERVED)];
  const files = made(list, { onProgress: () => seen.push(files.loaded) });
  files.await(list);
  assert.equal(files.total, SERVED.length + CONTENT.length);
  await files.download(list);
  assert.equal(files.loaded, files.total);
  assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
  const again = made(list);
  again.await(list);
  await again.download(list);
  assert.equal(again.loaded, again.total);
});

const FAILURES = {
  "it is missing": [(path) => delete answers[path], /a\.zip was answered with status 404$/],
  "the server fails": [(path) => (answers[path] = (response) => response.writeHead(503).end("no")), /status 503$/],
  "it was changed": [(path) => (answers[path] = (response) => response.end(CONTENT.toString().replace("g", "G"))), /is not the file that was published$/],
  "it is longer": [(path) => (answers[path] = (response) => response.end(Buffer.concat([CONTENT, CONTENT]))), /a\.zip is longer than \d+ bytes$/],
  "it is shorter": [(path) => (answers[path] = (response) => response.end(CONTENT.subarray(1))), /a\.zip broke off after \d+ of \d+ bytes$/],
  "it breaks off": [
    (path) =>
      (answers[path] = (response) => {
        response.writeHead(200, { "content-length": CONTENT.length });
        response.write(CONTENT.subarray(0, 1000), () => response.destroy());
      }),
    /a\.zip (broke off after \d+ of \d+ bytes|could not be fetched): .+$/,
  ],
  "there is no server": [(path) => (answers[path] = (response) => response.destroy()), /a\.zip could not be fetched: .+$/],
};

for (const [name, [spoil, told]] of Object.entries(FAILURES)) {
  test(`a download fails, stores nothing and can be tried again: ${name}`, async () => {
    const file = publish("a.zip", CONTENT);
    const files = made([file]);
    const [path] = Object.keys(answers);
    const right = answers[path];
    spoil(path);
    await assert.rejects(files.download([file]), { constructor: DownloadError, message: told });
    answers[path] = right;
    assert.deepEqual(Buffer.from(await files.content(file.url)), CONTENT);
  });
}

test("a full disk costs the next visit a download, not this one the app", async () => {
  const file = publish("a.zip", CONTENT);
  caches.full = true;
  const warned = mock.method(console, "warn", () => {});
  const files = made([file]);
  assert.deepEqual(Buffer.from(await files.content(file.url)), CONTENT);
  await files.store();
  assert.match(warned.mock.calls[0].arguments[0], /^\[asgi-live\] .*a\.zip was not stored:$/);
  mock.restoreAll();
  caches.full = false;
  assert.deepEqual(Buffer.from(await made([file]).content(file.url)), CONTENT);
  assert.equal(asked.length, 2);
});

test("what no app of these docs needs any more is deleted, and nothing of others", async () => {
  const [shared, old, fresh] = ["shared.zip", "old.zip", "fresh.zip"].map((name) => publish(name, CONTENT));
  const stored = async () =>
    (await (await caches.open("asgi-live:/docs/")).keys()).map(({ url }) => url.replace(`${root}asgi-live/`, "")).sort();
  const visit = async (list, name) => {
    const files = made(list, { name });
    await files.download(list);
    await files.store();
    await files.prune();
  };
  await visit([shared, old], "shop");
  await visit([shared], "library");
  assert.deepEqual(await stored(), ["library/files.note.json", "shared/old.zip", "shared/shared.zip", "shop/files.note.json"]);
  await visit([fresh], "shop");
  assert.deepEqual(await stored(), ["library/files.note.json", "shared/fresh.zip", "shared/shared.zip", "shop/files.note.json"]);
  await visit([fresh], "library");
  assert.deepEqual(await stored(), ["library/files.note.json", "shared/fresh.zip", "shop/files.note.json"]);
  assert.deepEqual(caches.names(), ["asgi-live:/docs/"]);
});

test("progress is about what is waited for", async () => {
  const [now, later] = [publish("now.tar.gzip", SERVED), publish("later.gzip", SERVED)];
  const files = made([now, later]);
  files.await([now]);
  assert.equal(files.total, now.size);
  await files.download([now]);
  assert.deepEqual(asked, ["/docs/asgi-live/shared/now.tar.gzip"]);
  assert.deepEqual([await files.hold([now]), await files.hold([now, later])], [true, false]);
  assert.deepEqual(Buffer.from(await files.content(later.url)), CONTENT);
  await files.store();
  assert.equal(await files.hold([now, later]), true);
  assert.equal(files.loaded, now.size);
  files.await([now, later]);
  assert.equal(files.loaded, now.size + later.size);
});

test("the network's speed is measured over the beginning of a download, and is 0 if there was none to measure", async () => {
  const file = publish("whole.tar.gzip", SERVED);
  const files = made([file]);
  const speed = await files.speed(file.size, [file]);
  assert.ok(speed > 0 && Number.isFinite(speed), String(speed));
  await files.download([file]);
  await files.store();
  assert.equal(await made([file]).speed(file.size, [file]), 0);
});
