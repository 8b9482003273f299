// @ts-check
/**
 * Starts an app in its worker: from images of a started Python and what these need, or from the app's files alone.
 *
 * With images, most files are not needed until somebody looks into them. The build has tried which: those come once the
 * app is up, and until then nothing is asked of it that the build has not asked.
 */

import { Absent, NotYet } from "./absent.js";
import { Images } from "./images.js";
import { boot } from "./python.js";
import { decode } from "./snapshot.js";
import { files as filesOf } from "./tar.js";

/** @import {File, Files} from "./files.js" */
/** @import {Python, Site} from "./python.js" */
/** @import {Manifest, Modules} from "./worker.js" */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** The note that an app has looked into a file too early, with the images that it had. */
const DISTRUST = "distrust";

/** Where Pyodide puts the standard library. */
const STANDARD_LIBRARY = "/lib/python314.zip";

/**
 * What a start has to have, and what comes when the app is up.
 *
 * @typedef {{images: boolean, first: File[], rest: File[]}} Plan
 */

/** @typedef {{python: Python, whole: () => Promise<void>}} Started `whole` settles when all of its files are there */

export class Starter {
  #modules;
  #manifest;
  #files;
  #script;
  #images;
  #starting = false;
  /** @type {Promise<Plan> | undefined} */
  #planned;

  /**
   * @param {Modules} modules
   * @param {Manifest} manifest
   * @param {Files} files
   * @param {URL} script the worker's own
   */
  constructor(modules, manifest, files, script) {
    this.#modules = modules;
    this.#manifest = manifest;
    this.#files = files;
    this.#script = script;
    this.#images = new Images(files, manifest.images ?? [], manifest.name);
  }

  /** Fetch and store what a start has to have; rejects with `DownloadError` if the app cannot start. */
  async download() {
    try {
      const { images, first } = await this.#plan();
      const downloaded = this.#files.download(first);
      // An image that does not come is not needed.
      await (images ? downloaded.catch(() => this.#files.download(this.#withoutImages().first)) : downloaded);
    } catch (error) {
      // Not waited for: a reader who tries again is not to meet this worker.
      void this.#files.store();
      throw error;
    }
    // A start that is under way does so when it has the time.
    if (!this.#starting) await this.#files.store();
  }

  /** Fetch what this start went without, for the next. */
  async store() {
    await this.#images.store();
    await this.#files.store();
  }

  /**
   * Start the app; if that fails with images, then without.
   *
   * @param {Site} site
   * @param {(mark: string) => void} mark called as each stage ends
   * @returns {Promise<Started>}
   */
  async start(site, mark) {
    this.#starting = true;
    const plan = await this.#plan();
    if (!plan.images) return this.#boot(plan, site, mark);
    try {
      return await this.#boot(plan, site, mark);
    } catch (error) {
      console.warn(`[asgi-live] ${this.#manifest.name} starts without its image:`, error);
      return this.#boot(this.#change(this.#withoutImages()), site, mark);
    }
  }

  /** Have all files before a start from now on, and in the workers to come that have the same images. */
  distrust() {
    const { images = [] } = this.#manifest;
    const { first } = this.#withoutImages();
    this.#change({ images: true, first: [...first, ...images], rest: [] });
    this.#files.keep(DISTRUST, this.#version).catch(() => {});
  }

  /** What tells images from those of another build. */
  get #version() {
    return (this.#manifest.images ?? []).map(({ url }) => url).join(" ");
  }

  /** @param {Plan} plan */
  #change(plan) {
    this.#planned = Promise.resolve(plan);
    this.#files.await(plan.first);
    return plan;
  }

  #plan() {
    this.#planned ??= this.#decide().catch((error) => {
      this.#planned = undefined;
      throw error;
    });
    return this.#planned;
  }

  /** @returns {Promise<Plan>} */
  async #decide() {
    const { wasm, inside, stdlib, archives, images = [] } = this.#manifest;
    const alone = this.#withoutImages();
    this.#files.await(alone.first);
    const distrusted = (await this.#files.kept(DISTRUST)) === this.#version;
    const first = [wasm, inside, stdlib, ...archives].filter((file) => distrusted || !file.rest);
    const rest = alone.first.filter((file) => !first.includes(file));
    if (!(await this.#images.comeSoon([first, rest]))) return alone;
    const plan = { images: true, first: [...first, ...images], rest };
    this.#files.await(plan.first);
    return plan;
  }

  /** @returns {Plan} */
  #withoutImages() {
    const { wasm, inside, stdlib, archives, assets, recordings } = this.#manifest;
    const shown = [...Object.values(assets), ...Object.values(recordings)];
    return { images: false, first: [wasm, inside, stdlib, ...archives, ...shown], rest: [] };
  }

  /**
   * @param {Plan} plan
   * @param {Site} site
   * @param {(mark: string) => void} mark
   * @returns {Promise<Started>}
   */
  async #boot({ images, first, rest }, site, mark) {
    const { wasm, stdlib, archives } = this.#manifest;
    const content = (/** @type {File} */ { url }) => this.#files.content(url);
    const code = compiled(this.#files.response(wasm.url));
    const library = rest.includes(stdlib) ? Promise.resolve(new Uint8Array()) : content(stdlib);
    const mounted = archives.filter((file) => first.includes(file));
    const unpacked = mounted.map(async (file) => ({ mount: file.mount, content: await content(file) }));
    const memory = images ? this.#memory(rest) : undefined;
    // A failed download ends the boot at once; Pyodide by itself would wait for its standard library for ever.
    const downloads = Promise.all([code.arrived, library, memory?.images, ...unpacked]).then(() => mark("download"));
    const lost = downloads.then(() => new Promise(() => {}));
    const stop = this.#serve(code.response, library);
    try {
      const started = boot({ ...this.#modules, ...this.#urls, code }, this.#manifest, site, unpacked, mark, memory);
      const python = await Promise.race([started, /** @type {Promise<never>} */ (lost)]);
      return { python, whole: this.#completion(rest, memory?.absent) };
    } finally {
      stop();
    }
  }

  /**
   * What is restored, and stands for the files that come later.
   *
   * @param {File[]} rest
   */
  #memory(rest) {
    const { stdlib, archives, images = [] } = this.#manifest;
    const absent = new Absent((path) => {
      throw new NotYet(path);
    });
    /** @type {NonNullable<import("./snapshot.js").Memory["onFiles"]>} */
    const onFiles = (FS, listings) => {
      // In the order in which the build has listed them; the app's own archive comes last, and is none of them.
      for (const [at, listing] of listings.entries()) {
        if (rest.includes([stdlib, ...archives][at])) absent.add(FS, listing);
      }
    };
    return { absent, onFiles, images: Promise.all(images.map(async ({ url }) => decode(await this.#files.content(url)))) };
  }

  /**
   * @param {File[]} rest
   * @param {Absent} [absent]
   * @returns {Started["whole"]}
   */
  #completion(rest, absent) {
    const { stdlib, archives } = this.#manifest;
    const complete = async () => {
      const fill = async (/** @type {Manifest["archives"][number]} */ { url, mount }) => {
        for (const { path, content } of filesOf(await this.#files.content(url))) absent?.fill(`${mount}/${path}`, content);
      };
      const fills = archives.filter((file) => rest.includes(file)).map(fill);
      if (rest.includes(stdlib)) absent?.fill(STANDARD_LIBRARY, await this.#files.content(stdlib.url));
      await Promise.all(fills);
      this.#files.release();
      // Those that only pages ask for.
      void this.#files.download(rest).then(() => this.#files.store(), () => {});
    };
    /** @type {Promise<void> | undefined} */
    let done;
    return () =>
      (done ??= complete().catch((error) => {
        done = undefined;
        throw error;
      }));
  }

  get #urls() {
    const { runtime, stdlib } = this.#manifest;
    return { indexURL: new URL(runtime, this.#script).href, stdLibURL: new URL(stdlib.url, this.#script).href };
  }

  /**
   * Pyodide fetches its code and its standard library by itself. A worker's own fetches never come by its fetch event,
   * so while Pyodide boots, `fetch` answers them from the files: checked, decompressed, offline.
   *
   * @param {Response} code
   * @param {Promise<Uint8Array<ArrayBuffer>>} library
   * @returns {() => void} to be called when it has booted
   */
  #serve(code, library) {
    const { fetch } = worker;
    const { indexURL, stdLibURL } = this.#urls;
    worker.fetch = async (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      if (url === `${indexURL}pyodide.asm.wasm`) return code;
      return url === stdLibURL ? new Response(await library) : fetch(input, init);
    };
    return () => void (worker.fetch = fetch);
  }
}

/**
 * Compile Python's code, while Pyodide still prepares to ask for it.
 *
 * @param {Promise<Response>} arrived
 */
function compiled(arrived) {
  const module = WebAssembly.compileStreaming(arrived);
  module.catch(() => {}); // Told where it is awaited.
  return { arrived, module, response: new Response() };
}
