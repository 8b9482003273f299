// @ts-check
/**
 * Puts a script into a document as its first, however the document is encoded and however it is cut into chunks.
 *
 * Everything is decided from the beginning of the document, of which no more than `LIMIT` bytes are held back; what
 * follows is passed on as it comes.
 */

import { PRESCAN, ascii, charsetOf, codingOf, hasMark, prescan } from "./charset.js";

/**
 * @typedef {object} Script a classic script that configures itself from its element's `dataset`
 * @property {string} text ASCII, without what would end a script element or a CDATA section
 * @property {Record<string, string>} data
 */

/** @typedef {"html" | "xml"} Syntax */

/** Bytes of which a document should have shown where its first element stands. */
const LIMIT = 64 * 1024;

/** What a browser takes for HTML that comes without a type: https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type */
const LOOKS_LIKE_HTML =
  /^[\t\n\f\r ]*<(?:(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[ >]|!--)/i;

/**
 * Whether this is a page that a reader navigates to, and not a file to save; untyped content may be one.
 *
 * @param {Headers} headers
 */
export function isPage(headers) {
  if (/^\s*attachment\b/i.test(headers.get("content-disposition") ?? "")) return false;
  const type = headers.get("content-type");
  return type === null ? headers.get("x-content-type-options") !== "nosniff" : syntaxOf(type) !== undefined;
}

/**
 * A page with a script of ours in it; its headers change with it.
 *
 * @param {Headers} headers
 * @param {ReadableStream<Uint8Array>} body
 * @param {Script} script
 * @returns {Promise<ReadableStream<Uint8Array>>}
 */
export async function withScript(headers, body, script) {
  const reader = body.getReader();
  const document = new Beginning(reader);
  let type = headers.get("content-type");
  if (type === null) {
    await document.atLeast(PRESCAN);
    if (!LOOKS_LIKE_HTML.test(ascii(document.bytes.subarray(0, PRESCAN)))) return document.rest();
    type = "text/html";
  }
  const syntax = syntaxOf(type);
  if (syntax === "html" && !charsetOf(type)) {
    // Ours would push what the document says of itself out of sight.
    await document.atLeast(PRESCAN);
    const charset = hasMark(document.bytes) ? undefined : prescan(ascii(document.bytes.subarray(0, PRESCAN)));
    headers.set("content-type", charset ? `${type.replace(/[;\s]+$/, "")}; charset=${charset}` : type);
  }
  headers.delete("content-length");
  return document.rest(syntax === "xml" ? XML : HTML, charsetOf(type), markup(script, syntax ?? "html"));
}

/** The part of a document that is held back, and its reader. */
class Beginning {
  bytes = new Uint8Array();
  #reader;
  #ended = false;
  /** @type {unknown} */
  #failure;

  /** @param {ReadableStreamDefaultReader<Uint8Array>} reader */
  constructor(reader) {
    this.#reader = reader;
  }

  /** @param {number} size in bytes; less if the document ends before */
  async atLeast(size) {
    while (this.bytes.length < size && (await this.#more()));
  }

  async #more() {
    try {
      const { value, done } = await this.#reader.read();
      if (value) this.bytes = concatenate(this.bytes, value);
      this.#ended = done;
      return !done;
    } catch (error) {
      // The page is to see it as the end of a broken stream, behind its headers.
      this.#failure = error;
      this.#ended = true;
      return false;
    }
  }

  /**
   * The whole document, with an addition where the grammar has its place.
   *
   * @param {Grammar} [grammar]
   * @param {string} [charset] that the headers say
   * @param {string} [addition] ASCII
   * @returns {ReadableStream<Uint8Array>}
   */
  rest(grammar, charset, addition = "") {
    const reader = this.#reader;
    return new ReadableStream(
      {
        start: async (controller) => {
          if (grammar) this.bytes = await this.#with(grammar, charset, addition);
          if (this.#failure) throw this.#failure;
          if (this.bytes.length) controller.enqueue(this.bytes);
          if (this.#ended) controller.close();
        },
        pull: async (controller) => {
          const { value, done } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    );
  }

  /**
   * @param {Grammar} grammar
   * @param {string | undefined} charset
   * @param {string} addition
   */
  async #with(grammar, charset, addition) {
    await this.atLeast(4);
    const coding = codingOf(this.bytes, charset);
    for (;;) {
      const { end, open } = grammar(coding.text(this.bytes));
      if (open && this.bytes.length < LIMIT && !this.#ended && (await this.#more())) continue;
      const at = (end ?? 0) * coding.unit;
      // What is not complete when the document ends is all there is of it.
      if (end === undefined || (open && this.#ended && at < this.bytes.length)) return this.bytes;
      return concatenate(this.bytes.subarray(0, at), coding.encode(addition), this.bytes.subarray(at));
    }
  }
}

/**
 * Finds in the beginning of a document the place of its first script, counted in characters; undefined if there is
 * none; `open` says that more of the document may move it.
 *
 * @typedef {(text: string) => {end: number | undefined, open: boolean}} Grammar
 */

/**
 * In HTML behind the doctype and the start tags of `html` and `head`, as far as they are there: an element in that place
 * changes nothing of how the rest is parsed.
 *
 * @type {Grammar}
 */
export const HTML = (text) => {
  let end = /^\ufeff?/.exec(text)?.[0].length ?? 0;
  for (const token of ["<!doctype", "<html", "<head"]) {
    end = skip(BEFORE_HEAD, text, end);
    const rest = text.slice(end);
    if (!new RegExp(`^${token}(?:${token[1] === "!" ? "" : "[\\t\\n\\f\\r />]|$"})`, "i").test(rest)) {
      if (mayBecome(token, rest)) return { end, open: true };
      continue;
    }
    const after = token === "<!doctype" ? text.indexOf(">", end) : skip(ATTRIBUTE, text, end + token.length);
    if (text[after] !== ">") return { end, open: true };
    end = after + 1;
  }
  return { end, open: false };
};

/**
 * Whether more of a text may make it this token, or a comment.
 *
 * @param {string} token
 * @param {string} rest
 */
function mayBecome(token, rest) {
  return token.startsWith(rest.toLowerCase()) || /^<(?:!(?!doctype)|\?|\/(?:$|[^a-z]))/i.test(rest);
}

/** White space, a comment, or what HTML takes for one, an XML declaration for instance; `</>` is nothing at all. */
const BEFORE_HEAD = /[\t\n\f\r ]+|<!--(?:-?>|[^]*?--!?>)|<\?[^>]*>|<!(?!--|doctype)[^>]*>|<\/(?![a-z])[^>]*>/iy;

/** An attribute of a tag, or what stands between two; one that is not complete reaches to the end of the text. */
const ATTRIBUTE =
  /[\t\n\f\r /]+|[^\t\n\f\r />][^\t\n\f\r />=]*(?:[\t\n\f\r ]*=[\t\n\f\r ]*(?:"[^"]*(?:"|$)|'[^']*(?:'|$)|[^\t\n\f\r "'>][^\t\n\f\r >]*|(?=>)|$))?/y;

/**
 * In XML behind the start tag of the root element; an empty one has no place for a script.
 *
 * @type {Grammar}
 */
export const XML = (text) => {
  let end = skip(BEFORE_ROOT, text, /^\ufeff?/.exec(text)?.[0].length ?? 0);
  if (text.startsWith("<!DOCTYPE", end)) {
    end = skip(DOCTYPE, text, end + 1);
    if (text[end] === "[") end = skip(SUBSET, text, end + 1);
    end = skip(BEFORE_ROOT, text, skip(/[\]\t\n\r ]*>/y, text, end));
  }
  if (!/^<[^!?]/.test(text.slice(end))) return { end: undefined, open: true };
  const after = skip(ROOT_TAG, text, end + 1);
  if (text[after] !== ">") return { end: undefined, open: true };
  return { end: text[after - 1] === "/" ? undefined : after + 1, open: false };
};

const BEFORE_ROOT = /[\t\n\r ]+|<\?[^]*?\?>|<!--[^]*?-->/y;
const DOCTYPE = /[^>"'[]+|"[^"]*"|'[^']*'/y;
const SUBSET = /<\?[^]*?\?>|<!--[^]*?-->|"[^"]*"|'[^']*'|(?!<\?|<!--)[^\]"']/y;
const ROOT_TAG = /[^<>"']+|"[^"]*"|'[^']*'/y;

/**
 * Where a run of such tokens ends. Each is taken as it comes, so that no text takes more than linear time.
 *
 * @param {RegExp} token sticky
 * @param {string} text
 * @param {number} at
 */
function skip(token, text, at) {
  token.lastIndex = at;
  while (token.test(text)) at = token.lastIndex;
  return at;
}

/**
 * @param {Script} script
 * @param {Syntax} syntax
 */
function markup({ text, data }, syntax) {
  const attributes = Object.entries(data).map(([name, value]) => ` data-${name}="${escapeMarkup(value)}"`);
  if (syntax === "html") return `<script${attributes.join("")}>${text}</script>`;
  return `<script xmlns="http://www.w3.org/1999/xhtml"${attributes.join("")}><![CDATA[${text}]]></script>`;
}

/**
 * ASCII that means the same in HTML and XML of every encoding.
 *
 * @param {string} text
 */
export function escapeMarkup(text) {
  return text.replace(/[^ !#-%'-;=?-~]/gu, (sign) => `&#${sign.codePointAt(0)};`);
}

/**
 * @param {string} type
 * @returns {Syntax | undefined}
 */
function syntaxOf(type) {
  if (/^\s*text\/html\s*(;|$)/i.test(type)) return "html";
  return /^\s*application\/xhtml\+xml\s*(;|$)/i.test(type) ? "xml" : undefined;
}

/** @param {Uint8Array[]} parts */
function concatenate(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
