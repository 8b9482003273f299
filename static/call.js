// @ts-check
/**
 * A request as it is written in a page of the documentation, carried to the app: the same in an app's worker, for a
 * reader, and at build time.
 *
 * To the app it comes from a program on the author's machine: there is no root and nothing of a browser about it.
 */

/** @import {Reply, Wanted} from "./protocol.js" */
/** @import {Header} from "./http.js" */

/** Bytes of a response that are waited for. */
const LARGEST = 1_000_000;
/** Milliseconds that a response may go on once it has begun: one that never ends is shown as far as it came. */
const LONGEST = 5_000;

/**
 * @param {import("./python.js").Python} python
 * @param {Wanted} wanted
 * @returns {Promise<Reply>} rejects with `PythonEnded` when nobody is left to answer
 */
export async function call(python, { method, target, headers, body: text, base }) {
  const [path, query = ""] = target.split(/\?(.*)/s);
  const body = bytesOf(text, headers);
  const began = performance.now();
  const { status, headers: sent, stream } = await python.answer({
    method,
    path,
    query,
    headers: supplied(headers, base, body),
    body: { size: body.length, chunks: chunks(body) },
    credentials: true,
    base,
  });
  const { content, isWhole } = await beginning(decoded(sent, stream));
  return { status, headers: sent, body: content, isWhole, milliseconds: performance.now() - began };
}

/**
 * Answer a page that has posted a request.
 *
 * @param {() => Promise<import("./python.js").Python>} start
 * @param {Wanted} wanted
 * @param {MessagePort} port
 */
export async function answerCall(start, wanted, port) {
  try {
    port.postMessage(await call(await start(), wanted));
  } catch (error) {
    port.postMessage({ problem: error instanceof Error ? error.message : String(error) });
  }
}

/**
 * A text as it is sent: the parts of a multipart body are told from each other by CR LF.
 *
 * @param {string} text
 * @param {readonly Header[]} headers
 */
function bytesOf(text, headers) {
  const isMultipart = headers.some(([name, value]) => /^content-type$/i.test(name) && /^\s*multipart\//i.test(value));
  return new TextEncoder().encode(isMultipart && text ? text.replace(/\r?\n|$/g, "\r\n") : text);
}

/**
 * The headers, and those without which no client sends a request; what tells of the body's length is of that which is sent.
 *
 * @param {readonly Header[]} headers
 * @param {string} base
 * @param {Uint8Array} body
 * @returns {Header[]}
 */
function supplied(headers, base, body) {
  /** @type {Header[]} */
  const own = headers.map(([name, value]) => [name.toLowerCase(), value]);
  const kept = own.filter(([name]) => name !== "content-length" && name !== "transfer-encoding");
  /** @type {Header[]} */
  const usual = [["host", new URL(base).host], ["accept", "*/*"], ["user-agent", "sphinx-asgi-live"]];
  if (body.length) usual.push(["content-length", String(body.length)]);
  const missing = usual.filter(([name]) => !kept.some(([given]) => given === name));
  return [...missing, ...kept];
}

/** @param {Uint8Array} body */
async function* chunks(body) {
  if (body.length) yield body;
}

/**
 * The content of a response that was asked for compressed.
 *
 * @param {Header[]} headers
 * @param {ReadableStream<Uint8Array>} stream
 */
function decoded(headers, stream) {
  const coding = headers.find(([name]) => name.toLowerCase() === "content-encoding")?.[1].trim().toLowerCase();
  if (coding !== "gzip" && coding !== "deflate") return stream;
  return stream.pipeThrough(/** @type {TransformStream<any, Uint8Array>} */ (new DecompressionStream(coding)));
}

/** @param {ReadableStream<Uint8Array>} stream */
async function beginning(stream) {
  const reader = stream.getReader();
  /** @type {Uint8Array[]} */
  const parts = [];
  let size = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let limit;
  /** @type {Promise<{done: true, value?: undefined, late: true}>} */
  const late = new Promise((resolve) => (limit = setTimeout(resolve, LONGEST, { done: true, late: true })));
  for (;;) {
    const next = await Promise.race([reader.read(), late]);
    const isWhole = next.done && !("late" in next);
    if (next.value) size += parts.push(next.value) && next.value.length;
    if (!next.done && size <= LARGEST) continue;
    clearTimeout(limit);
    if (!isWhole) void reader.cancel().catch(() => {});
    return { content: new Uint8Array(await new Blob(/** @type {BlobPart[]} */ (parts)).arrayBuffer()), isWhole };
  }
}
