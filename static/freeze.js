// @ts-check
/** Takes images of a started Python, at build time, and tries them. Not shipped to readers. */

import crypto from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import { gunzipSync } from "node:zlib";
import { whenEnded } from "./ending.js";
import { difference, encode, take } from "./imaging.js";
import { start } from "./interpreter.js";
import { decode } from "./snapshot.js";

/** @import {Archive, Runtime} from "./interpreter.js" */
/** @import {App} from "./python.js" */
/** @import {Image} from "./snapshot.js" */

/**
 * Bytes of memory that an app has to change to have an image of its own: the import of one that changes less takes a
 * reader some hundredths of a second, up to a tenth. A time would be another one in each build.
 */
const SMALLEST = 4 * 1024 * 1024;

/** Bytes of memory that may be frozen: more is not restored faster than made, and an app may never have enough. */
const LARGEST = 256 * 1024 * 1024;
const WASM_PAGE = 65536;

/** Of the event loop, until nothing is left in it. */
const TURNS = 5;

/**
 * The image of the dependencies, imported and warmed up: what differs from a module that is instantiated and no more.
 *
 * @param {Runtime} runtime
 * @param {Promise<Archive>[]} archives
 * @param {{modules: string[], root: string, origin: string, output: string}} job
 */
export async function freezeDependencies(runtime, archives, { modules, root, origin, output }) {
  const { settings, heap, said } = await unvaryingly(async () => {
    const pyodide = await start(runtime, {}, archives, { freezable: true });
    const said = await undisturbed(pyodide, ({ bridge, freezing }) => {
      bridge.prepare(root, origin);
      return freezing.freeze_dependencies(modules.join("\n"));
    });
    return { ...take(pyodide), said };
  });
  /** @type {Image} */
  const image = { settings, relative: false, runs: [], pages: new Uint8Array() };
  const onFresh = (/** @type {Uint8Array} */ fresh) => void Object.assign(image, difference(settings, heap, fresh));
  const restored = await start(runtime, {}, archives, { images: Promise.resolve([image]), onFresh });
  // That it imports from the restored memory is the proof that it holds.
  restored.pyimport("sphinx_asgi_live.browser.freezing").wake("{}");
  await writeFile(output, encode(image));
  return { said };
}

/**
 * Freeze an app after requests, else right after its import, else only what it depends on, and try each: a fresh engine
 * that restores it must answer as one that started plainly.
 *
 * @param {Runtime} runtime
 * @param {Promise<Archive>[]} archives
 * @param {{base: string, app: App, level: string, root: string, origin: string, paths: string[], answers: string[], output: string,
 *   wanted: string[]}} job `answers` are a digest for each path, `wanted` the addresses that the app has asked for
 * @param {(images?: Promise<Image[]>) => Promise<Response[]>} request starts the app and sends it the requests
 * @returns {Promise<{layers: number, notes: string[]}>} how many images hold and pay; one above the base is in `output`
 */
export async function freezeApp(runtime, archives, { level, paths, answers, output, wanted, ...job }, request) {
  const base = await readImage(job.base);
  /** @type {string[]} */
  const notes = [];
  const differing = async (/** @type {Image[]} */ images) => {
    const responses = await request(Promise.resolve(images));
    if (responses.every((response, at) => digest(response) === answers[at])) return "";
    // Some answers depend on the time and on chance: those tell by their status and their kind.
    const [once, again] = [await unvaryingly(request), await unvaryingly(request, 7)];
    const varies = (/** @type {number} */ at) => digest(once[at]) !== digest(again[at]);
    const isWrong = (/** @type {Response} */ one, /** @type {number} */ at) =>
      digest(one) !== answers[at] && (!varies(at) || kind(one) !== kind(once[at]));
    const wrong = responses.filter(isWrong).map(({ path }) => path);
    return wrong.length ? `restored, it answers ${wrong.join(", ")} in another way` : "";
  };
  /** @type {[string, string[]][]} */
  const ways = level === "app" ? [["after a request", paths], ["after its import", []]] : [];
  for (const [when, warmedBy] of ways) {
    try {
      wanted.length = 0;
      const overlay = await appImage(runtime, archives, { ...job, base, paths: warmedBy });
      if (overlay.pages.length < SMALLEST) break;
      const problem = wanted.length ? `it asks for ${wanted[0]}` : await differing([base, overlay]);
      if (problem) throw new Error(problem);
      await writeFile(output, encode(overlay));
      return { layers: 2, notes };
    } catch (error) {
      notes.push(`${when} ${error instanceof Error ? error.message : error}`);
    }
  }
  const problem = await differing([base]).catch((error) => error.message);
  if (problem) notes.push(`with its dependencies frozen: ${problem}`);
  return { layers: problem ? 0 : 1, notes };
}

/**
 * The image of an app over that of its dependencies, after it has answered requests for the paths.
 *
 * @param {Runtime} runtime
 * @param {Promise<Archive>[]} archives
 * @param {{base: Image, app: App, root: string, origin: string, paths: string[]}} job
 * @returns {Promise<Image>} rejects with the reason why there can be none
 */
async function appImage(runtime, archives, { base, app, root, origin, paths }) {
  return unvaryingly(async () => {
    let before = new Uint8Array();
    const pyodide = await start(runtime, {}, archives, {
      images: Promise.resolve([base]),
      freezable: true,
      onRestored: (heap) => void (before = heap.slice()),
    });
    const problem = await undisturbed(pyodide, ({ bridge, freezing }) => {
      bridge.prepare(root, origin);
      const { module, attribute, factory, mounted, env } = app;
      return freezing.freeze_app(module, attribute, factory, mounted, root, JSON.stringify(env), paths.join("\n"));
    });
    if (problem) throw new Error(problem.trim().split("\n").at(-1));
    if (pyodide.pyimport("sphinx_asgi_live.browser.outgoing.bridge").refused_waits) throw new Error("it makes a request");
    const { written } = pyodide.pyimport("sphinx_asgi_live.browser.freezing");
    const { settings, heap } = take(pyodide, written ? written.split("\n") : []);
    return difference(settings, heap, before, true);
  });
}

/** @param {string} path of a gzipped image */
async function readImage(path) {
  return decode(gunzipSync(await readFile(path)));
}

/**
 * Let Python do something, and reject if it ends meanwhile.
 *
 * @param {any} pyodide
 * @param {(modules: {bridge: any, freezing: any}) => Promise<string>} act
 */
async function undisturbed(pyodide, act) {
  /** @type {Promise<never>} */
  const ended = new Promise((_, reject) => whenEnded(pyodide, reject));
  process.once("uncaughtException", (error) => {
    if (!("pyodide_fatal_error" in error)) throw error;
  });
  const bridge = pyodide.pyimport("sphinx_asgi_live.browser.bridge");
  const freezing = pyodide.pyimport("sphinx_asgi_live.browser.freezing");
  const said = await Promise.race([act({ bridge, freezing }), ended]);
  // What its event loop still has to do, such as to tell that this is done, is done then.
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setTimeout(resolve));
  return said;
}

/**
 * @typedef {object} Response
 * @property {string} path
 * @property {number} status
 * @property {[string, string][]} headers
 * @property {string} body in base64
 */

/**
 * What tells one response from another; `packing/images.py` has the same.
 *
 * @param {Response} response
 */
function digest(response) {
  return crypto.createHash("sha256").update(`${kind(response)}\n${response.body}`).digest("hex");
}

/** @param {Response} response */
function kind({ status, headers }) {
  return `${status} ${Object.fromEntries(headers)["content-type"] ?? ""}`;
}

/**
 * Do something whose outcome must not depend on the machine: clocks tick when they are looked at, random bytes are
 * counted, and memory is short.
 *
 * @template Result
 * @param {() => Promise<Result>} act
 * @param {number} world of several, each with a time and chance of its own
 */
async function unvaryingly(act, world = 1) {
  const { now } = Date;
  const { performance } = globalThis;
  const { randomFillSync } = crypto;
  const { grow } = WebAssembly.Memory.prototype;
  const epoch = Date.UTC(2025 + world, 0, world);
  let ticks = 0;
  let drawn = 0;
  Date.now = () => epoch + Math.floor((world * ++ticks) / 100);
  performance.now = () => (world * ++ticks) / 100;
  crypto.randomFillSync = (/** @type {Uint8Array} */ view) => {
    const block = () => crypto.createHash("sha256").update(`${world} ${++drawn}`).digest();
    for (let at = 0; at < view.length; at += 32) view.set(block().subarray(0, view.length - at), at);
    return view;
  };
  WebAssembly.Memory.prototype.grow = function (/** @type {number} */ pages) {
    if (this.buffer.byteLength + pages * WASM_PAGE > LARGEST) throw new RangeError("more memory than is frozen");
    return grow.call(this, pages);
  };
  try {
    return await act();
  } finally {
    WebAssembly.Memory.prototype.grow = grow;
    Date.now = now;
    // @ts-expect-error: the prototype has it again
    delete performance.now;
    crypto.randomFillSync = randomFillSync;
  }
}
