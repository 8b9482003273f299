// @ts-check
/** An app's service worker as the docs page sees it: may there be one, is there one, get one; and why not. */

import { STRINGS, fill } from "./messages.js";

/** @import {Reason} from "./protocol.js" */

/** Milliseconds until the page itself looks what is wrong: Firefox needs a minute to refuse a worker's broken import. */
const PATIENCE = 5_000;

/** A start that failed for a reason that the reader is told. */
export class StartError extends Error {
  /**
   * @param {Reason} reason
   * @param {string} detail
   */
  constructor(reason, detail) {
    super(`[asgi-live] ${reason}: ${detail}`);
    this.reason = reason;
    this.detail = detail;
  }
}

/**
 * Why no service worker can ever run in this page; null if nothing is known against it.
 *
 * @returns {Reason | null}
 */
export function obstacle() {
  if (!isSecureContext) return "insecure";
  return container() && "DecompressionStream" in globalThis ? null : "unsupported";
}

/**
 * The registration of exactly this scope, if the browser has one and lets us see it.
 *
 * @param {string} scope absolute URL
 */
export async function existing(scope) {
  const found = await container()
    ?.getRegistration(scope)
    .catch(() => undefined);
  return found?.scope === scope ? found : undefined;
}

/**
 * Register the app's worker, or find it.
 *
 * The browser itself looks for a newer deploy whenever a frame opens a page of the app, once it is idle; asking for
 * it here would have the start wait, or compete with it.
 *
 * The worker's imports are named by their content, so the HTTP cache may answer for them (`updateViaCache`);
 * its own script is always asked for.
 *
 * @param {string} scope absolute URL
 * @param {string} script absolute URL
 * @returns {Promise<ServiceWorkerRegistration>} with a worker in at least one of its states
 * @throws {StartError}
 */
export async function register(scope, script) {
  const reason = obstacle();
  const workers = container();
  if (reason || !workers) throw new StartError(reason ?? "unsupported", "");
  try {
    const registering = workers.register(script, { scope, type: "module", updateViaCache: "imports" });
    const registration = await within(PATIENCE, registering);
    if (registration) return registration;
    const problem = await problemOf(script);
    if (problem) throw new StartError("download", problem);
    return await registering;
  } catch (error) {
    throw error instanceof StartError ? error : await diagnosis(error, script);
  }
}

/**
 * The worker that a registration will end up with.
 *
 * @param {ServiceWorkerRegistration} registration
 */
export function newest(registration) {
  return registration.installing ?? registration.waiting ?? registration.active;
}

/** The browser's service workers; a sandboxed document throws on mere access. */
function container() {
  try {
    return navigator.serviceWorker ?? null;
  } catch {
    return null;
  }
}

/**
 * The true reason of a refused registration: browsers reject a missing file and a private window alike.
 *
 * @param {unknown} error
 * @param {string} script
 */
async function diagnosis(error, script) {
  const problem = await problemOf(script);
  if (problem) return new StartError("download", problem);
  const name = error instanceof DOMException ? error.name : "";
  const refused = name === "SecurityError" || name === "NotSupportedError";
  return new StartError(refused ? "private" : "unsupported", String(error));
}

/**
 * Why a script, or one that it imports, cannot be had; null if all are there.
 *
 * @param {string} script absolute URL
 */
async function problemOf(script) {
  const scripts = new Set([script]);
  for (const url of scripts) {
    const found = await inspect(url);
    if ("problem" in found) return found.problem;
    for (const imported of found.imports) scripts.add(imported);
  }
  return null;
}

/**
 * What a script imports, or why it cannot be imported itself.
 *
 * @param {string} url
 * @returns {Promise<{problem: string} | {imports: string[]}>} absolute URLs
 */
async function inspect(url) {
  const { details } = STRINGS;
  try {
    const response = await fetch(url, { cache: "no-cache" });
    const type = response.headers.get("content-type") ?? "";
    if (!response.ok) return { problem: fill(details.status, { url, status: response.status }) };
    if (!/(java|ecma)script/i.test(type)) return { problem: fill(details.type, { url, type }) };
    const text = await response.text();
    const specifiers = text.matchAll(/^\s*(?:import|export)\b[^"'();]*["'](\.[^"']+)["']/gm);
    return { imports: Array.from(specifiers, ([, specifier]) => new URL(specifier, url).href) };
  } catch (error) {
    return { problem: fill(details.network, { url, error: String(error) }) };
  }
}

/**
 * @template T
 * @param {number} milliseconds
 * @param {Promise<T>} promise
 * @returns {Promise<T | undefined>} undefined if it took longer
 */
export function within(milliseconds, promise) {
  /** @type {Promise<undefined>} */
  const limit = new Promise((resolve) => setTimeout(resolve, milliseconds, undefined));
  return Promise.race([promise, limit]);
}
