"""Render composed pieces to shards of 15.36-second clips with fluidsynth. It can be stopped and restarted at any time.

    python -m training.render --out data --train 5000 --unseen 280 --seed 0 --workers 2

A shard is `SPLIT-000.npy` (int16, `[clips, 245760]`, 16 kHz) with `SPLIT-000.json` (a list of attributes). The JSON
file is renamed into place last, so a shard that has one is complete and is skipped. Each piece depends only on (seed,
split, index), and the sound of a shard only on its pieces, so the number of workers changes nothing. fluidsynth renders
all pieces of a shard in one call, with gaps between them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import mido
import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from training import effects, nature
from training.compose import CLASSES, CLIP_SECONDS, Piece, compose, compose_pair

SAMPLE_RATE = 16000
SAMPLES = round(CLIP_SECONDS * SAMPLE_RATE)
PAIR_EVERY = 6
SHARD = PAIR_EVERY * len(CLASSES)
SOUNDFONT = "/usr/share/sounds/sf2/FluidR3_GM.sf2"
LUFS = {"soft": -19.5, "mid": -17.0, "loud": -14.5}  # integrated loudness
_SYNTH_RATE = 32000
_GAP = 1.5  # seconds between pieces, for tails to decay
_TICKS = 960  # per second: 480 per beat at mido's default of 120 beats per minute


class MissingSynthesizer(RuntimeError):
    """fluidsynth or its soundfont is not installed."""


def synthesizer() -> tuple[str, str]:
    """Return the paths of fluidsynth and of the soundfont (environment variable SOUNDFONT, or Debian's path).

    Raises:
        MissingSynthesizer: One of them is not installed.
    """
    program = shutil.which("fluidsynth")
    soundfont = os.environ.get("SOUNDFONT", SOUNDFONT)
    if program is None:
        raise MissingSynthesizer("fluidsynth is missing: apt-get install fluidsynth fluid-soundfont-gm")
    if not Path(soundfont).is_file():
        raise MissingSynthesizer(
            f"soundfont {soundfont} is missing: apt-get install fluidsynth fluid-soundfont-gm, or set SOUNDFONT"
        )
    return program, soundfont


def compose_clips(split: str, seed: int, start: int, count: int) -> list[Piece]:
    """Compose clips `start` to `start + count` of a split. Classes alternate; every sixth round consists of pairs."""
    return [
        _compose_clip(index, random.Random(f"spotnb/{seed}/{split}/{index}")) for index in range(start, start + count)
    ]


def _compose_clip(index: int, rng: random.Random) -> Piece:
    turn, which = divmod(index, len(CLASSES))
    if turn % PAIR_EVERY != PAIR_EVERY - 1:
        return compose(CLASSES[which], rng)
    others = [name for name in CLASSES if name != CLASSES[which]]
    return compose_pair(CLASSES[which], rng.choice(others), rng)


def make_clips(split: str, seed: int, start: int, count: int) -> tuple[NDArray[np.int16], list[dict[str, Any]]]:
    """Compose and render clips, and return int16 audio `[count, 245760]` and each clip's attributes."""
    pieces = compose_clips(split, seed, start, count)
    return render(pieces), [piece.attributes for piece in pieces]


def render(pieces: list[Piece]) -> NDArray[np.int16]:
    """Render pieces in one call of fluidsynth and cut out their clips.

    Returns:
        The clips, int16 `[pieces, 245760]` at 16 kHz.

    Raises:
        MissingSynthesizer: fluidsynth or its soundfont is not installed.
        RuntimeError: fluidsynth failed, or a clip is silent.
    """
    program, soundfont = synthesizer()
    parts = [part for piece in pieces for part in (piece, piece.under) if part is not None]
    starts = np.cumsum([0.0] + [part.duration + _GAP for part in parts])
    with tempfile.TemporaryDirectory() as folder:
        midi, wav = Path(folder, "pieces.mid"), Path(folder, "pieces.wav")
        _midi_file(parts, starts).save(midi)
        options = [
            "-ni",
            "-q",
            "-C",
            "0",
            "-g",
            "0.4",
            "-r",
            str(_SYNTH_RATE),
            "-O",
            "float",
            "-T",
            "wav",
            "-F",
            str(wav),
        ]
        result = subprocess.run([program, *options, soundfont, str(midi)], capture_output=True, text=True, check=False)
        if result.returncode or not wav.exists():
            raise RuntimeError(f"fluidsynth failed ({result.returncode}): {result.stderr.strip()[-300:]}")
        sound = soundfile.read(wav, dtype="float32", always_2d=True)[0].mean(axis=1)
    sound = np.asarray(resample_poly(sound, SAMPLE_RATE, _SYNTH_RATE), dtype=np.float32)
    sounds = iter([_part(part, sound, float(start)) for part, start in zip(parts, starts[:-1], strict=True)])
    clips = np.zeros((len(pieces), SAMPLES), dtype=np.int16)
    for row, piece in enumerate(pieces):
        clip = next(sounds)
        if piece.under is not None:
            clip = clip + 10 ** (piece.under_db / 20) * next(sounds)
        rng = np.random.default_rng(piece.noise_seed)
        if piece.attributes["era"] == "vintage":
            clip = effects.vintage(clip, rng)
        clips[row] = np.round(effects.master(clip, LUFS[piece.attributes["loudness"]]) * 32767)
    return clips


def _midi_file(pieces: list[Piece], starts: NDArray[np.float64]) -> mido.MidiFile:
    """Put all pieces one after the other on one track, with every channel silenced between them."""
    timed: list[tuple[float, mido.Message]] = []
    for piece, start in zip(pieces, starts[:-1], strict=True):
        for event in piece.events():
            at = float(start) + event.time
            if event.kind == "control":
                message = mido.Message("control_change", channel=event.channel, control=event.a, value=event.b)
            elif event.kind == "program":
                message = mido.Message("program_change", channel=event.channel, program=event.a)
            else:
                message = mido.Message(f"note_{event.kind}", channel=event.channel, note=event.a, velocity=event.b)
            timed.append((at, message))
        quiet = float(start) + piece.duration + 0.05
        timed += [(quiet, mido.Message("control_change", channel=channel, control=120)) for channel in range(16)]
    end = float(starts[-1])
    timed.append((end, mido.Message("control_change", channel=0, control=120)))
    track = mido.MidiTrack()
    last = 0
    for at, message in timed:
        tick = max(last, round(at * _TICKS))
        track.append(message.copy(time=tick - last))
        last = tick
    track.append(mido.MetaMessage("end_of_track", time=_TICKS))
    return mido.MidiFile(ticks_per_beat=_TICKS // 2, tracks=[track])


def _part(piece: Piece, sound: NDArray[np.float32], start: float) -> NDArray[np.float64]:
    """Cut one piece's clip out of the long rendering, or synthesize it; add its room, and scale it to an RMS of one."""
    rng = np.random.default_rng(piece.noise_seed)
    if piece.attributes["kind"] in nature.SOUNDS:
        clip: NDArray[Any] = nature.synthesise(piece.attributes["kind"], rng, SAMPLES)
    else:
        begin = round(start * SAMPLE_RATE)
        first = begin + round(piece.start * SAMPLE_RATE)
        clip = np.pad(sound[begin : first + SAMPLES], (0, max(0, first + SAMPLES - len(sound))))
        if piece.attributes["room"] == "hall":
            clip = effects.hall(clip, rng)
        clip = clip[-SAMPLES:]
    if _rms(clip) < 1e-5:
        raise RuntimeError(f"a silent clip was rendered: {piece.attributes}")
    return np.asarray(clip / _rms(clip))


def _rms(clip: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(np.square(clip, dtype=np.float64))))


def write_shard(out: Path, split: str, seed: int, shard: int, count: int) -> bool:
    """Write one shard unless it is complete, and return whether it was written."""
    audio, listing = out / f"{split}-{shard:03d}.npy", out / f"{split}-{shard:03d}.json"
    if audio.exists() and listing.exists() and len(json.loads(listing.read_text())) == count:
        return False
    clips, attributes = make_clips(split, seed, shard * SHARD, count)
    partial = out / f".part-{audio.name}"
    np.save(partial, clips)
    os.replace(partial, audio)
    partial = out / f".part-{listing.name}"
    partial.write_text(json.dumps(attributes, indent=0))
    os.replace(partial, listing)
    return True


def plan_shards(clips: int) -> list[int]:
    """Return the number of clips per shard, for at least `clips` clips, rounded up to equal numbers of all classes."""
    total = -(-clips // len(CLASSES)) * len(CLASSES)
    return [min(SHARD, total - first) for first in range(0, total, SHARD)]


def main(arguments: list[str] | None = None) -> int:
    """Render both splits. If fluidsynth is missing, print one line and return the exit code 2."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("data"))
    parser.add_argument("--train", type=int, default=5000)
    parser.add_argument("--unseen", type=int, default=280)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    try:
        synthesizer()
    except MissingSynthesizer as error:
        print(error, file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    jobs = [
        (split, shard, count)
        for split, clips in (("unseen", options.unseen), ("train", options.train))
        for shard, count in enumerate(plan_shards(clips))
    ]
    began = time.monotonic()
    with ProcessPoolExecutor(options.workers) as pool:
        running = {
            pool.submit(write_shard, options.out, split, options.seed, shard, count): f"{split}-{shard:03d}"
            for split, shard, count in jobs
        }
        for done, future in enumerate(as_completed(running), 1):
            state = "written" if future.result() else "already there"
            seconds = time.monotonic() - began
            print(f"{running[future]} {state} ({done} of {len(jobs)}, {seconds:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
