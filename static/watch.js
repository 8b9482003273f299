// @ts-check
/** Looks after a start, so that "starting" ends whatever the worker does or leaves undone. */

import { STRINGS, fill, progress } from "./messages.js";

/** @import {Reason} from "./protocol.js" */
/** @import {Step} from "./figure.js" */

/** Milliseconds between two looks. */
const INTERVAL = 5_000;

/** Milliseconds without a word after which a worker is asked, and after which it is given up. */
const ASK_AFTER = 15_000;
const SILENCE_LIMIT = 60_000;

/** Unanswered questions before a worker is given up: while a computer sleeps, time passes without any. */
const QUESTIONS = 3;

/** Milliseconds without a change of what the worker says: a byte more, a step further. */
const STALL_LIMIT = { register: 60_000, download: 60_000, boot: 180_000 };

export class Watch {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #heardAt = 0;
  #movedAt = 0;
  #unanswered = 0;
  /** @type {{step: Step, loaded: number, total: number}} */
  #last = { step: "register", loaded: 0, total: 0 };

  /**
   * @param {() => void} ask the worker how it is; called at each look while it is silent
   * @param {(reason: Reason, detail: string) => void} giveUp
   */
  constructor(ask, giveUp) {
    this.ask = ask;
    this.giveUp = giveUp;
  }

  /** Begin to look, or begin anew. */
  begin() {
    this.end();
    this.#heardAt = this.#movedAt = performance.now();
    this.#unanswered = 0;
    this.#last = { step: "register", loaded: 0, total: 0 };
    this.#timer = setInterval(() => this.#look(), INTERVAL);
  }

  end() {
    clearInterval(this.#timer);
  }

  /** The worker has said something. */
  heard() {
    this.#heardAt = performance.now();
    this.#unanswered = 0;
  }

  /**
   * How far the start is; `loaded` and `total` in bytes.
   *
   * @param {{step: Step, loaded: number, total: number}} now
   */
  at({ step, loaded, total }) {
    const last = this.#last;
    if (last.step !== step || last.loaded !== loaded || last.total !== total)
      this.#movedAt = performance.now();
    this.#last = { step, loaded, total };
  }

  #look() {
    const { step, loaded, total } = this.#last;
    // A frame that loads has a limit of its own.
    if (step === "frame") return;
    const now = performance.now();
    const silence = now - this.#heardAt;
    const { details } = STRINGS;
    if (silence > SILENCE_LIMIT && this.#unanswered >= QUESTIONS) {
      this.giveUp("silent", fill(details.unanswered, { seconds: SILENCE_LIMIT / 1000 }));
    } else if (silence > ASK_AFTER) {
      this.#unanswered++;
      this.ask();
    } else if (now - this.#movedAt > STALL_LIMIT[step]) {
      const values = { seconds: STALL_LIMIT[step] / 1000, progress: progress(loaded, total) };
      if (step === "boot") this.giveUp("python", fill(details.slow, values));
      else this.giveUp("download", fill(details.stalled, values));
    }
  }
}
