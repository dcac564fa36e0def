// The sound of a run: waveform above mel spectrogram, seams in both, and a player.
import { HEIGHT } from "./panel_result/geometry.js";
import { paintSound } from "./panel_result/painter.js";
import { description, facts, heading } from "./panel_result/sentences.js";
import { imageOf, magma } from "./shared/colors.js";
import { factSpans, h, showAction } from "./shared/dom.js";
import { bindKeys, pressable } from "./shared/keys.js";
import { bufferOf, bytesOf, clamp } from "./shared/numbers.js";
import { createPlot } from "./shared/plot.js";
import { followPointer } from "./shared/pointers.js";
import { createSceneSound } from "./shared/scene_sound.js";
import { openView } from "./shared/view.js";

/** @import { Given } from "./shared/view.js" */
/** @import { Scene } from "./panel_result/sentences.js" */

/** @param {Given} given */
function render(given) {
  const view = openView(given, "panel-result", "The sound of the run");
  /** @type {Scene} */
  const scene = view.model.get("_scene");
  const sound = createSceneSound(view, scene);
  const { player, toggle } = sound;
  const seek = (/** @type {number} */ seconds) => player.seek(clamp(seconds, 0, scene.seconds));
  const shown = {
    picture: imageOf(bytesOf(scene.mel), scene.columns, scene.bands, magma),
    envelope: new Int8Array(bufferOf(scene.envelope)),
    bands: scene.bands,
    frames: (scene.melFrames / scene.melRate) * scene.framesPerSecond,
    seams: scene.seams,
  };
  const perSecond = scene.framesPerSecond;
  const length = scene.seconds * perSecond;
  const plot = createPlot(view, {
    perSecond,
    label: "Waveform and mel of the sound. Space to play, left and right to move by a second, Home and End.",
    height: () => HEIGHT,
    paint: (ctx) => paintSound({ ctx, plot, colors: view.colors }, shown, length, player.place * perSecond),
  });
  const button = pressable(view, { class: "spotnb-round", disabled: true }, "", toggle);
  const place = h("span", { class: "spotnb-value" });
  const factRow = h("div", { class: "spotnb-facts" }, ...factSpans(facts(scene)));
  const head = h("div", { class: "spotnb-head" }, h("b", {}, scene.prompt), h("span", {}, heading(scene)));
  view.root.append(head, plot.element, h("div", { class: "spotnb-row" }, button, place, factRow));
  bindKeys(view, plot.canvas, {
    " ": toggle,
    ArrowLeft: (_, factor) => seek(player.place - factor),
    ArrowRight: (_, factor) => seek(player.place + factor),
    Home: () => seek(0),
    End: () => seek(scene.seconds),
  });
  plot.canvas.style.cursor = "pointer";
  followPointer(view, plot, {
    press({ x }) {
      if (sound.isReady()) seek(plot.frameAt(x) / perSecond);
    },
  });
  view.onPaint(() => {
    button.disabled = !sound.isReady();
    showAction(button, player.playing ? "Pause the sound" : "Play the sound", player.playing ? "pause" : "play");
    place.textContent = sound.trouble() || `${player.place.toFixed(1)} / ${scene.seconds.toFixed(1)} s`;
    if (!player.playing) view.say(description(scene));
  });
  view.repaint();
  return view.end;
}

export default { render };
