// @ts-check
/** An app's images of a started Python, on the worker's side: whether to wait for them, and when to fetch them. */

/** @import {File, Files} from "./files.js" */

/** Bytes over which the network is measured. */
const SAMPLE = 2 * 1024 * 1024;

/** Milliseconds that waiting for images may take: about what they save. */
const PATIENCE = 1000;

export class Images {
  #files;
  #list;
  #label;

  /**
   * @param {Files} files
   * @param {File[]} list base first
   * @param {string} label of messages
   */
  constructor(files, list, label) {
    this.#files = files;
    this.#list = list;
    this.#label = label;
  }

  /**
   * Whether the images are here or come soon; on a slow network the app is up before they are.
   *
   * @param {File[][]} others what is to be downloaded meanwhile, one list after the other until the network is measured
   */
  async comeSoon(others) {
    if (!this.#list.length) return false;
    if (await this.#files.hold(this.#list)) return true;
    const size = this.#list.reduce((sum, file) => sum + file.size, 0);
    let speed = 0;
    for (const list of isMetered() ? [] : others) speed ||= await this.#files.speed(SAMPLE, list);
    return size < speed * PATIENCE;
  }

  /** Get them for the next start, after one without them. */
  async store() {
    if (isMetered()) return;
    await this.#files.download(this.#list).catch((error) =>
      console.warn(`[asgi-live] the image of ${this.#label} was not fetched:`, error),
    );
    this.#files.release();
  }
}

/** Whether the reader has asked to be spared what is not needed. */
function isMetered() {
  return Boolean(/** @type {any} */ (navigator).connection?.saveData);
}
