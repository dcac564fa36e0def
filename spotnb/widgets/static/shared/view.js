// One view of a widget: its element, its listeners (all removed at the end), and one paint per screen frame.
import { h } from "./dom.js";
import { followTheme, readColors } from "./theme.js";

const ANNOUNCE_AFTER = 400; // ms without a change before a screen reader hears of it: not at every frame of a scrub

/**
 * The part of anywidget's model that the views use. The model of a saved page has the same methods.
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(name: string, value: unknown) => void} set
 * @property {(names: string, handler: (...details: any[]) => void) => void} on
 * @property {(names: string, handler: (...details: any[]) => void) => void} off
 * @property {() => void} save_changes
 * @property {(content: object) => void} send
 */

/** @typedef {{ model: Model, el: HTMLElement }} Given */

/** @typedef {ReturnType<typeof openView>} View */

/**
 * @param {Given} given
 * @param {string} name
 * @param {string} label for screen readers
 */
export function openView({ model, el }, name, label) {
  const live = h("div", { class: "spotnb-sr", role: "status", "aria-live": "polite" });
  const root = h("div", { class: `spotnb spotnb-${name}`, role: "group", "aria-label": label }, live);
  /** @type {(() => void)[]} */
  const ends = [];
  const onEnd = (/** @type {() => void} */ end) => {
    ends.push(end);
  };
  const painting = createPainting(root);
  const announcer = createAnnouncer(live);

  const view = {
    model,
    root,
    get colors() {
      return painting.colors;
    },
    onEnd,
    /**
     * Like addEventListener, but removed at the end. `target` may be an element, the window or a media query.
     * @param {EventTarget} target
     * @param {string} types
     * @param {(event: any) => void} handler
     * @param {AddEventListenerOptions} [options]
     */
    listen(target, types, handler, options) {
      for (const type of types.split(" ")) {
        target.addEventListener(type, handler, options);
        onEnd(() => target.removeEventListener(type, handler, options));
      }
    },
    /**
     * Calls `handler` whenever one of the traits changes, here or in the kernel.
     * @param {string[]} traits
     * @param {() => void} handler
     */
    watch(traits, handler) {
      for (const trait of traits) view.hear(`change:${trait}`, handler);
    },
    /**
     * Calls `handler` for every event of that name on the model.
     * @param {string} name
     * @param {(...details: any[]) => void} handler
     */
    hear(name, handler) {
      model.on(name, handler);
      onEnd(() => model.off(name, handler));
    },
    /**
     * Changes traits here and, if there is a kernel, in the kernel.
     * @param {Record<string, unknown>} changes
     */
    set(changes) {
      for (const [trait, value] of Object.entries(changes)) model.set(trait, value);
      model.save_changes();
    },
    onPaint: painting.add,
    repaint: painting.request,
    say: announcer.say,
    end() {
      painting.stop();
      announcer.stop();
      for (const end of ends.splice(0).reverse()) end();
      root.remove();
    },
  };

  followMeans(view);
  el.append(root);
  onEnd(followTheme(root, view.repaint));
  return view;
}

/**
 * Notes on the root whether the pointer was used last. A browser takes the focus that a script moves after a click for
 * one that the keyboard moved.
 * @param {View} view
 */
function followMeans({ root, listen }) {
  const first = { capture: true }; // before those that stop the event
  listen(root, "pointerdown", () => root.setAttribute("data-pointer", ""), first);
  listen(root, "keydown keyup", () => root.removeAttribute("data-pointer"), first);
}

/** @param {HTMLElement} root */
function createPainting(root) {
  /** @type {(() => void)[]} */
  const painters = [];
  let frame = 0;
  let requested = 0;
  let open = true;

  const painting = {
    colors: readColors(root),
    /** @param {() => void} paint */
    add(paint) {
      painters.push(paint);
    },
    /** Paints at the next screen frame, once, no matter how often it is called. */
    request() {
      if (frame || !open) return;
      requested = performance.now();
      frame = requestAnimationFrame(() => {
        frame = 0;
        if (root.isConnected) paintAll(); // if not, it is painted when it gets its size on the page
      });
    },
    stop() {
      open = false;
      cancelAnimationFrame(frame);
    },
  };

  function paintAll() {
    const start = performance.now();
    painting.colors = readColors(root); // only now: an element that is not on the page yet has no colors
    for (const paint of painters) paint();
    const detail = { paint: performance.now() - start, sinceRequest: performance.now() - requested };
    root.dispatchEvent(new CustomEvent("spotnb:painted", { detail }));
  }
  return painting;
}

/**
 * Describes the picture to screen readers.
 * @param {HTMLElement} live
 */
function createAnnouncer(live) {
  let timer = 0;
  return {
    /** @param {string} text */
    say(text) {
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        if (live.textContent !== text) live.textContent = text;
      }, ANNOUNCE_AFTER);
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
