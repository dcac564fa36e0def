"""How does the model sound? Pitch, tempo, the effect of adjectives, long pieces, and faults, next to real clips."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from scipy.stats import wilcoxon

from spotnb import SpotDiffusionConfig, SpotSampler
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.defaults import TINY_GUIDANCE, TINY_INTERVAL, TINY_STEPS
from training import listening
from training.classifier import FRAMES, judge_mels, load_judge
from training.compose import CLASSES
from training.measure_real import REAL_CLIPS, SECONDS, real_clips
from training.sampling import decoded, sampled_latents, vocoded

SUSTAINED = ("church organ", "solo cello with string orchestra", "bowed strings", "vibraphone", "marimba")
PACED = {
    "rock song": (80, 95, 110, 120, 150, 165),
    "techno": (85, 95, 115, 120, 140, 150),
    "drums": (65, 75, 100, 110, 145, 160),
    "bass guitar": (65, 75, 95, 110, 135, 150),
    "marimba": (60, 75, 95, 110, 140, 160),
    "acoustic guitar": (60, 70, 95, 110, 140, 155),
}
# word -> its measure, and the direction in which the word should move it
WORDS: dict[str, tuple[Callable[[listening.Sound], float], int]] = {
    "fast": (listening.onset_rate, 1),
    "quick": (listening.onset_rate, 1),
    "slow": (listening.onset_rate, -1),
    "unhurried": (listening.onset_rate, -1),
    "sparse": (listening.onset_rate, -1),
    "loud": (listening.level, 1),
    "powerful": (listening.level, 1),
    "soft": (listening.level, -1),
    "quiet": (listening.level, -1),
    "high": (listening.centroid, 1),
    "low": (listening.centroid, -1),
    "reverberant": (listening.depth, -1),
    "vintage": (listening.share_of_lows, -1),
}
SUBJECTS = ("marimba", "acoustic guitar", "jazz piano", "brass section", "organ", "string orchestra")
WORD_SEEDS = 5
FRAMES_10S = 256


def sounds(model: DiffusersAudioLDM, texts: list[str], frames: int = 128, seed: int = 0) -> np.ndarray:
    """Generate one clip of `frames` latent frames for each text, `[N, samples]` at 16 kHz."""
    latents = sampled_latents(model, texts, frames=frames, seed=seed)
    return np.asarray(vocoded(model, decoded(model, latents)).numpy())


def measure_pitch(model: DiffusersAudioLDM) -> dict[str, object]:
    """Return the median pitch deviation in cents and harmonic-to-noise ratio in dB, for sustained instruments."""
    generated = sounds(model, [text for text in SUSTAINED for _ in range(6)])
    real, rows = real_clips(REAL_CLIPS)
    kinds = ("church", "cello", "bowed", "vibraphone", "marimba")
    chosen = [
        sound.numpy() for sound, row in zip(real, rows, strict=True) if row["kind"] in kinds and "with" not in row
    ]
    return {
        "pitch_deviation_cents": _median(listening.pitch_deviation, generated),
        "pitch_deviation_cents_real": _median(listening.pitch_deviation, chosen),
        "harmonic_to_noise_db": _median(listening.harmonic_to_noise, generated),
        "harmonic_to_noise_db_real": _median(listening.harmonic_to_noise, chosen),
    }


def _median(measure: Callable[[listening.Sound], float], clips: object) -> float:
    return float(np.nanmedian([measure(sound) for sound in clips]))  # type: ignore[attr-defined]


def measure_tempo(model: DiffusersAudioLDM) -> dict[str, object]:
    """Return the share of 10.24-second clips whose tempo is the requested one, its double, or its half, within 8%."""
    requested = [(subject, bpm) for subject, tempi in PACED.items() for bpm in tempi]
    generated = sounds(model, [f"{subject} at {bpm} bpm" for subject, bpm in requested], FRAMES_10S)
    fits = [listening.tempo_fits(listening.tempo(x), bpm) for x, (_, bpm) in zip(generated, requested, strict=True)]
    clips, rows = real_clips(REAL_CLIPS, seconds=SECONDS)
    names = ("rock", "electronic", "drums", "bass", "mallets", "acoustic_guitar")
    real = [
        listening.tempo_fits(listening.tempo(clip.numpy()), row["bpm"])
        for clip, row in zip(clips, rows, strict=True)
        if row["class"] in names and "with" not in row
    ]
    return {
        "tempo_as_asked": float(np.mean(fits)),
        "tempo_as_asked_real": float(np.mean(real)),
        "tempo_as_asked_long": float(np.mean(_long_tempi(model))),
    }


def _long_tempi(model: DiffusersAudioLDM) -> list[bool]:
    """Return whether each third of 30-second `spot` pieces in tiles of 5.12 s has the requested tempo."""
    fits = []
    for index, (subject, tempi) in enumerate(PACED.items()):
        bpm = tempi[index % len(tempi)]
        config = SpotDiffusionConfig(tile_size_time=128, shift_seed=index)
        run = (f"{subject} at {bpm} bpm", 3 * SECONDS, TINY_STEPS, TINY_GUIDANCE, config)
        sampler = SpotSampler(model, *run, guidance_interval=TINY_INTERVAL, seed=index, record="last")
        sampler.run(progress=False)
        thirds = np.array_split(sampler.sound().waveform, 3)
        fits += [listening.tempo_fits(listening.tempo(third), bpm) for third in thirds]
    return fits


def measure_words(model: DiffusersAudioLDM) -> dict[str, object]:
    """Compare prompts with and without an adjective, from the same noise: mean change and one-sided p-value."""
    subjects = [subject for subject in SUBJECTS for _ in range(WORD_SEEDS)]
    plain = sounds(model, subjects)
    effects: dict[str, dict[str, float]] = {}
    for word, (measure, way) in WORDS.items():
        changed = sounds(model, [f"{word} {subject}" for subject in subjects])
        change = np.array([measure(a) - measure(b) for a, b in zip(changed, plain, strict=True)])
        p = float(wilcoxon(change, alternative="greater" if way > 0 else "less").pvalue) if change.any() else 1.0
        effects[word] = {"change": float(change.mean()), "p": p}
    return {"words": effects, "words_that_work": sum(row["p"] < 0.01 for row in effects.values())}


def measure_long(model: DiffusersAudioLDM) -> dict[str, object]:
    """Return the share of 5.12-second stretches of long pieces that the judge names correctly, and count faults."""
    judge, _ = load_judge()
    results: dict[str, object] = {}
    flaws = {"silent": 0, "clipped": 0, "offset": 0}
    for seconds, names in ((30, range(0, len(CLASSES), 2)), (180, (6, 10))):
        right = []
        for index in names:
            prompt = CLASSES[index].replace("_", " ")
            run = (TINY_STEPS, TINY_GUIDANCE, SpotDiffusionConfig(tile_size_time=128, shift_seed=index))
            sampler = SpotSampler(model, prompt, seconds, *run, seed=index, record="last")
            sampler.run(progress=False)
            sound = sampler.sound()
            stretches = torch.from_numpy(sound.mel)[None, None].split(FRAMES, dim=2)[: int(seconds / 5.12)]
            right += list(judge_mels(judge, torch.cat(stretches))[1].argmax(1) == index)
            for name, present in listening.faults(sound.waveform).items():
                flaws[name] += present
        results[f"long_{seconds}s_named_rightly"] = float(np.mean(right))
    return results | {"long_faults": flaws}
