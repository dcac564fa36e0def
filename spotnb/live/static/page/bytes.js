// The bytes of a file of the page, which come gzipped, and as base64 where only scripts can be loaded.

import { turn } from "./turn.js";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */
/** @typedef {{ take: (piece: Bytes) => unknown, end: () => Promise<ArrayBuffer> }} Sink */

const PIECE = 65_536; // bytes, gzipped
const AT_ONCE = 8; // ms of unpacking, after which the page has a turn

/**
 * Unpacks a file while it comes.
 * @param {Iterable<Bytes> | AsyncIterable<Bytes>} parts
 * @returns {Promise<Bytes>}
 */
export async function unpacked(parts) {
  /** @type {Sink | null} */
  let sink = null;
  let rested = performance.now();
  for await (const part of parts) {
    for (let begin = 0; begin < part.length; begin += PIECE) {
      sink ??= part[0] === 0x1f && part[1] === 0x8b ? createInflater() : createCollector();
      await sink.take(part.subarray(begin, begin + PIECE));
      if (performance.now() - rested > AT_ONCE) {
        await turn();
        rested = performance.now();
      }
    }
  }
  return sink ? new Uint8Array(await sink.end()) : new Uint8Array();
}

/** @returns {Sink} */
function createInflater() {
  const { writable, readable } = new DecompressionStream("gzip");
  const writer = writable.getWriter();
  const whole = new Response(readable).arrayBuffer();
  whole.catch(() => {}); // whoever writes hears of it
  return {
    take: (piece) => writer.write(piece),
    end: () => writer.close().then(() => whole),
  };
}

/** Of what the server has unpacked. @returns {Sink} */
function createCollector() {
  /** @type {Bytes[]} */
  const pieces = [];
  return {
    take: (piece) => pieces.push(piece),
    end: () => new Blob(pieces).arrayBuffer(),
  };
}

/** @param {ReadableStream<Bytes>} stream @returns {AsyncGenerator<Bytes>} */
export async function* partsOf(stream) {
  const reader = stream.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
}

/** @param {string} text @returns {Bytes} */
export function fromBase64(text) {
  const { fromBase64: decode } = /** @type {{ fromBase64?: (text: string) => Bytes }} */ (Uint8Array);
  if (decode) return decode.call(Uint8Array, text); // browsers since 2025
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let k = 0; k < bytes.length; k += 1) bytes[k] = characters.charCodeAt(k);
  return bytes;
}
