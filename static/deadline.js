// @ts-check
/**
 * Interrupts Python that lets nothing else run: without a second thread, which a service worker cannot have.
 *
 * CPython asks every some fifty steps of its code whether a signal has come, by reading an element of a buffer. Here
 * that element is a getter, which looks at the clock. A stretch begins at the first look after the event loop had a
 * turn, whatever Python was entered for: a request, a timer, the end of a wait.
 */

const NOTHING = 0;
/** The signal that Python turns into an exception, in the middle of whatever it does. */
const SIGINT = 2;

/**
 * An interrupt buffer for Pyodide's `setInterruptBuffer`.
 *
 * @param {() => number} limit gives the milliseconds that a stretch may take
 * @returns {{0: number}}
 */
export function deadline(limit) {
  /** When the stretch is over its limit; 0 between two stretches. */
  let ends = 0;
  const over = () => void (ends = 0);
  const look = () => {
    const now = performance.now();
    if (!ends) {
      ends = now + limit();
      // The first that runs once Python is left; a task would wait behind other entries of Python.
      queueMicrotask(over);
    } else if (now >= ends) {
      // Once more, and soon, for code that takes any exception as a reason to try again.
      ends = now + limit() / 2;
      return SIGINT;
    }
    return NOTHING;
  };
  // Python confirms a signal by writing.
  return Object.defineProperty({ 0: NOTHING }, 0, { get: look, set() {} });
}
