/** A service worker that has no Python: it hands each request to the page, which brokers it to a web worker. */

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("fetch", (event) => {
  if (new URL(event.request.url).pathname.includes("/app/do/")) event.respondWith(answer(event.request));
});

let page;

/** @param {Request} request */
async function answer(request) {
  page ??= (await self.clients.matchAll({ includeUncontrolled: true, type: "window" })).find((client) => client.frameType === "top-level");
  const { port1, port2 } = new MessageChannel();
  const answered = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
  const body = ["GET", "HEAD"].includes(request.method) ? undefined : await request.arrayBuffer();
  const parts = { url: request.url, method: request.method, headers: [...request.headers], body };
  page.postMessage({ brokered: parts }, body ? [port2, body] : [port2]);
  const { status, headers, content } = await answered;
  return new Response(content, { status, headers });
}
