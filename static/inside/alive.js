// @ts-check
/**
 * Keeps the worker alive while a page of the app is open, in a frame or in a tab of its own, seen or hidden.
 *
 * As the docs page does it, in `pulse.js`: each late answer of the worker is followed by the next question.
 */
(() => {
  // A sandboxed page has no worker.
  if (self.origin === "null") return;
  /** Milliseconds: longer than the worker holds an answer back, shorter than it lives without an event. */
  const OVERDUE = 25_000;
  /** @type {MessagePort | undefined} */
  let port;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let overdue;

  function beat() {
    clearTimeout(overdue);
    port?.close();
    const { port1, port2 } = new MessageChannel();
    port = port1;
    // A worker whose app does not run answers at once; the next request of this page starts it again.
    port1.onmessage = ({ data }) => data?.state === "ready" && beat();
    overdue = setTimeout(beat, OVERDUE);
    navigator.serviceWorker.controller?.postMessage({ type: "asgi-live:beat" }, [port2]);
  }
  beat();
})();
