// Archives of numpy arrays as `numpy.savez` writes them: a zip archive of `.npy` files that are not compressed.
// Sources: PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.4, and numpy's NEP 1, version 1.0 of its format.

import { LiveError } from "./errors.js";

/** @typedef {{ name: string, data: Float32Array | Uint8Array, shape: number[] }} Member an array and its name */

const MOST_BYTES = 2 ** 31; // an archive of more than 4 GB would need another format
const NPY_ALIGNMENT = 64;
const ENTRY = { signature: 0x04034b50, size: 30 };
const DIRECTORY = { signature: 0x02014b50, size: 46 };
const END = { signature: 0x06054b50, size: 22 };
const VERSION = 20; // of the format of the archive, 2.0
const FIRST_DAY = 0x21; // 1 January 1980: the same arrays give the same bytes
const CRC_POLYNOMIAL = 0xedb88320;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ CRC_POLYNOMIAL : rest >>> 1;
  return rest;
});

/**
 * The bytes of an archive, in parts, so that no array is copied: `new Blob(parts)` is the file.
 * @param {Member[]} members
 * @returns {Uint8Array<ArrayBuffer>[]}
 */
export function npz(members) {
  const bytes = members.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (bytes > MOST_BYTES) {
    throw new LiveError(
      `the arrays have ${bytes} bytes: expected ${MOST_BYTES} at most; keep only the clean estimates`,
    );
  }
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const { name, data, shape } of members) {
    const file = [npyHeader(data, shape), bytesOf(data)];
    const size = file[0].length + file[1].length;
    const facts = factsOf(name, crc32(file), size);
    const entry = header(ENTRY.signature, ENTRY.size, name, (view) => view.set(facts, 4));
    directory.push(
      header(DIRECTORY.signature, DIRECTORY.size, name, (view) => {
        view.set(facts.subarray(0, 2), 4); // the version that wrote it
        view.set(facts, 6);
        new DataView(view.buffer).setUint32(42, offset, true);
      }),
    );
    parts.push(entry, ...file);
    offset += entry.length + size;
  }
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  return [...parts, ...directory, endOf(members.length, length, offset)];
}

/**
 * What both headers of a member say: version, flags, method, time, date, checksum, two sizes, and lengths of texts.
 * @param {string} name @param {number} crc @param {number} size
 */
function factsOf(name, crc, size) {
  const view = new DataView(new ArrayBuffer(ENTRY.size - 4));
  view.setUint16(0, VERSION, true);
  view.setUint16(8, FIRST_DAY, true);
  view.setUint32(10, crc, true);
  view.setUint32(14, size, true);
  view.setUint32(18, size, true);
  view.setUint16(22, name.length, true);
  return new Uint8Array(view.buffer);
}

/**
 * @param {number} signature @param {number} size @param {string} name of ASCII letters
 * @param {(bytes: Uint8Array<ArrayBuffer>) => void} fill
 */
function header(signature, size, name, fill) {
  const bytes = new Uint8Array(size + name.length);
  new DataView(bytes.buffer).setUint32(0, signature, true);
  fill(bytes);
  bytes.set(new TextEncoder().encode(name), size);
  return bytes;
}

/** @param {number} count @param {number} length of the directory @param {number} offset where it begins */
function endOf(count, length, offset) {
  const view = new DataView(new ArrayBuffer(END.size));
  view.setUint32(0, END.signature, true);
  view.setUint16(8, count, true);
  view.setUint16(10, count, true);
  view.setUint32(12, length, true);
  view.setUint32(16, offset, true);
  return new Uint8Array(view.buffer);
}

/** @param {Float32Array | Uint8Array} data @param {number[]} shape */
function npyHeader(data, shape) {
  const kind = data instanceof Float32Array ? "<f4" : "|u1";
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${kind}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const magic = [0x93, ...new TextEncoder().encode("NUMPY"), 1, 0];
  const before = magic.length + 2;
  const length = Math.ceil((before + text.length + 1) / NPY_ALIGNMENT) * NPY_ALIGNMENT - before;
  const padded = `${text.padEnd(length - 1)}\n`;
  return Uint8Array.from([...magic, length & 0xff, length >> 8, ...new TextEncoder().encode(padded)]);
}

/** @param {Float32Array | Uint8Array} data */
function bytesOf(data) {
  const { buffer, byteOffset, byteLength } = data;
  return new Uint8Array(/** @type {ArrayBuffer} */ (buffer), byteOffset, byteLength);
}

/** @param {Uint8Array[]} parts */
function crc32(parts) {
  let rest = 0xffffffff;
  for (const part of parts) for (const byte of part) rest = CRC_TABLE[(rest ^ byte) & 0xff] ^ (rest >>> 8);
  return (rest ^ 0xffffffff) >>> 0;
}
