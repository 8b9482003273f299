// @ts-check
/** The page that the build recorded, in a figure's frame: nothing in it leads anywhere until the app runs. */

/** The id of what says so to readers for whom no figure does, where the page's links lead; the build has the same. */
const NOTICE = "asgi-live-recorded";

/** What would ask something of the app. */
const ASKING = `a[href="#${NOTICE}"], area[href="#${NOTICE}"], button, [type=submit], [type=button], [type=image]`;

/** @type {WeakSet<Document>} */
const adopted = new WeakSet();

/**
 * Take a recorded page into a figure, which itself says what it is.
 *
 * @param {Document} page
 * @param {() => void} asked called when the reader asks something of the app
 */
export function adopt(page, asked) {
  page.getElementById(NOTICE)?.remove();
  if (adopted.has(page)) return;
  adopted.add(page);
  const stop = (/** @type {Event} */ event) => {
    event.preventDefault();
    asked();
  };
  page.addEventListener("submit", stop, true);
  page.addEventListener("click", (event) => {
    // Of the frame's own realm, so no instance of this page's classes.
    const target = /** @type {Element | null} */ (event.target);
    if (target?.closest?.(ASKING)) stop(event);
  }, true);
}
