// @ts-check
/** Frames in a page of the app: those of an app that ignores its root, and those that have no page of their own. */
(() => {
  const { strayed, watch } = /** @type {InjectedScript} */ (document.currentScript);

  /** @param {Element} frame */
  function visit(frame) {
    const address = frame.getAttribute("src");
    const inside = address && strayed(address, frame.baseURI);
    if (inside) frame.setAttribute("src", inside);
    else listen(frame);
  }

  /**
   * A frame without a page of its own, `srcdoc` or empty, has this page's addresses and no script of ours.
   *
   * @param {Element} frame
   */
  function listen(frame) {
    const view = /** @type {HTMLIFrameElement} */ (frame).contentWindow;
    try {
      // What is written into one has the address of who wrote it.
      if (view && (view.location.protocol === "about:" || view.location.href === location.href)) adopt(view);
    } catch {
      // Another origin's.
    }
  }

  /** @param {any} view */
  function adopt(view) {
    watch(view);
    const cookie = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
    if (cookie) Object.defineProperty(view.Document.prototype, "cookie", cookie);
  }

  new MutationObserver(() => document.querySelectorAll("iframe, frame").forEach(visit)).observe(document, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["src", "srcdoc"],
  });
  document.addEventListener("load", ({ target }) => target instanceof HTMLIFrameElement && listen(target), true);
})();
