// @ts-check
/**
 * Runs Pyodide at build time, in node or deno: `engine.js <job.json> <result.json>`. Not shipped to readers.
 *
 * `compile` compiles trees of Python files; `request` boots an app from the very files that a reader gets, and
 * answers GET requests; `dependencies` and `app` take images of a Python that has started.
 */

import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gunzipSync } from "node:zlib";
import { PythonEnded } from "./ending.js";
import { freezeApp, freezeDependencies } from "./freeze.js";
import { BootError, NO_PACKAGES } from "./interpreter.js";
import { boot } from "./python.js";
import { resources } from "./resources.js";

const REDIRECTS = 5;
/** Lines of Python's standard error that are kept of an answer. */
const SAID = 400;
const ORIGIN = "http://localhost";
const READER = { userAgent: "sphinx-asgi-live", languages: ["en"] };

/** @type {Record<string, (job: any) => Promise<object>>} */
const commands = { compile, request, dependencies, app };

const [jobPath, resultPath] = process.argv.slice(2);
const job = JSON.parse(await readFile(jobPath, "utf-8"));
const save = (/** @type {object} */ result) => writeFileSync(resultPath, JSON.stringify(result));
if (job.command !== "compile") {
  // A run of a second or two ends before optimized code has paid for its making.
  for (const flag of ["--no-wasm-tier-up", "--no-wasm-dynamic-tiering"]) setFlagsFromString(flag);
}
// Pyodide decides at its start, for as long as its memory lives, whether Python can wait for JavaScript.
if (job.command === "dependencies") enableStackSwitching();
const result = await commands[job.command](job);
// At once, before Node ends over what a Python that has ended leaves unhandled.
save(result);
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

/**
 * @param {{runtime: string, stdlib: string, app: import("./python.js").App, root: string, paths: string[],
 *   archives: {path: string, mount: string}[], references: string}} job
 */
async function request({ app, root, paths, references, ...files }) {
  const { runtime, archives } = await load(files);
  const { loadPyodide, pyodide } = kept(runtime.loadPyodide);
  const wanted = cutOff();
  const said = listen();
  try {
    const python = await boot({ ...runtime, loadPyodide }, app, { root, origin: ORIGIN }, archives);
    let mounted = true;
    let responses = await get(python, root, paths, said);
    if (paths.length && responses.every(isLost)) {
      // An app that does not know root_path finds nothing below it; without the prefix it may.
      python.remount(false);
      const bare = await get(python, root, paths, said);
      mounted = bare.every(isLost);
      if (!mounted) responses = bare;
    }
    const answered = { mounted, responses, wanted: [...wanted] };
    // Should what the pages are shown with not come, this is what is known.
    save(answered);
    return { ...answered, resources: await resources(pyodide(), references, responses, (url) => followed(python, url)) };
  } catch (error) {
    if (error instanceof PythonEnded) return { problem: `it ended before it had answered. ${error.message}`, wanted };
    if (error instanceof BootError) return { reason: error.reason, problem: error.message, wanted };
    throw error;
  }
}

/** @param {any} job with the top-level modules of the dependencies, and the root where an app would be served */
async function dependencies({ modules, root, output, ...files }) {
  const { runtime, archives } = await load(files);
  cutOff();
  return freezeDependencies(runtime, archives, { modules, root, origin: ORIGIN, output });
}

/**
 * @param {any} job with the app and the image of its dependencies, the root where it is frozen and the one where it is
 *   tried, and what it answered to requests for the paths when it was started plainly
 */
async function app({ base, app, level, frozenAt, root, paths, answers, output, ...files }) {
  const { runtime, archives } = await load(files);
  const wanted = cutOff();
  const answer = async (/** @type {Promise<import("./snapshot.js").Image[]> | undefined} */ images) => {
    const python = await boot(runtime, app, { root, origin: ORIGIN }, archives, undefined, images);
    return get(python, root, paths);
  };
  return freezeApp(runtime, archives, { base, app, level, root: frozenAt, origin: ORIGIN, paths, answers, output, wanted }, answer);
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
 * A `loadPyodide` whose result is kept: `boot` gives no more of it than the app.
 *
 * @param {(options: Record<string, unknown>) => Promise<any>} load
 */
function kept(load) {
  /** @type {any} */
  let loaded;
  return {
    loadPyodide: async (/** @type {Record<string, unknown>} */ options) => (loaded = await load(options)),
    pyodide: () => loaded,
  };
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

/**
 * Keep what Python writes to its standard error.
 *
 * @returns {() => string} gives the end of what has been written since the last call
 */
function listen() {
  /** @type {string[]} */
  const lines = [];
  const { warn } = console;
  console.warn = (line) => {
    if (lines.push(line) > SAID) lines.shift();
    warn(line);
  };
  return () => lines.splice(0).join("\n");
}

/**
 * @param {import("./python.js").Python} python
 * @param {string} root
 * @param {string[]} paths
 * @param {() => string} said what has been said since the last call
 */
async function get(python, root, paths, said = () => "") {
  const responses = [];
  for (const path of paths) {
    said();
    const asked = new URL(ORIGIN + root + path);
    const { url, response, next } = await followed(python, asked);
    const body = Buffer.from(await response.arrayBuffer()).toString("base64");
    const headers = [...response.headers];
    // What the app raises behind its answer is told in the next turn.
    await new Promise((resolve) => setTimeout(resolve));
    const { status } = response;
    const address = (asked.pathname + asked.search).slice(root.length);
    responses.push({ path, asked: address, url: url.href, status, headers, body, next: next?.pathname.replace(root, ""), said: said() });
  }
  return responses;
}

/**
 * The response at the end of a way of redirects; `next` if that leads on.
 *
 * @param {import("./python.js").Python} python
 * @param {URL} url
 */
async function followed(python, url) {
  let response = await follow(python, url);
  let next = redirected(response, url);
  for (let hop = 0; next && hop < REDIRECTS; hop++) {
    url = next;
    response = await follow(python, url);
    next = redirected(response, url);
  }
  return { url, response, next };
}

/**
 * Whether the app knows no such path, or only sends it with a slash to itself without one and back, as Datasette does.
 *
 * @param {{status: number, next?: string}} response
 */
function isLost({ status, next }) {
  return status === 404 || next !== undefined;
}

/**
 * Where a response redirects to; undefined if that leads out of the app, where nothing here could answer.
 *
 * @param {Response} response
 * @param {URL} url
 */
function redirected(response, url) {
  const location = response.status >= 300 && response.status < 400 && response.headers.get("location");
  const target = location && URL.canParse(location, url) ? new URL(location, url) : undefined;
  return target?.origin === ORIGIN ? target : undefined;
}

/**
 * @param {import("./python.js").Python} python
 * @param {URL} url
 */
function follow(python, url) {
  const headers = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
  return python.respond(new Request(url, { headers }), READER);
}
