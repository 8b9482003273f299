// Bodies of requests, with Node's own requests: theirs are streams, as in Chromium; those without are as in Firefox.

import assert from "node:assert/strict";
import { test } from "node:test";
import { STREAMED, bodyOf } from "../../static/body.js";

const LARGE = Uint8Array.from({ length: 5_000_001 }, (_, at) => at % 251);
const request = (options) => new Request("http://localhost/", { method: "POST", ...options });
const asInFirefox = (one) => Object.defineProperty(one, "body", { value: undefined });

async function pieces({ chunks }) {
  const found = [];
  for await (const chunk of chunks) found.push(chunk);
  return found;
}

test("a body has its length, and comes in pieces", async () => {
  for (const one of [request({ body: LARGE }), asInFirefox(request({ body: LARGE }))]) {
    const body = await bodyOf(one);
    const found = await pieces(body);
    assert.equal(body.size, LARGE.length);
    assert.deepEqual(Buffer.concat(found), Buffer.from(LARGE));
    assert.ok(found.length >= 2 && found.every((piece) => piece.length));
  }
});

test("no body is one of length 0", async () => {
  for (const one of [request(), request({ body: "" }), asInFirefox(request())]) {
    const body = await bodyOf(one);
    assert.equal(body.size, 0);
    assert.deepEqual(await pieces(body), []);
  }
});

test("a body that is still being made comes as it is made, and is given up with the rest unread", async () => {
  let sender;
  let cancelled = 0;
  const stream = new ReadableStream({ start: (controller) => void (sender = controller), cancel: () => void cancelled++ });
  const { size, chunks } = await bodyOf(request({ body: stream, duplex: "half", headers: { [STREAMED]: "1" } }));
  assert.equal(size, undefined);
  sender.enqueue(new Uint8Array(0));
  sender.enqueue(new Uint8Array([1]));
  assert.deepEqual(await chunks.next(), { value: new Uint8Array([1]), done: false });
  await chunks.return();
  assert.equal(cancelled, 1);
});

test("a sender that breaks off is an error", async () => {
  const stream = new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) });
  const { chunks } = await bodyOf(request({ body: stream, duplex: "half", headers: { [STREAMED]: "1" } }));
  await assert.rejects(chunks.next());
});
