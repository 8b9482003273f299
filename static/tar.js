// @ts-check
/** Reads a tar archive that is already in memory; the format is POSIX.1-2001 (pax), as Python's tarfile writes it. */

const BLOCK = 512;
const decoder = new TextDecoder();

/**
 * The regular files of an archive, without copying their content.
 *
 * @param {Uint8Array} archive
 * @returns {Generator<{path: string, content: Uint8Array}>} in the archive's order; `path` is relative
 */
export function* files(archive) {
  let longPath = "";
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0; ) {
    const header = archive.subarray(at, at + BLOCK);
    const size = parseInt(text(header, 124, 12), 8);
    const content = archive.subarray(at + BLOCK, at + BLOCK + size);
    const type = String.fromCharCode(header[156]);
    if (type === "x") {
      longPath = paxPath(content);
    } else {
      if (type === "0") yield { path: longPath || shortPath(header), content };
      longPath = "";
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}

/** @param {Uint8Array} header */
function shortPath(header) {
  const prefix = text(header, 345, 155);
  return (prefix ? prefix + "/" : "") + text(header, 0, 100);
}

/**
 * A pax header is a list of `<length> <key>=<value>\n`; only the path matters here.
 *
 * @param {Uint8Array} records
 */
function paxPath(records) {
  for (let at = 0; at < records.length; ) {
    const space = records.indexOf(0x20, at);
    const end = at + parseInt(decoder.decode(records.subarray(at, space)), 10);
    const record = decoder.decode(records.subarray(space + 1, end - 1));
    if (record.startsWith("path=")) return record.slice("path=".length);
    at = end;
  }
  return "";
}

/**
 * @param {Uint8Array} header
 * @param {number} start
 * @param {number} length
 */
function text(header, start, length) {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return decoder.decode(end < 0 ? field : field.subarray(0, end));
}
