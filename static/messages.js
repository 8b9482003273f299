// @ts-check
/** Every word that the page shows to a reader, in one place so that it can be translated; `file.js` has its own. */

/** @import {Reason, State} from "./protocol.js" */

/** What a failed panel offers: to start again, to load the whole page again, or nothing if neither helps. */
/** @typedef {"retry" | "reload" | "none"} Remedy */
/** @typedef {{what: string, todo: string, remedy: Remedy}} Failure */

export const STRINGS = {
  /** @type {Record<State, string>} */
  states: { idle: "Not started", starting: "Starting", ready: "Live", failed: "Not running" },
  start: "Run this app in your browser",
  recorded: "This page is a recording.",
  promise: "Python runs on your own device: no server, no account.",
  size: "About {size} to download, once.",
  sizes: "About {size} to download, once, and {more} more while it runs.",
  starting: "Starting {title}",
  phases: {
    register: "Preparing…",
    download: "Downloading",
    boot: "Starting Python…",
    frame: "Opening the first page…",
  },
  bytes: "{loaded} of {total} MB",
  path: "Page shown",
  home: "Back to the first page",
  reload: "Reload the app's page",
  tab: "Open in a new tab",
  log: "What the app says",
  errors: "with an error",
  gap: "… {count} lines are not kept …",
  anew: "… the app was started anew …",
  copy: "Copy",
  request: {
    copied: "Copied",
    send: "Send",
    shortcut: "Send: Ctrl or ⌘ and Enter",
    edit: "Edit",
    edited: "Done",
    reset: "Reset",
    label: "Request to send",
    asWritten: "Only the request as it is in this page is shown so; Reset brings it back.",
    live: "live, from Python in your browser",
    sending: "Waiting for the app…",
    promise: "Python starts in your browser with the first request: no server, no account.",
    stays: "What is shown is the recording.",
    refused: "The app gave no answer.",
    noRequestLine: "“{line}” is not a request line: write for example GET /items?page=2.",
    noHeader: "“{line}” is not a header: write Name: value, and an empty line before the body.",
  },
  detail: "Details",
  retry: "Try again",
  reloadPage: "Reload this page",
  /** @type {Record<Reason, Failure>} */
  failures: {
    unsupported: {
      what: "This browser cannot run the app.",
      todo:
        "It needs service workers that load modules: use a current Chrome, Edge, Firefox or Safari, " +
        "in a normal window. Private windows of some browsers switch service workers off.",
      remedy: "none",
    },
    insecure: {
      what: "This page is served over {origin}, where browsers forbid service workers.",
      todo: "The app needs one: open this page over https, or on localhost.",
      remedy: "none",
    },
    private: {
      what: "The browser does not allow a service worker on this page.",
      todo:
        "This is so in private windows of some browsers, and where cookies or site data are blocked. " +
        "Open this page in a normal window, or allow site data for {host}, then try again.",
      remedy: "retry",
    },
    download: {
      what: "A part of the app could not be downloaded.",
      todo: "Check the connection, then try again.",
      remedy: "retry",
    },
    python: {
      what: "Python could not be started in this browser.",
      todo: "Close other tabs in case memory is short, then try again. If that fails, use a newer browser.",
      remedy: "retry",
    },
    app: {
      what: "Python runs, but the app could not be started.",
      todo: "The fault is in the app or in how it was packed: report the details to the authors of this page.",
      remedy: "retry",
    },
    ended: {
      what: "Python has ended while the app was running.",
      todo: "The app ended it, or needed more than the browser gives. What it kept in memory is lost; start it again.",
      remedy: "retry",
    },
    unbuilt: {
      what: "This app could not be built with the documentation.",
      todo: "Authors find the reason, with its line, in the warnings of the build.",
      remedy: "none",
    },
    bypassed: {
      what: "The browser asked the web server for this app, past the service worker that runs it.",
      todo: "Browsers do so after a forced reload (Shift or Ctrl with reload). Now reload the page normally.",
      remedy: "reload",
    },
    silent: {
      what: "The app's service worker no longer answers.",
      todo: "The browser may have ended it for want of memory. Close other tabs, then try again.",
      remedy: "retry",
    },
  },
  details: {
    stalled: "No data has arrived for {seconds} seconds ({progress}).",
    slow: "It did not finish within {seconds} seconds.",
    unanswered: "No answer for {seconds} seconds.",
    frame: "The app started, but {url} was not answered within {seconds} seconds.",
    forgotten: "The worker said that the app is ready, then forgot it, more than once.",
    discarded: "The browser discarded the service worker while it was being installed.",
    status: "{url}: the web server answered {status}.",
    type: "{url}: the web server says that this is “{type}”; it must be text/javascript.",
    network: "{url}: no answer ({error}).",
  },
};

/**
 * `{name}` in a text replaced by the value of that name.
 *
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/**
 * Bytes as a reader says them: "640 kB", "4.2 MB", "14 MB".
 *
 * @param {number} bytes
 */
export function size(bytes) {
  if (bytes < 999_500) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return bytes < 9_950_000 ? `${megabytes(bytes)} MB` : `${Math.round(bytes / 1e6)} MB`;
}

/**
 * "4.2 of 13.9 MB"; a total that is unknown or was too small is never shown as less than what has arrived.
 *
 * @param {number} loaded bytes
 * @param {number} total bytes
 */
export function progress(loaded, total) {
  return fill(STRINGS.bytes, { loaded: megabytes(loaded), total: megabytes(Math.max(loaded, total)) });
}

/**
 * A duration as a reader says it: "12 ms", "3.4 s".
 *
 * @param {number} milliseconds
 */
export function duration(milliseconds) {
  return milliseconds < 999.5 ? `${Math.max(1, Math.round(milliseconds))} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** @param {number} bytes */
function megabytes(bytes) {
  return (bytes / 1e6).toFixed(1);
}
