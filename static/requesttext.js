// @ts-check
/** A request as a reader writes it; `httptext.py` reads what authors write by the same rules. */

import { STRINGS, fill } from "./messages.js";

/** @import {Wanted} from "./protocol.js" */

/** https://www.rfc-editor.org/rfc/rfc9110#name-tokens */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;

/** What is wrong with a request, at a line that counts from 0. */
export class Malformed extends Error {
  /**
   * @param {number} line
   * @param {string} message
   */
  constructor(line, message) {
    super(message);
    this.line = line;
  }
}

/**
 * @param {string} text
 * @returns {Omit<Wanted, "base">}
 * @throws {Malformed}
 */
export function parse(text) {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const found = lines.findIndex((line) => !line.trim());
  const blank = found < 0 ? lines.length : found;
  const { method, target } = requestLine(blank ? lines[0] : "");
  const headers = lines.slice(1, blank).map((line, at) => header(line, at + 1));
  return { method, target, headers, body: lines.slice(blank + 1).join("\n").replace(/\n+$/, "") };
}

/** @param {string} line */
function requestLine(line) {
  const [, method = "", written = ""] = /^\s*(\S+)\s+(\S+)(?:\s+HTTP\/[\d.]+)?\s*$/.exec(line) ?? [];
  if (!TOKEN.test(method) || !written.startsWith("/")) throw new Malformed(0, fill(STRINGS.request.noRequestLine, { line }));
  // As the address bar does it; what is encoded already stays.
  const { pathname, search } = new URL(`http://localhost${written}`);
  return { method: method.toUpperCase(), target: pathname + search };
}

/**
 * @param {string} line
 * @param {number} at
 * @returns {[name: string, value: string]}
 */
function header(line, at) {
  const [, name = "", value = ""] = /^([^:]*?)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
  if (!TOKEN.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
    throw new Malformed(at, fill(STRINGS.request.noHeader, { line }));
  return [name, value];
}
