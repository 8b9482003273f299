// @ts-check
/**
 * Keeps a worker alive while a page is open, and hears what its app says, and when it has ended.
 *
 * A beat is a question that the worker answers late, and each answer is followed by the next beat: messages arrive in
 * hidden pages too, whose timers browsers slow down to one a minute, more than a worker lives without an event.
 */

import { BEAT, BEAT_HOLD, isReport } from "./protocol.js";

/** @import {Log} from "./log.js" */
/** @import {Report} from "./protocol.js" */

/** Milliseconds between two looks at whether an answer is overdue: the worker may have been ended with it. */
const LOOK_INTERVAL = 10_000;
const OVERDUE = BEAT_HOLD + LOOK_INTERVAL;

export class Pulse {
  #worker;
  #log;
  #heard;
  /** @type {MessagePort | undefined} on which the answer comes */
  #port;
  #beatAt = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #looking;

  /**
   * @param {() => ServiceWorker | null | undefined} worker
   * @param {Log} log of what the worker's app says
   * @param {(report: Report) => void} heard called when the app does not run any more
   */
  constructor(worker, log, heard) {
    this.#worker = worker;
    this.#log = log;
    this.#heard = heard;
  }

  begin() {
    if (this.#looking !== undefined) return;
    this.#looking = setInterval(() => performance.now() - this.#beatAt > OVERDUE && this.#beat(), LOOK_INTERVAL);
    this.#beat();
  }

  end() {
    clearInterval(this.#looking);
    this.#looking = undefined;
    this.#port?.close();
  }

  #beat() {
    this.#port?.close();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#beatAt = performance.now();
    port1.onmessage = ({ data }) => {
      port1.close();
      if (!isReport(data)) return;
      this.#log.take(data.log);
      // What does not run is not kept alive either.
      if (data.state === "ready" || data.state === "starting") this.#beat();
      else this.#heard(data);
    };
    this.#worker()?.postMessage({ type: BEAT, heard: this.#log.heard }, [port2]);
  }
}
