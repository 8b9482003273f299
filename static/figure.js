// @ts-check
/** What a reader sees of an app: a toolbar above the frame, and a panel in its place until it is live. */

import { element, icon, setText, tool } from "./elements.js";
import { Frame } from "./frame.js";
import { LogPanel } from "./logpanel.js";
import { STRINGS, fill, progress, size } from "./messages.js";
import { adopt } from "./recording.js";
import { missing } from "./weight.js";

/** @import {Reason, State} from "./protocol.js" */

/** @typedef {"register" | "download" | "boot" | "frame"} Step of a start */

/**
 * @typedef {object} View all that a figure shows of its app
 * @property {State} state
 * @property {Step} step
 * @property {number} loaded bytes
 * @property {number} total bytes
 * @property {{reason: Reason, detail: string} | null} failure
 */

/** One figure of an app; `start` is called when the reader asks for it. */
export class Figure {
  #toolbar = element("div", { class: "asgi-live-toolbar" });
  #state = element("span", { class: "asgi-live-word" });
  #news = element("span", { class: "asgi-live-unseen" });
  #path = element("code", { class: "asgi-live-path", title: STRINGS.path });
  #tools = element("span", { class: "asgi-live-tools", hidden: "" });
  #tab = /** @type {HTMLAnchorElement} */ (tool("a", "tab", { target: "_blank", rel: "noopener" }));
  #panel = element("div", { class: "asgi-live-panel", role: "group", tabindex: "-1" });
  /** @type {{label: HTMLElement, bar: HTMLProgressElement} | null} */
  #meter = null;
  #recorded = false;
  /** To be downloaded, as far as that is known. */
  /** Those to be downloaded. */
  #bytes = { start: 0, more: 0 };

  /**
   * @param {HTMLElement} root the `figure`
   * @param {Frame} frame
   * @param {() => void} start
   */
  constructor(root, frame, start) {
    this.root = root;
    this.frame = frame;
    this.start = start;
    this.title = frame.element.title || root.dataset.asgiLive || "";
    this.log = new LogPanel(this.title);
    this.#fillToolbar();
    this.#panel.setAttribute("aria-label", this.title);
    frame.element.before(this.#toolbar);
    frame.element.after(this.#panel, this.log.panel);
    // Nearly all have a recording; a frame out of view loads only when its reader comes, and nothing should move then.
    root.classList.add("asgi-live-scripted", "asgi-live-recorded");
  }

  /**
   * Show how the app is; called as often as it likes.
   *
   * @param {View} view
   */
  show(view) {
    const { state, failure } = view;
    const hadFocus = this.#panel.contains(document.activeElement);
    const news = failure ? this.#failureTexts(failure.reason).what : "";
    this.root.dataset.state = state;
    setText(this.#state, STRINGS.states[state]);
    setText(this.#news, news && `: ${news}`);
    this.#tools.hidden = state !== "ready";
    this.#panel.hidden = state === "ready";
    if (state === "starting") this.#showProgress(view);
    else this.#meter = null;
    if (state === "idle") this.#panel.replaceChildren(...this.#invitation());
    if (state === "ready") this.#panel.replaceChildren();
    if (failure) this.#panel.replaceChildren(...this.#failure(failure));
    this.showLocation();
    if (hadFocus) (state === "ready" ? this.frame.element : this.#panel).focus({ preventScroll: true });
  }

  /** Make room for a page that was recorded; one of the app's own comes in its place. */
  showPage() {
    const still = this.frame.still();
    if (still) void this.#showStill(still);
    this.showLocation();
  }

  /** @param {{page: Document, recorded: boolean}} still */
  async #showStill({ page, recorded }) {
    if (recorded) adopt(page, () => this.#insist());
    this.root.classList.toggle("asgi-live-recorded", recorded);
    const bytes = await missing(page, new URL(this.frame.script));
    this.#recorded = recorded;
    this.#bytes = bytes;
    // The button stays: it may be under a finger.
    const note = this.root.dataset.state === "idle" && this.#panel.querySelector(".asgi-live-note");
    if (note instanceof HTMLElement) setText(note, this.#note());
  }

  /** What there is to know before the app is started. */
  #note() {
    const { start, more } = this.#bytes;
    const text = start && more ? STRINGS.sizes : STRINGS.size;
    const weight = start + more > 0 && fill(text, { size: size(start || more), more: size(more) });
    return [this.#recorded && STRINGS.recorded, STRINGS.promise, weight].filter(Boolean).join(" ");
  }

  /** The reader asks something of an app that does not run: point at what starts it. */
  #insist() {
    this.#panel.querySelector("button")?.focus();
    this.#panel.classList.remove("asgi-live-insisting");
    // Reading this ends an animation that may run.
    void this.#panel.offsetWidth;
    this.#panel.classList.add("asgi-live-insisting");
  }

  /** Show where in the app the frame is. */
  showLocation() {
    setText(this.#path, this.frame.path());
    this.#tab.href = this.frame.url() ?? this.frame.element.src;
  }

  #fillToolbar() {
    const home = tool("button", "home", { type: "button" });
    const reload = tool("button", "reload", { type: "button" });
    home.addEventListener("click", () => this.frame.home());
    reload.addEventListener("click", () => this.frame.reload());
    this.#tools.append(home, reload, this.#tab);
    // Announced as a whole, so that a reader knows which of several apps it is about.
    const status = element(
      "span",
      { class: "asgi-live-status", role: "status" },
      element("span", { class: "asgi-live-unseen" }, `${this.title}: `),
      this.#state,
      this.#news,
    );
    this.#toolbar.append(
      element("span", { class: "asgi-live-title" }, this.title),
      status,
      this.#path,
      this.log.button,
      this.#tools,
    );
  }

  /** The panel of an app that was not started. */
  #invitation() {
    const button = this.#button(STRINGS.start, () => this.start());
    button.prepend(icon("start"));
    return [button, element("p", { class: "asgi-live-note" }, this.#note())];
  }

  /** @param {View} view */
  #showProgress({ step, loaded, total }) {
    if (!this.#meter) {
      const label = element("p", { class: "asgi-live-note", "aria-hidden": "true" });
      const bar = element("progress", { class: "asgi-live-progress", max: "1", "aria-label": this.title });
      const title = fill(STRINGS.starting, { title: this.title });
      this.#panel.replaceChildren(element("p", { class: "asgi-live-headline" }, title), bar, label);
      this.#meter = { label, bar };
    }
    const { label, bar } = this.#meter;
    const counted = step === "download" && total > 0;
    const text = counted ? `${STRINGS.phases.download} ${progress(loaded, total)}` : STRINGS.phases[step];
    setText(label, text);
    bar.setAttribute("aria-valuetext", text);
    if (counted) bar.value = Math.min(1, loaded / total);
    else bar.removeAttribute("value");
  }

  /** @param {{reason: Reason, detail: string}} failure */
  #failure({ reason, detail }) {
    const { what, todo, remedy } = this.#failureTexts(reason);
    /** @type {HTMLElement[]} */
    const parts = [
      element("p", { class: "asgi-live-headline" }, icon("warning"), what),
      element("p", { class: "asgi-live-note" }, todo),
    ];
    if (detail) parts.push(this.#detail(detail));
    if (remedy === "retry") parts.push(this.#button(STRINGS.retry, () => this.start()));
    if (remedy === "reload") parts.push(this.#button(STRINGS.reloadPage, () => location.reload()));
    return [element("div", { class: "asgi-live-failure" }, ...parts)];
  }

  /**
   * A sentence lies open, a traceback is folded.
   *
   * @param {string} text
   */
  #detail(text) {
    const label = `${this.title}: ${STRINGS.detail}`;
    const details = element(
      "details",
      { class: "asgi-live-detail" },
      element("summary", {}, STRINGS.detail),
      element("pre", { tabindex: "0", role: "region", "aria-label": label }, text),
    );
    details.open = !text.includes("\n");
    return details;
  }

  /** @param {Reason} reason */
  #failureTexts(reason) {
    const texts = STRINGS.failures[reason];
    const { origin, host } = location;
    return { ...texts, what: fill(texts.what, { origin, host }), todo: fill(texts.todo, { origin, host }) };
  }

  /**
   * @param {string} text
   * @param {() => void} act
   */
  #button(text, act) {
    const button = element(
      "button",
      { class: "asgi-live-button", type: "button" },
      element("span", {}, text),
    );
    button.addEventListener("click", act);
    return button;
  }
}
