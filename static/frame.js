// @ts-check
/** The iframe of a figure: which page it shows, who answered it, and how it goes live. */

import { MARKER } from "./protocol.js";

/**
 * Who answered the page in a frame: "live" the app; "sealed" someone, in a document that may not be read;
 * "asleep" the worker, with what was recorded, the placeholder or the page that tells of Python's end; "bypassed" the web server; "unbuilt" also, with the reason.
 *
 * @typedef {"live" | "sealed" | "asleep" | "bypassed" | "unbuilt"} Look
 */

/** Milliseconds for an app to answer the frame's page. */
export const ANSWER_LIMIT = 60_000;

/** Milliseconds between looks at a page that has not finished loading: one that streams may never do so. */
const LOOK_INTERVAL = 3_000;

/** A frame; `root` is the URL under which the app's own paths begin, without a slash at its end. */
export class Frame {
  #wasLive = false;

  /**
   * @param {HTMLIFrameElement} element
   * @param {string} scope absolute URL of the worker's scope
   * @param {string} script absolute URL of the worker
   */
  constructor(element, scope, script) {
    this.element = element;
    this.root = `${scope}app`;
    this.script = script;
  }

  /** @returns {Look} */
  look() {
    const page = this.#document();
    if (!page) return "sealed";
    const mark = page.documentElement?.getAttribute(MARKER);
    if (mark === "unbuilt") return "unbuilt";
    const controller = page.defaultView?.navigator.serviceWorker?.controller;
    if (controller?.scriptURL !== this.script) return "bypassed";
    return mark === "recorded" || mark === "placeholder" || mark === "ended" ? "asleep" : "live";
  }

  /**
   * The page shown if it is one of ours, and whether that was recorded.
   *
   * @returns {{page: Document, recorded: boolean} | undefined}
   */
  still() {
    const page = this.#document();
    const mark = page?.documentElement?.getAttribute(MARKER);
    return page && mark ? { page, recorded: mark === "recorded" } : undefined;
  }

  /** Why the app could not be built, from the page that stands in its place. */
  problem() {
    return this.#document()?.querySelector(`[${MARKER}-problem]`)?.textContent?.trim() ?? "";
  }

  /** The URL of the page shown if it is one of the app's and may be known, else null. */
  url() {
    const href = this.#document()?.defaultView?.location.href ?? "";
    return href.startsWith(this.root) && /^([/?#]|$)/.test(href.slice(this.root.length)) ? href : null;
  }

  /**
   * Go on inside the app if it went to a page outside: without the Navigation API, as in WebKit, its own script cannot
   * keep a `location = "/x"` in.
   *
   * @returns {boolean} whether it had
   */
  comeBack() {
    const target = this.#wasLive && !this.url() && this.#document()?.defaultView?.location;
    if (!target || target.protocol !== location.protocol) return false;
    target.replace(this.root + target.pathname + target.search + target.hash);
    return true;
  }

  /** The path of the page shown, or that will be shown first, as the app itself sees it: "/docs?page=2". */
  path() {
    // Before, what was recorded is shown, at the same path or with a slash more.
    return ((this.#wasLive && this.url()) || this.element.src).slice(this.root.length) || "/";
  }

  /**
   * Load the page anew, from the worker that is now active and ready.
   *
   * @returns {Promise<Look | "unanswered">} "live" also for a sealed page, as it came after the activation
   */
  async goLive() {
    /** @type {Look | "unanswered"} */
    let look = this.look();
    // The second time is for the load event of a page that was still on its way when the first began.
    for (let times = 0; times < 2 && look !== "live" && look !== "unanswered"; times++) {
      look = await this.#load((this.#wasLive && this.url()) || this.element.src);
      if (look === "sealed") look = "live";
    }
    this.#wasLive ||= look === "live";
    return look;
  }

  /** Begin to load a page that waits for being scrolled to. */
  wake() {
    this.element.loading = "eager";
  }

  /** Show the first page again. */
  home() {
    const { contentWindow, src } = this.element;
    if (contentWindow) contentWindow.location.href = src;
  }

  /** Load the page shown again, or the first one if it is sealed. */
  reload() {
    const { contentWindow, src } = this.element;
    if (this.#document()) contentWindow?.location.reload();
    else contentWindow?.location.replace(src);
  }

  /**
   * @param {string} url
   * @returns {Promise<Look | "unanswered">}
   */
  #load(url) {
    const { element } = this;
    return new Promise((resolve) => {
      const done = (/** @type {Look | "unanswered"} */ look) => {
        clearInterval(looking);
        clearTimeout(limit);
        element.removeEventListener("load", loaded);
        resolve(look);
      };
      const loaded = () => done(this.look());
      const looking = setInterval(() => this.look() === "live" && done("live"), LOOK_INTERVAL);
      const limit = setTimeout(done, ANSWER_LIMIT, "unanswered");
      element.addEventListener("load", loaded);
      this.wake();
      this.#navigate(url);
    });
  }

  /** @param {string} url */
  #navigate(url) {
    const target = /** @type {Window} */ (this.element.contentWindow).location;
    const [page, fragment] = url.split("#", 2);
    // Going to a fragment of the page that is shown already would load nothing.
    if (fragment !== undefined && this.url()?.split("#", 1)[0] === page) target.reload();
    else target.replace(url);
  }

  /** The document shown; null where a sandbox, another origin or the browser's own error page hides it. */
  #document() {
    try {
      return this.element.contentDocument;
    } catch {
      return null;
    }
  }
}
