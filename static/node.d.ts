// What engine.js uses of node and deno, so that checking it needs no package.

declare module "node:fs" {
  export function writeFileSync(path: string, content: string): void;
}

declare module "node:fs/promises" {
  export function readFile(path: string): Promise<Uint8Array<ArrayBuffer>>;
  export function readFile(path: string, encoding: "utf-8"): Promise<string>;
  export function writeFile(path: string, content: string | Uint8Array): Promise<void>;
}

declare module "node:process" {
  const process: { argv: string[]; exit(code: number): never; on(event: "uncaughtException", listener: (error: Error) => void): void };
  export default process;
}

declare module "node:url" {
  export function pathToFileURL(path: string): URL;
}

declare module "node:zlib" {
  export function gunzipSync(compressed: Uint8Array): Uint8Array<ArrayBuffer>;
}

declare module "node:buffer" {
  export const Buffer: { from(content: ArrayBuffer | Uint8Array): { toString(encoding: "base64"): string } };
}

declare module "node:crypto" {
  const crypto: {
    createHash(name: string): Hash;
    randomFillSync: (view: Uint8Array) => Uint8Array;
  };
  interface Hash {
    update(text: string): Hash;
    digest(): Uint8Array;
    digest(encoding: "hex"): string;
  }
  export default crypto;
}

declare module "node:vm" {
  export function runInNewContext(code: string): any;
}

declare module "node:v8" {
  export function setFlagsFromString(flags: string): void;
}
