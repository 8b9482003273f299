// @ts-check
/** At build time: asks an app as a browser would that follows a link. Not shipped to readers. */

import { Buffer } from "node:buffer";

export const ORIGIN = "http://localhost";

const REDIRECTS = 5;
const READER = { userAgent: "sphinx-asgi-live", languages: ["en"] };

/**
 * What an app has answered to a GET request for an embedded path, after redirects inside the app; see `Answer` in
 * `packing/check.py`.
 *
 * @typedef {object} Answer
 * @property {string} path
 * @property {string} asked
 * @property {string} url
 * @property {number} status
 * @property {[string, string][]} headers
 * @property {string} body in base64
 * @property {string} [next]
 * @property {string} said
 */

/**
 * @param {import("./python.js").Python} python
 * @param {string} root
 * @param {string[]} paths
 * @param {() => string} said what has been said since the last call
 * @returns {Promise<Answer[]>}
 */
export async function get(python, root, paths, said) {
  const answers = [];
  for (const path of paths) {
    said();
    const asked = new URL(ORIGIN + root + path);
    const { url, response, next } = await followed(python, asked);
    const body = Buffer.from(await response.arrayBuffer()).toString("base64");
    const headers = [...response.headers];
    // What the app raises behind its answer is told in the next turn.
    await new Promise((resolve) => setTimeout(resolve));
    const { status } = response;
    const address = (asked.pathname + asked.search).slice(root.length);
    answers.push({ path, asked: address, url: url.href, status, headers, body, next: next?.pathname.replace(root, ""), said: said() });
  }
  return answers;
}

/**
 * The response at the end of a way of redirects; `next` if that leads on.
 *
 * @param {import("./python.js").Python} python
 * @param {URL} url
 */
export async function followed(python, url) {
  let response = await follow(python, url);
  let next = redirected(response, url);
  for (let hop = 0; next && hop < REDIRECTS; hop++) {
    url = next;
    response = await follow(python, url);
    next = redirected(response, url);
  }
  return { url, response, next };
}

/**
 * Whether the app knows no such path, or only sends it with a slash to itself without one and back, as Datasette does.
 *
 * @param {Answer} answer
 */
export function isLost({ status, next }) {
  return status === 404 || next !== undefined;
}

/**
 * Where a response redirects to; undefined if that leads out of the app, where nothing here could answer.
 *
 * @param {Response} response
 * @param {URL} url
 */
function redirected(response, url) {
  const location = response.status >= 300 && response.status < 400 && response.headers.get("location");
  const target = location && URL.canParse(location, url) ? new URL(location, url) : undefined;
  return target?.origin === ORIGIN ? target : undefined;
}

/**
 * @param {import("./python.js").Python} python
 * @param {URL} url
 */
function follow(python, url) {
  const headers = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
  return python.respond(new Request(url, { headers }), READER);
}
