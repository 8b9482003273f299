// @ts-check
/**
 * Tries an app at build time, from the very files that a reader gets, and freezes it. Not shipped to readers.
 *
 * It starts from the image of its dependencies, which is what readers do, and what saves a build their import. The
 * first app of each such image is started plainly as well, and so is each that fails.
 */

import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { followed, get, isLost, ORIGIN } from "./answers.js";
import { PythonEnded, silence } from "./ending.js";
import { comparison, freezeApp, SMALLEST } from "./freeze.js";
import { changed } from "./imaging.js";
import { BootError } from "./interpreter.js";
import { boot } from "./python.js";
import { resources } from "./resources.js";
import { decode } from "./snapshot.js";
import { noting } from "./trial.js";

/** @import {Answer} from "./answers.js" */
/** @import {Archive, Runtime} from "./interpreter.js" */
/** @import {App, Python} from "./python.js" */
/** @import {Resource} from "./resources.js" */
/** @import {Image} from "./snapshot.js" */

/** Lines of Python's standard error that are kept of an answer. */
const SAID = 400;

/**
 * What is known of an app: what it answered, or why it does not start.
 *
 * @typedef {object} Trial
 * @property {boolean} mounted
 * @property {Answer[]} responses
 * @property {string[]} wanted the addresses that it asked for
 * @property {string} [problem]
 * @property {Resource[]} [resources]
 */

/**
 * @typedef {object} Job
 * @property {App} app
 * @property {string} root where it is served
 * @property {string[]} paths
 * @property {string} references source of the Python module that finds what pages are shown with
 * @property {string} [base] path of the image of its dependencies
 * @property {boolean} proven whether another app has answered from that image as it does without
 * @property {string} level "app" if it is to be frozen itself
 * @property {string} frozenAt the root where it is frozen
 * @property {string} output path of the file for its own image
 */

/**
 * @param {Runtime} runtime
 * @param {Promise<Archive>[]} archives
 * @param {Job} job
 * @param {string[]} wanted the addresses that the app has asked for, which grow
 * @param {(result: object) => void} save keeps what is known so far, should the rest never end
 * @returns {Promise<Trial & {layers?: number, notes?: string[], needed?: number[]}>} how many images hold, if that was
 *   tried, and why not more; which of the base's listings have a file that the app needs all the same
 */
export async function attempt(runtime, archives, job, wanted, save) {
  const app = new Tried(runtime, archives, job, wanted, save);
  if (!job.base) return app.trial(undefined);
  const base = decode(gunzipSync(await readFile(job.base)));
  const tried = await app.trial([base]);
  app.mounted = tried.mounted;
  const differing = comparison(() => app.answers([base]));
  if (!job.proven || !isWell(tried)) {
    const plain = await app.trial(undefined, false);
    if (plain.problem !== undefined) return { ...plain, layers: tried.problem === undefined ? 0 : 1, notes: [] };
    const problem = tried.problem ?? (await differing(plain.responses, tried.responses));
    if (problem) return { ...(await app.trial(undefined)), layers: 0, notes: [`with its dependencies frozen: ${problem}`] };
  }
  if (job.level !== "app" || !isTried(tried) || app.changed < SMALLEST) return { ...tried, layers: 1, notes: [], needed: [...app.needed[0]] };
  save(tried);
  const entry = { ...job.app, mounted: tried.mounted };
  const freezing = { ...job, app: entry, base, origin: ORIGIN, answers: tried.responses, wanted, differing };
  const frozen = await freezeApp(runtime, archives, freezing, (images) => app.answers(images));
  return { ...tried, ...frozen, needed: [...app.needed[frozen.layers - 1]] };
}

/** An app that is started again and again, each time in a Python of its own. */
class Tried {
  /** Whether it expects its root in every path. */
  mounted = true;
  /** @type {[Set<number>, Set<number>]} what it looked into of the base's listings: with one image, and with both */
  needed = [new Set(), new Set()];
  /** Bytes of memory that it changed when it was started from the image of its dependencies. */
  changed = 0;
  #runtime;
  #archives;
  #job;
  #wanted;
  #save;
  #said = listen();

  /**
   * @param {Runtime} runtime
   * @param {Promise<Archive>[]} archives
   * @param {Job} job
   * @param {string[]} wanted
   * @param {(result: object) => void} save
   */
  constructor(runtime, archives, job, wanted, save) {
    this.#runtime = runtime;
    this.#archives = archives;
    this.#job = job;
    this.#wanted = wanted;
    this.#save = save;
  }

  /**
   * Start it and let it answer, as far as it does.
   *
   * @param {Image[] | undefined} images
   * @param {boolean} whole whether it is asked as well for what its pages are shown with
   * @returns {Promise<Trial>}
   */
  async trial(images, whole = true) {
    const { root, paths, references } = this.#job;
    this.#wanted.length = 0;
    try {
      return await this.#run(images, async (python, pyodide) => {
        const answered = { ...(await asked(python, root, paths, this.#said)), wanted: [...this.#wanted] };
        // Should what the pages are shown with not come, this is what is known.
        this.#save(answered);
        if (!whole) return answered;
        const shown = await resources(pyodide, references, answered.responses, (url) => followed(python, url));
        return { ...answered, resources: shown };
      });
    } catch (error) {
      return { mounted: true, responses: [], problem: problemOf(error), wanted: [...this.#wanted] };
    }
  }

  /**
   * Start it and get its answers; rejects if it does not start.
   *
   * @param {Image[] | undefined} images
   */
  answers(images) {
    return this.#run(images, (python) => get(python, this.#job.root, this.#job.paths, this.#said));
  }

  /**
   * @template Result
   * @param {Image[] | undefined} images
   * @param {(python: Python, pyodide: any) => Promise<Result>} act
   */
  async #run(images, act) {
    const { loadPyodide, pyodide } = kept(this.#runtime.loadPyodide);
    const app = { ...this.#job.app, mounted: this.mounted };
    const site = { root: this.#job.root, origin: ORIGIN };
    try {
      /** @type {Uint8Array | undefined} */
      let before;
      const onRestored = (/** @type {Uint8Array} */ heap) => {
        // To see whether an image of its own pays; once it has one, it does.
        if (images?.length === 1 && this.#job.level === "app") before = heap.slice();
      };
      const onFiles = images && noting(this.needed[images.length - 1]);
      const memory = images && { images: Promise.resolve(images), onFiles, onRestored };
      const python = await boot({ ...this.#runtime, loadPyodide }, app, site, this.#archives, undefined, memory);
      const result = await act(python, pyodide());
      if (before) this.changed = changed(pyodide()._module.HEAPU8, before);
      return result;
    } finally {
      // Its tasks would go on, and look at the clock, while others are frozen.
      if (pyodide()) silence(pyodide());
    }
  }
}

/**
 * Send the requests, and find out whether the app expects its root in every path.
 *
 * @param {Python} python
 * @param {string} root
 * @param {string[]} paths
 * @param {() => string} said
 */
async function asked(python, root, paths, said) {
  const responses = await get(python, root, paths, said);
  if (!paths.length || !responses.every(isLost)) return { mounted: true, responses };
  // An app that does not know root_path finds nothing below it; without the prefix it may.
  python.remount(false);
  const bare = await get(python, root, paths, said);
  const mounted = bare.every(isLost);
  return { mounted, responses: mounted ? responses : bare };
}

/** @param {Trial} trial */
function isWell({ problem, responses }) {
  return problem === undefined && responses.every(({ status }) => status < 500);
}

/**
 * Whether what an app does at a reader's is known: it answered, and nobody was asked in vain.
 *
 * @param {Trial} trial
 */
function isTried(trial) {
  return trial.responses.length > 0 && !(trial.wanted.length && !isWell(trial));
}

/** @param {unknown} error */
function problemOf(error) {
  if (error instanceof PythonEnded) return `it ended before it had answered. ${error.message}`;
  if (error instanceof BootError) return error.message;
  throw error;
}

/**
 * A `loadPyodide` whose result is kept: `boot` gives no more of it than the app.
 *
 * @param {(options: Record<string, unknown>) => Promise<any>} load
 */
export function kept(load) {
  /** @type {any} */
  let loaded;
  return {
    loadPyodide: async (/** @type {Record<string, unknown>} */ options) => (loaded = await load(options)),
    pyodide: () => loaded,
  };
}

/**
 * Keep what Python writes to its standard error.
 *
 * @returns {() => string} gives the end of what has been written since the last call
 */
export function listen() {
  /** @type {string[]} */
  const lines = [];
  const { warn } = console;
  console.warn = (line) => {
    if (lines.push(line) > SAID) lines.shift();
    warn(line);
  };
  return () => lines.splice(0).join("\n");
}
