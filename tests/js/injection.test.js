// Where the script stands in a document, however that is cut; a browser's own parser judges in tests/browser/test_injection.py.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { prescan } from "../../static/charset.js";
import { isPage, withScript } from "../../static/injection.js";

const SCRIPT = { text: "1", data: { root: '/a"<é' } };
const HTML = '<script data-root="/a&#34;&#60;&#233;">1</script>';
const XML = '<script xmlns="http://www.w3.org/1999/xhtml" data-root="/a&#34;&#60;&#233;"><![CDATA[1]]></script>';

/** The bytes of a document that went through in these chunks, one character a byte. */
async function injected(chunks, type = "text/html; charset=utf-8") {
  const headers = new Headers(type ? { "content-type": type } : {});
  const body = await withScript(headers, ReadableStream.from(chunks), SCRIPT);
  return [Buffer.from(await new Response(body).arrayBuffer()).toString("latin1"), headers.get("content-type")];
}

// The place of the script is marked with `|`.
const DOCUMENTS = {
  "a doctype": "<!doctype html>|<p>text",
  "all tags": "<!doctype html><html lang='>'><head>|<title>",
  "attributes of every kind": "<!doctype html><HTML a=\"b\" c = 'd>' e=f/g = h><Head\n/>|<title>",
  "capitals and space": "\n\t <!DOCTYPE HTML PUBLIC '-//W3C//DTD HTML 4.01//EN'>\n<html>|",
  "a byte order mark": "\xef\xbb\xbf<!doctype html>|<p>",
  "a byte order mark and no doctype": "\xef\xbb\xbf|<p>text</p>",
  "comments": "<!-- one --><!-- a <!doctype html> of old -->\n<!doctype html>|<p>",
  "short comments": "<!--><!---><!--a--!><!doctype html>|<p>",
  "a comment with dashes": "<!-- a -- b - -> c ---><!doctype html>|<p>",
  "an XML declaration": '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html><html>|<p>',
  "what is taken for a comment": "<!x></ y></><!doctype html>|<p>",
  "a space that is none to HTML": "<!doctype html>|\xa0<html>",
  "no doctype": "<html>|<body>text",
  "a comment and no doctype": "<!-- one -->|<p>text <!doctype html>",
  "two doctypes": "<!doctype html>|<!doctype html><html>",
  "another tag that begins so": "<!doctype html>|<htmlx><header>",
  "only text": "|hello",
  "one sign": "|x",
  "a lonely bracket": "<",
  "an unfinished doctype": "<!doctype html",
  "an unfinished comment": "<!-- one <p>",
  "an unfinished tag": '<!doctype html><html lang="a>b',
  "nothing": "|",
  "only a byte order mark": "\xef\xbb\xbf|",
  "a doctype and nothing": "<!doctype html>|",
  "bytes that are no ASCII": `<!doctype html>|<p>${Buffer.from("größe → 日本語 🎉").toString("latin1")}\xff\xfe\x00`,
};
const XHTML = {
  "a root": "<html xmlns='x'>|<body/></html>",
  "a prologue": "\xef\xbb\xbf<?xml version='1.0'?><!-- <a> --><!DOCTYPE html [<!ENTITY a \"]>\"> <!-- ]> -->]><?x <y> ?>\n<html a='/>'>|</html>",
  "an empty root": "<html/>",
  "an unfinished one": "<html a='b",
  "nothing": "",
};

for (const [documents, type, markup] of [[DOCUMENTS, "text/html; charset=utf-8", HTML], [XHTML, "application/xhtml+xml", XML]])
  for (const [name, marked] of Object.entries(documents))
    test(`the script's place does not depend on the chunks: ${type}, ${name}`, async () => {
      const bytes = Buffer.from(marked.replace("|", ""), "latin1");
      const expected = marked.replace("|", markup);
      const cuts = [[], Array.from(bytes.keys())];
      for (let first = 0; first <= bytes.length; first++) cuts.push([first], [first, Math.min(bytes.length, first + 3)]);
      for (const cut of cuts) {
        const chunks = [0, ...cut].map((start, at) => new Uint8Array(bytes.subarray(start, cut[at] ?? bytes.length)));
        assert.equal((await injected(chunks, type))[0], expected, `cut at ${cut}`);
      }
    });

test("UTF-16, by its mark or by its headers, gets a script in UTF-16", async () => {
  const swapped = (text) => Buffer.from(text, "utf16le").swap16();
  const cases = [
    [Buffer.from("\ufeff<!doctype html><p>é", "utf16le"), "text/html", "utf16le"],
    [Buffer.from("<!doctype html><p>é", "utf16le"), "text/html; charset=utf-16", "utf16le"],
    [swapped("\ufeff<!doctype html><p>é"), "text/html; charset=utf-8", "utf16be"],
    [swapped("<!doctype html><p>é"), 'text/html; charset="UTF-16BE"', "utf16be"],
  ];
  for (const [bytes, type, encoding] of cases)
    for (const size of [1, 3, 1000]) {
      const chunks = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(new Uint8Array(bytes.subarray(at, at + size)));
      const out = Buffer.from((await injected(chunks, type))[0], "latin1");
      const text = (encoding === "utf16be" ? out.swap16() : out).toString("utf16le");
      assert.equal(text.replace("\ufeff", ""), `<!doctype html>${HTML}<p>é`, `${type} by ${size}`);
    }
});

test("what a document says of its encoding is said before the script would hide it", async () => {
  const cases = {
    "<!doctype html><meta charset=Shift_JIS>": "text/html; charset=shift_jis",
    "<!doctype html><p>": "text/html",
    "\xef\xbb\xbf<meta charset=big5>": "text/html",
  };
  for (const [text, expected] of Object.entries(cases))
    assert.equal((await injected([Buffer.from(text, "latin1")], "text/html"))[1], expected, text);
});

const ENCODINGS = {
  "<meta charset='utf-8'>": "utf-8",
  "<META\nCHARSET = Latin1 >": "windows-1252",
  "<meta charset=utf-16le>": "utf-8",
  "<meta charset=x-user-defined>": "windows-1252",
  "<meta charset=nonsense><meta charset=koi8-r>": "koi8-r",
  "<!-- <meta charset=big5> --><meta charset=gbk>": "gbk",
  "<a title='<meta charset=big5>'><meta charset=gbk>": "gbk",
  "<meta http-equiv=Content-Type content='text/html; charset=euc-kr'>": "euc-kr",
  "<meta content='text/html; charset=euc-kr'>": undefined,
  "<meta http-equiv=refresh content='1; charset=euc-kr'>": undefined,
  "<metadata charset=gbk>": undefined,
  "<?xml version='1.0' encoding='euc-jp'?>": "euc-jp",
  "<meta charset='gbk": undefined,
  "": undefined,
};
for (const [text, expected] of Object.entries(ENCODINGS))
  test(`the encoding that a document names: ${text || "(empty)"}`, () => assert.equal(prescan(text), expected));

test("a page is HTML or XHTML that is not to be saved, or untyped and free to be sniffed", () => {
  const page = (headers) => isPage(new Headers(headers));
  for (const type of ["text/html", "TEXT/HTML", "text/html;charset=x", "text/html ; a=b", "application/xhtml+xml"])
    assert.equal(page({ "content-type": type }), true, type);
  for (const type of ["", "text/htmlx", "text/plain", "application/json", "application/xml", "image/svg+xml"])
    assert.equal(page({ "content-type": type }), false, type);
  assert.equal(page({ "content-type": "text/html", "content-disposition": "Attachment; filename=a" }), false);
  assert.equal(page({ "content-type": "text/html", "content-disposition": "inline" }), true);
  assert.equal(page({}), true);
  assert.equal(page({ "x-content-type-options": "nosniff" }), false);
});

test("untyped text is HTML only if a browser would take it for that", async () => {
  assert.deepEqual(await injected([Buffer.from(" <!DOCTYPE html><p>")], null), [` <!DOCTYPE html>${HTML}<p>`, "text/html"]);
  assert.deepEqual(await injected([Buffer.from("<htmlx>")], null), ["<htmlx>", null]);
});

test("a document is not held back for longer than its beginning", async () => {
  const chunks = Array.from({ length: 300 }, () => new Uint8Array(1000).fill(0x20));
  let [before, passed] = [-1, 0];
  for await (const chunk of await withScript(new Headers({ "content-type": "text/html; charset=utf-8" }), ReadableStream.from(chunks), SCRIPT)) {
    if (Buffer.from(chunk).includes("data-root")) [before, passed] = [chunk.length, passed + chunk.length - HTML.length];
    else passed += chunk.length;
  }
  assert.equal(passed, 300_000);
  assert.ok(before > 65_000 && before < 68_000, before);
});

test("what comes behind the script is passed on as it is, chunk by chunk", async () => {
  const chunks = ["<!doctype html><p>one", "<p>two", "<p>three"].map((text) => new TextEncoder().encode(text));
  const out = [];
  for await (const chunk of await withScript(new Headers({ "content-type": "text/html" }), ReadableStream.from([new Uint8Array(2000).fill(0x20), ...chunks]), SCRIPT)) out.push(chunk);
  assert.deepEqual(out.slice(-2), chunks.slice(1));
});

test("a stream that breaks in its beginning is a stream that breaks, and who leaves it is told to the app", async () => {
  const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("broken")) });
  const body = await withScript(new Headers({ "content-type": "text/html" }), broken, SCRIPT);
  await assert.rejects(new Response(body).text(), /broken/);
  let left = "";
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(2000).fill(0x20)), cancel: (reason) => void (left = reason) });
  await (await withScript(new Headers({ "content-type": "text/html" }), endless, SCRIPT)).cancel("gone");
  assert.equal(left, "gone");
});

test("no text takes more than linear time", async () => {
  for (const [piece, type] of [["<!--", "text/html"], ["<!-- -->", "text/html"], ["<html a=", "text/html"], ["<?a?>", "application/xhtml+xml"], ["<!DOCTYPE [<!-- --><!--", "application/xhtml+xml"]]) {
    const began = performance.now();
    await injected([Buffer.from(piece.repeat(8000))], `${type}; charset=utf-8`);
    assert.ok(performance.now() - began < 1000, piece);
  }
});

test("the scripts that are injected are plain ASCII that ends neither an element nor a section", () => {
  const folder = new URL("../../static/inside/", import.meta.url);
  for (const name of readdirSync(folder).filter((name) => name.endsWith(".js"))) {
    const text = readFileSync(new URL(name, folder), "utf-8");
    assert.doesNotMatch(text, /[^\n\x20-\x7e]|<\/?script|<!--|\]\]>/i, name);
  }
});
