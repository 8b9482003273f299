// @ts-check
/**
 * Tells the worker of bodies that a script makes while they are sent: it cannot tell them from those with a length.
 */
(() => {
  // Only browsers that can send such bodies have this.
  if (!("duplex" in Request.prototype)) return;

  /**
   * @param {RequestInfo | URL} input
   * @param {RequestInit | undefined} init
   */
  function marked(input, init) {
    if (!(init?.body instanceof ReadableStream)) return init;
    const source = input instanceof Request ? input : undefined;
    if (new URL(source?.url ?? String(input), document.baseURI).origin !== location.origin) return init;
    const headers = new Headers(init.headers ?? source?.headers);
    headers.set("x-asgi-live-streamed", "1");
    return { ...init, headers };
  }

  window.Request = new Proxy(Request, {
    construct: (target, [input, init], self) => Reflect.construct(target, [input, marked(input, init)], self),
  });
  window.fetch = new Proxy(fetch, {
    apply: (target, self, [input, init]) => Reflect.apply(target, self, [input, marked(input, init)]),
  });
})();
