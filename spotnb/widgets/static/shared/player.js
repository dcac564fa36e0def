// Plays one of several takes on one clock. Nothing is normalized: the samples are played as they are.
// A switch between takes keeps the place, because all takes run all the time and only their gains change.
import { shareAmongViews } from "./common.js";
import { clamp } from "./numbers.js";

/** @import { View } from "./view.js" */

const FADE = 0.004; // s, so that a switch does not click
const DIP = 0.025; // s

/**
 * `onPlace` is called at each screen frame while it plays, and after every change. `level` is the factor by which a
 * take is made louder or softer; call `balance` when it changes.
 * @typedef {object} PlayerOptions
 * @property {(seconds: number, playing: boolean) => void} onPlace
 * @property {(take: number) => number} [level]
 * @property {() => void} [onPlay] is called before the sound starts
 */

/** @typedef {readonly [start: number, stop: number]} Span in seconds */

/**
 * The place of a sound after `passed` seconds, counted through the repetitions of a loop.
 * @param {number} passed seconds from the start of the sound, as if nothing were repeated
 * @param {Span | null} loop
 */
export function placeIn(passed, loop) {
  if (!loop || passed < loop[1]) return passed;
  return loop[0] + ((passed - loop[0]) % (loop[1] - loop[0]));
}

/**
 * Where a sound begins to play: from the start if it has ended, and within the loop if there is one.
 * @param {number} place
 * @param {Span | null} loop
 * @param {number} duration
 */
function startOf(place, loop, duration) {
  if (loop) return place < loop[0] || place >= loop[1] ? loop[0] : place;
  return place >= duration - 0.01 ? 0 : place;
}

/** @param {PlayerOptions} options */
export function createPlayer(options) {
  const voices = createVoices((take) => (take === chosen ? (options.level?.(take) ?? 1) : 0));
  let chosen = 0;
  let loop = /** @type {Span | null} */ (null);
  let offset = 0; // s from the start, where it plays from
  let request = 0;
  let wish = 0; // counts the calls: only the last one counts when the browser finally lets sound start

  const halt = () => {
    cancelAnimationFrame(request);
    voices.stop();
  };
  const tick = () => {
    options.onPlace(player.place, player.playing);
    if (player.playing) request = requestAnimationFrame(tick);
  };
  const rest = (/** @type {number} */ seconds) => {
    halt();
    offset = seconds;
    tick();
  };
  const restart = async (/** @type {number} */ seconds, /** @type {Span | null} */ span) => {
    const { playing } = player;
    halt();
    [offset, loop] = [clamp(seconds, 0, player.duration), span];
    if (playing) await player.play();
    else tick();
  };

  const player = {
    get playing() {
      return voices.playing;
    },
    get duration() {
      return voices.duration;
    },
    /** Seconds from the start. */
    get place() {
      return voices.playing ? clamp(placeIn(offset + voices.elapsed, loop), 0, voices.duration) : offset;
    },
    /** @param {ArrayBuffer[]} sounds whole FLAC or WAV files, one a take */
    async load(sounds) {
      player.pause();
      chosen = clamp(chosen, 0, Math.max(0, (await voices.load(sounds)) - 1));
      offset = 0;
      options.onPlace(0, false);
    },
    async play() {
      if (!voices.duration || player.playing) return;
      options.onPlay?.();
      wish += 1;
      const asked = wish;
      await voices.wake();
      if (asked !== wish) return;
      offset = startOf(offset, loop, player.duration);
      voices.start(offset, loop, () => rest(player.duration));
      tick();
    },
    pause() {
      wish += 1;
      rest(player.place);
    },
    toggle: () => (player.playing ? player.pause() : player.play()),
    seek: (/** @type {number} */ seconds) => restart(seconds, loop),
    /** Repeats a part of the sound, or no part. */
    repeat: (/** @type {Span | null} */ span) => restart(player.place, span),
    balance: () => voices.balance(false),
    /** With `dip`, all takes are silent for a moment first, so that every switch sounds the same. */
    choose(/** @type {number} */ take, dip = false) {
      chosen = take;
      voices.balance(dip);
      options.onPlace(player.place, player.playing);
    },
    close() {
      player.pause();
      voices.close();
    },
  };
  return player;
}

/**
 * All takes, playing at once, each with its own gain.
 * @param {(take: number) => number} gainOf
 */
function createVoices(gainOf) {
  /** @type {AudioContext | null} */
  let context = null;
  /** @type {AudioBuffer[]} */
  let takes = [];
  /** @type {{ source: AudioBufferSourceNode, gain: GainNode }[]} */
  let running = [];
  let started = 0; // on the context's clock
  const audio = () => {
    context ??= new AudioContext();
    return context;
  };
  return {
    get playing() {
      return running.length > 0;
    },
    get duration() {
      return takes.reduce((longest, take) => Math.max(longest, take.duration), 0);
    },
    get elapsed() {
      return audio().currentTime - started;
    },
    async load(/** @type {ArrayBuffer[]} */ sounds) {
      takes = await Promise.all(sounds.map((sound) => audio().decodeAudioData(sound.slice(0))));
      return takes.length;
    },
    /** Browsers start sound only after a click or a key press. */
    wake: () => audio().resume(),
    start(/** @type {number} */ offset, /** @type {Span | null} */ loop, /** @type {() => void} */ ended) {
      const to = audio();
      started = to.currentTime;
      running = takes.map((take, k) => {
        const source = new AudioBufferSourceNode(to, { buffer: loop ? lengthened(to, take, loop[1]) : take });
        if (loop) [source.loop, source.loopStart, source.loopEnd] = [true, ...loop];
        const gain = new GainNode(to, { gain: gainOf(k) });
        source.connect(gain).connect(to.destination);
        source.start(started, Math.min(offset, source.buffer?.duration ?? 0));
        return { source, gain };
      });
      const longest = takes.reduce((best, take, k) => (take.duration > takes[best].duration ? k : best), 0);
      running[longest].source.onended = ended;
    },
    stop() {
      for (const { source, gain } of running.splice(0)) {
        source.onended = null;
        source.stop();
        source.disconnect();
        gain.disconnect();
      }
    },
    balance(/** @type {boolean} */ dip) {
      running.forEach(({ gain: { gain } }, take) => {
        const now = audio().currentTime;
        gain.cancelScheduledValues(now);
        if (dip) gain.setTargetAtTime(0, now, FADE);
        gain.setTargetAtTime(gainOf(take), dip ? now + DIP : now, FADE);
      });
    },
    close() {
      takes = [];
      context?.close();
      context = null;
    },
  };
}

/**
 * A take that ends with silence at `seconds`, so that all takes repeat in the same rhythm.
 * @param {BaseAudioContext} context
 * @param {AudioBuffer} take
 * @param {number} seconds
 */
function lengthened(context, take, seconds) {
  if (take.duration >= seconds) return take;
  const { numberOfChannels: channels, sampleRate } = take;
  const longer = context.createBuffer(channels, Math.ceil(seconds * sampleRate), sampleRate);
  for (let k = 0; k < channels; k += 1) longer.copyToChannel(take.getChannelData(k), k);
  return longer;
}

/**
 * The player of one view. Of all views of the widget, one sounds at most.
 * @param {View} view
 * @param {PlayerOptions} options
 */
export function createViewPlayer(view, options) {
  const { value: others } = shareAmongViews(view, "players", () => new Set());
  const onPlay = () => {
    for (const other of others) if (other !== player) other.pause();
  };
  const player = createPlayer({ ...options, onPlay });
  others.add(player);
  view.onEnd(() => {
    others.delete(player);
    player.close();
  });
  return player;
}
