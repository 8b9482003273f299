// @ts-check
/**
 * The body of a request, for an app that reads it piece by piece.
 *
 * A worker is not told how long a body is, and many apps want to know before they read: so a body is taken in first,
 * into blobs, which the browser keeps out of the worker's memory. A body that a script of the page makes while it is sent
 * has no length: that one goes on to the app as it comes.
 */

/**
 * @typedef {object} Body
 * @property {number | undefined} size in bytes, undefined if nobody knows
 * @property {AsyncGenerator<Uint8Array, void>} chunks never an empty one
 */

/** The header by which `inside/upload.js` tells of a body that is made while it is sent. */
export const STREAMED = "x-asgi-live-streamed";

/** Bytes that are held in memory, and that an app gets at once. */
const PIECE = 2 ** 20;

/**
 * @param {Request} request
 * @returns {Promise<Body>}
 */
export async function bodyOf(request) {
  // Firefox and Safari do not give the stream; their blobs of large bodies lie on the disk.
  if (request.body === undefined) {
    const blob = await request.blob();
    return { size: blob.size, chunks: arrived([blob], []) };
  }
  if (request.body === null) return { size: 0, chunks: arrived([], []) };
  const reader = request.body.getReader();
  return request.headers.has(STREAMED) ? { size: undefined, chunks: arriving(reader) } : takenIn(reader);
}

/** @param {ReadableStreamDefaultReader<Uint8Array>} reader */
async function takenIn(reader) {
  /** @type {Blob[]} */
  const blobs = [];
  /** @type {Uint8Array<ArrayBuffer>[]} */
  let chunks = [];
  let held = 0;
  let size = 0;
  for await (const chunk of arriving(reader)) {
    chunks.push(/** @type {Uint8Array<ArrayBuffer>} */ (chunk));
    held += chunk.byteLength;
    size += chunk.byteLength;
    if (held < PIECE) continue;
    blobs.push(new Blob(chunks));
    chunks = [];
    held = 0;
  }
  return { size, chunks: arrived(blobs, chunks) };
}

/** @param {ReadableStreamDefaultReader<Uint8Array>} reader */
async function* arriving(reader) {
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (next.value.byteLength) yield next.value;
    }
  } finally {
    // Of a body that nobody reads to its end; its sender stops.
    await reader.cancel().catch(() => {});
  }
}

/**
 * @param {Blob[]} blobs
 * @param {Uint8Array[]} chunks that follow
 */
async function* arrived(blobs, chunks) {
  for (let blob = blobs.shift(); blob; blob = blobs.shift()) {
    for (let at = 0; at < blob.size; at += PIECE) {
      yield new Uint8Array(await blob.slice(at, at + PIECE).arrayBuffer());
    }
  }
  yield* chunks;
}
