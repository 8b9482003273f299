// @ts-check
/** The files a worker needs: downloaded once, checked against the manifest's digests, kept in a cache of its own. */

/**
 * @typedef {object} File
 * @property {string} url relative to the worker's script
 * @property {string} sha256 of the bytes as served, hexadecimal
 * @property {number} size in bytes, as served
 * @property {string} [type] media type of the content
 * @property {boolean} [rest] whether an app is up without it that starts from images
 */

/** Ending of what a worker notes in the cache, beside the files. */
const NOTE = ".note.json";
/** The note that lists the files that an app needs. */
const LIST = "files";

/** The network: the worker replaces the global one while Pyodide boots. */
const fetchFromNetwork = globalThis.fetch.bind(globalThis);

/** A download that failed; the message names the file and what was wrong. */
export class DownloadError extends Error {}

export class Files {
  #files;
  #base;
  #cacheName;
  /** @type {Map<string, Promise<Uint8Array<ArrayBuffer>>>} content by URL, while it is on its way or wanted soon */
  #pending = new Map();
  #onProgress;
  #received = 0;
  /** @type {Map<string, number>} bytes that are here of each that was asked for, by URL */
  #here = new Map();
  /** @type {Map<string, number>} bytes of each that is waited for, by URL */
  #awaited = new Map();
  /** @type {Map<string, Uint8Array<ArrayBuffer>>} content by URL of what has come and is not in the cache yet */
  #unstored = new Map();
  #onReceived = () => {};

  /**
   * @param {File[]} list
   * @param {URL} script the worker's own URL, `<docs root>/asgi-live/<name>/sw.js`
   * @param {() => void} onProgress called as bytes arrive
   */
  constructor(list, script, onProgress) {
    this.#base = script;
    this.#files = new Map(list.map((file) => [new URL(file.url, script).href, file]));
    // One cache for all apps of this documentation: what they share is stored once. Other projects on the same
    // origin have other roots, and so other caches.
    this.#cacheName = `asgi-live:${new URL("../../", script).pathname}`;
    this.#onProgress = onProgress;
  }

  /** Bytes of those that are waited for. */
  get total() {
    return [...this.#awaited.values()].reduce((sum, size) => sum + size, 0);
  }

  /** How many of them are here. */
  get loaded() {
    return [...this.#awaited.keys()].reduce((sum, href) => sum + (this.#here.get(href) ?? 0), 0);
  }

  /** @param {string} url */
  has(url) {
    return this.#files.has(new URL(url, this.#base).href);
  }

  /**
   * Fetch what of these is not in the cache yet; rejects with `DownloadError`.
   *
   * @param {File[]} list
   */
  async download(list) {
    const cache = await caches.open(this.#cacheName);
    const get = async (/** @type {File} */ { url, size }) => {
      const href = new URL(url, this.#base).href;
      if (!this.#pending.has(href) && (await cache.match(href))) this.#arrived(href, size);
      else await this.content(href);
    };
    await Promise.all(list.map(get));
  }

  /**
   * From now on, progress is about these.
   *
   * @param {File[]} list
   */
  await(list) {
    // Two addresses of an app may have one content, which is one file.
    this.#awaited = new Map(list.map(({ url, size }) => [new URL(url, this.#base).href, size]));
  }

  /**
   * Whether all of the files are in the cache.
   *
   * @param {File[]} list
   */
  async hold(list) {
    const cache = await caches.open(this.#cacheName);
    const hrefs = list.map(({ url }) => new URL(url, this.#base).href);
    const stored = await Promise.all(hrefs.map(async (href) => this.#unstored.has(href) || cache.match(href)));
    return stored.every(Boolean);
  }

  /**
   * Bytes a millisecond that the network delivers, measured over the beginning of a download; 0 if all is there.
   *
   * @param {number} bytes to be measured over
   * @param {File[]} list in the order in which they are wanted
   * @returns {Promise<number>}
   */
  async speed(bytes, list) {
    const began = performance.now();
    const measured = new Promise((resolve) => (this.#onReceived = () => this.#received >= bytes && resolve(undefined)));
    await Promise.race([measured, this.download(list)]);
    return this.#received < bytes ? 0 : this.#received / (performance.now() - began);
  }

  /**
   * The content of one of the files, decompressed.
   *
   * @param {string} url
   */
  content(url) {
    const href = new URL(url, this.#base).href;
    let content = this.#pending.get(href);
    if (!content) {
      content = this.#load(href);
      this.#pending.set(href, content);
      content.catch(() => this.#pending.delete(href));
    }
    return content;
  }

  /**
   * The content of one of the files as a response of its media type: as a stream, if it is stored.
   *
   * @param {string} url
   */
  async response(url) {
    const href = new URL(url, this.#base).href;
    const file = this.#file(href);
    const stored = this.#pending.has(href) ? undefined : await (await caches.open(this.#cacheName)).match(href);
    if (stored) this.#arrived(href, file.size);
    const body = stored ? stored.body : await this.content(href);
    return new Response(body, { headers: { "content-type": mediaType(file) } });
  }

  /** Put into the cache what has come: once the app is up, which waits for every moment. */
  async store() {
    const cache = await caches.open(this.#cacheName);
    const put = async (/** @type {string} */ href, /** @type {Uint8Array<ArrayBuffer>} */ content) => {
      const kept = new Response(content, { headers: { "content-type": mediaType(this.#file(href)) } });
      // A full disk costs the next visit a download, not this one the app.
      await cache.put(href, kept).catch((error) => console.warn(`[asgi-live] ${href} was not stored:`, error));
      this.#unstored.delete(href);
    };
    await Promise.all(Array.from(this.#unstored, ([href, content]) => put(href, content)));
  }

  /** Forget contents held in memory; the cache keeps them. */
  release() {
    this.#pending.clear();
  }

  /**
   * Store a note of the worker's own; it stays when files are pruned.
   *
   * @param {string} name
   * @param {string} text
   */
  async keep(name, text) {
    const cache = await caches.open(this.#cacheName);
    await cache.put(this.#note(name), new Response(text));
  }

  /**
   * A note that was kept, undefined if there is none.
   *
   * @param {string} name
   */
  async kept(name) {
    const cache = await caches.open(this.#cacheName);
    return (await cache.match(this.#note(name)))?.text();
  }

  /** @param {string} name */
  #note(name) {
    return new URL(`./${name}${NOTE}`, this.#base).href;
  }

  /** Note what this version needs, and delete what no app of this documentation needs any more. */
  async prune() {
    await this.keep(LIST, JSON.stringify([...this.#files.keys()]));
    const cache = await caches.open(this.#cacheName);
    const stored = (await cache.keys()).map((request) => request.url);
    const notes = stored.filter((url) => url.endsWith(NOTE));
    const wanted = new Set(notes);
    for (const record of notes.filter((url) => url.endsWith(`/${LIST}${NOTE}`))) {
      for (const url of (await (await cache.match(record))?.json()) ?? []) wanted.add(url);
    }
    await Promise.all(stored.filter((url) => !wanted.has(url)).map((url) => cache.delete(url)));
  }

  /** @param {string} href */
  #file(href) {
    const file = this.#files.get(href);
    if (!file) throw new DownloadError(`${href} is not in the manifest`);
    return file;
  }

  /** @param {string} href */
  async #load(href) {
    const file = this.#file(href);
    const cache = await caches.open(this.#cacheName);
    const stored = await cache.match(href);
    if (stored) {
      const content = new Uint8Array(await stored.arrayBuffer());
      this.#arrived(href, file.size);
      return content;
    }
    const content = this.#unstored.get(href) ?? (await this.#fetch(href, file));
    this.#unstored.set(href, content);
    return content;
  }

  /**
   * @param {string} href
   * @param {File} file
   */
  async #fetch(href, file) {
    const response = await fetchFromNetwork(href).catch((error) => {
      throw new DownloadError(`${href} could not be fetched: ${error.message}`);
    });
    if (!response.ok || !response.body) throw new DownloadError(`${href} was answered with status ${response.status}`);
    const bytes = new Uint8Array(file.size);
    // The suffix is one that no server knows: for `.gz` some say that the content is encoded so, and browsers unpack it.
    const unpacked = href.endsWith(".gzip") ? new Gunzip() : undefined;
    let at = 0;
    try {
      for (const reader = response.body.getReader(); ; ) {
        const { done, value } = await reader.read().catch((error) => {
          throw new DownloadError(`${href} broke off after ${at} of ${file.size} bytes: ${error.message}`);
        });
        if (done) break;
        if (at + value.length > file.size) throw new DownloadError(`${href} is longer than ${file.size} bytes`);
        bytes.set(value, at);
        unpacked?.add(value);
        at += value.length;
        this.#received += value.length;
        this.#onReceived();
        this.#arrived(href, at);
      }
      if (at < file.size) throw new DownloadError(`${href} broke off after ${at} of ${file.size} bytes`);
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      if (hexadecimal(digest) !== file.sha256) throw new DownloadError(`${href} is not the file that was published`);
      return unpacked ? await unpacked.whole() : bytes;
    } catch (error) {
      unpacked?.abort();
      this.#here.delete(href);
      throw error;
    }
  }

  /**
   * @param {string} href
   * @param {number} bytes
   */
  #arrived(href, bytes) {
    this.#here.set(href, bytes);
    if (this.#awaited.has(href)) this.#onProgress();
  }
}

/** Unpacks what comes while it comes. */
class Gunzip {
  #writer;
  #content;

  constructor() {
    const { readable, writable } = new DecompressionStream("gzip");
    this.#writer = writable.getWriter();
    this.#content = new Response(readable).arrayBuffer();
    // Told by `whole`; before, there is nobody to tell of bytes that are not to be trusted yet.
    this.#content.catch(() => {});
    this.#writer.closed.catch(() => {});
  }

  /** @param {Uint8Array<ArrayBuffer>} compressed */
  add(compressed) {
    this.#writer.write(compressed).catch(() => {});
  }

  async whole() {
    this.#writer.close().catch(() => {});
    return new Uint8Array(await this.#content);
  }

  abort() {
    this.#writer.abort().catch(() => {});
  }
}

/** @param {Uint8Array} bytes */
function hexadecimal(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {File} file */
function mediaType(file) {
  return file.type ?? "application/octet-stream";
}
