// @ts-check
/** Python that has ended while the app ran: by `os._exit`, a crash, or a stack or a memory that was used up. */

/** Why nobody answers any more; the message is for the reader. */
export class PythonEnded extends Error {}

/**
 * Call `act` once, when Python has ended; nothing of it runs after that.
 *
 * @param {any} pyodide
 * @param {(error: PythonEnded) => void} act
 */
export function whenEnded(pyodide, act) {
  pyodide._api.on_fatal = (/** @type {any} */ error) => {
    silence(pyodide);
    act(error instanceof PythonEnded ? error : new PythonEnded(explain(error)));
  };
}

/**
 * Let nothing of a Python run any more: timers and promises that it waited for would enter it once more.
 *
 * @param {any} pyodide
 */
export function silence({ _module: module }) {
  module.promisingApply = module.callPyObjectMaybePromising = () => new Promise(() => {});
  module.callPyObject = () => undefined;
}

/** @param {any} error */
function explain(error) {
  const message = String(error?.message ?? error);
  const exit = /^Program terminated with exit\((-?\d+)\)/.exec(message);
  if (exit) return `The app ended Python, with exit code ${exit[1]}, as sys.exit() in a task and os._exit() do.`;
  if (error instanceof RangeError || error?.name === "RangeError" || error?.name === "InternalError") {
    return `The app's calls went deeper than the browser allows (${message}).`;
  }
  return `Python crashed: ${error?.name ?? "Error"}: ${message}`;
}
