// @ts-check
/**
 * What a docs page and an app's service worker say to each other; imported by both, and by Node in tests.
 *
 * The page posts `{type}` with a MessagePort to the worker; the worker answers on that port with `Report`s,
 * any number of times. A worker may be asked at any moment of its life, while it installs too.
 */

/** Page to worker, with a port: begin to download and boot, or join a start that is under way or done. */
export const START = "asgi-live:start";

/** Page to worker, with a port: only tell how things are. */
export const HELLO = "asgi-live:hello";

/**
 * Page to worker, with a port: stay alive. Answered late while the app runs, at once when it ends or does not run, and
 * soon when it has said what the page has not heard; `{type, heard}` of a page that shows it.
 */
export const BEAT = "asgi-live:beat";

/** Milliseconds that the worker holds such an answer back; browsers end a worker that has been idle for 30 s. */
export const BEAT_HOLD = 20_000;

/** The bubbling CustomEvent that a figure fires at each change of its state; `detail` is a `StateDetail`. */
export const STATE_EVENT = "asgi-live:state";

/** The attribute of a root element by which our static pages differ from an answer of the live app. */
export const MARKER = "data-asgi-live";

/** @typedef {"idle" | "starting" | "ready" | "failed"} State */
/** @typedef {"download" | "boot"} Phase */
/** @typedef {"download" | "python" | "app" | "ended"} WorkerReason what a worker finds */
/**
 * @typedef {"unsupported" | "insecure" | "private" | "unbuilt" | "bypassed" | "silent"} PageReason
 *   what the page finds
 */
/** @typedef {WorkerReason | PageReason} Reason */
/** @typedef {Record<string, number>} Marks milliseconds since the worker was told to start, by name */

/** A page of the app to its worker: `{type, text}`, a script has set a cookie. */
export const SET_COOKIE = "asgi-live:set-cookie";

/** Worker to the pages of its app: `{type, cookies, at}`, what `document.cookie` is now; `at` orders them. */
export const COOKIES = "asgi-live:cookies";

/** A page of the app to its worker, with a port: `{type, url, protocols, page}`, open a WebSocket; see `websocket.js`. */
export const SOCKET = "asgi-live:socket";

/** Page to worker, with a port: `{type, wanted}`, send the app a `Wanted`; the answer is a `Reply` or a `Refusal`. */
export const CALL = "asgi-live:call";

/**
 * A request as it is written in a page of the documentation.
 *
 * @typedef {object} Wanted
 * @property {string} method
 * @property {string} target a path of the app with its query, both percent-encoded
 * @property {[name: string, value: string][]} headers
 * @property {string} body
 * @property {string} base the address of the server that the app is to take itself for
 */

/**
 * What the app answers to it.
 *
 * @typedef {object} Reply
 * @property {number} status
 * @property {[name: string, value: string][]} headers all that the app sent
 * @property {Uint8Array<ArrayBuffer>} body
 * @property {boolean} isWhole false if the body went on for too long
 * @property {number} milliseconds that it took
 */

/** @typedef {{problem: string}} Refusal why there is no answer */

/** @typedef {typeof START | typeof HELLO} Question what a page posts with a port */

/** @typedef {{type: typeof START | typeof HELLO} | {type: typeof BEAT, heard?: Heard}} PageMessage */

/** @typedef {{text: string, isError: boolean}} Line what an app wrote, to `stderr` if `isError` */

/** @typedef {{life: string, count: number}} Heard how many lines of that life of a worker a page has got */

/** @typedef {Heard & {lines: Line[]}} Lines the last of `count` lines that the app has written in that life */

/**
 * @typedef {object} Report what a worker answers on a port
 * @property {"state"} type
 * @property {State} state
 * @property {Phase} phase
 * @property {number} loaded bytes downloaded so far
 * @property {number} total bytes to download, 0 while unknown
 * @property {WorkerReason} [reason] with `failed`
 * @property {string} [detail] with `failed`: the traceback, or the file and the status of a download
 * @property {Marks} [marks]
 * @property {Lines} [log] what the app has said
 */

/** @typedef {{name: string, state: State, reason?: Reason | "file", marks?: Marks}} StateDetail "file" comes of `file.js` */

/**
 * Whether a message from a port is a report.
 *
 * @param {unknown} data
 * @returns {data is Report}
 */
export function isReport(data) {
  return typeof data === "object" && data !== null && "type" in data && data.type === "state";
}
