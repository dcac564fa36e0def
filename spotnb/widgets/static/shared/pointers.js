// Pointers over a picture. A press takes the focus and captures the pointer. If it moves less than a few pixels before
// it is released, it is a click.

/** @import { View } from "./view.js" */
/** @import { Plot } from "./plot.js" */

const CLICK = 3; // px that a pointer may move during a click

/** @typedef {{ x: number, y: number }} Place in CSS pixels of the canvas */

/**
 * `press` is called when the pointer is pressed and returns the start value for `drag`. `drag` gets the horizontal
 * distance since then, as soon as the movement is too long for a click. `click` is called at the release otherwise.
 * `scrub` is called at the press and at every move until the release. `over` is called at every move, pressed or not;
 * `leave` is called when the pointer leaves.
 * @template Start
 * @typedef {object} PointerHandlers
 * @property {(place: Place) => void} [scrub]
 * @property {(place: Place) => Start} [press]
 * @property {(dx: number, start: Start) => void} [drag]
 * @property {(place: Place) => void} [click]
 * @property {(place: Place, held: { pressed: boolean, dragged: boolean }) => void} [over]
 * @property {() => void} [leave]
 */

/**
 * @template Start
 * @param {View} view
 * @param {Pick<Plot, "canvas" | "at">} plot
 * @param {PointerHandlers<Start>} handlers
 */
export function followPointer(view, plot, handlers) {
  const { canvas } = plot;
  /** @type {{ x: number, start: any, dragged: boolean } | null} */
  let held = null;
  view.listen(canvas, "pointerdown", (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0) return;
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    const place = plot.at(event);
    held = { x: place.x, start: handlers.press?.(place), dragged: false };
    handlers.scrub?.(place);
  });
  view.listen(canvas, "pointermove", (/** @type {PointerEvent} */ event) => {
    const place = plot.at(event);
    handlers.over?.(place, { pressed: held !== null, dragged: held?.dragged ?? false });
    if (!held) return;
    handlers.scrub?.(place);
    const dx = place.x - held.x;
    held.dragged ||= Math.abs(dx) > CLICK;
    if (held.dragged) handlers.drag?.(dx, held.start);
  });
  view.listen(canvas, "pointerup pointercancel", (/** @type {PointerEvent} */ event) => {
    if (held && !held.dragged && event.type === "pointerup") handlers.click?.(plot.at(event));
    held = null;
  });
  if (handlers.leave) view.listen(canvas, "pointerleave", handlers.leave);
}

/**
 * Calls `turn` for the wheel if the canvas has the focus. Without the focus, the wheel scrolls the notebook as usual.
 * @param {View} view
 * @param {Pick<Plot, "canvas" | "at">} plot
 * @param {(direction: number, place: Place) => void} turn
 */
export function followWheel(view, plot, turn) {
  const { canvas } = plot;
  const wheel = (/** @type {WheelEvent} */ event) => {
    if (document.activeElement !== canvas || event.ctrlKey || !event.deltaY) return;
    event.preventDefault();
    turn(Math.sign(event.deltaY), plot.at(event));
  };
  view.listen(canvas, "wheel", wheel, { passive: false });
}
