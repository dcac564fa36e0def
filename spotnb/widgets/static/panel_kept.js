// A kept run in the list of SamplerPanel: its name, a small waveform, a player, and what can be done with it.
import { about } from "./panel_kept/sentences.js";
import { fullScale } from "./panel_result/geometry.js";
import { diverging, imageOf } from "./shared/colors.js";
import { h, showAction } from "./shared/dom.js";
import { bindKeys, guardControls, pressable } from "./shared/keys.js";
import { bufferOf, bytesOf, clamp, signedBytesOf } from "./shared/numbers.js";
import { createViewPlayer } from "./shared/player.js";
import { createPlot } from "./shared/plot.js";
import { followPointer } from "./shared/pointers.js";
import { haloed, line } from "./shared/strokes.js";
import { openView } from "./shared/view.js";

/** @import { Given, View } from "./shared/view.js" */
/** @import { Plot } from "./shared/plot.js" */
/** @import { Context } from "./shared/strokes.js" */
/** @import { Scene } from "./panel_kept/sentences.js" */

const HEIGHT = 44;

/** @param {Given} given */
function render(given) {
  const view = openView(given, "panel-kept", "A kept run");
  const { model } = view;
  /** @type {() => Scene} */
  const read = () => model.get("_scene");
  const player = createViewPlayer(view, { onPlace: view.repaint });
  const plot = createPlot(view, {
    perSecond: 1,
    label: "The sound. Space to play, left and right to move by a second.",
    height: () => HEIGHT,
    margin: () => ({ left: 0, right: 0, top: 2, bottom: 2 }),
    paint: (ctx) => paint(view, ctx, plot, read(), player.place),
  });
  const play = pressable(view, { class: "spotnb-round" }, "", player.toggle);
  const seek = (/** @type {number} */ to) => player.seek(clamp(to, 0, read().seconds));
  bindKeys(view, plot.canvas, {
    " ": player.toggle,
    ArrowLeft: (_, factor) => seek(player.place - factor),
    ArrowRight: (_, factor) => seek(player.place + factor),
    Home: () => seek(0),
    End: () => seek(read().seconds),
  });
  followPointer(view, plot, { press: ({ x }) => seek(plot.frameAt(x)) });
  const [name, facts, note] = [h("b", {}), h("span", {}), h("p", { class: "spotnb-muted" })];
  const head = h("div", { class: "spotnb-head" }, name, facts);
  const row = h("div", { class: "spotnb-row spotnb-line" }, play, plot.element);
  view.root.append(head, row, note, createChoices(view, read));
  const load = () => {
    const { sound } = read();
    if (sound) player.load([bufferOf(sound)]).then(view.repaint, () => {});
  };
  load();
  view.hear("change:_scene", load);
  view.watch(["_scene", "chosen", "current", "note"], view.repaint);
  view.onPaint(() => {
    const scene = read();
    name.textContent = `${scene.number}: ${scene.prompt}`;
    facts.textContent = about(scene);
    note.textContent = [model.get("current") ? "Shown now." : "", model.get("note")].filter(Boolean).join(" ");
    note.hidden = !note.textContent;
    view.root.dataset.current = String(model.get("current"));
    play.hidden = !scene.sound;
    play.disabled = !player.duration;
    showAction(play, `${player.playing ? "Pause" : "Play"} run ${scene.number}`, player.playing ? "pause" : "play");
  });
  view.repaint();
  return view.end;
}

/**
 * A tick for Compare, and buttons to show and to remove the run. Removing asks first.
 * @param {View} view
 * @param {() => Scene} read
 */
function createChoices(view, read) {
  const { model } = view;
  const tick = h("input", { type: "checkbox" });
  const label = h("label", { class: "spotnb-labelled" }, tick, "Compare");
  guardControls(view, tick);
  view.listen(tick, "change", () => view.set({ chosen: tick.checked }));
  const show = pressable(view, {}, "Show", () => model.send({ do: "show" }));
  const remove = pressable(view, {}, "Remove", () => ask(true));
  const yes = pressable(view, { class: "spotnb-danger" }, "Remove for good", () => model.send({ do: "remove" }));
  const no = pressable(view, {}, "Keep", () => ask(false));
  const question = h("div", { class: "spotnb-row", hidden: true }, yes, no);
  const choices = h("div", { class: "spotnb-row" }, label, show, remove);
  const ask = (/** @type {boolean} */ asking) => {
    question.hidden = !asking;
    choices.hidden = asking;
    (asking ? no : remove).focus();
  };
  const box = h("div", { hidden: model.get("offline") }, choices, question);
  view.onPaint(() => {
    const { sound, number } = read();
    label.hidden = !sound;
    tick.checked = model.get("chosen");
    tick.setAttribute("aria-label", `Compare run ${number}`);
    show.setAttribute("aria-label", `Show run ${number}`);
    remove.setAttribute("aria-label", `Remove run ${number}`);
    show.disabled = model.get("current");
  });
  return box;
}

/** @param {View} view @param {Context} ctx @param {Plot} plot @param {Scene} scene @param {number} place */
function paint({ colors }, ctx, plot, scene, place) {
  const { sound, envelope, latent, columns, seconds } = scene;
  plot.range = [0, seconds];
  const [width, height] = [plot.right - plot.left, plot.bottom - plot.top];
  if (!sound) {
    const codes = bytesOf(latent);
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(imageOf(codes, columns, codes.length / columns, diverging), plot.left, plot.top, width, height);
    return;
  }
  const values = signedBytesOf(envelope);
  const count = values.length / 2;
  const middle = plot.top + height / 2;
  const limit = 127 * fullScale(values);
  ctx.fillStyle = colors.panel;
  ctx.fillRect(plot.left, plot.top, width, height);
  ctx.fillStyle = colors.wave;
  for (let k = 0; k < count; k += 1) {
    const [low, high] = [values[2 * k] / limit, values[2 * k + 1] / limit];
    const tall = Math.max(1, ((high - low) * height) / 2);
    ctx.fillRect(plot.left + (k * width) / count, middle - (high * height) / 2, Math.max(0.6, width / count), tall);
  }
  const x = plot.x(place);
  haloed(ctx, [colors.halo, 4], [colors.mark, 2], () => line(ctx, x, plot.top, x, plot.bottom));
}

export default { render };
