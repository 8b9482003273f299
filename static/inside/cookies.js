// @ts-check
/**
 * The app's cookies in `document.cookie`.
 *
 * A worker's response cannot set cookies in the browser, so the app's are in a jar of the worker; here is shown what
 * scripts may see of it, and never the cookies of the docs.
 */
(() => {
  let { cookies = "" } = /** @type {InjectedScript} */ (document.currentScript).dataset;
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
})();
