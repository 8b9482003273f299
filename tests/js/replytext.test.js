// Responses as text: the same at build time and in the page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { layOut, tokens } from "../../static/json.js";
import { isJson, replyText } from "../../static/replytext.js";

const bytes = (text) => new TextEncoder().encode(text);
const reply = (body, headers = [], more = {}) => ({ status: 200, headers, body, isWhole: true, milliseconds: 1, ...more });
const json = [["Content-Type", "application/json"]];

test("JSON is laid out, and each value stays as it was written", () => {
  const written = '{"a":12345678901234567890,"b":[1.0,1e5,-0],"c":{},"d":[ ],"e":"x: {\\"y\\", [z]}","f":[{"g":null}]}';
  const laidOut = layOut(written);
  assert.equal(
    laidOut,
    '{\n  "a": 12345678901234567890,\n  "b": [\n    1.0,\n    1e5,\n    -0\n  ],\n  "c": {},\n  "d": [],\n' +
      '  "e": "x: {\\"y\\", [z]}",\n  "f": [\n    {\n      "g": null\n    }\n  ]\n}',
  );
  assert.equal(layOut(laidOut), laidOut);
  assert.deepEqual(JSON.parse(laidOut), JSON.parse(written));
});

test("a value alone, and what is no JSON, stay as they are", () => {
  for (const text of ['"text"', "12", "null", "", "{no", '{"a": }', "[1] [2]"]) assert.equal(layOut(text), text);
});

test("tokens are the text, and keys are told from strings", () => {
  const text = '{"a" : ["b", true, -1.5e3]}';
  const found = tokens(text) ?? [];
  assert.equal(found.map((token) => token.text).join(""), text);
  assert.deepEqual(
    found.filter(({ kind }) => kind !== "sign" && kind !== "space").map(({ kind }) => kind),
    ["key", "string", "word", "number"],
  );
  assert.equal(tokens("{a: 1}"), undefined);
});

test("status line, headers, body", () => {
  assert.equal(replyText(reply(bytes('{"a":1}'), json), null), 'HTTP/1.1 200 OK\nContent-Type: application/json\n\n{\n  "a": 1\n}');
  assert.equal(replyText(reply(bytes(""), [], { status: 204 }), null), "HTTP/1.1 204 No Content");
  assert.equal(replyText(reply(bytes("a\r\nb\n\n"), [], { status: 299 }), null), "HTTP/1.1 299\n\na\nb");
});

test("dull headers are left out unless they are named", () => {
  const headers = [["Date", "now"], ["content-length", "0"], ["X-A", "1"], ["x-a", "2"]];
  assert.equal(replyText(reply(bytes(""), headers), null), "HTTP/1.1 200 OK\nX-A: 1\nx-a: 2");
  assert.equal(replyText(reply(bytes(""), headers), ["date"]), "HTTP/1.1 200 OK\nDate: now");
  assert.equal(replyText(reply(bytes(""), headers), []), "HTTP/1.1 200 OK");
});

test("the charset counts, and what is no text is told by its size", () => {
  const latin = [["content-type", "text/plain; charset=ISO-8859-1"]];
  assert.ok(replyText(reply(Uint8Array.of(0xfc), latin), []).endsWith("\n\nü"));
  assert.ok(replyText(reply(Uint8Array.of(0xfc)), []).endsWith("\n\n(1 bytes)"));
  assert.ok(replyText(reply(new Uint8Array(1234)), []).endsWith("\n\n(1,234 bytes)"));
  assert.ok(replyText(reply(bytes("a"), [["content-type", "text/plain; charset=none-such"]]), []).endsWith("(1 bytes)"));
});

test("of a long body, or of one that went on, the beginning is shown", () => {
  assert.ok(replyText(reply(bytes("x".repeat(20_001))), []).endsWith(`\n\n${"x".repeat(20_000)}\n…`));
  assert.ok(replyText(reply(bytes("x"), [], { isWhole: false }), []).endsWith("\n\nx\n…"));
});

test("what is JSON says so", () => {
  for (const type of ["application/json", "application/problem+json; charset=utf-8", "Application/JSON"]) assert.ok(isJson(type));
  for (const type of ["", "text/json", "application/jsonlines"]) assert.ok(!isJson(type));
});
