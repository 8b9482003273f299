// @ts-check
/** The service worker of one app: install, activate, message, fetch. Its `sw.js` calls `serve` with the manifest. */

import { NotYet } from "./absent.js";
import { answerCall } from "./call.js";
import { Cookies } from "./cookies.js";
import { PythonEnded } from "./ending.js";
import { failurePage, waitingRoom } from "./failurepage.js";
import { DownloadError, Files } from "./files.js";
import { attachment } from "./http.js";
import { BootError } from "./interpreter.js";
import { Beats, Journal } from "./journal.js";
import { BEAT, CALL, HELLO, SET_COOKIE, SOCKET, START } from "./protocol.js";
import { Starter } from "./starter.js";
import { openSocket } from "./websocket.js";

/**
 * What the build wrote into `sw.js`.
 *
 * @typedef {import("./python.js").App & {
 *   runtime: string,
 *   wasm: import("./files.js").File,
 *   stdlib: import("./files.js").File,
 *   inside: import("./files.js").File,
 *   archives: (import("./files.js").File & {mount: string})[],
 *   images?: import("./files.js").File[],
 *   tried?: string[],
 *   assets: Record<string, import("./files.js").File>,
 *   recordings: Record<string, import("./files.js").File>,
 * }} Manifest
 */

/** @typedef {Pick<import("./interpreter.js").Runtime, "loadPyodide" | "createPyodideModule">} Modules */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/**
 * @param {Modules} modules
 * @param {Manifest} manifest
 */
export function serve(modules, manifest) {
  const app = new LiveApp(modules, manifest);
  worker.addEventListener("install", (event) => {
    worker.skipWaiting();
    event.waitUntil(app.download().catch((error) => app.failed(error)));
  });
  worker.addEventListener("activate", (event) => event.waitUntil(app.files.prune()));
  worker.addEventListener("message", (event) => event.waitUntil(app.onMessage(event)));
  worker.addEventListener("fetch", (event) => app.onFetch(event));
}

class LiveApp {
  #manifest;
  #script = new URL(worker.location.href);
  #root = new URL("./app", this.#script).pathname;
  #savePath = new URL("./save", this.#script).pathname;
  /** @type {Promise<import("./starter.js").Started> | undefined} */
  #started;
  /** @type {Set<MessagePort>} pages that wait for the app */
  #waiting = new Set();
  /** @type {Pick<import("./protocol.js").Report, "state" | "phase" | "reason" | "detail">} */
  #status = { state: "idle", phase: "download" };
  /** @type {Record<string, number>} milliseconds from the start */
  #marks = {};
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #telling;
  /** @type {Promise<string> | undefined} the first script of the app's pages */
  #inside;
  #onAnswer = () => {};
  #answered = new Promise((resolve) => (this.#onAnswer = () => setTimeout(resolve)));
  #journal = new Journal();
  #beats = new Beats(this.#journal, () => this.#report());
  #cookies;
  #starter;
  files;

  /**
   * @param {Modules} modules
   * @param {Manifest} manifest
   */
  constructor(modules, manifest) {
    this.#manifest = manifest;
    const { wasm, stdlib, inside, archives, assets, recordings, images = [] } = manifest;
    const shown = [...Object.values(assets), ...Object.values(recordings)];
    const list = [wasm, stdlib, inside, ...archives, ...images, ...shown];
    this.files = new Files(list, this.#script, () => this.#tellProgress());
    const listening = { ...modules, loadPyodide: this.#journal.listening(modules.loadPyodide) };
    this.#starter = new Starter(listening, manifest, this.files, this.#script);
    this.#cookies = new Cookies(this.files);
  }

  download() {
    return this.#starter.download();
  }

  /** @param {ExtendableMessageEvent} event */
  async onMessage({ data, source, ports: [port] }) {
    const client = source instanceof WindowClient ? source : undefined;
    const page = client && new URL(client.url);
    const isApps = page && this.#isOfApp(page);
    if (data?.type === SET_COOKIE && isApps) {
      await this.#cookies.set(await this.#python(), page.pathname, String(data.text), port);
    }
    if (!port) return;
    if (data?.type === START) {
      this.#waiting.add(port);
      const started = this.#start();
      this.#tell();
      await started.then(({ whole }) => this.#seen().then(whole)).catch(() => {});
      await this.#starter.store();
    } else if (data?.type === HELLO) {
      if (this.#status.state === "starting") this.#waiting.add(port);
      port.postMessage(this.#report());
    } else if (data?.type === SOCKET && isApps && client) {
      await openSocket(data, port, client.id, this.#script.origin, this.#root, () => this.#python());
    } else if (data?.type === CALL) {
      await answerCall(() => this.#python(), data.wanted, port);
    } else if (data?.type === BEAT) {
      // Not a part of the event: only of a worker that is idle at times does the browser look for a new deploy.
      this.#beats.hold(port, data.heard);
      if (this.#status.state === "idle" || this.#status.state === "failed") this.#beats.end();
    }
  }

  /** @param {FetchEvent} event */
  onFetch(event) {
    const { request } = event;
    const url = new URL(request.url);
    url.hash = "";
    // A page served over http asks so for what its markup names without a scheme.
    const asset = this.#manifest.assets[url.href.replace(/^http:/, "https:")];
    if (asset) {
      event.respondWith(this.#serveAsset(asset));
    } else if (url.origin !== this.#script.origin) {
      return;
    } else if (this.files.has(url.href)) {
      event.respondWith(this.files.response(url.href));
    } else if (url.pathname === this.#savePath) {
      event.respondWith(this.#save(url.searchParams, request.referrer));
    } else if (this.#isForeignToApp(url)) {
      // Only the docs' own files lie there: the rest of `shared/`, and this folder's `sw.js`.
      return;
    } else if (this.#isFirstLook(request)) {
      event.respondWith(this.#recorded(url));
    } else {
      event.respondWith(this.#answer(event));
    }
  }

  /**
   * @param {unknown} error
   * @returns {never}
   */
  failed(error) {
    const reason = reasonOf(error);
    this.#status = { ...this.#status, state: "failed", reason, detail: error instanceof Error ? error.message : String(error) };
    this.#tellEnd();
    console.error(`[asgi-live] ${this.#manifest.name} (${reason}):`, error);
    throw error;
  }

  /** @param {URL} url */
  #isForeignToApp(url) {
    const live = new URL("../", this.#script).pathname;
    return !this.#isOfApp(url) && url.pathname.startsWith(live);
  }

  /** @param {URL} url of this origin */
  #isOfApp(url) {
    return url.pathname === this.#root || url.pathname.startsWith(this.#root + "/");
  }

  /**
   * A docs page loads its frames before its reader asked for the app; unless it runs already, that starts nothing.
   *
   * @param {Request} request
   */
  #isFirstLook(request) {
    if (request.destination !== "iframe" || this.#started) return false;
    return request.referrer !== "" && !request.referrer.startsWith(new URL("./", this.#script).href);
  }

  /**
   * What the build recorded of a page.
   *
   * @param {URL} url
   */
  async #recorded(url) {
    const { recordings } = this.#manifest;
    const recording = recordings[url.pathname.slice(this.#root.length) + url.search];
    return recording ? this.files.response(recording.url).catch(waitingRoom) : waitingRoom();
  }

  /** @returns {Promise<import("./starter.js").Started>} */
  #start() {
    return (this.#started ??= this.#boot());
  }

  /** Settles when the first page has been answered, for which all else would take time, or if none is asked for. */
  #seen() {
    return Promise.race([this.#answered, new Promise((resolve) => setTimeout(resolve, UNSEEN))]);
  }

  /** The app with all of its files. */
  async #python() {
    const { python, whole } = await this.#start();
    await whole();
    return python;
  }

  /** @returns {Promise<import("./starter.js").Started>} */
  async #boot() {
    const began = performance.now();
    this.#status = { state: "starting", phase: "download" };
    const mark = (/** @type {string} */ name) => {
      this.#marks[name] = Math.round(performance.now() - began);
      if (name === "download") this.#status.phase = "boot";
      this.#tell();
    };
    try {
      const started = await this.#starter.start({ root: this.#root, origin: this.#script.origin }, mark);
      await this.#cookies.use(started.python);
      started.python.onEnd = (error) => this.#ended(error);
      this.#status = { state: "ready", phase: "boot" };
      this.#tell();
      this.#waiting.clear();
      return started;
    } catch (error) {
      this.#started = undefined;
      return this.failed(error);
    }
  }

  /**
   * The next request starts it anew, in this same worker.
   *
   * @param {PythonEnded} error
   */
  #ended(error) {
    this.#started = undefined;
    if (error instanceof NotYet) {
      console.warn(`[asgi-live] ${this.#manifest.name} starts anew, with all of its files:`, error);
      return void this.#starter.distrust();
    }
    this.#status = { state: "failed", phase: "boot", reason: "ended", detail: error.message };
    this.#journal.say(error.message, true);
    this.#tellEnd();
    console.error(`[asgi-live] ${this.#manifest.name} (ended):`, error);
  }

  /** @param {import("./files.js").File} asset */
  async #serveAsset(asset) {
    const response = await this.files.response(asset.url);
    // The page asks for it as a foreign resource, with CORS if it has integrity or crossorigin set.
    response.headers.set("access-control-allow-origin", "*");
    return response;
  }

  /**
   * @param {FetchEvent} event
   * @returns {Promise<Response>}
   */
  async #answer(event) {
    const { request, clientId } = event;
    // The client of a navigation is the page that it leaves; a beacon is meant to outlive its page.
    const isGone = async () => Boolean(clientId) && !request.keepalive && !(await worker.clients.get(clientId));
    try {
      const { python, whole } = await this.#start();
      if (!this.#isTried(request)) await whole();
      // A message that the page posted before, such as a cookie that it set, is next.
      if (request.mode === "navigate") await new Promise((resolve) => setTimeout(resolve));
      const script = request.mode === "navigate" ? await this.#firstScript(python) : undefined;
      const response = await python.respond(request, navigator, { client: clientId, script, isGone });
      this.#onAnswer();
      return response;
    } catch (error) {
      // A reader's request is not the build's to the last header, and has led to another file.
      if (error instanceof NotYet) return this.#answer(event);
      return failurePage(this.#manifest.name, error);
    }
  }

  /**
   * Whether the build has asked the same.
   *
   * @param {Request} request
   */
  #isTried({ method, url }) {
    const { pathname, search } = new URL(url);
    return method === "GET" && this.#manifest.tried?.includes(pathname.slice(this.#root.length) + search);
  }

  /**
   * Answer a link that saves what it points at; see inside/downloads.js.
   *
   * @param {URLSearchParams} asked
   * @param {string} referrer
   */
  async #save(asked, referrer) {
    const url = new URL(asked.get("of") ?? "", this.#script.origin);
    const answer = await (await this.#python()).respond(new Request(url, { referrer }), navigator);
    // The page stays as it is.
    if (!answer.ok) return console.error(`[asgi-live] ${url} was not saved: status ${answer.status}`), new Response(null, { status: 204 });
    return attachment(answer, asked.get("name") ?? "", url);
  }

  /** @param {import("./python.js").Python} python */
  async #firstScript(python) {
    this.#inside ??= this.files.content(this.#manifest.inside.url).then((content) => new TextDecoder().decode(content));
    const { sha256 } = this.#manifest.inside;
    const hash = btoa(String.fromCharCode(...sha256.match(/../g)?.map((digits) => parseInt(digits, 16)) ?? []));
    return { text: await this.#inside, hash, data: (/** @type {string} */ path) => ({ root: this.#root, cookies: python.cookies(path) }) };
  }

  /** @returns {import("./protocol.js").Report} */
  #report() {
    return { type: "state", ...this.#status, loaded: this.files.loaded, total: this.files.total, marks: this.#marks };
  }

  #tell() {
    const log = this.#status.state === "starting" ? {} : { log: this.#journal.since() };
    for (const port of this.#waiting) port.postMessage({ ...this.#report(), ...log });
  }

  #tellEnd() {
    this.#tell();
    this.#beats.end();
  }

  #tellProgress() {
    // A page draws no more than some thirty times a second; what came last is told in any case.
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      this.#tell();
    }, 30);
  }
}

/** Milliseconds in which a page that has started an app asks for its first one. */
const UNSEEN = 3_000;

/**
 * @param {unknown} error
 * @returns {import("./protocol.js").WorkerReason}
 */
function reasonOf(error) {
  if (error instanceof PythonEnded) return "ended";
  return error instanceof DownloadError ? "download" : error instanceof BootError ? error.reason : "python";
}
