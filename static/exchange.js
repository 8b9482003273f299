// @ts-check
/** One request and its response, between a browser and the app. */

/** @import {Header} from "./http.js" */

/** Bytes of a response that may wait for the reader before the app's `send` waits too, until half of them are gone. */
const ROOM = 512 * 1024;

/**
 * How a response begins.
 *
 * @typedef {object} Start
 * @property {number} status
 * @property {Header[]} headers
 * @property {ReadableStream<Uint8Array>} stream of the body
 * @property {Uint8Array<ArrayBuffer> | undefined} whole the body if it was there at once, which a browser passes on much
 *   faster than a stream
 * @property {string} [cookies] the jar's dump, if it has changed
 */

/** One request's body and one response's stream, as `browser/bridge.py` uses them. */
export class Exchange {
  #body;
  /** @type {ReadableStreamDefaultController<Uint8Array>} */
  #controller = /** @type {any} */ (undefined);
  #stream;
  /** @type {(start: Start) => void} */
  #resolve = () => {};
  /** @type {(error: Error) => void} */
  #reject = () => {};
  /** @type {(() => void) | undefined} */
  #wake;
  #begun = false;
  #complete = false;
  /** @type {Uint8Array<ArrayBuffer>[] | undefined} what the app sent in the same breath as the start */
  #first = [];
  #over = false;
  /** @type {Error | undefined} what follows the chunks that wait */
  #broken;
  /** Settled when the response has headers, or will never have any. @type {Promise<Start>} */
  started;
  /** Told once that nothing more will come of this exchange. */
  onOver = () => {};
  /** Told that the reader has gone. */
  onCancel = () => {};

  /** @param {AsyncGenerator<Uint8Array, void>} [body] */
  constructor(body) {
    this.#body = body;
    this.started = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.started.catch(() => {});
    this.#stream = new ReadableStream(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => this.#pull(),
        cancel: () => this.#cancel(),
      },
      { highWaterMark: ROOM, size: (/** @type {Uint8Array} */ chunk) => chunk.byteLength },
    );
  }

  /** The next bytes of the request's body, undefined at its end; rejects if its sender has gone. */
  async read() {
    return (await this.#body?.next())?.value ?? undefined;
  }

  /**
   * @param {number} status
   * @param {string} headers names and values, each on a line
   * @param {string} [cookies] the jar's dump, if it has changed
   */
  start(status, headers, cookies) {
    const lines = headers ? headers.split("\n") : [];
    /** @type {Header[]} */
    const pairs = [];
    for (let at = 0; at < lines.length; at += 2) pairs.push([lines[at], lines[at + 1]]);
    this.#begun = true;
    queueMicrotask(() => {
      const whole = this.#complete && this.#first?.length === 1 ? this.#first[0] : undefined;
      this.#first = undefined;
      this.#resolve({ status, headers: pairs, stream: this.#stream, whole, cookies });
    });
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} chunk
   * @returns {Promise<void> | undefined} settled when there is room for more; undefined if there is already
   */
  write(chunk) {
    if (this.#over) return undefined;
    this.#controller.enqueue(chunk);
    this.#first?.push(chunk);
    if ((this.#controller.desiredSize ?? 0) > 0) return undefined;
    return new Promise((resolve) => (this.#wake = resolve));
  }

  end() {
    this.#complete = true;
    if (!this.#over) this.#controller.close();
    this.#finish();
  }

  /** @param {string} message */
  fail(message) {
    this.abort(new Error(message));
  }

  /**
   * No more will come: an error in the place of the response, or at the end of what came of it.
   *
   * @param {Error} error
   */
  abort(error) {
    if (this.#over) return;
    if (!this.#begun) this.#reject(error);
    this.#broken = error;
    this.#finish();
    this.#pull();
  }

  /** The stream has given away a chunk; an error would throw away those that it still has. */
  #pull() {
    const room = this.#controller.desiredSize ?? 0;
    // Each wait costs turns of two event loops.
    if (room >= ROOM / 2) this.#wake?.();
    if (this.#broken && room === ROOM) this.#controller.error(this.#broken);
  }

  #cancel() {
    this.onCancel();
    this.#finish();
    this.#wake?.();
  }

  #finish() {
    this.#over = true;
    // What the app has not read, nobody will.
    void this.#body?.return();
    this.onOver();
  }
}
