// The transport of a run's steps: play, a slider, and which step it is.
import { field, h, icon, range } from "./dom.js";
import { guardControls } from "./keys.js";
import { clamp } from "./view.js";

// options: count (steps; a getter where a run still grows), get() the step shown, go(step) to show another, name(step) as it is called, rate a second; and
// for stages that are no steps: label, and value(step) for what stands beside the slider.
export function createSteps(view, options) {
  const button = h("button", { type: "button", class: "spotnb-button spotnb-round" });
  const slider = range(0, Math.max(0, options.count - 1), options.get());
  const output = h("span", { class: "spotnb-value" });
  const final = () => Math.max(0, options.count - 1);
  let timer = 0;

  const label = options.label ?? "Step";
  const value = options.value ?? ((step) => `${options.name(step)} / ${options.name(final())}`);
  const spoken = (step) => (options.value ? options.value(step) : `step ${options.name(step)} of ${options.count}`);

  const show = () => {
    const step = clamp(options.get(), 0, final());
    slider.max = final();
    slider.value = step;
    slider.setAttribute("aria-valuetext", spoken(step));
    output.textContent = value(step);
    const action = timer ? "Pause" : `Play the ${label.toLowerCase()}s`;
    if (button.getAttribute("aria-label") !== action) {
      button.setAttribute("aria-label", action);
      button.title = action;
      button.replaceChildren(icon(timer ? "pause" : "play"));
    }
  };
  const steps = {
    element: h("div", { class: "spotnb-row spotnb-steps" }, button, field(label, slider, output)),
    slider,
    button,
    show,
    go(step) {
      const wanted = clamp(Math.round(step), 0, final());
      if (wanted !== options.get()) options.go(wanted);
    },
    move(by) {
      steps.go(options.get() + by);
    },
    stop() {
      clearInterval(timer);
      timer = 0;
      show();
    },
    toggle() {
      if (timer || final() < 1) return steps.stop();
      if (options.get() >= final()) steps.go(0);
      timer = setInterval(() => {
        steps.move(1);
        if (options.get() >= final()) steps.stop();
      }, 1000 / (options.rate ?? 5));
      show();
    },
    // For the keys of a canvas.
    keys: {
      ArrowLeft: (_, factor) => steps.move(-factor),
      ArrowRight: (_, factor) => steps.move(factor),
      Home: () => steps.go(0),
      End: () => steps.go(final()),
      " ": () => steps.toggle(),
    },
    // The wheel scrubs where the canvas is in focus, and else scrolls the notebook as everywhere.
    scrubWith(canvas) {
      view.listen(
        canvas,
        "wheel",
        (event) => {
          if (document.activeElement !== canvas || event.ctrlKey || !event.deltaY) return;
          event.preventDefault();
          steps.move(Math.sign(event.deltaY));
        },
        { passive: false },
      );
    },
  };
  guardControls(view, slider, button);
  view.listen(slider, "input", () => steps.go(Number(slider.value)));
  view.listen(button, "click", () => steps.toggle());
  view.onEnd(() => clearInterval(timer));
  return steps;
}
