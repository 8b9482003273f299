// @ts-check
/**
 * One WebSocket of a page to the app, over a port to its worker; `websocket.js` gives it the face of the browser's own.
 *
 * The other end is `static/websocket.js`, which says what goes over the port.
 * https://websockets.spec.whatwg.org/#the-websocket-interface
 */
(() => {
  const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];
  const NO_CODE = 1005;
  const LOST = 1006;
  const GOING_AWAY = 1001;
  const REASON_LIMIT = 123;
  /** Bytes after which the worker hears that they were taken, and what a message counts for besides its content. */
  const TELLING = 64 * 1024;
  const FRAME = 16;

  /** `target` is the page's. */
  class LiveSocket {
    #target;
    #url;
    /** @type {MessagePort | undefined} */
    #port;
    #protocols;
    #readyState = CONNECTING;
    #protocol = "";
    #binaryType = "blob";
    /** @type {number[]} sizes of the messages that the app has not taken */
    #sizes = [];
    #bufferedAmount = 0;
    /** Messages that wait for a Blob to be read. @type {Promise<void> | undefined} */
    #reading;
    /** Bytes taken that the worker has not heard of. */
    #untold = 0;
    #finished = new AbortController();
    /** @type {Map<string, {handler: any, listener: (event: Event) => void}>} */
    #handlers = new Map();

    /**
     * @param {EventTarget} target
     * @param {URL} url
     * @param {string[]} protocols
     */
    constructor(target, url, protocols) {
      this.#target = target;
      this.#url = url;
      this.#protocols = protocols;
      addEventListener("pagehide", () => this.#leave(), { signal: this.#finished.signal });
      this.#connect().catch((error) => this.#fail(String(error)));
    }

    get url() {
      return this.#url.href;
    }

    get readyState() {
      return this.#readyState;
    }

    get protocol() {
      return this.#protocol;
    }

    get extensions() {
      return "";
    }

    get bufferedAmount() {
      return this.#bufferedAmount;
    }

    get binaryType() {
      return this.#binaryType;
    }

    set binaryType(value) {
      if (["blob", "arraybuffer"].includes(String(value))) this.#binaryType = String(value);
    }

    /** @param {any[]} args */
    send(...args) {
      if (!args.length) throw new TypeError("Failed to execute 'send' on 'WebSocket': 1 argument required, but only 0 present.");
      const [data, size] = outgoing(args[0]);
      if (this.#readyState === CONNECTING) {
        throw new DOMException("Failed to execute 'send' on 'WebSocket': Still in CONNECTING state.", "InvalidStateError");
      }
      this.#bufferedAmount += size;
      if (this.#readyState !== OPEN) return;
      this.#sizes.push(size);
      this.#post(data);
    }

    /** @param {any[]} args */
    close(...args) {
      const code = args[0] === undefined ? undefined : clamped(args[0]);
      const reason = args[1] === undefined ? "" : `${args[1]}`.toWellFormed();
      if (code !== undefined && code !== 1000 && !(code >= 3000 && code < 5000)) {
        const problem = `The close code must be either 1000, or between 3000 and 4999. ${code} is neither.`;
        throw new DOMException(`Failed to execute 'close' on 'WebSocket': ${problem}`, "InvalidAccessError");
      }
      if (new TextEncoder().encode(reason).length > REASON_LIMIT) {
        const problem = `The close reason must not be greater than ${REASON_LIMIT} UTF-8 bytes.`;
        throw new DOMException(`Failed to execute 'close' on 'WebSocket': ${problem}`, "SyntaxError");
      }
      if (this.#readyState === CONNECTING) {
        this.#readyState = CLOSING;
        setTimeout(() => this.#fail("WebSocket is closed before the connection is established."));
      } else if (this.#readyState === OPEN) {
        this.#readyState = CLOSING;
        this.#post({ code: code ?? (reason ? 1000 : NO_CODE), reason });
      }
    }

    /** @param {string} type */
    handler(type) {
      return this.#handlers.get(type)?.handler ?? null;
    }

    /**
     * @param {string} type
     * @param {unknown} value
     */
    setHandler(type, value) {
      const handler = typeof value === "function" || (typeof value === "object" && value) ? value : null;
      const known = this.#handlers.get(type);
      const listener = (/** @type {Event} */ event) => {
        const current = this.handler(type);
        if (typeof current === "function") current.call(this.#target, event);
      };
      if (known && handler) {
        known.handler = handler; // keeps its place among the listeners
      } else if (known) {
        this.#target.removeEventListener(type, known.listener);
        this.#handlers.delete(type);
      } else if (handler) {
        const entry = { handler, listener };
        this.#handlers.set(type, entry);
        this.#target.addEventListener(type, listener);
      }
    }

    /** The page is left: the app hears of it now, the page itself if it is ever shown again. */
    #leave() {
      this.#port?.postMessage({ code: GOING_AWAY, reason: "" });
      this.#port?.close();
      addEventListener("pageshow", () => this.#finish(LOST, ""), { once: true });
    }

    /** As long as this page holds the lock the worker knows that it is there; it goes with the page, or in the end. */
    async #connect() {
      const page = `asgi-live:page:${crypto.randomUUID()}`;
      const { controller } = navigator.serviceWorker;
      if (!controller) throw "this page was not served by the app's service worker; reload it";
      await navigator.locks.request(page, () => {
        if (this.#readyState === CLOSED) return;
        const { port1, port2 } = new MessageChannel();
        this.#port = port1;
        port1.onmessage = ({ data }) => this.#receive(data);
        const question = { type: "asgi-live:socket", url: this.url, protocols: this.#protocols, page };
        controller.postMessage(question, [port2]);
        const { signal } = this.#finished;
        return new Promise((resolve) => signal.addEventListener("abort", resolve));
      });
    }

    /** @param {any} data */
    #receive(data) {
      if (typeof data === "string" || data instanceof ArrayBuffer) {
        this.#take(data);
      } else if (typeof data === "number") {
        for (const size of this.#sizes.splice(0, data)) this.#bufferedAmount -= size;
      } else if ("worker" in data) {
        this.#watch(data.worker);
      } else if ("protocol" in data) {
        this.#opened(data.protocol);
      } else if ("failed" in data) {
        this.#fail(data.failed);
      } else {
        this.#finish(data.code, data.reason);
      }
    }

    /** @param {string | ArrayBuffer} data */
    #take(data) {
      this.#untold += FRAME + (typeof data === "string" ? data.length : data.byteLength);
      if (this.#untold >= TELLING) {
        this.#port?.postMessage(this.#untold);
        this.#untold = 0;
      }
      if (this.#readyState !== OPEN) return;
      const shown = typeof data === "string" || this.#binaryType === "arraybuffer" ? data : new Blob([data]);
      this.#target.dispatchEvent(new MessageEvent("message", { data: shown, origin: this.#url.origin }));
    }

    /** A worker that is ended says nothing, but the lock that it held is free then. @param {string} worker */
    #watch(worker) {
      const gone = () => this.#fail("the app's service worker was ended by the browser.");
      navigator.locks.request(worker, { mode: "shared", signal: this.#finished.signal }, gone).catch(() => {});
    }

    /** @param {string} protocol */
    #opened(protocol) {
      if (this.#readyState !== CONNECTING) return;
      if (protocol && !this.#protocols.includes(protocol)) {
        const header = `'Sec-WebSocket-Protocol' header value '${protocol}' in response`;
        return this.#fail(`Error during handshake: ${header} does not match any of sent values`);
      }
      if (!protocol && this.#protocols.length) {
        return this.#fail("Error during handshake: Sent non-empty 'Sec-WebSocket-Protocol' header but no response was received");
      }
      this.#protocol = protocol;
      this.#readyState = OPEN;
      this.#target.dispatchEvent(new Event("open"));
    }

    /**
     * Post it behind what waits for a Blob.
     *
     * @param {string | ArrayBuffer | Blob | {code: number, reason: string}} data
     */
    #post(data) {
      if (data instanceof Blob || this.#reading) {
        const reading = Promise.all([data instanceof Blob ? data.arrayBuffer() : data, this.#reading]).then(
          ([content]) => this.#port?.postMessage(content, content instanceof ArrayBuffer ? [content] : []),
        );
        const last = reading.catch((error) => this.#fail(String(error))).then(() => {
          if (this.#reading === last) this.#reading = undefined;
        });
        this.#reading = last;
      } else {
        this.#port?.postMessage(data, data instanceof ArrayBuffer ? [data] : []);
      }
    }

    /** @param {string} problem */
    #fail(problem) {
      if (this.#readyState === CLOSED) return;
      console.error(`WebSocket connection to '${this.url}' failed: ${problem}`);
      this.#port?.postMessage({ code: LOST, reason: "" });
      this.#finish(LOST, "", true);
    }

    /**
     * @param {number} code
     * @param {string} reason
     * @param {boolean} [failed] whether that is an error; a server that hangs up is none
     */
    #finish(code, reason, failed = false) {
      if (this.#readyState === CLOSED) return;
      this.#readyState = CLOSED;
      this.#finished.abort();
      this.#port?.close();
      const wasClean = code !== LOST;
      if (failed) this.#target.dispatchEvent(new Event("error"));
      this.#target.dispatchEvent(new CloseEvent("close", { wasClean, code, reason }));
    }
  }

  /**
   * What to post, and how many bytes a network would see.
   *
   * @param {unknown} data
   * @returns {[string | ArrayBuffer | Blob, number]}
   */
  function outgoing(data) {
    if (data instanceof Blob) return [data, data.size];
    if (data instanceof ArrayBuffer) return [data.slice(0), data.byteLength];
    if (ArrayBuffer.isView(data)) {
      if (!(data.buffer instanceof ArrayBuffer)) {
        throw new TypeError("Failed to execute 'send' on 'WebSocket': The provided ArrayBufferView value must not be shared.");
      }
      return [data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength), data.byteLength];
    }
    const text = `${/** @type {any} */ (data)}`.toWellFormed();
    return [text, new TextEncoder().encode(text).length];
  }

  /** A number as Web IDL's `[Clamp] unsigned short`. @param {any} value */
  function clamped(value) {
    const number = Math.min(Math.max(Number(value) || 0, 0), 65535);
    const below = Math.floor(number);
    const up = number - below > 0.5 || (number - below === 0.5 && below % 2 === 1);
    return up ? below + 1 : below;
  }

  const script = /** @type {InjectedScript} */ (document.currentScript);
  script.LiveSocket = LiveSocket;
})();
