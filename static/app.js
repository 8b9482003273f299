// @ts-check
/**
 * One app of the page: its worker and its state, shared by all its figures.
 *
 * Its state is what the worker says, but "ready" only when every frame shows an answer of the live app.
 */

import { Calls } from "./calls.js";
import { ANSWER_LIMIT } from "./frame.js";
import { Log } from "./log.js";
import { STRINGS, fill } from "./messages.js";
import { HELLO, START, STATE_EVENT, isReport } from "./protocol.js";
import { Pulse } from "./pulse.js";
import { StartError, existing, newest, obstacle, register, within } from "./registration.js";
import { Watch } from "./watch.js";

/** @import {Example} from "./example.js" */
/** @import {Figure, Step, View} from "./figure.js" */
/** @import {Look} from "./frame.js" */
/** @import {Marks, Question, Reason, Report, State, StateDetail} from "./protocol.js" */

/** Milliseconds in which a worker that failed to install may still say why. */
const LAST_WORDS = 1_000;

/** Times that a worker may forget, by being ended and run again, that it had started. */
const RELAPSES = 3;

export class App {
  /** @type {Figure[]} */
  figures = [];
  /** Requests to it, which say how it is as well. @type {Example[]} */
  examples = [];
  /** @type {View} */
  #view = { state: "idle", step: "register", loaded: 0, total: 0, failure: null };
  /** @type {Marks | undefined} */
  #marks;
  /** @type {ServiceWorkerRegistration | null} */
  #registration = null;
  /** @type {ServiceWorker | null} whose word counts */
  #worker = null;
  /** @type {MessagePort | null} on which it reports the start */
  #port = null;
  #workerReady = false;
  #framesLoading = false;
  /** Counts the starts, so that what an earlier one awaited is dropped. */
  #attempt = 0;
  #relapses = 0;
  /** The worker, not the page, is what failed: should it go on after all, so does the page. */
  #mayRecover = false;
  #policyFollowed = false;
  /** Whether this start has registered a second time. */
  #again = false;
  #watch = new Watch(
    () => this.#post(HELLO),
    (reason, detail) => this.#workerFailed(reason, detail),
  );
  #log = new Log();
  #pulse = new Pulse(
    () => this.#registration?.active,
    this.#log,
    (report) => this.#ceased(report),
  );

  calls = new Calls(
    () => void this.start(),
    () => this.#registration?.active,
  );

  /**
   * @param {string} name
   * @param {string} scope absolute URL of the worker's scope
   */
  constructor(name, scope) {
    this.name = name;
    this.scope = scope;
    this.script = `${scope}sw.js`;
  }

  /** @param {Figure} figure */
  add(figure) {
    this.figures.push(figure);
    this.#log.show(figure.log);
    figure.frame.element.addEventListener("load", () => this.#pageLoaded(figure));
    this.#pageLoaded(figure);
  }

  /**
   * Go live at once if the app runs already, for another page; never starts it.
   *
   * @param {number} limit milliseconds until the figures offer to start it
   */
  async greet(limit) {
    const reason = obstacle();
    if (reason) return this.#fail(reason, "");
    await within(limit, this.#askExisting());
    if (this.#view.state === "idle") this.#show();
  }

  /** Start, or try again; does nothing while it starts or runs. */
  async start() {
    if (this.#wanted()) return;
    this.#again = false;
    return this.#register(this.#begin());
  }

  /** @param {number} attempt */
  async #register(attempt) {
    try {
      const registration = await register(this.scope, this.script);
      if (attempt === this.#attempt) this.#connect(registration);
    } catch (error) {
      const known = error instanceof StartError ? error : new StartError("unsupported", String(error));
      if (attempt === this.#attempt) this.#fail(known.reason, known.detail);
    }
  }

  /** Start as the author asked for; after a failure it is the reader's to try again. */
  startByPolicy() {
    if (this.#view.state === "idle" && !this.#policyFollowed) void this.start();
    this.#policyFollowed = true;
  }

  /** Start a wanted app again, unseen, in case the browser ended it while this page was hidden. */
  wake() {
    if (!this.#wanted()) return;
    this.#post(START);
    if (this.#view.state === "ready") this.#pulse.begin();
  }

  /** @param {Report} report of a worker whose app does not run any more */
  #ceased(report) {
    this.#pulse.end();
    if (report.state === "failed") this.#heard(HELLO, report);
    // The browser has ended the worker; its app is wanted once somebody looks.
    else if (!document.hidden) this.wake();
  }

  #wanted() {
    return this.#view.state === "ready" || this.#view.state === "starting";
  }

  /** Ask the worker of an earlier visit; settles when it has answered, or at once if there is none. */
  async #askExisting() {
    const registration = await existing(this.scope);
    const worker = registration?.active;
    if (!registration || !worker || this.#view.state !== "idle") return;
    const report = await new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => resolve(data);
      worker.postMessage({ type: HELLO }, [port2]);
    });
    const runs = isReport(report) && (report.state === "ready" || report.state === "starting");
    if (!runs || this.#view.state !== "idle") return;
    this.#begin();
    this.#connect(registration);
  }

  #begin() {
    this.#view = { ...this.#view, step: "register", loaded: 0, total: 0 };
    this.#workerReady = this.#framesLoading = false;
    this.#relapses = 0;
    // What the worker of an earlier attempt still says is not about this one.
    this.#port?.close();
    for (const { frame } of this.figures) frame.wake();
    this.#set("starting");
    return ++this.#attempt;
  }

  /** @param {ServiceWorkerRegistration} registration */
  #connect(registration) {
    this.#registration = registration;
    this.#follow(newest(registration));
  }

  /** @param {ServiceWorker | null} worker */
  #follow(worker) {
    if (!worker) return this.#fail("download", STRINGS.details.discarded);
    if (worker !== this.#worker) worker.addEventListener("statechange", () => this.#workerChanged(worker));
    this.#worker = worker;
    this.#workerReady = false;
    this.#post(START);
    this.#workerChanged(worker);
  }

  /** @param {ServiceWorker} worker */
  #workerChanged(worker) {
    if (worker !== this.#worker || !this.#wanted()) return;
    if (worker.state === "activated") void this.#goLive();
    if (worker.state !== "redundant") return;
    const successor = this.#registration && newest(this.#registration);
    if (successor && successor !== worker) return this.#follow(successor);
    const attempt = this.#attempt;
    setTimeout(() => {
      if (attempt !== this.#attempt || !this.#wanted()) return;
      if (this.#again) return this.#fail("download", STRINGS.details.discarded);
      // A reader who tries again at once may meet the worker of the failed attempt, which the browser then discards.
      this.#again = true;
      void this.#register(attempt);
    }, LAST_WORDS);
  }

  /** @param {Question} question */
  #post(question) {
    const worker = this.#worker;
    if (!worker || worker.state === "redundant") return;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => {
      if (question === HELLO) port1.close();
      if (isReport(data) && worker === this.#worker) this.#heard(question, data);
    };
    if (question === START) {
      this.#port?.close();
      this.#port = port1;
    }
    worker.postMessage({ type: question }, [port2]);
  }

  /**
   * @param {Question} question what the report answers
   * @param {Report} report
   */
  #heard(question, report) {
    const { state, phase, loaded, total, reason, detail, marks, log } = report;
    this.#watch.heard();
    this.#log.take(log);
    if (this.#mayRecover && (state === "starting" || state === "ready")) this.#set("starting");
    if (!this.#wanted()) return;
    if (state === "failed") return this.#workerFailed(reason ?? "python", detail ?? "", marks);
    if (this.#view.state === "ready") return;
    // The browser ended the worker in the middle of its start, and ran it again for our question.
    if (state === "idle" && question === HELLO) return this.#post(START);
    if (state === "starting" && !this.#framesLoading) this.#moved(phase, loaded, total);
    if (state !== "ready" || this.#framesLoading) return;
    this.#workerReady = true;
    this.#marks = marks;
    // Not yet activated: its statechange comes.
    this.#moved("boot", loaded, total);
    void this.#goLive();
  }

  /**
   * @param {Step} step
   * @param {number} loaded bytes
   * @param {number} total bytes
   */
  #moved(step, loaded, total) {
    this.#view = { ...this.#view, step, loaded, total };
    this.#watch.at(this.#view);
    this.#show();
  }

  /** Once the worker is both active and ready: have every frame show an answer of the app. */
  async #goLive() {
    const active = this.#workerReady && this.#worker?.state === "activated";
    if (!active || this.#framesLoading || this.#view.state !== "starting") return;
    const attempt = this.#attempt;
    this.#framesLoading = true;
    this.#moved("frame", this.#view.loaded, this.#view.total);
    const looks = await Promise.all(this.figures.map(({ frame }) => frame.goLive()));
    if (attempt !== this.#attempt || this.#view.state !== "starting") return;
    this.#framesLoading = false;
    this.#judge(looks);
  }

  /** @param {(Look | "unanswered")[]} looks at each frame after it has loaded */
  #judge(looks) {
    const bad = looks.findIndex((look) => look !== "live");
    if (bad < 0) return this.#set("ready", this.#marks);
    const look = looks[bad];
    const { frame } = this.figures[bad];
    if (look === "asleep") return this.#relapse();
    if (look === "unbuilt") return this.#fail("unbuilt", frame.problem());
    if (look === "bypassed") return this.#fail("bypassed", "");
    this.#fail("app", fill(STRINGS.details.frame, { url: frame.element.src, seconds: ANSWER_LIMIT / 1000 }));
  }

  /** The worker answered with what was recorded: it was ended and run again since it said that it was ready. */
  #relapse() {
    if (++this.#relapses > RELAPSES) return this.#fail("silent", STRINGS.details.forgotten);
    this.#workerReady = false;
    this.#set("starting");
    this.#post(START);
  }

  /** @param {Figure} figure */
  #pageLoaded(figure) {
    if (this.#view.state === "ready" && figure.frame.comeBack()) return;
    figure.showPage();
    const look = figure.frame.look();
    if (look === "unbuilt" && this.#view.failure?.reason !== "unbuilt")
      this.#fail("unbuilt", figure.frame.problem());
    if (look === "asleep" && this.#view.state === "ready") this.#relapse();
  }

  /**
   * @param {Reason} reason
   * @param {string} detail
   * @param {Marks} [marks]
   */
  #workerFailed(reason, detail, marks) {
    this.#fail(reason, detail, marks);
    this.#mayRecover = true;
  }

  /**
   * @param {Reason} reason
   * @param {string} detail
   * @param {Marks} [marks]
   */
  #fail(reason, detail, marks) {
    this.#view = { ...this.#view, failure: { reason, detail } };
    this.#framesLoading = false;
    this.#set("failed", marks);
  }

  /**
   * @param {State} state
   * @param {Marks} [marks]
   */
  #set(state, marks) {
    const changed = state !== this.#view.state;
    this.#mayRecover = false;
    this.#view = { ...this.#view, state, failure: state === "failed" ? this.#view.failure : null };
    if (state === "starting") this.#watch.begin();
    else this.#watch.end();
    if (state === "ready") this.#pulse.begin();
    else this.#pulse.end();
    this.#show();
    if (!changed) return;
    performance.mark(`asgi-live:${this.name}:${state}`);
    const reason = this.#view.failure?.reason;
    /** @type {StateDetail} */
    const detail = { name: this.name, state, ...(reason && { reason }), ...(marks && { marks }) };
    for (const { root } of [...this.figures, ...this.examples])
      root.dispatchEvent(new CustomEvent(STATE_EVENT, { bubbles: true, detail }));
  }

  #show() {
    for (const shown of [...this.figures, ...this.examples]) shown.show(this.#view);
    this.calls.changed(this.#view);
  }
}
