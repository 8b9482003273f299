// @ts-check
/** Boots an app and carries requests into it; runs in the service worker and at build time. */

import { deadline } from "./deadline.js";
import { PythonEnded, whenEnded } from "./ending.js";
import { Exchange } from "./exchange.js";
import { decoded, hasNoBody, insideApp, requestParts, responseHeaders } from "./http.js";
import { isPage, withScript } from "./injection.js";
import { BootError, start } from "./interpreter.js";

/** @import {Archive, Runtime} from "./interpreter.js" */

/** Seconds of Python in one stretch that a start may take: browsers end a worker that is busy for 60 s. */
const START_LIMIT = 50;
/** Milliseconds between looks at whether a request that has no response yet still has somebody who waits for it. */
const LOOK_INTERVAL = 2_000;

/**
 * How the app is found and served.
 *
 * @typedef {object} App
 * @property {string} name
 * @property {string} module
 * @property {string} attribute
 * @property {boolean} factory
 * @property {boolean} mounted whether the app expects its root in every path, as ASGI's root_path tells
 * @property {Record<string, string>} env
 * @property {Limits} [limits] none at build time, where the whole run has one
 * @property {boolean} [startup] false if the app is to be imported only
 */

/**
 * How long an app may take, in seconds.
 *
 * @typedef {object} Limits
 * @property {number} cpu for a stretch of Python in which nothing else can run, 0 for no limit
 * @property {number} answer until a response has its headers
 */

/**
 * Where the app is served.
 *
 * @typedef {object} Site
 * @property {string} root path of the app, percent-encoded, without a slash at its end
 * @property {string} origin
 */

/**
 * The page that asks, and what it gets if the answer is a page.
 *
 * @typedef {object} Visit
 * @property {string} [client] the asking page's id
 * @property {() => Promise<boolean>} [isGone] whether that page is no longer there
 * @property {{text: string, hash: string, data: (path: string) => Record<string, string>}} [script] for a navigation:
 *   its first script, the SHA-256 of that in base64, and what it is told in a page at that path
 */

/**
 * Start CPython, import the app and run the startup of its lifespan.
 *
 * @param {Runtime} runtime
 * @param {App} app
 * @param {Site} site
 * @param {Promise<Archive>[]} archives
 * @param {(mark: string) => void} mark called as each stage ends
 * @param {Pick<import("./snapshot.js").Memory, "images" | "onFiles">} [memory] of a Python that has been started
 * @returns {Promise<Python>}
 */
export async function boot(runtime, app, site, archives, mark = () => {}, memory) {
  const pyodide = await start(runtime, app.env, archives, memory);
  mark(memory ? "restored" : "python");
  const bridge = pyodide.pyimport("sphinx_asgi_live.browser.bridge");
  const python = new Python(bridge, site.root, app.limits);
  /** @type {Promise<never>} */
  const ended = new Promise((_, reject) => {
    whenEnded(pyodide, (error) => {
      reject(new BootError("app", error.message));
      python.end(error);
    });
  });
  // Once the app runs, this is nobody's business any more.
  ended.catch(() => {});
  if (memory) pyodide.pyimport("sphinx_asgi_live.browser.freezing").wake(JSON.stringify(app.env));
  const finish = limitCpu(pyodide, bridge, app.limits?.cpu ?? 0);
  const { module, attribute, factory, mounted, startup = true } = app;
  const problem = await Promise.race([bridge.start(module, attribute, factory, mounted, site.root, site.origin, startup), ended]);
  if (problem) throw new BootError("app", problem);
  finish();
  mark("app");
  return python;
}

/**
 * Interrupt Python when a stretch of it takes too long.
 *
 * @param {any} pyodide
 * @param {any} bridge
 * @param {number} seconds once the app runs; 0 for no limit
 * @returns {() => void} to be called when it does
 */
function limitCpu(pyodide, bridge, seconds) {
  if (!seconds) return () => {};
  let limit = Math.max(seconds, START_LIMIT);
  const set = (/** @type {number} */ to) => bridge.limit_cpu((limit = to), seconds);
  set(limit);
  pyodide.setInterruptBuffer(deadline(() => limit * 1000));
  return () => set(seconds);
}

/** A running app. */
export class Python {
  /** @type {(id: number, method: string, path: string, query: string, headers: string, credentials: boolean, exchange: Exchange, base?: string) => unknown} */
  #handle;
  #requests = 0;
  /** @type {(id: number) => void} */
  #disconnect;
  /** @type {(mounted: boolean) => void} */
  remount;
  /** @type {(dump: string) => void} */
  loadCookies;
  /** @type {(path: string) => string} what `document.cookie` is in a page of the app */
  cookies;
  /** @type {(path: string, text: string) => string | undefined} sets it; the dump to keep, if that changed anything */
  setCookie;
  /** @type {(dump: string, client?: string) => Promise<void> | void} told of the cookies to keep for the next worker */
  onCookies = () => {};
  /** @type {(id: number, seconds: number) => void} */
  #timeOut;
  /** @type {import("./websocket.js").Sockets} */
  sockets;
  /** @type {Set<import("./websocket.js").Wire>} those of the sockets that are not closed */
  wires = new Set();
  #root;
  #limits;
  /** @type {Set<Exchange>} those whose response is not over */
  #exchanges = new Set();
  /** @type {PythonEnded | undefined} */
  #ended;
  /** @type {(error: PythonEnded) => void} told when Python has ended, after everyone who waited for it */
  onEnd = () => {};

  /**
   * @param {any} bridge the module sphinx_asgi_live.browser.bridge
   * @param {string} root
   * @param {Limits} [limits]
   */
  constructor(bridge, root, limits) {
    // Called so, Python can be suspended in the midst of it: the app runs in here until it awaits something.
    const entry = (/** @type {any} */ call) => ("Suspending" in WebAssembly ? call.callPromising.bind(call) : call);
    this.#handle = entry(bridge.handle);
    this.sockets = { connect: bridge.connect, deliver: entry(bridge.deliver), disconnect: bridge.disconnect_socket };
    this.#disconnect = bridge.disconnect;
    this.#timeOut = bridge.time_out;
    this.remount = bridge.remount;
    this.loadCookies = bridge.load_cookies;
    this.cookies = bridge.cookies;
    this.setCookie = bridge.set_cookie;
    this.#root = root;
    this.#limits = limits;
  }

  /**
   * Python has ended: so does everything that waits for it.
   *
   * @param {PythonEnded} error
   */
  end(error) {
    this.#ended = error;
    for (const exchange of this.#exchanges) exchange.abort(error);
    for (const wire of this.wires) wire.fail(error.message);
    this.onEnd(error);
  }

  /**
   * Answer one request by the app.
   *
   * @param {Request} request
   * @param {import("./http.js").Reader} reader
   * @param {Visit} [visit]
   * @returns {Promise<Response>} rejects with `PythonEnded` when nobody is left to answer
   */
  async respond(request, reader, { client, script, isGone } = {}) {
    const parts = await requestParts(request, this.#root, reader);
    const url = insideApp(request.url, this.#root);
    const { status, headers: sent, ...content } = await this.answer(parts, { client, isGone });
    const headers = responseHeaders(sent, url, this.#root, script?.hash);
    return pageResponse(status, headers, content, script && { text: script.text, data: script.data(url.pathname) });
  }

  /**
   * The beginning of the app's own answer.
   *
   * @param {import("./http.js").RequestParts} parts
   * @param {Visit} [visit]
   */
  async answer(parts, { client, isGone } = {}) {
    const exchange = new Exchange(parts.body?.chunks);
    const { cookies, ...start } = await this.#exchanged(parts, exchange, isGone);
    if (cookies !== undefined) await this.onCookies(cookies, client);
    return start;
  }

  /**
   * Hand a request to the app.
   *
   * @param {import("./http.js").RequestParts} parts
   * @param {Exchange} exchange
   * @param {() => Promise<boolean>} [isGone]
   */
  async #exchanged({ method, path, query, headers, credentials, base }, exchange, isGone) {
    if (this.#ended) throw this.#ended;
    const exchanges = this.#exchanges.add(exchange);
    exchange.onOver = () => exchanges.delete(exchange);
    const lines = headers.map(([name, value]) => `${name}\n${value}`).join("\n");
    const id = ++this.#requests;
    exchange.onCancel = () => this.#disconnect(id);
    // An abort that comes before the headers is told to nobody.
    const looks = isGone && setInterval(() => isGone().then((gone) => gone && this.#disconnect(id)), LOOK_INTERVAL);
    const seconds = this.#limits?.answer;
    const late = seconds && setTimeout(() => this.#timeOut(id, seconds), seconds * 1000);
    // If Python has ended, it says so itself.
    const handle = async () => this.#handle(id, method, path, query, lines, credentials, exchange, base);
    handle().catch((error) => exchange.abort(error));
    try {
      return await exchange.started;
    } finally {
      clearInterval(looks);
      clearTimeout(late || undefined);
    }
  }
}

/**
 * @param {number} status
 * @param {Headers} headers
 * @param {Pick<import("./exchange.js").Start, "stream" | "whole">} content
 * @param {import("./injection.js").Script} [script] for a page
 */
async function pageResponse(status, headers, { stream, whole }, script) {
  if (hasNoBody(status)) {
    // The app may send a body all the same, and must not wait for ever to be rid of it.
    void stream.pipeTo(new WritableStream()).catch(() => {});
    return new Response(null, { status, headers });
  }
  const content = status === 206 ? stream : decoded(headers, stream);
  if (script && isPage(headers)) return new Response(await withScript(headers, content, script), { status, headers });
  return new Response(content === stream ? (whole ?? stream) : content, { status, headers });
}
