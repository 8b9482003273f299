// @ts-check
/** What a reader has yet to download for an app, as the page tells that a static host answers for it. */

/**
 * The cache of a documentation's files; the worker's `files.js` has the same.
 *
 * @param {URL} script
 */
const cacheName = (script) => `asgi-live:${new URL("../../", script).pathname}`;

/**
 * Bytes that starting the app will download, and those that come once it runs; 0 if there are none, or there is no telling.
 *
 * @param {Document} page
 * @param {URL} script of the app's worker
 * @returns {Promise<{start: number, more: number}>}
 */
export async function missing(page, script) {
  const content = page.querySelector("meta[name=asgi-live-files]")?.getAttribute("content");
  const bytes = { start: 0, more: 0 };
  if (!content) return bytes;
  const stored = await storedFiles(cacheName(script)).catch(() => new Set());
  const spared = Boolean(/** @type {any} */ (navigator).connection?.saveData);
  for (const line of content.split(", ")) {
    const [url, size, kind] = line.split(" ");
    if (stored.has(new URL(url, script).href) || (kind === "image" && spared)) continue;
    bytes[kind === "rest" && !spared ? "more" : "start"] += Number(size);
  }
  return bytes;
}

/**
 * @param {string} name
 * @returns {Promise<Set<string>>}
 */
async function storedFiles(name) {
  if (!(await caches.has(name))) return new Set();
  const cache = await caches.open(name);
  return new Set((await cache.keys()).map(({ url }) => url));
}
