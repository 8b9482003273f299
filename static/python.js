// @ts-check
/** Boots Pyodide with an app's files and carries requests into it; runs in the service worker and at build time. */

import { decoded, hasNoBody, insideApp, requestParts, responseHeaders } from "./http.js";
import { isPage, withScript } from "./injection.js";
import { files } from "./tar.js";

const HOME = "/home/web";
/** Lines of Python's own words that a failed boot is told with. */
const SAID = 40;
/** Bytes of a response that may wait for the reader before the app's `send` waits too, until half of them are gone. */
const ROOM = 512 * 1024;

/** All packages come as archives, so Pyodide's own list of packages stays empty and nothing is looked up. */
export const NO_PACKAGES = {
  info: { arch: "wasm32", platform: "emscripten_5_0_3", version: "314.0.7", python: "3.14.2", abi_version: "2026_0" },
  packages: {},
};

/**
 * The two modules of Pyodide, which a service worker must import statically, and where the other two files are.
 *
 * @typedef {object} Runtime
 * @property {(options: Record<string, unknown>) => Promise<any>} loadPyodide
 * @property {unknown} createPyodideModule
 * @property {string} indexURL
 * @property {string} stdLibURL
 */

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
 */

/**
 * Where the app is served.
 *
 * @typedef {object} Site
 * @property {string} root path of the app, percent-encoded, without a slash at its end
 * @property {string} origin
 */

/**
 * An unpacked tar archive and the folder that it is mounted at.
 *
 * @typedef {object} Archive
 * @property {string} mount
 * @property {Uint8Array} content
 */

/**
 * The page that asks, and what it gets if the answer is a page.
 *
 * @typedef {object} Visit
 * @property {string} [client] the asking page's id
 * @property {{text: string, hash: string, data: (path: string) => Record<string, string>}} [script] for a navigation:
 *   its first script, the SHA-256 of that in base64, and what it is told in a page at that path
 */

/** A boot that failed: `reason` is "python" or "app", the message is for the reader, with the traceback if any. */
export class BootError extends Error {
  /**
   * @param {"python" | "app"} reason
   * @param {string} message
   */
  constructor(reason, message) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Start CPython, import the app and run the startup of its lifespan.
 *
 * @param {Runtime} runtime
 * @param {App} app
 * @param {Site} site
 * @param {Promise<Archive>[]} archives
 * @param {(mark: string) => void} mark called as each stage ends
 * @returns {Promise<Python>}
 */
export async function boot(runtime, app, site, archives, mark = () => {}) {
  const pyodide = await start(runtime, app, archives);
  mark("python");
  const bridge = pyodide.pyimport("sphinx_asgi_live.browser.bridge");
  const problem = await bridge.start(app.module, app.attribute, app.factory, app.mounted, site.root, site.origin);
  if (problem) throw new BootError("app", problem);
  mark("app");
  return new Python(bridge, site.root);
}

/**
 * @param {Runtime} runtime
 * @param {App} app
 * @param {Promise<Archive>[]} archives
 */
async function start(runtime, app, archives) {
  // Pyodide only logs a failed instantiation and then waits for ever; here it ends the boot.
  const { instantiateStreaming } = WebAssembly;
  /** @type {Promise<never>} */
  const broken = new Promise((_, reject) => {
    WebAssembly.instantiateStreaming = async (...source) => {
      try {
        return await instantiateStreaming.apply(WebAssembly, source);
      } catch (error) {
        reject(error);
        throw error;
      }
    };
  });
  /** @type {string[]} what Python says before it runs, such as why it does not */
  const said = [];
  const loaded = runtime.loadPyodide({
    stderr: (/** @type {string} */ line) => {
      console.warn(line);
      if (said.length < SAID) said.push(line);
    },
    indexURL: runtime.indexURL,
    stdLibURL: runtime.stdLibURL,
    createPyodideModule: runtime.createPyodideModule,
    lockFileContents: NO_PACKAGES,
    env: { HOME, PYTHONPATH: HOME, PYTHONDONTWRITEBYTECODE: "1", ...app.env },
    fsInit: async (/** @type {any} */ FS) => {
      for (const archive of archives) mount(FS, await archive);
    },
  });
  try {
    const complete = Promise.all([loaded, ...archives]).then(([pyodide]) => pyodide);
    return await Promise.race([complete, broken]);
  } catch (error) {
    if (error instanceof BootError) throw error;
    throw new BootError("python", [...said, describe(error)].join("\n"));
  } finally {
    WebAssembly.instantiateStreaming = instantiateStreaming;
  }
}

/**
 * What was thrown, in words: Emscripten throws plain objects, and Firefox's stacks lack the message.
 *
 * @param {any} error
 */
function describe(error) {
  const { name = "Error", message = String(error), stack = "" } = error ?? {};
  return stack.includes(message) ? stack : `${name}: ${message}\n${stack}`.trim();
}

/**
 * @param {any} FS Emscripten's
 * @param {Archive} archive
 */
function mount(FS, { mount, content }) {
  FS.mkdirTree(mount);
  const folders = new Set();
  for (const file of files(content)) {
    const path = `${mount}/${file.path}`;
    const folder = path.slice(0, path.lastIndexOf("/"));
    if (!folders.has(folder)) FS.mkdirTree(folder);
    folders.add(folder);
    FS.writeFile(path, file.content, { canOwn: true });
  }
}

/** A running app. */
export class Python {
  /** @type {(id: number, method: string, path: string, query: string, headers: string, credentials: boolean, exchange: Exchange) => unknown} */
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
  #root;

  /**
   * @param {any} bridge the module sphinx_asgi_live.browser.bridge
   * @param {string} root
   */
  constructor(bridge, root) {
    const { handle } = bridge;
    // Called so, Python can be suspended in the midst of it: what the app does before its first `await` runs in here.
    this.#handle = "Suspending" in WebAssembly ? handle.callPromising.bind(handle) : handle;
    this.#disconnect = bridge.disconnect;
    this.remount = bridge.remount;
    this.loadCookies = bridge.load_cookies;
    this.cookies = bridge.cookies;
    this.setCookie = bridge.set_cookie;
    this.#root = root;
  }

  /**
   * Answer one request by the app.
   *
   * @param {Request} request
   * @param {import("./http.js").Reader} reader
   * @param {Visit} [visit]
   * @returns {Promise<Response>}
   */
  async respond(request, reader, { client, script } = {}) {
    const parts = await requestParts(request, this.#root, reader);
    const url = insideApp(request.url, this.#root);
    const { promise, resolve } = /** @type {PromiseWithResolvers<Response>} */ (withResolvers());
    const exchange = new Exchange(parts.body, (status, sent, content, cookies) => {
      const told = cookies === undefined ? undefined : this.onCookies(cookies, client);
      const headers = responseHeaders(sent, url, this.#root, script?.hash);
      const response = pageResponse(status, headers, content, script && { text: script.text, data: script.data(url.pathname) });
      resolve(told ? told.then(() => response) : response);
    });
    const headers = parts.headers.map(([name, value]) => `${name}\n${value}`).join("\n");
    const id = ++this.#requests;
    exchange.onCancel = () => this.#disconnect(id);
    const { method, path, query, credentials } = parts;
    const handled = Promise.resolve(this.#handle(id, method, path, query, headers, credentials, exchange));
    return Promise.race([promise, handled.then(() => promise)]);
  }
}

/**
 * A response's body: `whole` if it was there at once, which a browser passes on much faster than a stream.
 *
 * @typedef {{stream: ReadableStream<Uint8Array>, whole: Uint8Array<ArrayBuffer> | undefined}} Content
 */

/**
 * @param {number} status
 * @param {Headers} headers
 * @param {Content} content
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

/** One request's body and one response's stream, as `browser/bridge.py` uses them. */
class Exchange {
  /** @type {ReadableStreamDefaultReader<Uint8Array> | undefined} */
  #body;
  /** @type {ReadableStreamDefaultController<Uint8Array>} */
  #controller = /** @type {any} */ (undefined);
  #stream;
  #start;
  /** @type {(() => void) | undefined} */
  #wake;
  #cancelled = false;
  /** @type {Uint8Array<ArrayBuffer>[]} what the app sent in the same breath as the start */
  #first = [];
  #started = false;
  #complete = false;
  onCancel = () => {};

  /**
   * @param {Blob | undefined} body
   * @param {(status: number, headers: import("./http.js").Header[], content: Content, cookies?: string) => void} start
   */
  constructor(body, start) {
    this.#body = body?.size ? body.stream().getReader() : undefined;
    this.#start = start;
    this.#stream = new ReadableStream(
      {
        start: (controller) => void (this.#controller = controller),
        // Each wait costs turns of two event loops.
        pull: () => void ((this.#controller.desiredSize ?? 0) >= ROOM / 2 && this.#wake?.()),
        cancel: () => this.#cancel(),
      },
      { highWaterMark: ROOM, size: (/** @type {Uint8Array} */ chunk) => chunk.byteLength },
    );
  }

  /** The next bytes of the request's body, undefined at its end. */
  async read() {
    return (await this.#body?.read())?.value;
  }

  /**
   * @param {number} status
   * @param {string} headers names and values, each on a line
   * @param {string} [cookies] the jar's dump, if it has changed
   */
  start(status, headers, cookies) {
    const lines = headers ? headers.split("\n") : [];
    /** @type {import("./http.js").Header[]} */
    const pairs = [];
    for (let at = 0; at < lines.length; at += 2) pairs.push([lines[at], lines[at + 1]]);
    queueMicrotask(() => {
      const whole = this.#complete && this.#first.length === 1 ? this.#first[0] : undefined;
      this.#first = [];
      this.#start(status, pairs, { stream: this.#stream, whole }, cookies);
      this.#started = true;
    });
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} chunk
   * @returns {Promise<void> | undefined} settled when there is room for more; undefined if there is already
   */
  write(chunk) {
    if (this.#cancelled) return undefined;
    this.#controller.enqueue(chunk);
    if (!this.#started) this.#first.push(chunk);
    if ((this.#controller.desiredSize ?? 0) > 0) return undefined;
    return new Promise((resolve) => (this.#wake = resolve));
  }

  end() {
    this.#complete = true;
    if (!this.#cancelled) this.#controller.close();
  }

  /** @param {string} message */
  fail(message) {
    if (!this.#cancelled) this.#controller.error(new Error(message));
  }

  #cancel() {
    this.#cancelled = true;
    this.onCancel();
    this.#wake?.();
  }
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers() {
  /** @type {(value: any) => void} */
  let resolve = () => {};
  const promise = new Promise((settle) => (resolve = settle));
  return { promise, resolve };
}
