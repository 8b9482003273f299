// @ts-check
/** HTTP in the colours of the page: the elements and classes are those of Pygments, which has coloured what is recorded. */

import { element } from "./elements.js";
import { tokens } from "./json.js";
import { isJson } from "./replytext.js";

/** @type {Record<import("./json.js").Token["kind"], string>} */
const CLASSES = { key: "nt", string: "s2", number: "mi", word: "kc", sign: "p", space: "w" };

/**
 * @param {string} text a request or a response
 * @returns {(Node | string)[]}
 */
export function coloured(text) {
  const [, head = text, body = ""] = /^(.*?)\n\n(.*)$/s.exec(text) ?? [];
  const [first, ...headers] = head.split("\n");
  const type = headers.find((line) => /^content-type\s*:/i.test(line))?.replace(/^[^:]*:/, "") ?? "";
  const lines = [firstLine(first), ...headers.map(header)];
  return [...lines.flatMap((line, at) => (at ? ["\n", ...line] : line)), ...(body ? ["\n\n", ...content(body, type)] : [])];
}

/** @param {string} line */
function firstLine(line) {
  const response = /^(HTTP)(\/)([\d.]+)( )(\d+)(.*)$/.exec(line);
  if (response) return spans(response.slice(1), ["kr", "o", "m", "", "m", "ne"]);
  const request = /^(\S+)(\s+)(\S+)(\s+)(HTTP)(\/)([\d.]+)$/.exec(line) ?? /^(\S+)(\s+)(\S+)$/.exec(line);
  return request ? spans(request.slice(1), ["nf", "", "nn", "", "kr", "o", "m"]) : [line];
}

/** @param {string} line */
function header(line) {
  const parts = /^([^\s:]+)(\s*)(:)(\s*)(.*)$/.exec(line);
  return parts ? spans(parts.slice(1), ["na", "", "o", "", "l"]) : [line];
}

/**
 * @param {string} body
 * @param {string} type
 */
function content(body, type) {
  const found = isJson(type) ? tokens(body) : undefined;
  return found ? spans(found.map(({ text }) => text), found.map(({ kind }) => CLASSES[kind])) : [body];
}

/**
 * @param {string[]} texts
 * @param {string[]} classes empty for none
 */
function spans(texts, classes) {
  return texts.map((text, at) => (classes[at] && text ? element("span", { class: classes[at] }, text) : text));
}
