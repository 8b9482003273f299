// Requests and responses as parts: with Node's own Request, Response, Headers and streams.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  attachment,
  decoded,
  hasNoBody,
  insideApp,
  reachableLocation,
  requestParts,
  responseHeaders,
} from "../../static/http.js";
import { isPage } from "../../static/injection.js";

const ROOT = "/some/deep/path/asgi-live/shop/app";
const ORIGIN = "https://docs.example:8443";
const READER = { userAgent: "Browser/1", languages: ["de-DE", "de", "en"] };

const parts = (path, options, reader = READER) => requestParts(new Request(ORIGIN + path, options), ROOT, reader);
const headersOf = async (...given) => Object.fromEntries((await parts(...given)).headers);

test("a request's path stays as it was escaped, its query has no question mark", async () => {
  const { method, path, query, body } = await parts(`${ROOT}/gr%C3%B6%C3%9Fe%2Fx?a=1&b=%20?`);
  assert.deepEqual({ method, path, query, body }, { method: "GET", path: `${ROOT}/gr%C3%B6%C3%9Fe%2Fx`, query: "a=1&b=%20?", body: undefined });
});

test("a request out of the app's root means the app's own path", async () => {
  assert.equal((await parts("/static/x.css")).path, `${ROOT}/static/x.css`);
  assert.equal((await parts("/")).path, `${ROOT}/`);
});

test("what a server would get of the reader is supplied", async () => {
  assert.deepEqual(await headersOf(`${ROOT}/`, { mode: "cors" }), {
    host: "docs.example:8443",
    accept: "*/*",
    "accept-encoding": "identity",
    "accept-language": "de-DE,de;q=0.9,en;q=0.8",
    "user-agent": "Browser/1",
    "sec-fetch-site": "same-origin",
    "sec-fetch-mode": "cors",
    "sec-fetch-dest": "empty",
  });
});

test("what the page sent itself is left as it is", async () => {
  const sent = { accept: "text/html", "accept-language": "fr", "user-agent": "Mine", "x-ä": "ö" };
  const headers = await headersOf(`${ROOT}/`, { headers: Object.entries(sent).filter(([name]) => name !== "x-ä") });
  assert.deepEqual([headers.accept, headers["accept-language"], headers["user-agent"]], ["text/html", "fr", "Mine"]);
});

test("many languages never get a weight of nothing", async () => {
  const languages = Array.from({ length: 12 }, (_, at) => `l${at}`);
  const sent = (await headersOf(`${ROOT}/`, {}, { userAgent: "", languages }))["accept-language"];
  assert.match(sent, /^l0,l1;q=0\.9,.*,l9;q=0\.1,l10;q=0\.1,l11;q=0\.1$/);
  assert.equal("accept-language" in (await headersOf(`${ROOT}/`, {}, { userAgent: "", languages: [] })), false);
});

test("a body comes with its length and origin, an empty one too", async () => {
  const { headers, body } = await parts(`${ROOT}/items`, { method: "POST", body: "größe=1" });
  const told = Object.fromEntries(headers);
  assert.equal(Buffer.concat(await Array.fromAsync(body.chunks)).toString(), "größe=1");
  assert.deepEqual([told["content-length"], told.origin], ["9", ORIGIN]);
  assert.equal(told["content-type"], "text/plain;charset=UTF-8");
  const empty = await headersOf(`${ROOT}/items`, { method: "DELETE" });
  assert.equal(empty["content-length"], "0");
});

test("a URL is moved inside the app only if it is not there", () => {
  const moved = (path) => insideApp(ORIGIN + path, ROOT).href.slice(ORIGIN.length);
  assert.equal(moved(ROOT), ROOT);
  assert.equal(moved(`${ROOT}/docs?a#b`), `${ROOT}/docs?a#b`);
  assert.equal(moved(`${ROOT}lication`), `${ROOT}${ROOT}lication`);
  assert.equal(moved("/docs?a=/x#b"), `${ROOT}/docs?a=/x#b`);
  assert.equal(moved("/ä%2F"), `${ROOT}/%C3%A4%2F`);
});

test("a redirect stays inside the app, or leaves the origin as the app wants", () => {
  const from = new URL(`${ORIGIN}${ROOT}/orders/new`);
  const cases = {
    "/items": `${ORIGIN}${ROOT}/items`,
    [`${ROOT}/items?x=1#y`]: `${ORIGIN}${ROOT}/items?x=1#y`,
    [`${ORIGIN}/items`]: `${ORIGIN}${ROOT}/items`,
    "1": `${ORIGIN}${ROOT}/orders/1`,
    "../items": `${ORIGIN}${ROOT}/items`,
    "": from.href,
    "?page=2": `${from.href}?page=2`,
    "//docs.example:8443/x": `${ORIGIN}${ROOT}/x`,
    "https://other.example/x": "https://other.example/x",
    "//other.example/x": "//other.example/x",
    "http://docs.example:8443/x": "http://docs.example:8443/x",
    "mailto:a@b.example": "mailto:a@b.example",
    "http://[bad": "http://[bad",
  };
  for (const [location, expected] of Object.entries(cases)) assert.equal(reachableLocation(location, from, ROOT), expected, location);
});

test("an app's headers reach the page, but for what would keep it out of the frame", () => {
  const sent = [["X-Frame-Options", "DENY"], ["Location", "/items"], ["x-one", "1"], ["X-One", "2"], ["content-type", "text/html"]];
  const headers = responseHeaders(sent, new URL(`${ORIGIN}${ROOT}/`), ROOT);
  assert.deepEqual([...headers], [["content-type", "text/html"], ["location", `${ORIGIN}${ROOT}/items`], ["x-one", "1, 2"]]);
});

test("the statuses that have no body", () => {
  const bare = Array.from({ length: 400 }, (_, at) => 200 + at).filter(hasNoBody);
  assert.deepEqual(bare, [204, 205, 304]);
  for (const status of bare) new Response(null, { status });
});

test("a refresh stays inside the app too, however it is written", () => {
  const refresh = (value) => responseHeaders([["refresh", value]], new URL(`${ORIGIN}${ROOT}/a/b`), ROOT).get("refresh");
  const inside = `${ORIGIN}${ROOT}/items`;
  const cases = {
    "0; url=/items": `0; url=${inside}`,
    "0;URL='/items'": `0;URL='${inside}'`,
    '5 , url = "/items"; x': `5 , url = "${inside}"; x`,
    "1.5; /items": `1.5; ${inside}`,
    "3": "3",
    "0; url=https://other.example/x": "0; url=https://other.example/x",
  };
  for (const [value, expected] of Object.entries(cases)) assert.equal(refresh(value), expected, value);
});

test("what would clear the docs' own data does not reach the page", () => {
  assert.deepEqual([...responseHeaders([["Clear-Site-Data", '"*"']], new URL(`${ORIGIN}${ROOT}/`), ROOT)], []);
});

test("what is compressed is decoded, in the order of its codings; what cannot be is left", async () => {
  const packed = (text, ...formats) => formats.reduce((stream, format) => stream.pipeThrough(new CompressionStream(format)), new Blob([text]).stream());
  const cases = { gzip: ["gzip"], "X-GZIP": ["gzip"], deflate: ["deflate"], "deflate, gzip": ["deflate", "gzip"], "identity": [], "": [] };
  for (const [coding, formats] of Object.entries(cases)) {
    const headers = new Headers({ "content-encoding": coding, "content-length": "9" });
    assert.equal(await new Response(decoded(headers, packed("größe", ...formats))).text(), "größe", coding);
    assert.equal(headers.has("content-length"), !formats.length, coding);
    assert.equal(headers.has("content-encoding"), !formats.length, coding);
  }
  const headers = new Headers({ "content-encoding": "zstd" });
  const stream = new Blob(["as it is"]).stream();
  assert.equal(decoded(headers, stream), stream);
  assert.equal(headers.get("content-encoding"), "zstd");
});

test("a file to save has the name that the app gives it, else the page's, else its address's", () => {
  const named = (said, wanted, path) => {
    const headers = said ? { "content-disposition": said } : {};
    return attachment(new Response("", { headers }), wanted, new URL(path, ORIGIN)).headers.get("content-disposition");
  };
  assert.equal(named('inline; filename="a.txt"', "b", "/c"), 'attachment; filename="a.txt"');
  assert.equal(named("attachment", "b.txt", "/c"), "attachment; filename*=UTF-8''b.txt");
  assert.equal(named("", "größe (1)'*.txt", "/c"), "attachment; filename*=UTF-8''gr%C3%B6%C3%9Fe%20%281%29%27%2a.txt");
  assert.equal(named("", "", "/a/gr%C3%B6%C3%9Fe/"), "attachment; filename*=UTF-8''gr%C3%B6%C3%9Fe");
  assert.equal(named("", "", "/100%"), "attachment; filename*=UTF-8''100%25");
  assert.equal(named("", "", "/"), "attachment; filename*=UTF-8''index");
});

/** Numbers that are the same in each run: mulberry32. */
function seeded(seed) {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

// What the ASGI core lets through: names are tokens in lower case, values hold no control character but the tab.
const TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";
const VALUE = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter((sign) => /[\t\x20-\x7e\x80-\xff]/.test(sign));
const NAMES = ["content-type", "content-length", "content-encoding", "content-security-policy", "location", "refresh", "x-frame-options", "set-cookie", "link"];
const PIECES = ["frame-ancestors", " 'none'", ";", ",", "/", "//", "http:", "https://[", "url=", "0;", "text/html", "charset=", '"', "%", "\xff"];

test("no header that an app may send is too much for the page, and all but the few that change arrive", () => {
  const random = seeded(3);
  const some = (choices, most) => Array.from({ length: random(most + 1) }, () => choices[random(choices.length)]).join("");
  for (let round = 0; round < 3000; round++) {
    const sent = Array.from({ length: random(5) }, () => {
      const name = random(2) ? NAMES[random(NAMES.length)] : TOKEN[random(TOKEN.length)] + some(TOKEN, 8);
      return [name, random(2) ? some(PIECES, 5) : some(VALUE, 12)];
    });
    const headers = responseHeaders(sent, new URL(`${ORIGIN}${ROOT}/`), ROOT);
    new Response("body", { headers });
    isPage(headers);
    for (const [name, value] of sent.filter(([name]) => !NAMES.includes(name))) {
      const trimmed = value.replace(/^[\t ]+|[\t ]+$/g, "");
      assert.ok(`, ${headers.get(name) ?? ""}, `.includes(`, ${trimmed}, `) || trimmed === "", JSON.stringify([name, value]));
    }
  }
});

test("whatever a page sends can be told to Python in lines of latin-1", async () => {
  const random = seeded(7);
  for (let round = 0; round < 300; round++) {
    const value = Array.from({ length: random(12) }, () => VALUE[random(VALUE.length)]).join("");
    const path = Array.from({ length: random(12) }, () => String.fromCodePoint(random(0xd800))).join("");
    const { headers, path: told, query } = await parts(`${ROOT}/${encodeURI(path)}?${path.replaceAll("#", "")}`, { headers: { "x-any": value } });
    for (const text of [...headers.flat(), told, query]) assert.match(text, /^[^\n\u0100-\uffff]*$/);
    assert.match(told + query, /^[\x20-\x7e]*$/);
  }
});
