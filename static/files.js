// @ts-check
/** The files a worker needs: downloaded once, checked against the manifest's digests, kept in a cache of its own. */

/**
 * @typedef {object} File
 * @property {string} url relative to the worker's script
 * @property {string} sha256 of the bytes as served, hexadecimal
 * @property {number} size in bytes, as served
 * @property {string} [type] media type of the content
 * @property {boolean} [later] whether the app starts without it
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
  #onReceived = () => {};
  loaded = 0;
  total = 0;

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
    // Two addresses of an app may have one content, which is one file.
    this.total = this.#needed().reduce((sum, [, file]) => sum + file.size, 0);
  }

  /** @param {string} url */
  has(url) {
    return this.#files.has(new URL(url, this.#base).href);
  }

  /** Fetch what is not in the cache yet and an app cannot start without; rejects with `DownloadError`. */
  async download() {
    await Promise.all(this.#needed().map(([url]) => this.content(url)));
  }

  #needed() {
    return [...this.#files].filter(([, file]) => !file.later);
  }

  /**
   * Whether all of the files are in the cache.
   *
   * @param {File[]} list
   */
  async hold(list) {
    const cache = await caches.open(this.#cacheName);
    const stored = await Promise.all(list.map(({ url }) => cache.match(new URL(url, this.#base).href)));
    return stored.every(Boolean);
  }

  /**
   * Bytes a millisecond that the network delivers, measured over the beginning of the download; 0 if all is there.
   *
   * @param {number} bytes to be measured over
   * @returns {Promise<number>}
   */
  async speed(bytes) {
    const began = performance.now();
    const measured = new Promise((resolve) => (this.#onReceived = () => this.#received >= bytes && resolve(undefined)));
    await Promise.race([measured, this.download()]);
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
   * The content of one of the files as a response of its media type.
   *
   * @param {string} url
   */
  async response(url) {
    const href = new URL(url, this.#base).href;
    return new Response(await this.content(href), { headers: { "content-type": mediaType(this.#file(href)) } });
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
      this.#progress(file, file.size);
      return content;
    }
    const served = await this.#fetch(href, file);
    // The suffix is one that no server knows: for `.gz` some say that the content is encoded so, and browsers unpack it.
    const content = href.endsWith(".gzip") ? await gunzip(served) : served;
    const kept = new Response(content, { headers: { "content-type": mediaType(file) } });
    // A full disk costs the next visit a download, not this one the app.
    await cache.put(href, kept).catch((error) => console.warn(`[asgi-live] ${href} was not stored:`, error));
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
    let at = 0;
    try {
      for (const reader = response.body.getReader(); ; ) {
        const { done, value } = await reader.read().catch((error) => {
          throw new DownloadError(`${href} broke off after ${at} of ${file.size} bytes: ${error.message}`);
        });
        if (done) break;
        if (at + value.length > file.size) throw new DownloadError(`${href} is longer than ${file.size} bytes`);
        bytes.set(value, at);
        at += value.length;
        this.#received += value.length;
        this.#onReceived();
        this.#progress(file, value.length);
      }
      if (at < file.size) throw new DownloadError(`${href} broke off after ${at} of ${file.size} bytes`);
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      if (hexadecimal(digest) !== file.sha256) throw new DownloadError(`${href} is not the file that was published`);
      return bytes;
    } catch (error) {
      if (!file.later) this.loaded -= at;
      throw error;
    }
  }

  /**
   * @param {File} file
   * @param {number} bytes
   */
  #progress(file, bytes) {
    if (file.later) return;
    this.loaded = Math.min(this.total, this.loaded + bytes);
    this.#onProgress();
  }
}

/** @param {Uint8Array<ArrayBuffer>} compressed */
async function gunzip(compressed) {
  const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** @param {Uint8Array} bytes */
function hexadecimal(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {File} file */
function mediaType(file) {
  return file.type ?? "application/octet-stream";
}
