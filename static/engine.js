// @ts-check
/**
 * Runs Pyodide at build time, in node or deno: `engine.js <job.json> <result.json>`. Not shipped to readers.
 *
 * `compile` compiles trees of Python files; `dependencies` takes an image of a Python that has imported what apps
 * depend on; `attempt` boots an app from the very files that a reader gets, sends it GET requests, and freezes it;
 * `replay` sends it the requests of pages.
 */

import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gunzipSync } from "node:zlib";
import { ORIGIN } from "./answers.js";
import { attempt as tryApp } from "./attempt.js";
import { freezeDependencies } from "./freeze.js";
import { NO_PACKAGES } from "./interpreter.js";
import { replay as replayPages } from "./replay.js";

/** @type {Record<string, (job: any) => Promise<object>>} */
const commands = { compile, attempt, dependencies, replay };

const [jobPath, resultPath] = process.argv.slice(2);
const job = JSON.parse(await readFile(jobPath, "utf-8"));
const save = (/** @type {object} */ result) => writeFileSync(resultPath, JSON.stringify(result));
if (job.command !== "compile") {
  // A run of a second or two ends before optimized code has paid for its making.
  for (const flag of ["--no-wasm-tier-up", "--no-wasm-dynamic-tiering"]) setFlagsFromString(flag);
}
process.on("uncaughtException", (error) => {
  // What a Python that has ended leaves unhandled.
  if (!("pyodide_fatal_error" in error)) throw error;
});
// Pyodide decides at its start, for as long as its memory lives, whether Python can wait for JavaScript.
if (job.command === "dependencies") enableStackSwitching();
save(await commands[job.command](job));
// An app may have left timers or tasks that would keep the process alive.
process.exit(0);

/** What browsers have and node hides behind a flag, which counts for what is made from then on. */
function enableStackSwitching() {
  setFlagsFromString("--experimental-wasm-jspi");
  const { Suspending, promising } = runInNewContext("WebAssembly");
  if (Suspending) Object.assign(WebAssembly, { Suspending, promising });
}

/**
 * @param {{runtime: string, stdlib: string, modules: string, folder: string,
 *   trees: {folder: string, mount: string}[]}} job
 */
async function compile({ runtime, stdlib, modules, folder, trees }) {
  const { loadPyodide } = await import(pathToFileURL(`${runtime}/pyodide.mjs`).href);
  const python = await loadPyodide({ indexURL: `${runtime}/`, stdLibURL: stdlib, lockFileContents: NO_PACKAGES });
  for (const [mount, host] of [["/build", modules], ["/trees", folder]]) {
    python.FS.mkdirTree(mount);
    python.mountNodeFS(mount, host);
  }
  python.pyimport("sys").path.insert(0, "/build");
  const { compile_tree } = python.pyimport("pyc");
  return { compiled: trees.map((tree) => compile_tree(`/trees/${tree.folder}`, tree.mount)) };
}

/** @param {any} job as `attempt` takes it */
async function attempt(job) {
  const { runtime, archives } = await load(job);
  return tryApp(runtime, archives, job, cutOff(), save);
}

/** @param {any} job with the top-level modules of the dependencies, and the root where an app would be served */
async function dependencies({ modules, root, output, ...files }) {
  const { runtime, archives } = await load(files);
  cutOff();
  return freezeDependencies(runtime, archives, { modules, root, origin: ORIGIN, output });
}

/** @param {any} job as `replay` takes it */
async function replay(job) {
  const { runtime, archives } = await load(job);
  return replayPages(runtime, archives, job, cutOff(), save);
}

/**
 * Pyodide and the archives, as a worker has them.
 *
 * @param {{runtime: string, stdlib: string, archives: {path: string, mount: string}[]}} files
 */
async function load({ runtime: folder, stdlib, archives }) {
  const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`).href);
  const { default: createPyodideModule } = await import(pathToFileURL(`${folder}/pyodide.asm.mjs`).href);
  const runtime = { loadPyodide, createPyodideModule, indexURL: `${folder}/`, stdLibURL: stdlib };
  const unpacked = archives.map(async ({ path, mount }) => ({ mount, content: gunzipSync(await readFile(path)) }));
  return { runtime, archives: unpacked };
}

/**
 * Let nothing be fetched: a build has the same outcome with a network and without. What Python needs is read from files.
 *
 * @returns {string[]} the addresses that the app wants, as it asks for them
 */
function cutOff() {
  /** @type {string[]} */
  const wanted = [];
  globalThis.fetch = (input) => {
    wanted.push(input instanceof Request ? input.url : String(input));
    return Promise.reject(new TypeError("nothing is fetched while the documentation is built"));
  };
  return wanted;
}
