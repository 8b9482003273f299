// @ts-check
/** At build time: what the app's pages are shown with, asked of the app itself. Not shipped to readers. */

import { Buffer } from "node:buffer";

/** How many files all pages of an app may be shown with, and the bytes of one and of all. */
const FILES = 60;
const FILE_BYTES = 1_000_000;
const ALL_BYTES = 4_000_000;
/** Milliseconds for one of them: there may be streams that never end. */
const PATIENCE = 3_000;

/** @typedef {{url: string, type: string, body: string}} Resource its body in base64 */
/** @typedef {{url: string, status: number, headers: [string, string][], body: string}} Page its body in base64 */

/**
 * Style sheets and images that pages name, and what the style sheets name in turn; what does not come is left out.
 *
 * @param {any} pyodide
 * @param {string} source of the Python module that finds them
 * @param {Page[]} pages
 * @param {(url: URL) => Promise<{response: Response}>} ask
 * @returns {Promise<Resource[]>}
 */
export async function resources(pyodide, source, pages, ask) {
  const shown = pages.filter(({ status, headers }) => status < 500 && isOf(new Headers(headers), "text/html"));
  if (!shown.length) return [];
  const names = pyodide.toPy({ __name__: "references" });
  pyodide.runPython(source, { globals: names });
  const named = (/** @type {string} */ how, /** @type {BufferSource} */ content, /** @type {string} */ url) =>
    names.get(how)(new TextDecoder().decode(content), url).toJs();
  /** @type {Set<string>} which grows while it is walked */
  const wanted = new Set(shown.flatMap(({ body, url }) => named("of_page", Uint8Array.from(atob(body), (each) => each.charCodeAt(0)), url)));
  const found = [];
  let room = ALL_BYTES;
  for (const url of wanted) {
    if (found.length >= FILES) break;
    if (new URL(url).origin !== new URL(shown[0].url).origin) continue;
    const file = await within(PATIENCE, fileOf(url, ask, Math.min(room, FILE_BYTES)));
    if (!file) continue;
    room -= file.content.byteLength;
    if (file.type.startsWith("text/css")) for (const other of named("of_style", file.content, url)) wanted.add(other);
    found.push({ url, type: file.type, body: Buffer.from(file.content).toString("base64") });
  }
  return found;
}

/**
 * @param {string} url
 * @param {(url: URL) => Promise<{response: Response}>} ask
 * @param {number} limit in bytes
 */
async function fileOf(url, ask, limit) {
  const { response } = await ask(new URL(url));
  if (response.status !== 200 || !response.body) return;
  const chunks = [];
  let size = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    size += value.length;
    if (size > limit) return void reader.cancel();
  }
  return { type: response.headers.get("content-type") ?? "", content: await new Blob(chunks).arrayBuffer() };
}

/**
 * @param {Headers} headers
 * @param {string} type
 */
function isOf(headers, type) {
  return (headers.get("content-type") ?? "").toLowerCase().startsWith(type);
}

/**
 * @template Value
 * @param {number} limit milliseconds
 * @param {Promise<Value>} promised
 * @returns {Promise<Value | void>} nothing if it comes too late or fails
 */
function within(limit, promised) {
  return Promise.race([promised, new Promise((/** @type {(value: void) => void} */ resolve) => setTimeout(resolve, limit))]).catch(() => {});
}
