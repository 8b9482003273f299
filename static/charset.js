// @ts-check
/** In which encoding a browser will read a document: by its byte order mark, its headers, or what it says itself. */

/** Bytes in which a document names its own encoding: https://html.spec.whatwg.org/multipage/parsing.html#determining-the-character-encoding */
export const PRESCAN = 1024;

/**
 * The encoding that a media type names.
 *
 * @param {string} type
 */
export function charsetOf(type) {
  const [, label] = /;\s*charset\s*=\s*["']?([^\s;"']+)/i.exec(type) ?? [];
  return known(label);
}

/**
 * The encoding that a label means to browsers, if it means any.
 *
 * @param {string | undefined} label
 */
function known(label) {
  try {
    return label && new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}

/**
 * Whether a document begins with a byte order mark.
 *
 * @param {Uint8Array} bytes
 */
export function hasMark([a, b, c]) {
  return (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || (a === 0xef && b === 0xbb && c === 0xbf);
}

/**
 * How the ASCII of a document is encoded: a byte order mark is right even against the headers.
 *
 * @param {Uint8Array} bytes
 * @param {string | undefined} charset
 */
export function codingOf(bytes, charset) {
  const [a, b] = bytes;
  const utf16 = hasMark(bytes) ? (a === 0xff ? "utf-16le" : b === 0xff ? "utf-16be" : "") : charset;
  if (utf16 !== "utf-16le" && utf16 !== "utf-16be") return ASCII;
  const decoder = new TextDecoder(utf16, { ignoreBOM: true });
  const first = utf16 === "utf-16le" ? 0 : 1;
  return {
    unit: 2,
    text: (/** @type {Uint8Array} */ held) => decoder.decode(held.subarray(0, held.length & ~1)),
    encode: (/** @type {string} */ text) => {
      const encoded = new Uint8Array(text.length * 2);
      for (let at = 0; at < text.length; at++) encoded[at * 2 + first] = text.charCodeAt(at);
      return encoded;
    },
  };
}

/** Of all other encodings of the web: one byte is at most one character, and signs of markup are never part of another. */
const ASCII = {
  unit: 1,
  text: (/** @type {Uint8Array} */ held) =>
    // As long as the bytes: the mark counts as the three that it is.
    ascii(held).replace(/^\xef\xbb\xbf/, "\n\n\n"),
  encode: (/** @type {string} */ text) => new TextEncoder().encode(text),
};

/**
 * A text of one character a byte.
 *
 * @param {Uint8Array} bytes
 */
export function ascii(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

/**
 * The encoding that a document without a mark names in its first bytes, if it does.
 * https://html.spec.whatwg.org/multipage/parsing.html#prescan-a-byte-stream-to-determine-its-encoding
 *
 * @param {string} text one character a byte
 */
export function prescan(text) {
  const [, quote, declared] = /^<\?xml[^>]*?encoding\s*=\s*(["'])([^"'\s>]*)\1[^>]*>/.exec(text) ?? [];
  if (quote) return named(declared);
  const tokens = /<!--(?:-?>|[^]*?-->)|<meta(?=[\s/])((?:"[^"]*"|'[^']*'|[^>"'])*)|<\/?[a-z](?:"[^"]*"|'[^']*'|[^>"'])*|<[!/?][^>]*/gi;
  for (const [, meta] of text.matchAll(tokens)) {
    const charset = meta === undefined ? undefined : charsetOfMeta(meta);
    if (charset) return charset;
  }
  return undefined;
}

/** @param {string} source the attributes of a `meta` element */
function charsetOfMeta(source) {
  /** @type {Map<string, string>} */
  const attributes = new Map();
  for (const [, name, , one, two, bare] of source.matchAll(/([^\s/=>]+)(\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?/g))
    if (!attributes.has(name.toLowerCase())) attributes.set(name.toLowerCase(), one ?? two ?? bare ?? "");
  const direct = attributes.get("charset");
  if (direct !== undefined) return named(direct.trim());
  if (attributes.get("http-equiv")?.toLowerCase() !== "content-type") return undefined;
  const [, label] = /charset\s*=\s*["']?([^\s;"']+)/i.exec(attributes.get("content") ?? "") ?? [];
  return named(label);
}

/**
 * A document that can name its encoding in ASCII is not in UTF-16.
 *
 * @param {string | undefined} label
 */
function named(label) {
  const charset = known(label);
  if (charset?.startsWith("utf-16")) return "utf-8";
  return charset === "x-user-defined" ? "windows-1252" : charset;
}
