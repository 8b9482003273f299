// @ts-check
/** What an app has said lately, its output and the tracebacks of its errors: kept in its worker, for the docs pages. */

import { BEAT_HOLD } from "./protocol.js";

/** @import {Heard, Line, Lines, Report} from "./protocol.js" */

/** Lines, and characters in them, of which the last are kept. */
export const LINES = 500;
export const SIZE = 64 * 1024;
/** Characters of which a line is cut off. */
const LONG = 8 * 1024;
/** Milliseconds in which what is said is told as one: an app that says much must not keep two event loops busy. */
const MOMENT = 100;

/** The last lines of an app. */
export class Journal {
  #life = crypto.randomUUID();
  #count = 0;
  #size = 0;
  /** @type {Line[]} */
  #lines = [];
  /** Told that there are more lines. */
  onLine = () => {};

  /**
   * @param {string} text without the line break at its end
   * @param {boolean} isError whether it was written to `stderr`
   */
  say(text, isError) {
    const line = { text: text.length > LONG ? `${text.slice(0, LONG)}…` : text, isError };
    this.#lines.push(line);
    this.#count += 1;
    this.#size += line.text.length;
    while (this.#lines.length > LINES || this.#size > SIZE) this.#size -= this.#lines.shift()?.text.length ?? 0;
    this.onLine();
  }

  /**
   * The kept lines that somebody has not heard.
   *
   * @param {Heard} [heard]
   * @returns {Lines}
   */
  since(heard) {
    const unheard = heard?.life === this.#life ? this.#count - heard.count : this.#count;
    return { life: this.#life, count: this.#count, lines: unheard > 0 ? this.#lines.slice(-unheard) : [] };
  }

  /**
   * Pyodide's `loadPyodide`, so that what its Python says is kept as well.
   *
   * @template {{stdout?: (line: string) => void, stderr?: (line: string) => void}} Options
   * @template Loaded
   * @param {(options: Options) => Loaded} load
   * @returns {(options: Options) => Loaded}
   */
  listening(load) {
    return (options) => {
      const { stdout = console.log, stderr = console.warn } = options;
      return load({
        ...options,
        stdout: (line) => (this.say(line, false), stdout(line)),
        stderr: (line) => (this.say(line, true), stderr(line)),
      });
    };
  }
}

/** Answers to beats, held back until the app says something or ceases to run, and at most for `BEAT_HOLD`. */
export class Beats {
  #journal;
  #report;
  /** @type {Set<{port: MessagePort, heard?: Heard, timer: ReturnType<typeof setTimeout>}>} */
  #held = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #telling;

  /**
   * @param {Journal} journal
   * @param {() => Report} report
   */
  constructor(journal, report) {
    this.#journal = journal;
    this.#report = report;
    journal.onLine = () => this.#tellLater();
  }

  /**
   * @param {MessagePort} port
   * @param {Heard} [heard] by a page that shows what the app says
   */
  hold(port, heard) {
    const timer = setTimeout(() => this.#answer(beat), BEAT_HOLD);
    const beat = { port, heard, timer };
    this.#held.add(beat);
    this.#tellLater();
  }

  /** Answer all. */
  end() {
    for (const beat of this.#held) this.#answer(beat);
  }

  #tellLater() {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      for (const beat of this.#held) if (beat.heard && this.#journal.since(beat.heard).lines.length) this.#answer(beat);
    }, MOMENT);
  }

  /** @param {{port: MessagePort, heard?: Heard, timer: ReturnType<typeof setTimeout>}} beat */
  #answer(beat) {
    this.#held.delete(beat);
    clearTimeout(beat.timer);
    beat.port.postMessage({ ...this.#report(), ...(beat.heard && { log: this.#journal.since(beat.heard) }) });
  }
}
