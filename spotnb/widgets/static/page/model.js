// The model of a page without a kernel. It holds the saved state and has the methods that the views use.

/** @import { Given, Model } from "../shared/view.js" */

/** @typedef {(...details: any[]) => void} Handler */

/** @typedef {{ state: Record<string, any>, buffers: { path: (string | number)[], data: string }[] }} Saved */

/** @implements {Model} */
export class SavedModel {
  #state;
  /** @type {Map<string, Handler[]>} */
  #handlers = new Map();

  /** @param {Record<string, any>} state */
  constructor(state) {
    this.#state = state;
  }

  /** @param {string} name */
  get(name) {
    return this.#state[name];
  }

  /** @param {string | Record<string, unknown>} name @param {unknown} [value] */
  set(name, value) {
    const changes = typeof name === "string" ? { [name]: value } : name;
    const changed = Object.keys(changes).filter((key) => this.#state[key] !== changes[key]);
    for (const key of changed) this.#state[key] = changes[key];
    for (const key of changed) this.#fire(`change:${key}`, this, changes[key]);
    if (changed.length) this.#fire("change", this);
  }

  /** @param {string} names @param {Handler} handler */
  on(names, handler) {
    for (const name of names.split(" ")) this.#handlers.set(name, [...(this.#handlers.get(name) ?? []), handler]);
  }

  /** @param {string} [names] all by default @param {Handler} [handler] all by default */
  off(names, handler) {
    for (const name of names ? names.split(" ") : [...this.#handlers.keys()]) {
      const kept = (this.#handlers.get(name) ?? []).filter((other) => handler && other !== handler);
      this.#handlers.set(name, kept);
    }
  }

  save_changes() {}

  send() {}

  /** @param {string} name @param {...unknown} details */
  #fire(name, ...details) {
    for (const handler of this.#handlers.get(name) ?? []) handler(...details);
  }
}

/**
 * The state with its bytes in place.
 * @param {Saved} saved
 */
export function restored({ state, buffers }) {
  for (const { path, data } of buffers) {
    const text = atob(data);
    const bytes = new Uint8Array(text.length);
    for (let k = 0; k < text.length; k += 1) bytes[k] = text.charCodeAt(k); // of many megabytes: no iterator
    const holder = path.slice(0, -1).reduce((value, key) => value[key], state);
    holder[path[path.length - 1]] = new DataView(bytes.buffer);
  }
  return { ...state, offline: true };
}

/**
 * Shows the widget whose state is in the element `state-INDEX`, in the element `widget-INDEX`.
 * @param {(given: Given) => void} render
 * @param {number} index
 */
export function showSaved(render, index) {
  const element = (/** @type {string} */ name) =>
    /** @type {HTMLElement} */ (document.getElementById(`${name}-${index}`));
  const saved = JSON.parse(element("state").textContent ?? "");
  render({ model: new SavedModel(restored(saved)), el: element("widget") });
}
