// @ts-check
/**
 * Keeps navigations of an app that ignores its root inside the app.
 *
 * Subresources need nothing: the worker gets them whatever their URL. A navigation out of the worker's scope never
 * reaches it, so it is redirected here: by the Navigation API, which sees all that happens to this frame; and what
 * opens elsewhere, or where that API is missing, by lending links and forms another address while they are followed.
 */
(() => {
  const script = /** @type {InjectedScript} */ (document.currentScript);
  const { strayed, replaceMethod } = script;
  const { getAttributeNode, getAttributeNodeNS } = Element.prototype;
  const XLINK = "http://www.w3.org/1999/xlink";
  /** @type {Set<() => void>} what gives lent addresses back */
  const lent = new Set();

  /**
   * Lend an element the address inside the app. It is read before any task runs, so the page hardly ever meets it.
   *
   * @param {Attr | null | undefined} attribute
   */
  function lend(attribute) {
    const before = attribute?.value;
    const inside = before && strayed(before, attribute.ownerElement?.baseURI);
    if (!inside) return;
    attribute.value = inside;
    lent.add(() => {
      if (attribute.value === inside) attribute.value = before;
    });
  }

  function giveBack() {
    for (const restore of lent) restore();
    lent.clear();
  }

  /**
   * @param {Element} link
   * @returns {Attr | null} of `a` and `area`, in SVG too
   */
  const addressOf = (link) => getAttributeNode.call(link, "href") ?? getAttributeNodeNS.call(link, XLINK, "href");

  /** @param {Event} event */
  function linkOf(event) {
    const isLink = (/** @type {any} */ node) => (node.localName === "a" || node.localName === "area") && addressOf(node);
    return /** @type {Element | undefined} */ (event.composedPath().find(isLink));
  }

  /**
   * Whether the Navigation API will see where a click on a link leads; it does not in an empty or sandboxed page.
   *
   * @param {MouseEvent} event
   * @param {Element} link
   */
  function staysHere(event, link) {
    if (!("navigation" in window) || self.origin === "null" || link.ownerDocument !== document || event.type !== "click") return false;
    const target = link.getAttribute("target") ?? document.querySelector("base[target]")?.getAttribute("target");
    return !target?.replace(/^_self$/i, "") && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  }

  /** @param {MouseEvent} event */
  function onClick(event) {
    giveBack();
    const link = linkOf(event);
    if (!link || staysHere(event, link)) return;
    lend(addressOf(link));
    setTimeout(giveBack);
  }

  /**
   * A link that is dragged, or whose menu is open, keeps the address until something else happens.
   *
   * @param {Event} event
   */
  function onPick(event) {
    giveBack();
    const link = linkOf(event);
    if (link) lend(addressOf(link));
  }

  /** @param {Event} event */
  function onSubmit(event) {
    giveBack();
    const { target, submitter } = /** @type {SubmitEvent} */ (event);
    const own = submitter && getAttributeNode.call(submitter, "formaction");
    // The form's fields may have the names of its properties.
    lend(own?.value ? own : getAttributeNode.call(target, "action"));
    setTimeout(giveBack);
  }

  /**
   * `location = "/x"`, a refresh, and all the rest.
   *
   * @param {any} event
   */
  function onNavigate(event) {
    if (!event.cancelable || event.defaultPrevented || event.formData || typeof event.downloadRequest === "string") return;
    const { navigationType, destination, target } = event;
    const inside = navigationType === "traverse" ? undefined : strayed(destination.url);
    // A navigation may overtake the cookies that were set before it.
    const pending = destination.sameDocument || navigationType === "traverse" ? undefined : script.cookies?.pending();
    if (!inside && !pending) return;
    event.preventDefault();
    const go = () => {
      const history = navigationType === "replace" ? "replace" : "auto";
      const going = navigationType === "reload" ? target.reload() : target.navigate(inside ?? destination.url, { history });
      // What comes between rejects them, and is nobody's error.
      for (const promise of [going.committed, going.finished]) promise.catch(() => {});
    };
    if (pending) void pending.then(go);
    else go();
  }

  /** @type {WeakSet<Window>} */
  const watched = new WeakSet();

  script.watch = (view) => {
    // `document.open()` removes listeners, and adding one again changes nothing.
    // In the capture phase, before the page's own.
    for (const type of ["click", "auxclick"]) view.addEventListener(type, /** @type {any} */ (onClick), true);
    for (const type of ["contextmenu", "dragstart"]) view.addEventListener(type, onPick, true);
    view.addEventListener("submit", onSubmit, true);
    /** @type {any} */ (view).navigation?.addEventListener("navigate", onNavigate);
    if (!watched.has(view)) watchCalls(/** @type {any} */ (view));
    watched.add(view);
  };

  /** @param {typeof globalThis} view */
  function watchCalls(view) {
    replaceMethod(view.HTMLFormElement.prototype, "submit", (submit, form) => {
      lend(getAttributeNode.call(form, "action"));
      submit();
      giveBack();
    });
    // Nobody hears of a click on a link that is in no document.
    replaceMethod(view.HTMLElement.prototype, "click", (click, element) => {
      if (!element.isConnected && element.localName === "a") lend(addressOf(element));
      click();
      giveBack();
    });
    replaceMethod(view, "open", (open, _, [url, ...rest]) => open(url && (strayed(String(url)) ?? url), ...rest));
    const { Navigation } = /** @type {any} */ (view);
    if (Navigation) replaceMethod(Navigation.prototype, "navigate", (go, _, [url, options]) => go(strayed(String(url)) ?? url, options));
    for (const name of ["pushState", "replaceState"]) {
      // What the address bar shows can be loaded again.
      replaceMethod(view.History.prototype, name, (change, _, [state, unused, url]) =>
        change(state, unused, url === undefined || url === null ? url : (strayed(String(url)) ?? url)),
      );
    }
  }

  script.watch(window);
})();
