// @ts-check
/** The worker's side of an app's cookies: kept for the next worker, and told to the pages. Python has the jar. */

import { COOKIES } from "./protocol.js";

/** @import {Python} from "./python.js" */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** The note that holds the jar. */
const JAR = "cookies";
/** Milliseconds for a page to see that its cookies have changed. */
const SIGHT = 100;

export class Cookies {
  #files;

  /** @param {import("./files.js").Files} files */
  constructor(files) {
    this.#files = files;
  }

  /**
   * Go on with the cookies of an earlier worker, and keep this one's for the next.
   *
   * @param {Python} python
   */
  async use(python) {
    const dump = await this.#files.kept(JAR);
    if (dump) python.loadCookies(dump);
    python.onCookies = (changed, client) => {
      void this.#keep(changed);
      return this.#tell(python, client);
    };
  }

  /**
   * Set what a script of a page has set.
   *
   * @param {Python} python
   * @param {string} path of the page
   * @param {string} text
   * @param {MessagePort} [port] is told what the page may see then
   */
  async set(python, path, text, port) {
    const dump = python.setCookie(path, text);
    port?.postMessage(news(python, path));
    if (dump) await Promise.all([this.#keep(dump), this.#tell(python)]);
  }

  /** @param {string} dump */
  #keep(dump) {
    return this.#files.keep(JAR, dump).catch((error) => console.warn("[asgi-live] cookies were not stored:", error));
  }

  /**
   * @param {Python} python
   * @param {string} [client] the page that must know them before it gets its answer
   */
  async #tell(python, client) {
    const seen = (await worker.clients.matchAll()).map((page) => {
      const { port1, port2 } = new MessageChannel();
      page.postMessage(news(python, new URL(page.url).pathname), [port2]);
      return page.id === client && new Promise((resolve) => (port1.onmessage = resolve));
    });
    // A page that waits for the answer, and runs nothing meanwhile, will never say so.
    await Promise.race([Promise.all(seen), new Promise((resolve) => setTimeout(resolve, SIGHT))]);
  }
}

/**
 * What a page's scripts may see now. It comes by two ways, of which either may be the slower one: `at` tells the page
 * what is older, across workers too.
 *
 * @param {Python} python
 * @param {string} path of the page
 */
function news(python, path) {
  return { type: COOKIES, cookies: python.cookies(path), at: performance.timeOrigin + performance.now() };
}
