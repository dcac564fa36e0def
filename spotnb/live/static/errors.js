// A mistake of the caller, or a failed computation: what came, what was expected, and what to do, in one line.

export class LiveError extends Error {
  name = "LiveError";

  /** @param {string} message @param {string} setting the setting that it is about, if there is one */
  constructor(message, setting = "") {
    super(message);
    this.setting = setting;
  }
}

/**
 * What to say where the browser has too little memory, or null for any other error.
 * @param {unknown} error
 */
export function memoryWords(error) {
  const full = error instanceof RangeError || /memory|bad_alloc|allocat/i.test(String(error));
  if (!full) return null;
  return "The browser has too little memory: the model needs about 600 MB. Close other tabs, then try again.";
}
