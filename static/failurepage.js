// @ts-check
/** What the worker itself answers when there is no app that could. */

import { PythonEnded } from "./ending.js";
import { escapeMarkup } from "./injection.js";
import { MARKER } from "./protocol.js";

/**
 * @param {string} name
 * @param {unknown} error
 */
export function failurePage(name, error) {
  const ended = error instanceof PythonEnded;
  const detail = error instanceof Error ? error.message : String(error);
  const what = ended ? "Python has ended, and this request with it." : `${name} could not be started.`;
  const todo = ended ? "\n\nThe next request starts the app anew; what it kept in memory is lost." : "";
  const escaped = escapeMarkup(`${what}\n\n${detail}${todo}`);
  const page = `<!doctype html><html lang="en"${ended ? ` ${MARKER}="ended"` : ""}>
<meta name="color-scheme" content="light dark"><title>${ended ? "Python has ended" : "Not started"}</title>
<pre style="white-space: pre-wrap; font: 14px/1.5 monospace; margin: 1rem">${escaped}</pre></html>`;
  return new Response(page, { status: 500, headers: { "content-type": "text/html; charset=utf-8" } });
}

/** What a frame shows below the page's own panel until the reader starts the app, if nothing was recorded. */
export function waitingRoom() {
  const page = `<!doctype html><html lang="en" ${MARKER}="placeholder"><title>Not started</title></html>`;
  return new Response(page, { headers: { "content-type": "text/html; charset=utf-8" } });
}
