import assert from "node:assert/strict";
import test from "node:test";
import { restored, SavedModel } from "../../spotnb/widgets/static/page/model.js";
import { readableOn } from "../../spotnb/widgets/static/shared/colors.js";
import { bindKeys, guardControls } from "../../spotnb/widgets/static/shared/keys.js";
import { bytesOf, runsOf, signedBytesOf } from "../../spotnb/widgets/static/shared/numbers.js";
import { followPointer, followWheel } from "../../spotnb/widgets/static/shared/pointers.js";
import { seconds, ticksBetween } from "../../spotnb/widgets/static/shared/time.js";

class FakeElement extends EventTarget {
  attributes = {};
  tabIndex = -1;
  focused = 0;
  captured = null;
  setAttribute(name, value) {
    this.attributes[name] = value;
  }
  focus() {
    this.focused += 1;
  }
  setPointerCapture(id) {
    this.captured = id;
  }
  fire(type, details = {}) {
    const event = Object.assign(new Event(type, { cancelable: true }), { button: 0, pointerId: 7, ...details });
    this.dispatchEvent(event);
    return event;
  }
}

// As much of a view as listens, and gives everything back.
function fakeView() {
  const ends = [];
  return {
    listen(target, types, handler, options) {
      for (const type of types.split(" ")) {
        target.addEventListener(type, handler, options);
        ends.push(() => target.removeEventListener(type, handler, options));
      }
    },
    end() {
      for (const end of ends.splice(0)) end();
    },
  };
}

function pointing(handlers) {
  const canvas = new FakeElement();
  const view = fakeView();
  const told = [];
  const noted = Object.fromEntries(
    Object.entries(handlers).map(([name, handler]) => [
      name,
      (...given) => {
        told.push([name, ...given]);
        return handler?.(...given);
      },
    ]),
  );
  followPointer(view, { canvas, at: ({ x, y }) => ({ x, y }) }, noted);
  return { canvas, told, view };
}

test("a press that does not wander is a click", () => {
  const { canvas, told } = pointing({ press: () => "start", drag: null, click: null });
  canvas.fire("pointerdown", { x: 10, y: 1 });
  assert.deepEqual([canvas.focused, canvas.captured], [1, 7]);
  canvas.fire("pointermove", { x: 13, y: 1 });
  canvas.fire("pointerup", { x: 13, y: 1 });
  assert.deepEqual(
    told.map(([name]) => name),
    ["press", "click"],
  );
});

test("a press that wanders drags, from where it began", () => {
  const { canvas, told } = pointing({ press: () => "start", drag: null, click: null });
  canvas.fire("pointermove", { x: 0, y: 0 });
  canvas.fire("pointerdown", { x: 10, y: 0 });
  canvas.fire("pointermove", { x: 4, y: 0 });
  canvas.fire("pointermove", { x: 9, y: 0 });
  canvas.fire("pointerup", { x: 9, y: 0 });
  canvas.fire("pointermove", { x: 50, y: 0 });
  assert.deepEqual(told.slice(1), [
    ["drag", -6, "start"],
    ["drag", -1, "start"],
  ]);
});

test("a pointer that is taken away does not click, and no other button presses", () => {
  const { canvas, told } = pointing({ press: null, click: null });
  canvas.fire("pointerdown", { x: 1, y: 1, button: 2 });
  canvas.fire("pointerup", { x: 1, y: 1, button: 2 });
  canvas.fire("pointerdown", { x: 1, y: 1 });
  canvas.fire("pointercancel", { x: 1, y: 1 });
  assert.deepEqual(
    told.map(([name]) => name),
    ["press"],
  );
});

test("a scrub follows at once, and what is over is told whether it is held", () => {
  const { canvas, told, view } = pointing({ scrub: null, over: null, leave: null });
  canvas.fire("pointerdown", { x: 1, y: 0 });
  canvas.fire("pointermove", { x: 9, y: 0 });
  canvas.fire("pointerleave");
  const scrubs = told.filter(([name]) => name === "scrub").map(([, { x }]) => x);
  assert.deepEqual(scrubs, [1, 9]);
  assert.deepEqual(told[1].slice(0, 3), ["over", { x: 9, y: 0 }, { pressed: true, dragged: false }]);
  view.end();
  canvas.fire("pointermove", { x: 20, y: 0 });
  assert.equal(told.length, 4);
});

test("the wheel turns only where the focus is", () => {
  const [canvas, other] = [new FakeElement(), new FakeElement()];
  const turned = [];
  globalThis.document = { activeElement: other };
  followWheel(fakeView(), { canvas, at: () => ({ x: 0, y: 0 }) }, (direction) => turned.push(direction));
  assert.ok(!canvas.fire("wheel", { deltaY: 3 }).defaultPrevented);
  document.activeElement = canvas;
  assert.ok(canvas.fire("wheel", { deltaY: 30 }).defaultPrevented);
  canvas.fire("wheel", { deltaY: -1 });
  canvas.fire("wheel", { deltaY: -1, ctrlKey: true });
  assert.deepEqual(turned, [1, -1]);
  delete globalThis.document;
});

test("keys that have a handler go nowhere else, and shift makes them coarse", () => {
  const element = new FakeElement();
  const pressed = [];
  bindKeys(fakeView(), element, { "+": (_, factor) => pressed.push(factor) }, 5);
  assert.equal(element.tabIndex, 0);
  assert.equal(element.attributes["data-lm-suppress-shortcuts"], "true");
  assert.ok(element.fire("keydown", { key: "+" }).defaultPrevented);
  element.fire("keydown", { key: "=", shiftKey: true });
  assert.ok(!element.fire("keydown", { key: "+", ctrlKey: true }).defaultPrevented);
  assert.ok(!element.fire("keydown", { key: "x" }).defaultPrevented);
  assert.deepEqual(pressed, [1, 5]);
});

test("a control keeps its keys from the notebook, but for those that leave it", () => {
  const control = new FakeElement();
  const stopped = [];
  guardControls(fakeView(), control);
  for (const key of ["ArrowLeft", "Escape", "Tab"]) {
    const event = Object.assign(new Event("keydown"), { key, stopPropagation: () => stopped.push(key) });
    control.dispatchEvent(event);
  }
  assert.deepEqual(stopped, ["ArrowLeft"]);
});

test("frames are seconds, as short as they can be", () => {
  assert.deepEqual(
    [0, 25, 31, 33].map((frame) => seconds(frame, 25)),
    ["0", "1", "1.24", "1.32"],
  );
  assert.equal(seconds(25, 25, 2), "1.00");
  assert.equal(seconds(64, 44100 / 2048), "2.97");
});

test("ticks are at round seconds, far enough from each other", () => {
  assert.deepEqual(ticksBetween(0, 100, 0.9, 25), [0, 25, 50, 75, 100]);
  assert.deepEqual(ticksBetween(10, 100, 1.5, 25), [50, 100]);
  assert.deepEqual(ticksBetween(3, 4, 1, 25), []);
  assert.equal(ticksBetween(0, 25 * 7200, 1e9, 25)[1], 25 * 3600);
});

test("numbers that follow each other are runs", () => {
  assert.deepEqual(runsOf([1, 2, 3, 7, 9, 10]), [
    [1, 3],
    [7, 7],
    [9, 10],
  ]);
  assert.deepEqual(runsOf([]), []);
});

test("bytes of a trait are a window on its buffer", () => {
  const whole = Uint8Array.from([1, 2, 255, 4]);
  const view = new DataView(whole.buffer, 1, 2);
  assert.deepEqual([...bytesOf(view)], [2, 255]);
  assert.deepEqual([...signedBytesOf(view)], [2, -1]);
  assert.equal(bytesOf(null).length, 0);
});

test("a saved model tells of changes, and of nothing else", () => {
  const model = new SavedModel({ a: 1, b: 2 });
  const heard = [];
  const note = (_, value) => heard.push(value);
  model.on("change:a change:b", note);
  model.set("a", 5);
  model.set({ a: 5, b: 3 });
  model.off("change:a", note);
  model.set("a", 6);
  assert.deepEqual(heard, [5, 3]);
  assert.equal(model.get("a"), 6);
  model.off();
  model.set("b", 9);
  assert.equal(heard.length, 2);
});

test("a saved state gets its bytes back, wherever they stand", () => {
  const state = restored({
    state: { rows: [{}, {}] },
    buffers: [{ path: ["rows", 1, "mel"], data: btoa("\x00\xff") }],
  });
  assert.deepEqual([...bytesOf(state.rows[1].mel)], [0, 255]);
  assert.equal(state.offline, true);
});

test("black or white can be read on any color", () => {
  assert.equal(readableOn(33, 145, 140), "#000000"); // a green on which white has a contrast of 3.8 only
  assert.equal(readableOn(51, 101, 138), "#ffffff");
  assert.equal(readableOn(117, 117, 117), "#ffffff"); // the grays on which both have almost the same contrast
  assert.equal(readableOn(118, 118, 118), "#000000");
});
