// @ts-check
/** What a reader sees of an app's log: a button that comes with the first line, and the lines below the frame. */

import { element, setText, tool } from "./elements.js";
import { STRINGS } from "./messages.js";

/** @import {Line} from "./protocol.js" */

/** Lines that are shown: as many as a worker keeps. */
const LINES = 500;
const TRACEBACK = /^[ |+]*(Exception Group )?Traceback \(most recent call last\):/;

let panels = 0;

export class LogPanel {
  #count = element("span", { class: "asgi-live-count", "aria-hidden": "true" });
  #lines = element("pre", { class: "asgi-live-lines", role: "log", tabindex: "0" });
  #hasErrors = false;

  /** @param {string} title of the app */
  constructor(title) {
    this.button = tool("button", "log", { type: "button", "aria-expanded": "false", hidden: "" });
    this.panel = element("div", { class: "asgi-live-log", id: `asgi-live-log-${++panels}`, hidden: "" }, this.#lines);
    this.button.classList.add("asgi-live-logtool");
    this.button.setAttribute("aria-controls", this.panel.id);
    this.button.append(this.#count);
    this.#lines.setAttribute("aria-label", `${title}: ${STRINGS.log}`);
    this.button.addEventListener("click", () => this.#toggle());
  }

  /** @param {Line[]} lines */
  add(lines) {
    const { scrollTop, scrollHeight, clientHeight } = this.#lines;
    // A reader who has scrolled back stays there.
    const follows = scrollTop + clientHeight >= scrollHeight - 1;
    this.#lines.append(...lines.map(({ text, isError }) => element("span", isError ? { class: "asgi-live-err" } : {}, `${text}\n`)));
    while (this.#lines.childElementCount > LINES) this.#lines.firstElementChild?.remove();
    if (follows) this.#showLast();
    if (this.panel.hidden) this.#hasErrors ||= lines.some(({ text }) => TRACEBACK.test(text));
    this.#label();
  }

  #toggle() {
    this.panel.hidden = !this.panel.hidden;
    this.#hasErrors = false;
    this.#label();
    this.#showLast();
  }

  #showLast() {
    this.#lines.scrollTop = this.#lines.scrollHeight;
  }

  #label() {
    const count = this.#lines.childElementCount;
    const label = `${STRINGS.log} (${count}${this.#hasErrors ? `, ${STRINGS.errors}` : ""})`;
    setText(this.#count, String(count));
    this.button.hidden = count === 0;
    this.button.title = label;
    this.button.setAttribute("aria-label", label);
    this.button.setAttribute("aria-expanded", String(!this.panel.hidden));
    this.button.classList.toggle("asgi-live-alarm", this.#hasErrors);
  }
}
