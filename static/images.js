// @ts-check
/** An app's images of a started Python, on the worker's side: whether to wait for them, and when to fetch them. */

import { decode } from "./snapshot.js";

/** @import {File, Files} from "./files.js" */
/** @import {Image} from "./snapshot.js" */

/** Bytes over which the network is measured. */
const SAMPLE = 2 * 1024 * 1024;

/** Milliseconds that waiting for images may take: about what they save. */
const PATIENCE = 1000;

export class Images {
  #files;
  #list;
  #label;

  /**
   * @param {Files} files that know them as files which the app starts without
   * @param {File[]} list base first
   * @param {string} label of messages
   */
  constructor(files, list, label) {
    this.#files = files;
    this.#list = list;
    this.#label = label;
  }

  /**
   * Start from the images if they are here or come soon, else and if that fails without: on a slow network the app is up
   * before they are.
   *
   * @template Started
   * @param {(images?: Promise<Image[]>) => Promise<Started>} start
   */
  async start(start) {
    if (await this.#comeSoon()) {
      try {
        return await start(Promise.all(this.#list.map(async ({ url }) => decode(await this.#files.content(url)))));
      } catch (error) {
        console.warn(`[asgi-live] ${this.#label} starts without its image:`, error);
      }
    }
    return start();
  }

  async #comeSoon() {
    if (!this.#list.length) return false;
    if (await this.#files.hold(this.#list)) return true;
    const size = this.#list.reduce((sum, file) => sum + file.size, 0);
    const speed = isMetered() ? 0 : await this.#files.speed(SAMPLE);
    return size < speed * PATIENCE;
  }

  /** Get them for the next start, after one without them. */
  async store() {
    if (isMetered() || (await this.#files.hold(this.#list))) return;
    await Promise.all(this.#list.map(({ url }) => this.#files.content(url))).catch((error) =>
      console.warn(`[asgi-live] the image of ${this.#label} was not fetched:`, error),
    );
    this.#files.release();
  }
}

/** Whether the reader has asked to be spared what is not needed. */
function isMetered() {
  return Boolean(/** @type {any} */ (navigator).connection?.saveData);
}
