// @ts-check
/**
 * The page's `WebSocket`: one to the app's own host goes to the app, since none would ever reach its service worker.
 *
 * The browser's own class stays and serves all other hosts. Its members are made to look first whether a socket is one
 * of ours, so that names, constants, `instanceof`, subclasses and what else a script may look at are the browser's.
 * https://websockets.spec.whatwg.org/#dom-websocket-websocket
 */
(() => {
  const { LiveSocket } = /** @type {InjectedScript} */ (document.currentScript);
  const Native = globalThis.WebSocket;
  /** Where `uvicorn`, `fastapi dev` and `runserver` serve unless told otherwise: many an example has it in its page. */
  const DEFAULT_HOSTS = ["localhost:8000", "127.0.0.1:8000"];
  /** RFC 6455, section 4.1: a subprotocol is a token of RFC 2616. */
  const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

  /** @type {WeakMap<object, LiveSocket>} what stands behind a page's socket to the app */
  const lives = new WeakMap();

  /**
   * The URL of a socket to the app; undefined for another host, and for what is no such URL.
   *
   * @param {unknown} url
   */
  function ownURL(url) {
    const text = String(url);
    if (!URL.canParse(text, document.baseURI)) return undefined;
    const parsed = new URL(text, document.baseURI);
    if (parsed.host !== location.host && !DEFAULT_HOSTS.includes(parsed.host)) return undefined;
    if (["http:", "https:"].includes(parsed.protocol)) parsed.protocol = parsed.protocol.replace("http", "ws");
    return ["ws:", "wss:"].includes(parsed.protocol) ? parsed : undefined;
  }

  /**
   * @param {unknown} value
   * @returns {string[]}
   */
  function subprotocols(value) {
    if (value === undefined) return [];
    const isList = typeof value === "object" && value !== null && Symbol.iterator in value;
    const protocols = (isList ? [.../** @type {Iterable<unknown>} */ (value)] : [value]).map((each) => `${each}`);
    for (const [at, protocol] of protocols.entries()) {
      const problem = protocols.indexOf(protocol) < at ? "is duplicated." : TOKEN.test(protocol) ? "" : "is invalid.";
      if (problem) throw refused(`The subprotocol '${protocol}' ${problem}`);
    }
    return protocols;
  }

  /** @param {string} problem */
  function refused(problem) {
    return new DOMException(`Failed to construct 'WebSocket': ${problem}`, "SyntaxError");
  }

  globalThis.WebSocket = new Proxy(Native, {
    construct(target, args, newTarget) {
      const url = args.length ? ownURL(args[0]) : undefined;
      if (!url) return Reflect.construct(target, args, newTarget);
      if (url.href.includes("#")) {
        throw refused(`The URL contains a fragment identifier ('${url.hash.slice(1)}'). They are not allowed in WebSocket URLs.`);
      }
      const protocols = subprotocols(args[1]);
      const socket = Reflect.construct(EventTarget, [], newTarget);
      lives.set(socket, new LiveSocket(socket, url, protocols));
      return socket;
    },
  });

  const { prototype } = Native;
  prototype.constructor = globalThis.WebSocket;

  /**
   * Have an attribute of the class look first whether a socket is ours.
   *
   * @param {string} name
   * @param {(live: LiveSocket) => unknown} get
   * @param {(live: LiveSocket, value: any) => void} [set]
   */
  function share(name, get, set) {
    const native = /** @type {PropertyDescriptor & {get: () => any}} */ (Object.getOwnPropertyDescriptor(prototype, name));
    /** @this {object} @param {unknown} value */
    function setter(value) {
      const live = lives.get(this);
      if (live) set?.(live, value);
      else native.set?.call(this, value);
    }
    Object.defineProperty(prototype, name, {
      ...native,
      /** @this {object} */
      get() {
        const live = lives.get(this);
        return live ? get(live) : native.get.call(this);
      },
      set: native.set && setter,
    });
  }

  for (const name of /** @type {const} */ (["url", "readyState", "protocol", "extensions", "bufferedAmount"])) {
    share(name, (live) => live[name]);
  }
  share("binaryType", (live) => live.binaryType, (live, value) => void (live.binaryType = value));
  for (const type of ["open", "message", "error", "close"]) {
    share(`on${type}`, (live) => live.handler(type), (live, value) => live.setHandler(type, value));
  }
  const { send, close } = prototype;
  // The number of arguments counts, and so does that `send` names one and `close` none.
  prototype.send = function (data) {
    const live = lives.get(this);
    return live ? live.send(...arguments) : send.apply(this, /** @type {any} */ (arguments));
  };
  prototype.close = function () {
    const live = lives.get(this);
    return live ? live.close(...arguments) : close.apply(this, /** @type {any} */ (arguments));
  };
})();
