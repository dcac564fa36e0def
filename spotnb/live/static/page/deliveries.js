// The files that a worker is sent while it opens the model. It takes each of them once, and waits for those to come.

/** @import { Bytes } from "./bytes.js" */

import { LiveError } from "../errors.js";

/** @typedef {{ promise: Promise<Bytes>, resolve: (bytes: Bytes) => void, reject: (error: Error) => void }} Expected */

export function createDeliveries() {
  /** Without those that were taken, so that their bytes are not kept. @type {Map<string, Expected>} */
  const files = new Map();
  let ended = false;
  const expected = (/** @type {string} */ name) => {
    const file = files.get(name) ?? createExpected();
    files.set(name, file);
    return file;
  };
  const miss = (/** @type {string} */ name) => {
    const came = `${name} did not arrive`;
    expected(name).reject(new LiveError(`${came}: expected it before the model is opened; load the page again`));
  };
  return {
    /** @param {string} name @param {Bytes} bytes */
    deliver: (name, bytes) => expected(name).resolve(bytes),
    /** No other file will come. */
    end() {
      ended = true;
      for (const name of files.keys()) miss(name); // nothing happens to a file that has come
    },
    /** @param {string} name */
    async take(name) {
      if (ended && !files.has(name)) miss(name);
      const bytes = await expected(name).promise;
      files.delete(name);
      return bytes;
    },
  };
}

/** @returns {Expected} */
function createExpected() {
  /** @type {Partial<Expected>} */
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  parts.promise.catch(() => {}); // whoever takes the file hears of it
  return /** @type {Expected} */ (parts);
}
