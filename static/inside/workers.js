// @ts-check
/** Workers of an app: their script is looked for inside the app, and none of them is a service worker. */
(() => {
  const { strayed, replaceMethod } = /** @type {InjectedScript} */ (document.currentScript);

  for (const name of ["Worker", "SharedWorker"]) {
    const native = /** @type {any} */ (window)[name];
    if (!native) continue;
    /** @type {any} */
    const made = new Proxy(native, {
      construct: (target, [url, ...rest], called) =>
        // A trusted type stays what it is where nothing has to change.
        Reflect.construct(target, [strayed(String(url)) ?? url, ...rest], called === made ? target : called),
    });
    native.prototype.constructor = made;
    Object.defineProperty(window, name, { configurable: true, writable: true, value: made });
  }

  // It would take the place of the one that the app runs in, or of the docs' own.
  if (window.ServiceWorkerContainer)
    replaceMethod(ServiceWorkerContainer.prototype, "register", (_, __, [url]) =>
      Promise.reject(new DOMException(`[asgi-live] ${url}: an embedded app cannot register a service worker`, "SecurityError")),
    );
})();
