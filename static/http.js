// @ts-check
/** Requests and responses as parts that Python understands; pure functions, no state, no Python. */

import { STREAMED, bodyOf } from "./body.js";
import { embeddedPolicies } from "./policy.js";

/** @typedef {[name: string, value: string]} Header */

/**
 * What a server sees of one request.
 *
 * @typedef {object} RequestParts
 * @property {string} method
 * @property {string} path percent-encoded, with the app's root
 * @property {string} query without the question mark
 * @property {Header[]} headers lower-case names
 * @property {import("./body.js").Body | undefined} body
 * @property {boolean} credentials whether cookies are sent and set
 * @property {string} [base] the address of a server that would get such a request from a program: the path is then one
 *   of the app, and the response has all its headers
 */

/**
 * What the browser knows and hides from a worker's view of the request's headers.
 *
 * @typedef {object} Reader
 * @property {string} userAgent
 * @property {readonly string[]} languages
 */

/**
 * The app's own URL for a request: an app that ignores its root asks for `/static/x.css`, and means its own.
 *
 * @param {string} requested absolute URL on the app's origin
 * @param {string} root path of the app, without a slash at its end
 */
export function insideApp(requested, root) {
  const url = new URL(requested);
  if (url.pathname !== root && !url.pathname.startsWith(root + "/")) url.pathname = root + url.pathname;
  return url;
}

/**
 * @param {Request} request
 * @param {string} root
 * @param {Reader} reader
 * @returns {Promise<RequestParts>}
 */
export async function requestParts(request, root, reader) {
  const url = insideApp(request.url, root);
  const body = ["GET", "HEAD"].includes(request.method) ? undefined : await bodyOf(request);
  return {
    method: request.method,
    path: url.pathname,
    query: url.search.slice(1),
    headers: requestHeaders(request, url, reader, body),
    body,
    credentials: request.credentials !== "omit",
  };
}

/**
 * The request's headers, and those that a server would get but a worker cannot read.
 *
 * @param {Request} request
 * @param {URL} url
 * @param {Reader} reader
 * @param {import("./body.js").Body} [body]
 * @returns {Header[]}
 */
function requestHeaders(request, url, reader, body) {
  const referrer = /^https?:/.test(request.referrer) ? request.referrer : "";
  const typedByHand = request.mode === "navigate" && !referrer;
  const headers = new Map([["host", url.host], ...request.headers]);
  headers.delete(STREAMED);
  const supply = (/** @type {string} */ name, /** @type {string} */ value) => {
    if (value && !headers.has(name)) headers.set(name, value);
  };
  supply("accept", "*/*");
  // Nothing would be won by it, and browsers do not decode what a worker answers.
  supply("accept-encoding", "identity");
  supply("accept-language", acceptLanguage(reader.languages));
  supply("user-agent", reader.userAgent);
  supply("referer", referrer);
  if (body) {
    supply("origin", url.origin);
    if (body.size === undefined) supply("transfer-encoding", "chunked");
    else supply("content-length", String(body.size));
  }
  // Only a navigation can come from elsewhere; the referrer of a font may be a style sheet of another origin.
  const foreign = request.mode === "navigate" && referrer && new URL(referrer).origin !== url.origin;
  supply("sec-fetch-site", foreign ? "cross-site" : typedByHand ? "none" : "same-origin");
  supply("sec-fetch-mode", request.mode);
  supply("sec-fetch-dest", request.destination || "empty");
  return [...headers];
}

/** @param {readonly string[]} languages */
export function acceptLanguage(languages) {
  return languages.map((tag, at) => (at ? `${tag};q=${Math.max(0.1, 1 - at / 10).toFixed(1)}` : tag)).join(",");
}

/**
 * The headers that the page gets of an app's response.
 *
 * @param {Header[]} sent
 * @param {URL} url of the request
 * @param {string} root
 * @param {string} [hash] SHA-256, in base64, of the script that its Content Security Policy has to allow
 */
export function responseHeaders(sent, url, root, hash) {
  const headers = new Headers();
  for (const [name, value] of sent) {
    const changed = changedHeader(name.toLowerCase(), value, url, root, hash);
    if (changed) headers.append(name, changed);
  }
  return headers;
}

/**
 * A header as the page gets it; empty if it does not.
 *
 * @param {string} name
 * @param {string} value
 * @param {URL} url
 * @param {string} root
 * @param {string} [hash]
 */
function changedHeader(name, value, url, root, hash) {
  // The docs page embeds the app on purpose, and is of the same origin.
  if (name === "x-frame-options") return "";
  // It would clear what the docs, and other apps, keep in the browser.
  if (name === "clear-site-data") return "";
  if (name.startsWith("content-security-policy")) return embeddedPolicies(value, hash);
  if (name === "refresh") return value.replace(REFRESH, (_, start, target, end) => start + reachableLocation(target, url, root) + end);
  return name === "location" ? reachableLocation(value, url, root) : value;
}

/**
 * A redirect's target, kept inside the app: `/items` of an app that ignores its root would be a page of the docs.
 *
 * @param {string} location
 * @param {URL} url of the request
 * @param {string} root
 */
export function reachableLocation(location, url, root) {
  const target = URL.canParse(location, url) ? new URL(location, url) : undefined;
  return target && target.origin === url.origin ? insideApp(target.href, root).href : location;
}

/** Delay and address, quoted or not: https://html.spec.whatwg.org/multipage/semantics.html#attr-meta-http-equiv-refresh */
const REFRESH = /^(\s*[\d.]+[\s;,]+(?:url\s*=\s*)?["']?)([^"']+)(.*)$/i;

/** @param {number} status */
export function hasNoBody(status) {
  return status === 204 || status === 205 || status === 304;
}

/**
 * The content of a response: what a worker answers goes to the page as it is, no browser decodes it.
 *
 * @param {Headers} headers change with it
 * @param {ReadableStream<Uint8Array>} stream
 */
export function decoded(headers, stream) {
  const codings = (headers.get("content-encoding") ?? "").split(",").map((coding) => coding.trim().toLowerCase());
  const formats = codings.filter((coding) => coding && coding !== "identity").map((coding) => FORMATS.get(coding) ?? coding);
  if (!formats.length) return stream;
  /** @type {DecompressionStream[]} */
  let decoders;
  try {
    decoders = formats.reverse().map((format) => new DecompressionStream(/** @type {CompressionFormat} */ (format)));
  } catch {
    // Brotli and zstd, in most browsers.
    console.warn(`[asgi-live] "content-encoding: ${codings}" cannot be decoded: no "accept-encoding" asked for it`);
    return stream;
  }
  for (const name of ["content-encoding", "content-length"]) headers.delete(name);
  return decoders.reduce((coded, decoder) => coded.pipeThrough(/** @type {TransformStream<any, any>} */ (decoder)), stream);
}

/** The names of HTTP for those of `DecompressionStream`, where they differ. */
const FORMATS = new Map([["x-gzip", "gzip"], ["br", "brotli"]]);

/**
 * A response that a browser saves as a file; what the app itself calls it comes first.
 *
 * @param {Response} response
 * @param {string} wanted what the page calls it, empty if it does not
 * @param {URL} url whose end is a name too
 */
export function attachment(response, wanted, url) {
  const headers = new Headers(response.headers);
  const said = headers.get("content-disposition") ?? "";
  const name = wanted || decodedName(url.pathname.split("/").findLast(Boolean) ?? "index");
  // https://www.rfc-editor.org/rfc/rfc8187
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
  const named = /;\s*filename\*?\s*=/i.test(said) ? said.slice(said.indexOf(";")) : `; filename*=UTF-8''${encoded}`;
  headers.set("content-disposition", `attachment${named}`);
  return new Response(response.body, { status: 200, headers });
}

/** @param {string} name */
function decodedName(name) {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
