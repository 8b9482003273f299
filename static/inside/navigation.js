// @ts-check
/**
 * Keeps navigations of an app that ignores its root inside the app.
 *
 * Subresources need nothing: the worker gets them whatever their URL. A navigation out of the worker's scope never
 * reaches it, so it is redirected here.
 */
(() => {
  const { strayed } = /** @type {InjectedScript} */ (document.currentScript);

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
