// One request's body and one response's stream, with Node's own streams.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Exchange } from "../../static/exchange.js";

const bytes = (text) => new TextEncoder().encode(text);

/** An exchange that has begun its response, and the reader of that. */
async function begun() {
  const exchange = new Exchange(undefined);
  exchange.start(200, "a\n1\nb\n2");
  const { status, headers, stream } = await exchange.started;
  assert.deepEqual([status, headers], [200, [["a", "1"], ["b", "2"]]]);
  return { exchange, reader: stream.getReader() };
}

test("an error comes after what was sent before it", async () => {
  const { exchange, reader } = await begun();
  exchange.write(bytes("one"));
  exchange.write(bytes("two"));
  exchange.fail("broken");
  exchange.write(bytes("too late"));
  assert.deepEqual((await reader.read()).value, bytes("one"));
  assert.deepEqual((await reader.read()).value, bytes("two"));
  await assert.rejects(reader.read(), { message: "broken" });
});

test("an error before the start is in the place of the response", async () => {
  const exchange = new Exchange(undefined);
  let over = 0;
  exchange.onOver = () => over++;
  exchange.abort(new Error("ended"));
  exchange.abort(new Error("once more"));
  await assert.rejects(exchange.started, { message: "ended" });
  assert.equal(over, 1);
});

test("a sender waits while the reader is behind, and no longer than it stays", async () => {
  const { exchange, reader } = await begun();
  const room = exchange.write(new Uint8Array(2 ** 20));
  assert.ok(room instanceof Promise);
  await reader.read();
  await room;
  const second = exchange.write(new Uint8Array(2 ** 20));
  let gone = 0;
  exchange.onCancel = () => gone++;
  await reader.cancel();
  await second;
  assert.equal(gone, 1);
  assert.equal(exchange.write(bytes("nobody")), undefined);
});
