// A request of a page, carried to a Python that is none.

import assert from "node:assert/strict";
import { test } from "node:test";
import { answerCall, call } from "../../static/call.js";

const BASE = "https://api.example:8443/v1";
const stream = (...chunks) => new Blob(chunks).stream();

/** What would be handed to Python, and what it would answer. */
async function called(wanted, answer = {}) {
  let parts;
  const python = { answer: async (given) => ((parts = given), { status: 200, headers: [], stream: stream(), ...answer }) };
  const reply = await call(python, { method: "GET", target: "/", headers: [], body: "", base: BASE, ...wanted });
  let body = "";
  for await (const chunk of parts.body.chunks) body += new TextDecoder().decode(chunk);
  return { reply, parts, headers: Object.fromEntries(parts.headers), body };
}

test("the target is split, and what every client sends is supplied", async () => {
  const { parts, headers, body } = await called({ target: "/a%20b?c=?d", body: "ü" });
  assert.deepEqual([parts.path, parts.query, parts.base, body], ["/a%20b", "c=?d", BASE, "ü"]);
  assert.deepEqual(headers, { host: "api.example:8443", accept: "*/*", "user-agent": "sphinx-asgi-live", "content-length": "2" });
});

test("own headers stay, but for what tells of the body's length", async () => {
  const own = [["Host", "x"], ["Cookie", "a=b"], ["Content-Length", "99"], ["Transfer-Encoding", "chunked"]];
  const { headers } = await called({ headers: own });
  assert.deepEqual([headers.host, headers.cookie, headers["content-length"], headers["transfer-encoding"]], ["x", "a=b", undefined, undefined]);
});

test("the parts of a multipart body are told from each other by CR LF", async () => {
  const headers = [["content-type", "multipart/form-data; boundary=b"]];
  assert.equal((await called({ headers, body: "--b\n\nx\n--b--" })).body, "--b\r\n\r\nx\r\n--b--\r\n");
  assert.equal((await called({ headers: [["content-type", "text/plain"]], body: "a\nb" })).body, "a\nb");
});

test("a reply has all headers, and its content decoded", async () => {
  const headers = [["set-cookie", "a=1"], ["set-cookie", "b=2"], ["content-encoding", "gzip"]];
  const zipped = stream("hello").pipeThrough(new CompressionStream("gzip"));
  const { reply } = await called({}, { status: 201, headers, stream: zipped });
  assert.deepEqual([reply.status, reply.headers, reply.isWhole], [201, headers, true]);
  assert.equal(new TextDecoder().decode(reply.body), "hello");
  assert.ok(reply.milliseconds >= 0);
});

test("a body that goes on for too long is cut, and its app told", async () => {
  let isCancelled = false;
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(300_000)),
    cancel: () => void (isCancelled = true),
  });
  const { reply } = await called({}, { stream: endless });
  assert.equal(reply.isWhole, false);
  assert.ok(reply.body.length > 1_000_000 && reply.body.length < 2_000_000);
  assert.ok(isCancelled);
});

test("where there is no answer, the reason is one", async () => {
  const said = [];
  await answerCall(async () => Promise.reject(new Error("no Python")), {}, { postMessage: (data) => said.push(data) });
  assert.deepEqual(said, [{ problem: "no Python" }]);
});
