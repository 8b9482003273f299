// @ts-check
/** Requests and responses as parts that Python understands; pure functions, no state, no Python. */

/** @typedef {[name: string, value: string]} Header */

/**
 * What a server sees of one request.
 *
 * @typedef {object} RequestParts
 * @property {string} method
 * @property {string} path percent-encoded, with the app's root
 * @property {string} query without the question mark
 * @property {Header[]} headers lower-case names
 * @property {Blob | undefined} body
 * @property {boolean} credentials whether cookies are sent and set
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
  // A Blob knows its length, which many apps need, and can lie on disk: uploads stay out of the worker's memory.
  const body = ["GET", "HEAD"].includes(request.method) ? undefined : await request.blob();
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
 * @param {Blob} [body]
 * @returns {Header[]}
 */
function requestHeaders(request, url, reader, body) {
  const referrer = /^https?:/.test(request.referrer) ? request.referrer : "";
  const typedByHand = request.mode === "navigate" && !referrer;
  const headers = new Map([["host", url.host], ...request.headers]);
  const supply = (/** @type {string} */ name, /** @type {string} */ value) => {
    if (value && !headers.has(name)) headers.set(name, value);
  };
  supply("accept", "*/*");
  supply("accept-language", acceptLanguage(reader.languages));
  supply("user-agent", reader.userAgent);
  supply("referer", referrer);
  if (body) {
    supply("origin", url.origin);
    supply("content-length", String(body.size));
  }
  // Only a navigation can come from elsewhere; the referrer of a font may be a style sheet of another origin.
  const foreign = request.mode === "navigate" && referrer && new URL(referrer).origin !== url.origin;
  supply("sec-fetch-site", foreign ? "cross-site" : typedByHand ? "none" : "same-origin");
  supply("sec-fetch-mode", request.mode);
  supply("sec-fetch-dest", request.destination || "empty");
  return [...headers];
}

/** @param {readonly string[]} languages */
function acceptLanguage(languages) {
  return languages.map((tag, at) => (at ? `${tag};q=${Math.max(0.1, 1 - at / 10).toFixed(1)}` : tag)).join(",");
}

/**
 * The headers that the page gets of an app's response.
 *
 * @param {Header[]} sent
 * @param {URL} url of the request
 * @param {string} root
 */
export function responseHeaders(sent, url, root) {
  const headers = new Headers();
  for (const [name, value] of sent) {
    const changed = changedHeader(name.toLowerCase(), value, url, root);
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
 */
function changedHeader(name, value, url, root) {
  // The docs page embeds the app on purpose, and is of the same origin.
  if (name === "x-frame-options") return "";
  if (name === "content-security-policy") return withoutFrameAncestors(value);
  return name === "location" ? reachableLocation(value, url, root) : value;
}

/** @param {string} policies one or several, by commas, each of directives by semicolons */
function withoutFrameAncestors(policies) {
  const kept = policies.split(",").map((policy) =>
    policy.split(";").filter((directive) => !/^\s*frame-ancestors\b/i.test(directive)).join(";"),
  );
  return kept.filter((policy) => policy.trim()).join(",");
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

/** @param {number} status */
export function hasNoBody(status) {
  return status === 204 || status === 205 || status === 304;
}

/**
 * Whether a script element can be put into the document: HTML in a charset that contains ASCII, not compressed.
 *
 * @param {Headers} headers
 */
export function isInjectable(headers) {
  const type = headers.get("content-type") ?? "";
  return /^text\/html\b/i.test(type) && !/charset=["']?utf-?(16|32)/i.test(type) && !headers.has("content-encoding");
}

/**
 * A stream that adds bytes to an HTML document right behind its doctype: the first place where an element may stand
 * without changing how the rest is parsed, so that a script there is the first to run.
 *
 * @param {string} markup
 * @returns {TransformStream<Uint8Array, Uint8Array>}
 */
export function behindDoctype(markup) {
  const addition = new TextEncoder().encode(markup);
  /** @type {Uint8Array | undefined} the beginning of the document, until the place is found */
  let held = new Uint8Array();
  return new TransformStream({
    transform(chunk, controller) {
      if (!held) return controller.enqueue(chunk);
      held = concatenate(held, chunk);
      const { end, open } = prologue(held);
      if (open) return;
      for (const part of [held.subarray(0, end), addition, held.subarray(end)]) controller.enqueue(part);
      held = undefined;
    },
    flush(controller) {
      if (!held) return;
      const { end } = prologue(held);
      for (const part of [held.subarray(0, end), addition, held.subarray(end)]) controller.enqueue(part);
    },
  });
}

/** Bytes in which a document should have shown its doctype. */
const PROLOGUE_LIMIT = 4096;

/**
 * Where the byte order mark, white space, comments and the doctype end, and whether more of the document may move that.
 *
 * @param {Uint8Array} start
 */
function prologue(start) {
  const text = Array.from(start.subarray(0, PROLOGUE_LIMIT), (byte) => String.fromCharCode(byte)).join("");
  // An XML declaration is a comment to HTML.
  const [found, doctype] = /^(?:\xef\xbb\xbf)?(?:\s|<!--[^]*?-->|<\?[^>]*>)*(<!doctype[^>]*>)?/i.exec(text) ?? [""];
  const rest = text.slice(found.length).toLowerCase();
  const openings = ["<!--", "<?", "<!doctype", ...(found ? [] : ["\xef\xbb\xbf"])];
  const begun = openings.some((opening) => opening.startsWith(rest.slice(0, opening.length)));
  return { end: found.length, open: begun && !doctype && text.length < PROLOGUE_LIMIT };
}

/**
 * @param {Uint8Array} first
 * @param {Uint8Array} second
 */
function concatenate(first, second) {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
