// The sound that a run made: waveform above mel, seams in both, and a player.
import { h, icon } from "./shared/dom.js";
import { imageOf, viridis } from "./shared/colours.js";
import { bindKeys, guardControls } from "./shared/keys.js";
import { createPlayer } from "./shared/player.js";
import { createPlot, drawTimeAxis, line, rowLabel, FRAMES_PER_SECOND } from "./shared/plot.js";
import { bytesOf, clamp, openView } from "./shared/view.js";

const WAVE = 76;
const MEL = 128;
const GAP = 8;
const AXIS = 26;

function render({ model, el }) {
  const view = openView({ model, el }, "panel-result", "The sound of the run");
  const scene = model.get("_scene");
  const length = scene.seconds * FRAMES_PER_SECOND;
  const envelope = new Int8Array(bytesOf(scene.envelope).slice().buffer);
  const picture = imageOf(bytesOf(scene.mel), scene.columns, scene.bands, viridis);
  let ready = false;
  let trouble = "";

  const button = h("button", { type: "button", class: "spotnb-button spotnb-round", disabled: true });
  const place = h("span", { class: "spotnb-value" });
  const facts = h("div", { class: "spotnb-facts" });
  const plot = createPlot(view, {
    label: "Waveform and mel of the sound. Space to play, left and right to move by a second, Home and End.",
    interactive: true,
    height: () => WAVE + GAP + MEL + AXIS + 16,
    paint,
  });
  view.root.append(plot.element, h("div", { class: "spotnb-row" }, button, place, facts));
  guardControls(view, button);

  const player = createPlayer(view, { onPlace: () => view.repaint() });
  player.load([bytesOf(scene.sound).slice().buffer]).then(
    () => {
      ready = true;
      view.repaint();
    },
    () => {
      trouble = "This browser cannot decode the sound.";
      view.repaint();
    },
  );

  function paint(ctx) {
    const { colours } = view;
    plot.range = [0, length];
    const [left, right, top] = [plot.x(0), plot.x(length), plot.top];
    const middle = top + WAVE / 2;
    ctx.fillStyle = colours.panel;
    ctx.fillRect(left, top, right - left, WAVE);
    ctx.strokeStyle = colours.line;
    ctx.lineWidth = 1;
    line(ctx, left, middle, right, middle);
    ctx.fillStyle = view.root.dataset.theme === "dark" ? colours.tileLight : colours.tileDark;
    const count = envelope.length / 2;
    const step = (right - left) / count;
    for (let k = 0; k < count; k += 1) {
      const [low, high] = [envelope[2 * k] / 127, envelope[2 * k + 1] / 127];
      ctx.fillRect(left + k * step, middle - (high * WAVE) / 2, Math.max(step, 0.6), Math.max(1, ((high - low) * WAVE) / 2));
    }
    const y = top + WAVE + GAP;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, y, right - left, MEL);
    ctx.clip();
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(picture, left, y, plot.x(scene.frames) - left, MEL);
    ctx.restore();
    for (const seam of scene.seams) {
      if (seam > length) continue;
      for (const [colour, width] of [[colours.halo, 3.5], [colours.seam, 1.75]]) {
        ctx.strokeStyle = colour;
        ctx.lineWidth = width;
        for (const [a, b] of [[top - 4, top + 8], [y - GAP, y + 8], [y + MEL - 8, y + MEL]]) line(ctx, plot.x(seam), a, plot.x(seam), b);
      }
    }
    const at = plot.x(player.place * FRAMES_PER_SECOND);
    for (const [colour, width] of [[colours.halo, 4], [colours.mark, 2]]) {
      ctx.strokeStyle = colour;
      ctx.lineWidth = width;
      line(ctx, at, top, at, y + MEL);
    }
    rowLabel(ctx, plot, colours, "sound", middle);
    rowLabel(ctx, plot, colours, "mel", y + MEL / 2);
    drawTimeAxis(ctx, plot, colours, y + MEL + 2, 0, length);
  }

  const seek = (seconds) => player.seek(clamp(seconds, 0, scene.seconds));
  const toggle = () => ready && player.toggle();
  view.listen(button, "click", toggle);
  bindKeys(view, plot.canvas, {
    " ": toggle,
    ArrowLeft: (_, factor) => seek(player.place - factor),
    ArrowRight: (_, factor) => seek(player.place + factor),
    Home: () => seek(0),
    End: () => seek(scene.seconds),
  });
  plot.canvas.style.cursor = "pointer";
  view.listen(plot.canvas, "pointerdown", (event) => {
    plot.canvas.focus({ preventScroll: true });
    if (ready) seek(plot.frameAt(plot.at(event).x) / FRAMES_PER_SECOND);
  });

  const told = [];
  if (scene.score) told.push([`seam score at every ${scene.tile}th frame`, `${scene.score.score.toFixed(2)} (p = ${scene.score.p.toFixed(3)})`]);
  if (scene.peak !== null) told.push(["peak", `${scene.peak.toFixed(1)} dB`]);
  if (scene.lufs !== null) told.push(["loudness", `${scene.lufs.toFixed(1)} LUFS`]);
  told.push(["seams of the last step", String(scene.seams.length)]);
  facts.replaceChildren(...told.map(([name, value]) => h("span", {}, `${name} `, h("b", {}, value))));
  view.onPaint(() => {
    const action = player.playing ? "Pause the sound" : "Play the sound";
    button.disabled = !ready;
    if (button.getAttribute("aria-label") !== action) {
      button.setAttribute("aria-label", action);
      button.replaceChildren(icon(player.playing ? "pause" : "play"));
    }
    place.textContent = trouble || `${player.place.toFixed(1)} / ${scene.seconds.toFixed(1)} s`;
    if (!player.playing) view.say(`The sound is ${scene.seconds.toFixed(1)} seconds long: ${told.map((pair) => pair.join(" ")).join(", ")}.`);
  });
  view.repaint();
  return view.end;
}

export default { render };
