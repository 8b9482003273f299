// @ts-check
/** Starts Pyodide from an app's files; runs in the service worker and at build time. */

import { nodes } from "./nodes.js";
import { withMemory } from "./snapshot.js";
import { files } from "./tar.js";

const HOME = "/home/web";
/** Lines of Python's own words that a failed boot is told with. */
const SAID = 40;

/**
 * What Emscripten would take from the machine: an image holds it, and is to be the same wherever it is made.
 */
const PROGRAM = "./this.program";
const PLACE = { LANG: "C.UTF-8", _: PROGRAM };
/** One order of all sets, in each run that makes an image. */
const FIXED = { PYTHONHASHSEED: "0" };

/** All packages come as archives, so Pyodide's own list of packages stays empty and nothing is looked up. */
export const NO_PACKAGES = {
  info: { arch: "wasm32", platform: "emscripten_5_0_3", version: "314.0.7", python: "3.14.2", abi_version: "2026_0" },
  packages: {},
};

/**
 * The two modules of Pyodide, which a service worker must import statically, and where the other two files are.
 *
 * @typedef {object} Runtime
 * @property {(options: Record<string, unknown>) => Promise<any>} loadPyodide
 * @property {unknown} createPyodideModule
 * @property {string} indexURL
 * @property {string} stdLibURL
 * @property {Code} [code] where Python's code is compiled before Pyodide asks for it
 */

/** @typedef {{response: Response, module: Promise<WebAssembly.Module>}} Code the response is what Pyodide's `fetch` gets */

/**
 * An unpacked tar archive and the folder that it is mounted at.
 *
 * @typedef {object} Archive
 * @property {string} mount
 * @property {Uint8Array} content
 */

/** A boot that failed: `reason` is "python" or "app", the message is for the reader, with the traceback if any. */
export class BootError extends Error {
  /**
   * @param {"python" | "app"} reason
   * @param {string} message
   */
  constructor(reason, message) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Start CPython with the files of the archives, or restore one that has been started.
 *
 * @param {Runtime} runtime
 * @param {Record<string, string>} env
 * @param {Promise<Archive>[]} archives
 * @param {Omit<import("./snapshot.js").Memory, "libraries"> & {freezable?: boolean}} [memory] if it is restored, or
 *   images are to be taken of it
 */
export async function start(runtime, env, archives, memory) {
  const { createPyodideModule } = runtime;
  // Pyodide only logs a failed instantiation and then waits for ever; here it ends the boot.
  /** @type {Promise<never>} */
  const broken = new Promise((_, reject) => runtime.code && codes.set(runtime.code.response, { ...runtime.code, fail: reject }));
  WebAssembly.instantiateStreaming = fromCompiled;
  /** @type {string[]} what Python says before it runs, such as why it does not */
  const said = [];
  const loaded = runtime.loadPyodide({
    stderr: (/** @type {string} */ line) => {
      console.warn(line);
      if (said.length < SAID) said.push(line);
    },
    indexURL: runtime.indexURL,
    stdLibURL: runtime.stdLibURL,
    createPyodideModule: memory
      ? withMemory(createPyodideModule, { ...memory, libraries: () => libraries(archives) })
      : createPyodideModule,
    _sysExecutable: PROGRAM,
    _makeSnapshot: Boolean(memory?.freezable),
    // What is restored, `withMemory` knows; Pyodide has to know that something is.
    ...(memory?.images ? { _loadSnapshot: new Uint8Array(8) } : {}),
    lockFileContents: NO_PACKAGES,
    env: { HOME, PYTHONPATH: HOME, PYTHONDONTWRITEBYTECODE: "1", ...PLACE, ...(memory?.freezable ? FIXED : {}), ...env },
    fsInit: async (/** @type {any} */ FS) => {
      for (const archive of archives) mount(FS, await archive);
    },
  });
  try {
    const complete = Promise.all([loaded, ...archives]).then(([pyodide]) => pyodide);
    return await Promise.race([complete, broken]);
  } catch (error) {
    if (error instanceof BootError) throw error;
    throw new BootError("python", [...said, describe(error)].join("\n"));
  }
}

const { instantiateStreaming } = WebAssembly;
/** @type {WeakMap<Response, Code & {fail: (error: unknown) => void}>} of all starts, as one that was given up may go on */
const codes = new WeakMap();

/**
 * @param {Parameters<typeof instantiateStreaming>[0]} source
 * @param {WebAssembly.Imports} [imports]
 */
async function fromCompiled(source, imports) {
  const code = codes.get(await source);
  if (!code) return instantiateStreaming.call(WebAssembly, source, imports);
  try {
    const module = await code.module;
    return { module, instance: await WebAssembly.instantiate(module, imports) };
  } catch (error) {
    code.fail(error);
    throw error;
  }
}

/**
 * The native modules of the archives by path, compiled while the rest is on its way.
 *
 * @param {Promise<Archive>[]} archives
 */
async function libraries(archives) {
  /** @type {Map<string, Promise<WebAssembly.Module>>} */
  const found = new Map();
  const compile = async (/** @type {Promise<Archive>} */ archive) => {
    const { mount, content } = await archive;
    for (const { path, content: code } of files(content)) {
      if (path.endsWith(".so")) found.set(`${mount}/${path}`, WebAssembly.compile(/** @type {any} */ (code)));
    }
  };
  await Promise.all(archives.map(compile));
  return found;
}

/**
 * What was thrown, in words: Emscripten throws plain objects, and Firefox's stacks lack the message.
 *
 * @param {any} error
 */
function describe(error) {
  const { name = "Error", message = String(error), stack = "" } = error ?? {};
  return stack.includes(message) ? stack : `${name}: ${message}\n${stack}`.trim();
}

/**
 * @param {any} FS Emscripten's
 * @param {Archive} archive
 */
function mount(FS, { mount, content }) {
  const nodeOf = nodes(FS);
  for (const file of files(content)) {
    const node = nodeOf(`${mount}/${file.path}`);
    node.contents = file.content;
    node.usedBytes = file.content.length;
  }
}
