// @ts-check
/** JSON as tokens: to lay it out and to colour it without touching a value, which parsing would do to large numbers. */

/** Groups: a string and the colon that makes it a key, a number, a word, punctuation, white space. */
const TOKEN = /("[^"\\\n]*(?:\\.[^"\\\n]*)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)|([{}[\],:])|(\s+)/y;

/** @typedef {{kind: "key" | "string" | "number" | "word" | "sign" | "space", text: string}} Token */

/**
 * @param {string} text
 * @returns {Token[] | undefined} undefined of what is no JSON
 */
export function tokens(text) {
  /** @type {Token[]} */
  const found = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (!match) return undefined;
    const [whole, string, colon, number, word, sign] = match;
    if (string && colon) found.push({ kind: "key", text: string }, { kind: "sign", text: colon });
    else found.push({ kind: string ? "string" : number ? "number" : word ? "word" : sign ? "sign" : "space", text: whole });
  }
  return found;
}

/**
 * JSON with a line for each value, other text as it is.
 *
 * @param {string} text
 */
export function layOut(text) {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  const list = (tokens(text) ?? []).filter(({ kind }) => kind !== "space").map((token) => token.text.trim());
  if (!list.length) return text;
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  return list.reduce((written, token, at) => {
    const next = list[at + 1];
    if (token === ",") return written + token + line();
    if (token === ":") return `${written}: `;
    if (token === "{" || token === "[") {
      const isEmpty = next === "}" || next === "]";
      if (isEmpty) return written + token;
      depth++;
      return written + token + line();
    }
    if (token !== "}" && token !== "]") return written + token;
    const isEmpty = list[at - 1] === "{" || list[at - 1] === "[";
    if (isEmpty) return written + token;
    depth--;
    return written + line() + token;
  }, "");
}
