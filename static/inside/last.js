// @ts-check
/** Takes the script element away: the page's own scripts, and tests of its markup, should not meet it. */
document.currentScript?.remove();
