/** The page between the broker and the web worker: each request and each answer passes through here. */

const backend = new Worker(new URL("./worker.js", document.currentScript.src), { type: "module" });
const waiting = new Map();
let number = 0;
window.backendReady = new Promise((resolve) => {
  backend.onmessage = ({ data }) => {
    if (data.ready) return resolve();
    waiting.get(data.id).postMessage(data, [data.content]);
    waiting.delete(data.id);
  };
});
navigator.serviceWorker.addEventListener("message", ({ data, ports: [port] }) => {
  if (!data?.brokered) return;
  waiting.set(++number, port);
  const { body } = data.brokered;
  backend.postMessage({ id: number, ...data.brokered }, body ? [body] : []);
});
navigator.serviceWorker.startMessages();
