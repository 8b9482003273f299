// @ts-check
"use strict";

/**
 * Tells the reader of a page that was opened from disk what its apps need. There no browser runs a module, so this
 * is a classic script, with the few words and shapes of its own that `messages.js` and `figure.js` have for the rest.
 */
(() => {
  if (location.protocol !== "file:") return;

  const TOOLBAR = `<div class="asgi-live-toolbar">
    <span class="asgi-live-title"></span> <span class="asgi-live-status">Not running</span>
  </div>`;
  const PANEL = `<div class="asgi-live-panel" role="group"><div class="asgi-live-failure">
    <p class="asgi-live-headline">
      <svg class="asgi-live-icon" viewBox="0 0 16 16" aria-hidden="true">
        <path d="M8 2.25 14.5 13.5h-13ZM8 6.5v3.25M8 11.6v.15" />
      </svg>
      This page was opened as a file, where browsers forbid service workers.
    </p>
    <p class="asgi-live-note">
      The app needs one: serve the folder of the built documentation, for example with
      <code>python -m http.server</code> in it or <code>sphinx-asgi-live serve</code> and its name, and open the page
      at the address that this prints.
    </p>
  </div></div>`;

  /** @type {NodeListOf<HTMLElement>} */
  const figures = document.querySelectorAll("figure.asgi-live");
  for (const figure of figures) {
    const frame = figure.querySelector("iframe");
    if (!frame) continue;
    // On a disk a folder's page has to be named.
    const url = new URL(frame.src);
    url.pathname = url.pathname.replace(/(?:\/index\.html|\/)?$/, "/index.html");
    url.search = "";
    frame.src = url.href;
    frame.insertAdjacentHTML("beforebegin", TOOLBAR);
    frame.insertAdjacentHTML("afterend", PANEL);
    figure.querySelector(".asgi-live-title")?.append(frame.title);
    figure.querySelector(".asgi-live-panel")?.setAttribute("aria-label", frame.title);
    figure.classList.add("asgi-live-scripted", "asgi-live-recorded");
    figure.dataset.state = "failed";
    const detail = { name: figure.dataset.asgiLive, state: "failed", reason: "file" };
    figure.dispatchEvent(new CustomEvent("asgi-live:state", { bubbles: true, detail }));
  }
})();
