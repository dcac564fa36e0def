// One view of a widget: its element, what it listens to (all given back at the end), and one paint per screen frame.
import { h } from "./dom.js";
import { followTheme, readColours } from "./theme.js";

const ANNOUNCE_AFTER = 400; // ms of rest before a screen reader is told: not at every frame of a scrub

export function openView({ model, el }, name, label) {
  const live = h("div", { class: "spotnb-sr", role: "status", "aria-live": "polite" });
  const root = h("section", { class: `spotnb spotnb-${name}`, role: "group", "aria-label": label }, live);
  const ends = [];
  const painters = [];
  let request = 0;
  let requested = 0;
  let timer = 0;
  let open = true;

  const view = {
    model,
    root,
    live,
    colours: {},
    onEnd(end) {
      ends.push(end);
    },
    // addEventListener, given back at the end. `target` may be an element, window, a media query ...
    listen(target, types, handler, options) {
      for (const type of types.split(" ")) {
        target.addEventListener(type, handler, options);
        ends.push(() => target.removeEventListener(type, handler, options));
      }
    },
    // Calls `handler` whenever one of the traits changes, from wherever.
    watch(traits, handler) {
      for (const trait of traits) {
        model.on(`change:${trait}`, handler);
        ends.push(() => model.off(`change:${trait}`, handler));
      }
    },
    // Changes traits here and, where there is a kernel, there.
    set(changes) {
      for (const [trait, value] of Object.entries(changes)) model.set(trait, value);
      model.save_changes();
    },
    onPaint(paint) {
      painters.push(paint);
    },
    repaint() {
      if (request || !open) return;
      requested = performance.now();
      request = requestAnimationFrame(() => {
        request = 0;
        view.paintNow();
      });
    },
    paintNow() {
      if (!root.isConnected) return; // whoever resizes it, by putting it on the page, has it painted
      const start = performance.now();
      view.colours = readColours(root); // now: an element that is not on the page yet has none
      for (const paint of painters) paint();
      const detail = { paint: performance.now() - start, sinceRequest: performance.now() - requested };
      root.dispatchEvent(new CustomEvent("spotnb:painted", { detail }));
    },
    // What the picture shows, for those who do not see it.
    say(text) {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (live.textContent !== text) live.textContent = text;
      }, ANNOUNCE_AFTER);
    },
    end() {
      open = false;
      cancelAnimationFrame(request);
      clearTimeout(timer);
      for (const end of ends.splice(0).reverse()) end();
      root.remove();
    },
  };

  el.append(root);
  ends.push(followTheme(root, view.repaint));
  return view;
}

// The bytes of a trait: Jupyter hands out DataViews.
export function bytesOf(value) {
  return value ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(0);
}

export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
