// @ts-check
/** A response as text, as pages show it: what is recorded at build time and what comes live is laid out by this. */

import { layOut } from "./json.js";
import { REASONS } from "./reasons.js";

/** @import {Reply} from "./protocol.js" */

/** Characters of a body that are shown. */
const LONGEST = 20_000;
/** Headers that are shown only where the author names them: they tell of the connection, or of the moment. */
const DULL = new Set(["connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"]);

/**
 * @param {Reply} reply
 * @param {readonly string[] | null} shown the names, in lower case, of the headers that are shown; null for all but the dull ones
 */
export function replyText({ status, headers, body, isWhole }, shown) {
  const line = ["HTTP/1.1", status, REASONS[status]].filter(Boolean).join(" ");
  const isShown = (/** @type {string} */ name) => (shown ? shown.includes(name.toLowerCase()) : !DULL.has(name.toLowerCase()));
  const listed = headers.filter(([name]) => isShown(name)).map(([name, value]) => `${name}: ${value}`);
  const type = headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  const text = bodyText(body, type);
  const cut = isWhole && text.length <= LONGEST ? "" : "\n…";
  return [line, ...listed, ...(text ? ["", text.slice(0, LONGEST) + cut] : [])].join("\n");
}

/**
 * @param {Uint8Array} body
 * @param {string} type with its parameters
 */
function bodyText(body, type) {
  const text = body.length ? decode(body, type) : "";
  if (text === undefined) return `(${body.length.toLocaleString("en")} bytes)`;
  return (isJson(type) ? layOut(text) : text).replace(/\r\n/g, "\n").replace(/\n+$/, "");
}

/** @param {string} type */
export function isJson(type) {
  return /^\s*application\/(?:[\w.-]+\+)?json\b/i.test(type);
}

/**
 * @param {Uint8Array} body
 * @param {string} type
 * @returns {string | undefined} undefined of what is no text
 */
function decode(body, type) {
  const charset = /charset\s*=\s*["']?([\w.:-]+)/i.exec(type)?.[1] ?? "utf-8";
  try {
    const text = new TextDecoder(charset, { fatal: true }).decode(body);
    return /[\0-\x08\x0e-\x1a]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
