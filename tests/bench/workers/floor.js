/** The floor: a worker that answers the bench's requests without Python, by the same kinds of Response. */

const CHUNK = new Uint8Array(64 * 1024).fill(120);

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const action = url.pathname.split("/").pop();
  if (action === "json") event.respondWith(Response.json({ hello: "world" }));
  else if (action === "down") event.respondWith(new Response(chunks(Number(url.search.slice(1)))));
  else if (action === "up") event.respondWith(event.request.arrayBuffer().then((body) => Response.json(body.byteLength)));
});

/** @param {number} count */
function chunks(count) {
  return new ReadableStream({
    pull(controller) {
      if (count-- > 0) controller.enqueue(CHUNK.slice());
      else controller.close();
    },
  });
}
