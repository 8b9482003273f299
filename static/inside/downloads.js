// @ts-check
/**
 * Links that save what they point at: Chromium asks no worker for it.
 *
 * Such a link is followed by a navigation instead, to an address of the worker, which answers with an attachment: the
 * browser saves it as it comes, whatever its size, and stays on the page.
 */
(() => {
  const { savePath, strayed } = /** @type {InjectedScript} */ (document.currentScript);

  /**
   * @param {string} href absolute
   * @param {string} name what the page wants the file to be called, empty if it does not say
   * @returns {string | undefined} the worker's address, if this is the app's
   */
  function saving(href, name) {
    const url = new URL(strayed(href) ?? href);
    if (url.protocol !== location.protocol || url.host !== location.host) return undefined;
    const query = new URLSearchParams({ of: url.pathname + url.search, name });
    return new URL(`${savePath}?${query}`, location.href).href;
  }

  /** @param {any} event of the Navigation API */
  function onNavigate(event) {
    const address = event.cancelable && typeof event.downloadRequest === "string" && saving(event.destination.url, event.downloadRequest);
    if (!address) return;
    event.preventDefault();
    location.assign(address);
  }

  /** @param {Event} event */
  function onClick(event) {
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement && node.hasAttribute("download"));
    if (!(link instanceof HTMLAnchorElement)) return;
    const address = saving(link.href, link.download);
    const { href, download } = link;
    if (!address) return;
    link.href = address;
    link.removeAttribute("download");
    setTimeout(() => Object.assign(link, { href, download }));
  }

  const { navigation } = /** @type {any} */ (window);
  if (navigation) navigation.addEventListener("navigate", onNavigate);
  else addEventListener("click", onClick, true);
})();
