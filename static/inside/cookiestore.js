// @ts-check
/** The app's cookies in `cookieStore`, where the browser has it: https://cookiestore.spec.whatwg.org/ */
(() => {
  const { cookies, replaceMethod } = /** @type {InjectedScript} */ (document.currentScript);
  const { CookieStore, CookieChangeEvent, cookieStore: store } = /** @type {any} */ (window);
  if (!cookies || !CookieStore || !store) return;

  /** @param {string} text as of `document.cookie` */
  function items(text) {
    const pairs = text.split("; ").filter(Boolean);
    return pairs.map((pair) => ({ name: pair.slice(0, Math.max(0, pair.indexOf("="))), value: pair.slice(pair.indexOf("=") + 1) }));
  }

  /** @param {unknown} wanted a name, or an object with it and the page's own address; all if undefined */
  function matching(wanted) {
    const { name, url } = typeof wanted === "object" && wanted ? /** @type {any} */ (wanted) : { name: wanted, url: undefined };
    if (url !== undefined && new URL(url, document.baseURI).href.split("#")[0] !== location.href.split("#")[0])
      throw new TypeError(`${url} is not this page: only its own cookies can be read`);
    return items(cookies?.get() ?? "").filter((item) => name === undefined || item.name === String(name));
  }

  /** @param {any} options of `cookieStore.set` */
  async function set({ name, value, expires, domain, path = "/", sameSite = "strict" }) {
    const pair = `${name}=${value}`;
    if (/[;\x00-\x1f\x7f]/.test(pair) || String(name).includes("="))
      throw new TypeError(`a cookie cannot be called ${name} and be ${value}: encode what is special`);
    const attributes = [`Path=${path}`, `SameSite=${sameSite}`, "Secure"];
    if (domain) attributes.push(`Domain=${domain}`);
    if (expires !== undefined && expires !== null) attributes.push(`Expires=${new Date(expires).toUTCString()}`);
    await cookies?.set([pair, ...attributes].join("; "));
    const isOver = typeof expires === "number" && expires <= Date.now();
    const isKept = matching(name).some((item) => item.value === String(value));
    if (path === "/" && !isOver && !isKept) throw new TypeError(`the cookie ${name} was refused; the worker's console says why`);
  }

  const own = CookieStore.prototype;
  replaceMethod(own, "getAll", async (_, __, [wanted]) => matching(wanted));
  replaceMethod(own, "get", async (_, __, given) => {
    if (!given.length) throw new TypeError("cookieStore.get needs a name, or an object with a name or url");
    return matching(given[0])[0] ?? null;
  });
  replaceMethod(own, "set", (_, __, [name, value]) => set(typeof name === "object" ? name : { name, value }));
  replaceMethod(own, "delete", (_, __, [name]) => set({ ...(typeof name === "object" ? name : { name }), value: "", expires: 0 }));

  // Not the docs' own changes.
  store.addEventListener("change", (/** @type {Event} */ event) => event.isTrusted && event.stopImmediatePropagation());
  cookies.onChange = (before, now) => {
    const [old, current] = [items(before), items(now)];
    const changed = current.filter(({ name, value }) => !old.some((item) => item.name === name && item.value === value));
    const deleted = old.filter(({ name }) => !current.some((item) => item.name === name)).map(({ name }) => ({ name }));
    if (changed.length || deleted.length) store.dispatchEvent(new CookieChangeEvent("change", { changed, deleted }));
  };
})();
