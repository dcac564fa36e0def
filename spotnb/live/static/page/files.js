// The files of the page: runtime, graphs, weights and the worker. Over http they are fetched and kept. Over file://,
// where a page may fetch nothing, each of them is a script that passes its bytes on as text. A widget holds them itself.
// They are unpacked here, as they come, while the worker is busy with those before.

import { h } from "../../../widgets/static/shared/dom.js";
import { LiveError, memoryWords } from "../errors.js";
import { fromBase64, partsOf, unpacked } from "./bytes.js";
import { filesFor } from "./runtimes.js";

/** @import { Bytes } from "./bytes.js" */
/** @import { Provider } from "./runtimes.js" */

/** @typedef {{ name: string, size: number }} Listed a file, and its gzipped size in bytes */
/**
 * @typedef {object} Listing
 * @property {string} folder
 * @property {string} digest of all files
 * @property {Listed[]} files in the order in which they are loaded
 * @property {Listed[]} webgpu what is loaded in the place of those of WebAssembly
 */
/** @typedef {{ name: string, data: Bytes }} Loaded a file, unpacked */
/** @typedef {Record<string, DataView<ArrayBuffer>>} Held the bytes of each file */

const CACHE = "spotnb-live-";

/** A file of the page could not be loaded. */
export class LoadError extends LiveError {}

/**
 * Yields the files in order, as copies of those that are held, or else from the folder of the page.
 * @param {Listing} listing
 * @param {Provider} provider
 * @param {Held | null} held
 * @param {(loaded: number) => void} onLoaded bytes of all files together
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<Loaded>}
 */
export async function* readFiles(listing, provider, held, onLoaded, signal) {
  if (!held) {
    yield* loadedFiles(listing, filesFor(listing, provider), onLoaded, signal);
    return;
  }
  let before = 0;
  for (const { name, size } of listing.files) {
    if (!held[name]) throw new LiveError(`${name} is missing: expected it in this panel; create another LivePanel`);
    const { buffer, byteOffset, byteLength } = held[name];
    const data = await unpackedFile(name, [new Uint8Array(buffer, byteOffset, byteLength)], signal);
    before += size;
    onLoaded(before);
    yield { name, data };
  }
}

/**
 * @param {Listing} listing
 * @param {Listed[]} files of it
 * @param {(loaded: number) => void} onLoaded bytes of all files together
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<Loaded>}
 */
async function* loadedFiles({ folder, digest }, files, onLoaded, signal) {
  const scripted = location.protocol === "file:";
  const cache = scripted ? null : await openCache(`${CACHE}${digest}`);
  let before = 0;
  for (const { name, size } of files) {
    const onBytes = (/** @type {number} */ bytes) => onLoaded(before + Math.min(bytes, size));
    const address = scripted ? `${folder}scripts/${name}.js` : `${folder}files/${name}.gz?${digest}`;
    const data = scripted
      ? await unpackedFile(address, scriptedParts(address), signal)
      : await fetchedFile(address, cache, onBytes, signal);
    before += size;
    onLoaded(before);
    yield { name, data };
  }
}

/**
 * The browser's store for these files, without those of earlier versions; null where there is none.
 * @param {string} name
 */
async function openCache(name) {
  try {
    for (const other of await caches.keys()) {
      if (other.startsWith(CACHE) && other !== name) await caches.delete(other);
    }
    return await caches.open(name);
  } catch {
    return null; // an insecure origin, or a private window
  }
}

/**
 * @param {string} address
 * @param {Cache | null} cache
 * @param {(bytes: number) => void} onBytes
 * @param {AbortSignal} signal
 */
async function fetchedFile(address, cache, onBytes, signal) {
  const kept = await cache?.match(address);
  if (kept?.body) return unpackedFile(address, partsOf(kept.body), signal);
  const answer = await fetch(address, { signal }).catch((error) => {
    if (signal.aborted) throw error;
    return null;
  });
  if (!answer?.ok || !answer.body) throw missing(address, answer ? `answer ${answer.status}` : "no answer");
  /** @type {Bytes[]} */
  const parts = [];
  let count = 0;
  async function* counted(/** @type {ReadableStream<Bytes>} */ body) {
    for await (const part of partsOf(body)) {
      parts.push(part);
      count += part.length;
      onBytes(count);
      yield part;
    }
  }
  const data = await unpackedFile(address, counted(answer.body), signal);
  await cache?.put(address, new Response(new Blob(parts))).catch(() => null); // the store may be full
  return data;
}

/**
 * @param {string} address
 * @param {Iterable<Bytes> | AsyncIterable<Bytes>} parts
 * @param {AbortSignal} signal
 */
async function unpackedFile(address, parts, signal) {
  const data = await unpacked(parts).catch((error) => {
    signal.throwIfAborted();
    if (error instanceof LiveError) throw error;
    const words = memoryWords(error);
    throw words ? new LiveError(words) : missing(address, "damaged or cut off");
  });
  signal.throwIfAborted();
  return data;
}

/** @param {string} address */
async function* scriptedParts(address) {
  yield fromBase64(await scriptedText(address));
}

/** @param {string} address @returns {Promise<string>} */
function scriptedText(address) {
  return new Promise((resolve, reject) => {
    const script = h("script", { src: address });
    Object.assign(globalThis, { spotnbLiveFile: resolve });
    script.addEventListener("load", () => script.remove());
    script.addEventListener("error", () => {
      script.remove();
      reject(missing(address, "no such file"));
    });
    document.head.append(script);
  });
}

/** @param {string} address @param {string} came */
const missing = (address, came) =>
  new LoadError(`${address.split("?")[0]}: ${came}; expected a file of this page: try again, or build the page anew`);
