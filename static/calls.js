// @ts-check
/** The requests of a page to one app: they wait until it runs, and then for its answers. */

import { CALL } from "./protocol.js";

/** @import {View} from "./figure.js" */
/** @import {Refusal, Reply, Wanted} from "./protocol.js" */

/** The app does not run, and says so itself. */
export class NotRunning extends Error {}

export class Calls {
  #start;
  #worker;
  /** @type {View | undefined} */
  #view;
  /** Told at the next change of the app's state. @type {Set<() => void>} */
  #waiting = new Set();

  /**
   * @param {() => void} start starts the app; does nothing while it starts or runs
   * @param {() => ServiceWorker | null | undefined} worker the active one, once it runs
   */
  constructor(start, worker) {
    this.#start = start;
    this.#worker = worker;
  }

  /** @param {View} view the app's state, told at each change */
  changed(view) {
    this.#view = view;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const told of waiting) told();
  }

  /**
   * Send the app a request, having started it if need be.
   *
   * @param {Wanted} wanted
   * @returns {Promise<Reply>} rejects with `NotRunning`, or with an error whose message is for the reader
   */
  async send(wanted) {
    this.#start();
    while (this.#view?.state === "starting") await new Promise((resolve) => this.#waiting.add(() => resolve(undefined)));
    const worker = this.#worker();
    if (this.#view?.state !== "ready" || !worker) throw new NotRunning();
    const { port1, port2 } = new MessageChannel();
    /** @type {Promise<Reply | Refusal>} */
    const answered = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
    worker.postMessage({ type: CALL, wanted }, [port2]);
    // A worker that has ended answers nothing; its app is failed then.
    const failed = this.#failure();
    const answer = await Promise.race([answered, failed.promise]);
    this.#waiting.delete(failed.look);
    port1.close();
    if ("problem" in answer) throw new Error(answer.problem);
    return answer;
  }

  /** Rejects once the app has failed. */
  #failure() {
    /** @type {(error: Error) => void} */
    let reject;
    /** @type {Promise<never>} */
    const promise = new Promise((_, refuse) => (reject = refuse));
    const look = () => void (this.#view?.state === "failed" ? reject(new NotRunning()) : this.#waiting.add(look));
    this.#waiting.add(look);
    return { promise, look };
  }
}
