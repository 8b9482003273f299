// @ts-check
/** The elements of which figures, their logs and requests are made. */

import { STRINGS } from "./messages.js";

/** Outlines on a 16 by 16 grid. */
const ICONS = {
  home: "M2.5 7.5 8 2.75l5.5 4.75M4 6.5v6.75h8V6.5",
  reload: "M12.9 6.2A5.25 5.25 0 1 0 13.25 8M13.25 2.75v3.5h-3.5",
  tab: "M6.5 3.25H3.25v9.5h9.5V9.5M9.25 2.75h4v4M13 3 7.5 8.5",
  start: "M4.75 2.75v10.5L13.25 8Z",
  log: "M2.75 3.25h10.5v9.5H2.75ZM5 6.25 6.9 8 5 9.75M8.25 10h2.75",
  copy: "M5.75 5.75h7.5v7.5h-7.5ZM3.75 10.25h-1v-7.5h7.5v1",
  done: "M2.75 8.5 6.25 12 13.25 4.25",
  warning: "M8 2.25 14.5 13.5h-13ZM8 6.5v3.25M8 11.6v.15",
};

/**
 * A button or link that is an icon with a name.
 *
 * @param {"a" | "button"} tag
 * @param {"home" | "reload" | "tab" | "log" | "copy"} name
 * @param {Record<string, string>} attributes
 */
export function tool(tag, name, attributes) {
  const label = STRINGS[name];
  return element(
    tag,
    { class: "asgi-live-tool", title: label, "aria-label": label, ...attributes },
    icon(name),
  );
}

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const image = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  image.setAttribute("viewBox", "0 0 16 16");
  image.setAttribute("aria-hidden", "true");
  image.setAttribute("class", `asgi-live-icon asgi-live-icon-${name}`);
  path.setAttribute("d", ICONS[name]);
  image.append(path);
  return image;
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 */
export function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * Write a text only if it differs: a live region would announce it again.
 *
 * @param {HTMLElement} target
 * @param {string} text
 */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
