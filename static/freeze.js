// @ts-check
/** Takes images of a started Python, at build time, and tries them. Not shipped to readers. */

import crypto from "node:crypto";
import { writeFile } from "node:fs/promises";
import { beginToCarry } from "./carried.js";
import { silence, whenEnded } from "./ending.js";
import { difference, encode, take } from "./imaging.js";
import { start } from "./interpreter.js";
import { files } from "./tar.js";
import { listings } from "./trial.js";

/** @import {Answer} from "./answers.js" */
/** @import {Archive, Runtime} from "./interpreter.js" */
/** @import {App} from "./python.js" */
/** @import {Image} from "./snapshot.js" */

/**
 * Bytes of memory that an app has to change to have an image of its own: the import of one that changes less takes a
 * reader some hundredths of a second, up to a tenth. A time would be another one in each build.
 */
export const SMALLEST = 5 * 1024 * 1024;

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
    const held = listings(pyodide, await Promise.all(archives));
    const { settings, heap } = take(pyodide);
    return { settings: { ...settings, listings: held }, heap, said };
  });
  /** @type {Image} */
  const image = { settings, relative: false, runs: [], pages: new Uint8Array(), contents: new Uint8Array() };
  const onFresh = (/** @type {Uint8Array} */ fresh) => void Object.assign(image, difference(settings, heap, fresh));
  const restored = await start(runtime, {}, archives, { images: Promise.resolve([image]), onFresh });
  // That it imports from the restored memory is the proof that it holds.
  restored.pyimport("sphinx_asgi_live.browser.freezing").wake("{}");
  await writeFile(output, encode(image));
  return { said };
}

/**
 * Freeze an app after requests, else right after its import, and try it: a fresh engine that restores it must answer
 * as one that imports it.
 *
 * @param {Runtime} runtime
 * @param {Promise<Archive>[]} archives
 * @param {{base: Image, app: App, frozenAt: string, origin: string, paths: string[], answers: Answer[], output: string,
 *   wanted: string[], differing: (expected: Answer[], answers: Answer[]) => Promise<string>}} job `answers` are what it
 *   gives to requests for the paths, `wanted` the addresses that it has asked for
 * @param {(images: Image[]) => Promise<Answer[]>} answers starts the app and sends it the requests
 * @returns {Promise<{layers: number, notes: string[]}>} how many images hold and pay; one above the base is in `output`
 */
export async function freezeApp(runtime, archives, { paths, output, wanted, ...job }, answers) {
  /** @type {string[]} */
  const notes = [];
  /** @type {[string, string[]][]} */
  const ways = [["after a request", paths], ["after its import", []]];
  for (const [when, warmedBy] of ways) {
    try {
      wanted.length = 0;
      const overlay = await appImage(runtime, archives, { ...job, root: job.frozenAt, paths: warmedBy });
      if (overlay.pages.length < SMALLEST) break;
      const problem = wanted.length
        ? `it asks for ${wanted[0]}`
        : await job.differing(job.answers, await answers([job.base, overlay]));
      if (problem) throw new Error(problem);
      await writeFile(output, encode(overlay));
      return { layers: 2, notes };
    } catch (error) {
      notes.push(`${when} ${error instanceof Error ? error.message : error}`);
    }
  }
  return { layers: 1, notes };
}

/**
 * Tells how the answers of a restored app differ from the expected ones.
 *
 * Some depend on the time and on chance, and tell by their status and their kind alone: which, is found out once, when
 * it is first asked.
 *
 * @param {() => Promise<Answer[]>} again gets answers once more
 * @returns {(expected: Answer[], answers: Answer[]) => Promise<string>} empty if nothing differs
 */
export function comparison(again) {
  const differs = (/** @type {Answer} */ one, /** @type {Answer} */ other) => kind(one) !== kind(other) || one.body !== other.body;
  const worlds = async () => [await unvaryingly(again), await unvaryingly(again, 7)];
  /** @type {Promise<Answer[][]> | undefined} */
  let gotten;
  return async (expected, answers) => {
    if (!answers.some((one, at) => differs(one, expected[at]))) return "";
    const [once, twice] = await (gotten ??= worlds());
    const isWrong = (/** @type {Answer} */ one, /** @type {number} */ at) =>
      kind(one) !== kind(expected[at]) || (one.body !== expected[at].body && !differs(once[at], twice[at]));
    const wrong = answers.filter(isWrong).map(({ path }) => path);
    return wrong.length ? `restored, it answers ${wrong.join(", ")} in another way` : "";
  };
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
    const own = await archives[archives.length - 1];
    beginToCarry(pyodide.FS, Array.from(files(own.content), ({ path }) => `${own.mount}/${path}`));
    const problem = await undisturbed(pyodide, ({ bridge, freezing }) => {
      bridge.prepare(root, origin);
      const { module, attribute, factory, mounted, env } = app;
      return freezing.freeze_app(module, attribute, factory, mounted, root, JSON.stringify(env), paths.join("\n"));
    });
    if (problem) throw new Error(problem.trim().split("\n").at(-1));
    if (pyodide.pyimport("sphinx_asgi_live.browser.outgoing.bridge").refused_waits) throw new Error("it makes a request");
    const { written } = pyodide.pyimport("sphinx_asgi_live.browser.freezing");
    const { settings, heap, contents } = take(pyodide, written ? written.split("\n") : []);
    silence(pyodide);
    return { ...difference(settings, heap, before, true), contents };
  });
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
  const bridge = pyodide.pyimport("sphinx_asgi_live.browser.bridge");
  const freezing = pyodide.pyimport("sphinx_asgi_live.browser.freezing");
  const said = await Promise.race([act({ bridge, freezing }), ended]);
  // What its event loop still has to do, such as to tell that this is done, is done then.
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setTimeout(resolve));
  return said;
}

/** @param {Answer} answer */
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
