// @ts-check
/** A request on a docs page: which code it is shown as, copied, edited and sent, and the app's reply. */

import { NotRunning } from "./calls.js";
import { coloured } from "./colours.js";
import { element, icon, setText, tool } from "./elements.js";
import { STRINGS, duration, fill, progress } from "./messages.js";
import { replyText } from "./replytext.js";
import { Malformed, parse } from "./requesttext.js";

/** @import {Calls} from "./calls.js" */
/** @import {View} from "./figure.js" */
/** @import {Reply} from "./protocol.js" */

/** Milliseconds for which a button says that it has done its work. */
const THANKS = 2_000;

const TEXTS = STRINGS.request;

export class Example {
  #calls;
  #promise;
  /** @type {View | undefined} */
  #view;
  #sending = false;
  #http;
  #response;
  #recorded;
  /** What is coloured of the request, what is said of the response and what is below that, as they were built. */
  #built;
  #editor = element("textarea", {
    class: "asgi-live-editor",
    "aria-label": TEXTS.label,
    "aria-keyshortcuts": "Control+Enter Meta+Enter",
    spellcheck: "false",
    autocapitalize: "off",
    autocomplete: "off",
    hidden: "",
  });
  #send = button("asgi-live-button", TEXTS.send, () => void this.send());
  #edit = button("asgi-live-plain", TEXTS.edit, () => this.#toggleEditor());
  #reset = button("asgi-live-plain", TEXTS.reset, () => this.reset());
  #note = element("p", { class: "asgi-live-note" });
  #bar = element("progress", { class: "asgi-live-progress", max: "1", hidden: "" });
  #trouble = element("div", { class: "asgi-live-trouble", role: "alert", hidden: "" });
  #kind;
  #news = element("span", { class: "asgi-live-news", role: "status" });

  /**
   * @param {HTMLElement} root
   * @param {Calls} calls
   * @param {boolean} isFirst of its app on the page: it says what Send will do
   */
  constructor(root, calls, isFirst) {
    this.root = root;
    this.#calls = calls;
    this.#promise = isFirst ? TEXTS.promise : "";
    this.#http = find(root, ".asgi-live-way[data-as=HTTP]");
    this.#response = find(root, ".asgi-live-response");
    const [bar, content] = /** @type {HTMLCollectionOf<HTMLElement>} */ (this.#response.children);
    this.#kind = find(bar, ".asgi-live-kind");
    this.#built = { request: [...this.#code.childNodes], kind: this.#kind.textContent ?? "", response: content };
    this.#recorded = (this.#code.textContent ?? "").replace(/\n+$/, "");
    this.#editor.value = this.#recorded;
    this.#send.prepend(icon("start"));
    this.#send.title = TEXTS.shortcut;
    this.#reset.hidden = true;
    this.#bar.setAttribute("aria-label", root.getAttribute("aria-label") ?? "");
    this.#http.append(this.#editor);
    const buttons = element("div", { class: "asgi-live-buttons" }, this.#send, this.#edit, this.#reset);
    this.#response.before(element("div", { class: "asgi-live-actions" }, buttons, this.#bar, this.#note), this.#trouble);
    bar.append(this.#news);
    this.#showRecorded();
    if (navigator.clipboard) this.#addCopy();
    this.#listen();
    root.classList.add("asgi-live-scripted");
  }

  /**
   * Show how the app is; called as often as it likes.
   *
   * @param {View} view
   */
  show(view) {
    this.#view = view;
    const { state, step, loaded, total, failure } = view;
    this.root.dataset.state = state;
    const texts = failure && STRINGS.failures[failure.reason];
    const isUnbuilt = this.root.dataset.unbuilt !== undefined;
    const isHopeless = isUnbuilt || texts?.remedy === "none";
    const isStarting = this.#sending && state === "starting";
    const counted = isStarting && step === "download" && total > 0;
    this.#send.disabled = isHopeless;
    this.#bar.hidden = !isStarting;
    if (counted) this.#bar.value = Math.min(1, loaded / total);
    else this.#bar.removeAttribute("value");
    const doing = counted ? `${STRINGS.phases.download} ${progress(loaded, total)}` : STRINGS.phases[step];
    const idle = state === "ready" ? "" : this.#promise;
    // Why it was not built is told in the place of the response.
    const never = isUnbuilt || !texts ? "" : `${sentences(texts)} ${TEXTS.stays}`;
    setText(this.#note, isHopeless ? never : isStarting ? doing : idle);
    if (isStarting) this.#bar.setAttribute("aria-valuetext", doing);
  }

  /** Send the request as it is now, and show what the app answers. */
  async send() {
    if (this.#sending || this.#send.disabled) return;
    this.#tellTrouble();
    try {
      const wanted = { ...parse(this.#editor.value), base: this.root.dataset.base ?? location.origin };
      this.#setSending(true);
      setText(this.#news, TEXTS.sending);
      this.#showReply(await this.#calls.send(wanted));
    } catch (error) {
      // What has not been sent has changed nothing.
      if (!(error instanceof Malformed)) this.#showRecorded();
      this.#tellTrouble(error);
    } finally {
      this.#setSending(false);
    }
  }

  /** Show the request and its response as they were built. */
  reset() {
    this.#editor.value = this.#recorded;
    if (!this.#editor.hidden) this.#toggleEditor();
    this.#code.replaceChildren(...this.#built.request);
    this.#tellTrouble();
    this.#showRecorded();
    this.#changed();
    this.#send.focus();
  }

  /** The element of the request that is coloured. */
  get #code() {
    return find(this.#http, "pre");
  }

  #listen() {
    this.#editor.addEventListener("input", () => {
      this.#tellTrouble();
      this.#changed();
    });
    this.#editor.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      void this.send();
    });
  }

  #addCopy() {
    const copy = tool("button", "copy", { type: "button" });
    const said = element("span", { class: "asgi-live-unseen", role: "status" });
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(this.#shown());
      copy.replaceChildren(icon("done"));
      setText(said, TEXTS.copied);
      setTimeout(() => {
        copy.replaceChildren(icon("copy"));
        setText(said, "");
      }, THANKS);
    });
    find(this.root, ".asgi-live-request-bar").append(said, copy);
  }

  /** The code of the way that is chosen. */
  #shown() {
    const way = find(this.root, ".asgi-live-ways input:checked").getAttribute("value");
    const code = find(this.root, `.asgi-live-way[data-as="${way}"] pre`);
    return way === "HTTP" ? this.#editor.value : (code.textContent ?? "").replace(/\n$/, "");
  }

  #toggleEditor() {
    const opens = this.#editor.hidden;
    /** @type {HTMLInputElement} */ (find(this.root, ".asgi-live-ways input[value=HTTP]")).checked = true;
    this.#editor.hidden = !opens;
    this.root.classList.toggle("asgi-live-editing", opens);
    setText(this.#edit, opens ? TEXTS.edited : TEXTS.edit);
    this.#changed();
    if (opens) this.#editor.focus();
    else if (this.#editor.value !== this.#recorded) this.#code.replaceChildren(...coloured(this.#editor.value));
  }

  /** The text may be another one than that which is recorded. */
  #changed() {
    const isOther = this.#editor.value !== this.#recorded;
    this.#editor.rows = this.#editor.value.split("\n").length + 1;
    this.#reset.hidden = !isOther && this.#built.response.isConnected;
    for (const input of this.root.querySelectorAll(".asgi-live-ways input:not([value=HTTP])")) {
      /** @type {HTMLInputElement} */ (input).disabled = isOther || !this.#editor.hidden;
      input.parentElement?.setAttribute("title", isOther ? TEXTS.asWritten : "");
    }
  }

  /** @param {boolean} sending */
  #setSending(sending) {
    this.#sending = sending;
    this.#send.setAttribute("aria-disabled", String(sending));
    this.#response.setAttribute("aria-busy", String(sending));
    if (this.#view) this.show(this.#view);
  }

  /** @param {Reply} reply */
  #showReply(reply) {
    const names = this.root.dataset.headers;
    const text = replyText(reply, names === undefined ? null : names.split(" "));
    const [line] = text.split("\n", 1);
    const code = element("pre", { tabindex: "0" }, ...coloured(text));
    const block = element("div", { class: "highlight-http notranslate" }, element("div", { class: "highlight" }, code));
    this.#response.lastElementChild?.replaceWith(block);
    this.#tell(TEXTS.live, `${line.replace(/^\S+ /, "")}, ${duration(reply.milliseconds)}`);
  }

  #showRecorded() {
    this.#response.lastElementChild?.replaceWith(this.#built.response);
    this.#tell(this.#built.kind, "");
  }

  /**
   * @param {string} kind of the response that is shown
   * @param {string} news
   */
  #tell(kind, news) {
    setText(this.#kind, kind);
    setText(this.#news, news);
    this.root.classList.toggle("asgi-live-answered", kind === TEXTS.live);
    this.#changed();
  }

  /** @param {unknown} [error] none if all is well */
  #tellTrouble(error) {
    this.#editor.removeAttribute("aria-invalid");
    this.#trouble.hidden = error === undefined;
    const failure = error instanceof NotRunning ? this.#view?.failure : undefined;
    const texts = failure && STRINGS.failures[failure.reason];
    const told = texts ? `${sentences(texts)} ${TEXTS.stays}` : error instanceof Malformed ? error.message : TEXTS.refused;
    const detail = failure?.detail ?? (error instanceof Error && !(error instanceof Malformed) ? error.message : "");
    this.#trouble.replaceChildren(...(error === undefined ? [] : [element("p", {}, told)]));
    if (error !== undefined && detail) this.#trouble.append(element("pre", { tabindex: "0" }, detail));
    if (error instanceof Malformed) this.#point(error.line);
  }

  /** @param {number} line that is wrong, from 0 */
  #point(line) {
    if (this.#editor.hidden) this.#toggleEditor();
    const before = this.#editor.value.split("\n").slice(0, line).join("\n").length + (line ? 1 : 0);
    this.#editor.setAttribute("aria-invalid", "true");
    this.#editor.focus();
    this.#editor.setSelectionRange(before, before + (this.#editor.value.split("\n")[line] ?? "").length);
  }
}

/**
 * @param {HTMLElement} root
 * @param {string} selector
 */
function find(root, selector) {
  return /** @type {HTMLElement} */ (root.querySelector(selector));
}

/**
 * @param {string} name of its class
 * @param {string} text
 * @param {() => void} act
 */
function button(name, text, act) {
  const made = element("button", { class: name, type: "button" }, element("span", {}, text));
  made.addEventListener("click", act);
  return made;
}

/** @param {import("./messages.js").Failure} failure */
function sentences({ what, todo }) {
  const { origin, host } = location;
  return fill(`${what} ${todo}`, { origin, host });
}
