// @ts-check
/**
 * Which addresses are the app's own; for the scripts that follow.
 *
 * The scripts of this folder are joined into one, the first of every page of the app: a classic script, since a
 * module would run after the page's own. What the worker tells them is in the script element's `dataset`, and what
 * they share are properties of that element, which no page ever sees.
 */
(() => {
  const script = /** @type {InjectedScript} */ (document.currentScript);
  const { root = "" } = script.dataset;
  script.savePath = root.replace(/app$/, "save");

  script.strayed = (href, base = document.baseURI) => {
    if (!URL.canParse(href, base)) return undefined;
    const url = new URL(href, base);
    // The origin of `blob:` is ours as well.
    if (url.protocol !== location.protocol || url.host !== location.host) return undefined;
    if (url.pathname === root || url.pathname.startsWith(root + "/") || url.pathname === script.savePath) return undefined;
    url.pathname = root + url.pathname;
    return url.href;
  };

  script.replaceMethod = (owner, name, make) => {
    const native = owner[name];
    if (typeof native !== "function") return;
    // A proxy has the name, the length and the text of the native one.
    const apply = (/** @type {any} */ _, /** @type {any} */ self, /** @type {any[]} */ given) =>
      make((...changed) => Reflect.apply(native, self, changed), self, given);
    owner[name] = new Proxy(native, { apply });
  };
})();
