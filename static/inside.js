// @ts-check
/**
 * The first script of every page of the app: keeps navigations of an app that ignores its root inside the app.
 *
 * Subresources need nothing: the worker gets them whatever their URL. A navigation out of the worker's scope never
 * reaches it, so it is redirected here. A classic script, since a module would run after the page's own scripts.
 */
(() => {
  const { root = "", cookies: first = "" } = document.currentScript?.dataset ?? {};
  // The page's own scripts and tests of its markup should not meet it.
  document.currentScript?.remove();

  /**
   * @param {string} href
   * @returns {string | undefined} the URL inside the app, if `href` is on this origin and outside
   */
  function strayed(href) {
    const url = new URL(href, location.href);
    if (url.origin !== location.origin || url.pathname === root || url.pathname.startsWith(root + "/")) return undefined;
    url.pathname = root + url.pathname;
    return url.href;
  }

  /** @param {Event} event */
  function onSubmit(event) {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    const submitter = /** @type {SubmitEvent} */ (event).submitter;
    const inside = strayed(submitter?.getAttribute("formaction") || form.action);
    if (!inside) return;
    if (submitter?.hasAttribute("formaction")) submitter.setAttribute("formaction", inside);
    else form.setAttribute("action", inside);
  }

  /** @param {Event} event */
  function onClick(event) {
    const link = event.composedPath().find((element) => element instanceof HTMLAnchorElement && element.href);
    if (!(link instanceof HTMLAnchorElement)) return;
    const inside = strayed(link.href);
    if (inside) link.href = inside;
  }

  // In the capture phase, before the page's own handlers: they see the address that will be opened.
  addEventListener("click", onClick, true);
  addEventListener("auxclick", onClick, true);
  addEventListener("submit", onSubmit, true);

  // A worker's response cannot set cookies in the browser, so the app's are in a jar of the worker; `document.cookie`
  // shows what scripts may see of it, and never the cookies of the docs.
  let cookies = first;
  Object.defineProperty(document, "cookie", {
    configurable: true,
    get: () => cookies,
    set: (text) => {
      const pair = String(text).split(";", 1)[0].trim();
      const name = pair.slice(0, pair.indexOf("=") + 1);
      // Shown at once, as scripts expect; the jar's own answer follows.
      const others = cookies.split("; ").filter((other) => other && !other.startsWith(name));
      const gone = /;\s*(max-age\s*=\s*(-|0)|expires\s*=[^;]*(1970|1601))/i.test(String(text));
      cookies = (gone ? others : [...others, pair]).join("; ");
      navigator.serviceWorker.controller?.postMessage({ type: "asgi-live:set-cookie", text: String(text) });
    },
  });
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    if (data?.type === "asgi-live:cookies") cookies = data.cookies;
  });
  navigator.serviceWorker.startMessages();

  const { submit } = HTMLFormElement.prototype;
  HTMLFormElement.prototype.submit = function () {
    const inside = strayed(this.action);
    if (inside) this.setAttribute("action", inside);
    submit.call(this);
  };

  // `location = "/x"` and the like: only the Navigation API sees them.
  const { navigation } = /** @type {any} */ (globalThis);
  navigation?.addEventListener("navigate", (/** @type {any} */ event) => {
    if (!event.cancelable || event.hashChange || event.formData || event.navigationType === "traverse") return;
    const inside = strayed(event.destination.url);
    if (!inside || event.destination.sameDocument) return;
    event.preventDefault();
    location.assign(inside);
  });
})();
