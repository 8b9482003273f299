// @ts-check
/** Sends the requests of pages to an app at build time, those of each page to an app that has just started. */

import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { ORIGIN } from "./answers.js";
import { kept, listen } from "./attempt.js";
import { call } from "./call.js";
import { PythonEnded, silence } from "./ending.js";
import { BootError } from "./interpreter.js";
import { boot } from "./python.js";
import { replyText } from "./replytext.js";
import { decode } from "./snapshot.js";

/** @import {Archive, Runtime} from "./interpreter.js" */
/** @import {App} from "./python.js" */
/** @import {Wanted} from "./protocol.js" */

/** @typedef {Wanted & {shown: string[] | null}} Shown a request, with the headers of its response that are shown */

/**
 * What became of a page's requests: the replies, of which there are fewer if a `problem` came in between.
 *
 * @typedef {{replies: object[], problem?: string, isUnstarted?: boolean}} Page
 */

/**
 * @param {Runtime} runtime
 * @param {Promise<Archive>[]} archives
 * @param {{app: App, root: string, pages: Shown[][], base: string | null}} job `base` is the path of an image of a Python
 *   that has imported what the app depends on, which is known to hold
 * @param {string[]} wanted the addresses that the app has asked for in vain, which grow
 * @param {(result: {pages: Page[]}) => void} save is given what is there so far, in case the app never goes on
 */
export async function replay(runtime, archives, { app, root, pages, base }, wanted, save) {
  const said = listen();
  const images = base ? readFile(base).then((content) => [decode(gunzipSync(content))]) : undefined;
  /** @type {Page[]} */
  const done = [];
  for (const requests of pages) {
    /** @type {Page} */
    const page = { replies: [] };
    done.push(page);
    const { loadPyodide, pyodide } = kept(runtime.loadPyodide);
    try {
      const python = await boot({ ...runtime, loadPyodide }, app, { root, origin: ORIGIN }, archives, undefined, images && { images });
      for (const request of requests) {
        said();
        wanted.length = 0;
        page.replies.push({ ...(await reply(python, request, said)), wanted: [...wanted] });
        save({ pages: done });
      }
    } catch (error) {
      if (!(error instanceof PythonEnded || error instanceof BootError)) throw error;
      page.problem = error.message;
      page.isUnstarted = error instanceof BootError;
    } finally {
      // Its tasks would go on beside the next page's app.
      if (pyodide()) silence(pyodide());
    }
  }
  return { pages: done };
}

/**
 * @param {import("./python.js").Python} python
 * @param {Shown} request
 * @param {() => string} said
 */
async function reply(python, { shown, ...request }, said) {
  const found = await call(python, request);
  // What the app raises behind its answer is told in the next turn.
  await new Promise((resolve) => setTimeout(resolve));
  const text = replyText(found, shown);
  return { status: found.status, body: Buffer.from(found.body).toString("base64"), text, said: said() };
}
