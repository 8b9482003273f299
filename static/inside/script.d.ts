/** The element of the joined script, and what the scripts in it share. */
interface InjectedScript extends HTMLScriptElement {
  /** The URL inside the app that `href` means, if it is on this origin and outside of the app. */
  strayed: (href: string, base?: string) => string | undefined;
  /** The worker's address for what is to be saved as a file. */
  savePath: string;
  /** Have calls of a native method go to `make`, with the native one bound, its `this`, and what was given. */
  replaceMethod: (owner: any, name: string, make: (native: (...given: any[]) => any, self: any, given: any[]) => any) => void;
  /** The app's cookies as this page may see them; a sandboxed page has none. */
  cookies?: {
    get: () => string;
    set: (text: string) => Promise<void>;
    onChange: (before: string, now: string) => void;
    /** Settled when the jar has all that was set here; undefined if it has. */
    pending: () => Promise<void> | undefined;
  };
  /** Keep the navigations of a window inside the app; may be called again. */
  watch: (view: Window) => void;
  /** One WebSocket to the app. */
  LiveSocket: new (target: EventTarget, url: URL, protocols: string[]) => LiveSocket;
}

/** What stands behind a page's `WebSocket` to the app: its members, and its handlers by type of event. */
interface LiveSocket extends Pick<WebSocket, "url" | "readyState" | "protocol" | "extensions" | "bufferedAmount"> {
  binaryType: string;
  send(...args: any[]): void;
  close(...args: any[]): void;
  handler(type: string): unknown;
  setHandler(type: string, value: unknown): void;
}
