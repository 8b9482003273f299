// A request as a reader writes it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Malformed, parse } from "../../static/requesttext.js";

test("a whole request", () => {
  assert.deepEqual(parse("post /items?q=a%20b HTTP/1.1\r\nContent-Type:  text/plain \nX-Empty:\n\none\n\ntwo\n\n"), {
    method: "POST",
    target: "/items?q=a%20b",
    headers: [["Content-Type", "text/plain"], ["X-Empty", ""]],
    body: "one\n\ntwo",
  });
});

test("a request line alone; what an address bar would encode is encoded", () => {
  assert.deepEqual(parse("GET /grün?q='ü'#top"), { method: "GET", target: "/gr%C3%BCn?q=%27%C3%BC%27", headers: [], body: "" });
  assert.equal(parse("PROPFIND /a/%2e%2Fb  HTTP/2\n").method, "PROPFIND");
});

test("what cannot be read is told at its line", () => {
  const refused = (text, line, told) =>
    assert.throws(() => parse(text), (error) => error instanceof Malformed && error.line === line && error.message.includes(told));
  for (const text of ["", "\nGET /", "GET", "GET items", "GET /a b c", "G(T /", "GET http://x/y"]) refused(text, 0, "is not a request line");
  for (const header of ["no header", ": x", "a b: c", "ä: b", "a: \u20ac", ' {"name": 1}']) refused(`GET /\nA: b\n${header}`, 2, "is not a header");
});
