// @ts-check
/** The way in which a reader wants to see one request is the way of all, on this page and on the next. */

const KEY = "asgi-live:way";

/** Show requests as their reader chose before, and follow the next choice. */
export function followChoice() {
  const chosen = recalled();
  if (chosen) choose(chosen);
  document.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLInputElement) || !target.closest(".asgi-live-ways")) return;
    const { top } = target.getBoundingClientRect();
    choose(target.value);
    // What is above may have another height now; what the reader has in view stays.
    scrollBy({ top: target.getBoundingClientRect().top - top, behavior: "instant" });
    remember(target.value);
  });
}

/** @param {string} way */
function choose(way) {
  for (const input of document.querySelectorAll(".asgi-live-ways input:enabled")) {
    if (input instanceof HTMLInputElement && input.value === way) input.checked = true;
  }
}

function recalled() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    // A browser that keeps nothing for this site.
    return null;
  }
}

/** @param {string} way */
function remember(way) {
  try {
    localStorage.setItem(KEY, way);
  } catch {
    // As above.
  }
}
