// @ts-check
/**
 * Carries WebSockets between the ports of the app's pages and Python; `inside/websocket.js` is the other end.
 *
 * On a port a string or an ArrayBuffer is a message. A number to the page says how many of its messages were taken, one
 * from it how many bytes it took. Objects are the rest: `Told` to the page; `{code, reason}` when it closes the socket.
 */

import { acceptLanguage, insideApp } from "./http.js";

/** @typedef {{url: string, protocols: string[], page: string}} Asked `page` is the lock that the socket's page holds */
/**
 * What the page gets: first the lock that this worker holds, then whether it opened, at last that it is closed.
 *
 * @typedef {{worker: string} | {protocol: string} | {failed: string} | {code: number, reason: string}} Told
 */
/** @typedef {import("./http.js").Reader} Reader */
/** @typedef {import("./python.js").Python} Python */

/**
 * Python's side of the sockets, each by its number; text may come as UTF-8.
 *
 * @typedef {object} Sockets
 * @property {(id: number, path: string, query: string, headers: string, protocols: string, wire: Wire) => void} connect
 * @property {(id: number, data: string | Uint8Array, isUTF8?: boolean) => unknown} deliver
 * @property {(id: number, code: number, reason: string) => void} disconnect
 */

/** Characters of text from which on it is quicker to carry it as UTF-8; `browser/bridge.py` has the same. */
const LONG = 256;
/** Bytes that may be under way to the page before the app's `send` waits. */
const ROOM = 1024 * 1024;
/** What a message takes besides its content, so that empty ones count too. */
const FRAME = 16;
/** Milliseconds after which the page hears how much was taken: often enough for `bufferedAmount`. */
const TELLING = 5;
const GOING_AWAY = 1001;

/** A lock that this worker holds as long as it lives. */
const life = `asgi-live:worker:${crypto.randomUUID()}`;
/** @type {Promise<void> | undefined} */
let living;
let count = 0;

/** Hold the lock by which pages see that this worker was ended: a port whose other end is gone says nothing. */
function live() {
  return (living ??= new Promise((resolve, reject) => {
    const held = () => (resolve(), new Promise(() => {}));
    navigator.locks.request(life, held).catch(reject);
  }));
}

/**
 * Connect a page's socket to the app.
 *
 * @param {Asked} asked
 * @param {MessagePort} port
 * @param {string} client the page's id
 * @param {string} origin the page's
 * @param {string} root path of the app
 * @param {() => Promise<Python>} start
 */
export async function openSocket(asked, port, client, origin, root, start) {
  await live();
  const tell = (/** @type {Told} */ told) => port.postMessage(told);
  tell({ worker: life });
  try {
    const python = await start();
    const wire = new Wire(python, port, client);
    const { pathname, search } = new URL(asked.url);
    const url = insideApp(origin + pathname + search, root);
    const headers = handshakeHeaders(url, origin, asked.protocols, navigator);
    const id = ++count;
    const lines = headers.map(([name, value]) => `${name}\n${value}`).join("\n");
    python.sockets.connect(id, url.pathname, url.search.slice(1), lines, asked.protocols.join("\n"), wire);
    wire.open(id, asked.page);
  } catch (error) {
    tell({ failed: `the app could not be started: ${error instanceof Error ? error.message : error}` });
  }
}

/**
 * The headers of a handshake, as a browser sends them; the cookies are Python's.
 *
 * @param {URL} url
 * @param {string} origin
 * @param {string[]} protocols
 * @param {Reader} reader
 * @returns {import("./http.js").Header[]}
 */
export function handshakeHeaders(url, origin, protocols, reader) {
  const key = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
  return [
    ["host", url.host],
    ["connection", "Upgrade"],
    ["pragma", "no-cache"],
    ["cache-control", "no-cache"],
    ["user-agent", reader.userAgent],
    ["upgrade", "websocket"],
    ["origin", origin],
    ["sec-websocket-version", "13"],
    ["accept-language", acceptLanguage(reader.languages)],
    ["sec-websocket-key", key],
    ...(protocols.length ? [/** @type {import("./http.js").Header} */ (["sec-websocket-protocol", protocols.join(", ")])] : []),
  ];
}

/** One socket, as `browser/bridge.py` uses it. */
export class Wire {
  #python;
  #port;
  #id = 0;
  #over = false;
  #watch = new AbortController();
  /** Bytes sent to the page, and of those how many it took. */
  #sent = 0;
  #taken = 0;
  /** @type {(() => void)[]} apps that wait for room */
  #waiting = [];
  /** Messages that came from the page and that it has not heard of. */
  #untold = 0;
  #paused = false;
  #client;
  /** @type {[unknown, Transferable[]][] | undefined} what waits until the page has seen its cookies */
  #held;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #telling;

  /**
   * @param {Python} python
   * @param {MessagePort} port
   * @param {string} client the page's id
   */
  constructor(python, port, client) {
    this.#python = python;
    this.#port = port;
    this.#client = client;
  }

  /**
   * Begin to listen.
   *
   * @param {number} id Python's number of the socket
   * @param {string} page the lock that the page holds
   */
  open(id, page) {
    this.#id = id;
    this.#python.wires.add(this);
    this.#port.onmessage = ({ data }) => this.#receive(data);
    const { signal } = this.#watch;
    navigator.locks.request(page, { mode: "shared", signal }, () => this.#closed(GOING_AWAY, "")).catch(() => {});
  }

  /**
   * @param {string} protocol
   * @param {string} [cookies] the jar's dump, if it has changed
   */
  accept(protocol, cookies) {
    this.#tellCookies(cookies);
    this.#post({ protocol });
  }

  /**
   * @param {number} status
   * @param {string} [cookies]
   */
  reject(status, cookies) {
    this.#tellCookies(cookies);
    // In the words of Chromium, which many know.
    this.fail(`Error during handshake: Unexpected response code: ${status}`);
  }

  /** @param {string} problem */
  fail(problem) {
    this.#end({ failed: problem });
  }

  /** @param {string} text */
  sendText(text) {
    this.#post(text);
    // Most of what is text is ASCII.
    return this.#room(text.length);
  }

  /** @param {Uint8Array} utf8 */
  sendUTF8(utf8) {
    return this.sendText(new TextDecoder("utf-8", { ignoreBOM: true }).decode(utf8));
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  sendBytes(bytes) {
    const { buffer, byteLength } = bytes;
    this.#post(buffer, buffer);
    return this.#room(byteLength);
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  close(code, reason) {
    this.#end({ code, reason });
  }

  pause() {
    this.#paused = true;
  }

  resume() {
    this.#paused = false;
    this.#tellLater();
  }

  /** @param {number} size */
  #room(size) {
    this.#sent += size + FRAME;
    if (this.#sent - this.#taken <= ROOM || this.#over) return undefined;
    return new Promise((/** @type {(value: void) => void} */ resolve) => void this.#waiting.push(resolve));
  }

  /** @param {unknown} data */
  #receive(data) {
    if (typeof data === "string" || data instanceof ArrayBuffer) {
      this.#untold += 1;
      this.#deliver(data);
      this.#tellLater();
    } else if (typeof data === "number") {
      this.#taken += data;
      if (this.#sent - this.#taken <= ROOM / 2) this.#wake();
    } else {
      const { code, reason } = /** @type {{code: number, reason: string}} */ (data);
      this.#closed(code, reason);
    }
  }

  /** @param {string | ArrayBuffer} data */
  #deliver(data) {
    const { deliver } = this.#python.sockets;
    if (typeof data !== "string") deliver(this.#id, new Uint8Array(data));
    else if (data.length < LONG) deliver(this.#id, data);
    else deliver(this.#id, new TextEncoder().encode(data), true);
  }

  #tellLater() {
    if (this.#paused || this.#over || !this.#untold) return;
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      if (this.#paused || this.#over) return;
      this.#post(this.#untold);
      this.#untold = 0;
    }, TELLING);
  }

  /**
   * The page has closed the socket, or has gone.
   *
   * @param {number} code
   * @param {string} reason
   */
  #closed(code, reason) {
    if (this.#over) return;
    this.#python.sockets.disconnect(this.#id, code, reason);
    this.#end({ code, reason });
  }

  /** @param {Told} told */
  #end(told) {
    if (this.#over) return;
    this.#over = true;
    this.#python.wires.delete(this);
    if (this.#untold && !this.#paused) this.#post(this.#untold);
    this.#post(told);
    this.#watch.abort();
    clearTimeout(this.#telling);
    this.#wake();
    this.#port.onmessage = null; // the page closes the port, once it has heard
  }

  /**
   * A page may look at its cookies as soon as its socket is open, or refused.
   *
   * @param {string} [cookies] the jar's dump, if it has changed
   */
  #tellCookies(cookies) {
    if (cookies === undefined) return;
    this.#held = [];
    void Promise.resolve(this.#python.onCookies(cookies, this.#client)).then(() => {
      for (const [message, transfer] of this.#held?.splice(0) ?? []) this.#port.postMessage(message, transfer);
      this.#held = undefined;
    });
  }

  /**
   * @param {unknown} message
   * @param {...Transferable} transfer
   */
  #post(message, ...transfer) {
    if (this.#held) this.#held.push([message, transfer]);
    else this.#port.postMessage(message, transfer);
  }

  #wake() {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
