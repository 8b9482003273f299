// @ts-check
/**
 * Which addresses are the app's own; for the scripts that follow.
 *
 * The scripts of this folder are joined into one, the first of every page of the app: a classic script, since a
 * module would run after the page's own. What the worker tells them is in the script element's `dataset`, and what
 * they share is a property of that element, which no page ever sees.
 */
(() => {
  const script = /** @type {InjectedScript} */ (document.currentScript);
  const { root = "" } = script.dataset;

  script.strayed = (href) => {
    const url = new URL(href, document.baseURI);
    if (url.origin !== location.origin || url.pathname === root || url.pathname.startsWith(root + "/")) return undefined;
    url.pathname = root + url.pathname;
    return url.href;
  };
})();
