// Sound: one clock, several takes of one length. Nothing is normalised: what plays is what the samples say.
// A switch between takes keeps the place, because all of them run on the same clock and only the gains change.
import { clamp } from "./view.js";

const FADE = 0.004; // s, so that a switch does not click
const DIP = 0.025; // s

// options: onPlace(seconds, playing), called at each screen frame while it plays and after every change;
// level(take), a factor, where takes shall not play as loud as they are: call `balance` when it changes.
export function createPlayer(view, options) {
  let context = null;
  let takes = []; // AudioBuffers
  let running = []; // [source, gain] of each take while playing
  let chosen = 0;
  let offset = 0; // where it plays from
  let started = 0; // and since when, on the context's clock
  let request = 0;
  let wish = 0; // counts what was asked for: only the last counts, whenever the browser lets sound start

  const audio = () => (context ??= new AudioContext());
  const halt = () => {
    cancelAnimationFrame(request);
    for (const [source, gain] of running.splice(0)) {
      source.onended = null;
      source.stop();
      source.disconnect();
      gain.disconnect();
    }
  };
  const gainOf = (take) => (take === chosen ? (options.level?.(take) ?? 1) : 0);
  // With `dip`, all go silent for a moment first: then a switch sounds the same whatever is switched to.
  const balance = (dip = false) => {
    running.forEach(([, { gain }], take) => {
      const now = context.currentTime;
      gain.cancelScheduledValues(now);
      if (dip) gain.setTargetAtTime(0, now, FADE);
      gain.setTargetAtTime(gainOf(take), dip ? now + DIP : now, FADE);
    });
  };
  const tick = () => {
    options.onPlace?.(player.place, player.playing);
    if (player.playing) request = requestAnimationFrame(tick);
  };

  const player = {
    get playing() {
      return running.length > 0;
    },
    get duration() {
      return takes.reduce((longest, take) => Math.max(longest, take.duration), 0);
    },
    // Seconds from the start.
    get place() {
      return running.length ? clamp(offset + audio().currentTime - started, 0, player.duration) : offset;
    },
    get chosen() {
      return chosen;
    },
    // Each take: an ArrayBuffer with a whole FLAC or WAV file, or { samples: Float32Array, rate }.
    async load(sounds) {
      player.pause();
      takes = await Promise.all(sounds.map((sound) => (sound.samples ? filled(sound) : audio().decodeAudioData(sound.slice(0)))));
      chosen = clamp(chosen, 0, Math.max(0, takes.length - 1));
      offset = 0;
      options.onPlace?.(0, false);
    },
    async play() {
      if (!takes.length || player.playing) return;
      const asked = (wish += 1);
      await audio().resume(); // a browser starts sound only after a click or a key
      if (asked !== wish) return;
      if (offset >= player.duration - 0.01) offset = 0;
      started = audio().currentTime;
      running = takes.map((take, k) => {
        const source = new AudioBufferSourceNode(context, { buffer: take });
        const gain = new GainNode(context, { gain: gainOf(k) });
        source.connect(gain).connect(context.destination);
        source.start(started, Math.min(offset, take.duration));
        return [source, gain];
      });
      const longest = takes.reduce((best, take, k) => (take.duration > takes[best].duration ? k : best), 0);
      running[longest][0].onended = () => {
        halt();
        offset = player.duration;
        tick();
      };
      tick();
    },
    pause() {
      wish += 1;
      offset = player.place;
      halt();
      tick();
    },
    toggle() {
      return player.playing ? player.pause() : player.play();
    },
    async seek(seconds) {
      const playing = player.playing;
      halt();
      offset = clamp(seconds, 0, player.duration);
      if (playing) await player.play();
      else tick();
    },
    balance,
    choose(take, dip = false) {
      chosen = take;
      balance(dip);
      options.onPlace?.(player.place, player.playing);
    },
    close() {
      halt();
      takes = [];
      context?.close();
      context = null;
    },
  };

  function filled({ samples, rate }) {
    const buffer = new AudioBuffer({ length: samples.length, numberOfChannels: 1, sampleRate: rate });
    buffer.copyToChannel(samples, 0);
    return buffer;
  }

  view.onEnd(() => player.close());
  return player;
}
