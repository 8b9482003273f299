// @ts-check
/** On a docs page: brings every app, and every request to one, to life when its reader or its author wants it. */

import { App } from "./app.js";
import { Example } from "./example.js";
import { Figure } from "./figure.js";
import { Frame } from "./frame.js";
import { followChoice } from "./ways.js";

/** Milliseconds that an installed worker has to say that its app runs, before the page offers to start it. */
const GREETING_LIMIT = 1_000;

/** @type {Map<string, App>} by the scope of their workers: figures of one app share it */
const apps = new Map();

for (const root of document.querySelectorAll("figure.asgi-live")) {
  if (root instanceof HTMLElement) addFigure(root);
}
for (const root of document.querySelectorAll(".asgi-live-request")) {
  if (root instanceof HTMLElement) addExample(root);
}
followChoice();
for (const app of apps.values()) void app.greet(GREETING_LIMIT).then(() => applyPolicy(app));

document.addEventListener("visibilitychange", () => document.hidden || apps.forEach((app) => app.wake()));

/** @param {HTMLElement} root */
function addFigure(root) {
  const element = root.querySelector("iframe");
  const scope = element && scopeOf(element.src, root.dataset.asgiLive ?? "");
  if (!element || !scope || root.classList.contains("asgi-live-scripted")) return;
  const app = appAt(scope, root);
  app.add(new Figure(root, new Frame(element, scope, app.script), () => void app.start()));
}

/** @param {HTMLElement} root of a request */
function addExample(root) {
  if (root.classList.contains("asgi-live-scripted")) return;
  const app = appAt(new URL(root.dataset.scope ?? "", location.href).href, root);
  app.examples.push(new Example(root, app.calls, app.examples.length === 0));
}

/**
 * @param {string} scope
 * @param {HTMLElement} root of anything of that app
 */
function appAt(scope, root) {
  const app = apps.get(scope) ?? new App(root.dataset.asgiLive ?? "", scope);
  apps.set(scope, app);
  return app;
}

/**
 * The scope of the worker that answers a frame: everything up to and with `/asgi-live/<name>/`.
 *
 * @param {string} src absolute URL
 * @param {string} name
 */
function scopeOf(src, name) {
  const folder = `/asgi-live/${name}/`;
  const at = src.indexOf(`${folder}app`);
  if (at < 0) console.error(`[asgi-live] ${name}: the frame's src ${src} does not lead into ${folder}app/`);
  return at < 0 ? null : src.slice(0, at + folder.length);
}

/** @param {App} app */
function applyPolicy(app) {
  for (const { root } of app.figures) {
    if (root.dataset.start === "load") app.startByPolicy();
    if (root.dataset.start === "visible") whenVisible(root, () => app.startByPolicy());
  }
}

/**
 * @param {Element} target
 * @param {() => void} act called once
 */
function whenVisible(target, act) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    act();
  });
  observer.observe(target);
}
