// Boots an app as the build does and has it answer many requests: what is left of them, for `test_leaks.py`.

import { readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";

const [jobPath, resultPath] = process.argv.slice(2);
const { modules, runtime, stdlib, app, archives, rounds, size } = JSON.parse(await readFile(jobPath, "utf-8"));
const { boot } = await import(pathToFileURL(`${modules}/python.js`).href);
const { loadPyodide } = await import(pathToFileURL(`${runtime}/pyodide.mjs`).href);
const { default: createPyodideModule } = await import(pathToFileURL(`${runtime}/pyodide.asm.mjs`).href);

const ROOT = "/asgi-live/app/app";
const unpacked = archives.map(async ({ path, mount }) => ({ mount, content: gunzipSync(await readFile(path)) }));
const engine = { loadPyodide, createPyodideModule, indexURL: `${runtime}/`, stdLibURL: stdlib };
const python = await boot(engine, app, { root: ROOT, origin: "http://localhost" }, unpacked);

const reader = { userAgent: "test", languages: ["en"] };
const respond = (path, init) => python.respond(new Request(`http://localhost${ROOT}${path}`, init), reader);

async function upload() {
  const body = new Uint8Array(size);
  const answer = await (await respond("/echo", { method: "POST", body })).arrayBuffer();
  if (answer.byteLength !== size) throw new Error(`${answer.byteLength} of ${size} bytes came back`);
}
async function aborted() {
  const stream = (await respond("/endless")).body.getReader();
  await stream.read();
  await stream.cancel();
}
const kinds = {
  tiny: async () => (await respond("/tiny")).text(),
  upload,
  aborted,
  refused: async () => (await respond("/refuse", { method: "POST", body: new Uint8Array(size) })).text(),
  raised: async () => (await respond("/raise")).text(),
};

/** What there is, after whatever is garbage has been collected. */
async function counted() {
  const told = JSON.parse(await (await respond("/count")).text());
  return { ...told, node: process.memoryUsage().arrayBuffers };
}

/** @type {Record<string, {before: object, after: object, ms: number}>} */
const found = {};
for (const [name, one] of Object.entries(kinds)) {
  for (let round = 0; round < 5; round++) await one();
  const before = await counted();
  const began = performance.now();
  for (let round = 0; round < rounds[name]; round++) await one();
  const ms = (performance.now() - began) / rounds[name];
  found[name] = { before, after: await counted(), ms };
}
await writeFile(resultPath, JSON.stringify(found));
process.exit(0);
