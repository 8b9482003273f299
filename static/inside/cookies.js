// @ts-check
/**
 * The app's cookies in `document.cookie`.
 *
 * A worker's response cannot set cookies in the browser, so the app's are in a jar of the worker; here is shown what
 * scripts may see of it, and never the cookies of the docs.
 */
(() => {
  const script = /** @type {InjectedScript} */ (document.currentScript);
  // A sandboxed page has no cookies, and no worker.
  if (self.origin === "null") return;
  const workers = navigator.serviceWorker;
  /** Milliseconds that a request waits for a cookie set before it; a worker that says nothing has other troubles. */
  const PATIENCE = 5000;
  let { cookies = "" } = script.dataset;
  let announced = cookies;
  /** When the worker said what is known here: an answer and a message to all pages may overtake each other. */
  let toldAt = 0;
  /** @type {Promise<void> | undefined} settled when the jar has all that was set here */
  let pending;

  script.cookies = { get: () => cookies, set, onChange: () => {}, pending: () => pending };

  /** @param {{cookies: string, at: number}} news */
  function update({ cookies: now, at }) {
    if (at < toldAt) return;
    toldAt = at;
    const before = announced;
    cookies = announced = now;
    if (now !== before) script.cookies?.onChange(before, now);
  }

  /**
   * @param {string} text as of a `Set-Cookie` header
   * @returns {Promise<void>} settled when the jar has it, or has refused it
   */
  function set(text) {
    const { port1, port2 } = new MessageChannel();
    const { controller } = workers;
    if (!controller) return Promise.resolve();
    controller.postMessage({ type: "asgi-live:set-cookie", text }, [port2]);
    /** @type {Promise<void>} */
    const stored = new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
      setTimeout(resolve, PATIENCE);
      port1.onmessage = ({ data }) => {
        port1.close();
        // An answer that others will follow knows less than this page.
        if (pending === stored) update(data);
        resolve();
      };
    }).then(() => {
      if (pending === stored) pending = undefined;
    });
    return (pending = stored);
  }

  Object.defineProperty(Document.prototype, "cookie", {
    configurable: true,
    enumerable: true,
    get() {
      // A document without a window has none.
      return this.defaultView ? cookies : "";
    },
    set(given) {
      const text = String(given);
      const pair = text.split(";", 1)[0].trim();
      const name = pair.slice(0, pair.indexOf("=") + 1);
      // Shown at once, as scripts expect; the jar's own answer follows.
      const others = cookies.split("; ").filter((other) => other && !other.startsWith(name));
      const gone = /;\s*(max-age\s*=\s*(-|0)|expires\s*=[^;]*(1970|1601))/i.test(text);
      cookies = (gone ? others : [...others, pair]).join("; ");
      void set(text);
    },
  });

  workers.addEventListener("message", (event) => {
    if (event.data?.type !== "asgi-live:cookies") return;
    event.stopImmediatePropagation();
    if (!pending) update(event.data);
    event.ports[0]?.postMessage("seen");
  });
  workers.startMessages();

  // A request may overtake the message that was posted before it.
  const { replaceMethod } = script;
  replaceMethod(window, "fetch", (fetch, _, given) => (pending ? pending.then(() => fetch(...given)) : fetch(...given)));

  /** @type {WeakMap<XMLHttpRequest, unknown>} what each request waits for, if it does */
  const waiting = new WeakMap();
  /** @type {WeakSet<XMLHttpRequest>} */
  const synchronous = new WeakSet();
  const { prototype } = XMLHttpRequest;
  replaceMethod(prototype, "open", (open, request, given) => {
    waiting.delete(request);
    synchronous[given.length > 2 && !given[2] ? "add" : "delete"](request);
    open(...given);
  });
  replaceMethod(prototype, "abort", (abort, request) => (waiting.delete(request), abort()));
  replaceMethod(prototype, "send", (send, request, given) => {
    if (!pending || synchronous.has(request)) return send(...given);
    /** @type {Promise<unknown>} */
    const turn = pending.then(() => waiting.get(request) === turn && send(...given));
    waiting.set(request, turn);
  });
})();
