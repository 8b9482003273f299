// @ts-check
/** What an app says, as a page has heard it from its worker; all figures of the app show it. */

import { STRINGS, fill } from "./messages.js";

/** @import {Heard, Line, Lines} from "./protocol.js" */
/** @import {LogPanel} from "./logpanel.js" */

export class Log {
  /** @type {Heard | undefined} what to ask for is what comes after it */
  #heard;
  /** @type {LogPanel[]} */
  #panels = [];

  /** What was heard so far; of no life yet if there was nothing. */
  get heard() {
    return this.#heard ?? { life: "", count: 0 };
  }

  /** @param {LogPanel} panel */
  show(panel) {
    this.#panels.push(panel);
  }

  /**
   * Take what a worker tells; lines that were heard before, on another port, count once.
   *
   * @param {Lines} [told]
   */
  take(told) {
    const known = this.#heard;
    // A worker that was ended and run again remembers nothing.
    const isAnew = told && known && told.life !== known.life;
    const unheard = told ? told.count - (isAnew ? 0 : (known?.count ?? 0)) : 0;
    if (!told || unheard <= 0) return;
    this.#heard = { life: told.life, count: told.count };
    const lines = told.lines.slice(-unheard);
    const lost = unheard - lines.length;
    if (lost) lines.unshift(remark(fill(STRINGS.gap, { count: lost })));
    if (isAnew) lines.unshift(remark(STRINGS.anew));
    for (const panel of this.#panels) panel.add(lines);
  }
}

/**
 * @param {string} text
 * @returns {Line}
 */
function remark(text) {
  return { text, isError: false };
}
