// The bytes of a file of the page, which come gzipped, and as base64 where only scripts can be loaded.

/**
 * @param {Uint8Array<ArrayBuffer> | string} packed a string is base64
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function unpacked(packed) {
  const bytes = typeof packed === "string" ? fromBase64(packed) : packed;
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes; // the server has unpacked it
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** @param {string} text */
function fromBase64(text) {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let k = 0; k < bytes.length; k += 1) bytes[k] = characters.charCodeAt(k);
  return bytes;
}
