"""Fixtures that hold the JavaScript of `spotnb.live` to Python, piece by piece.

python -m tests.live.fixtures    # rewrites them after a change in Python

Long inputs are not stored: both sides draw them as normal noise, whose bits a fixture of its own holds. Of long
results, every few numbers are stored.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save
from torch import Tensor, nn

from spotnb.live.description import tokenizer
from spotnb.live.weights import widened
from spotnb.models.decode_mel import latent_to_mel, sliding_window_vae_decode
from spotnb.models.load import load_model
from spotnb.models.vocoder import SinusoidalVocoder
from spotnb.solvers.ddim import ddim_timesteps
from spotnb.solvers.multistep import dpm_solver_plus_plus
from spotnb.solvers.noise import draw
from spotnb.sound.measure import seam_score
from spotnb.tiling.clock import Clock
from spotnb.tiling.config import SHIFT_SCHEDULES, SpotDiffusionConfig
from spotnb.tiling.shifts import draw_shift
from tests.live.fixture_model import FixtureModel
from tests.live.fixture_runs import runs, thin
from tests.networks import ALPHAS

FOLDER = Path(__file__).parent
TEXTS = (
    "90s rock song with electric guitar and heavy drums",
    "calm piano",
    "",
    "  Calm\tPIANO, slow... ",
    "techno at 128bpm",
    "techno at 128 bpm, 128bpmé and 90bpms 77bpm_",
    "a zyzzyva plays the théremin & a ???",
    "🎸 guitar 👩‍🎤 (solo)!",
    "日本の piano",
    "<s> piano </s><pad> <unk> guitar",
    "İstanbul oud, KELVIN \u212aick straße",
    "???",
    "piano " * 45,
    "drums & bass — loud",
)
SEEDS: tuple[tuple[int, list[int]], ...] = (
    (0, [0, 0]),
    (1, []),
    (7, [3, 2]),
    (2**32, [1]),
    (2**53 - 1, [999, 1]),
    (123456789012, [2**33, 4]),
)
DRAWS = ((128, 0, 0, "start"), (16, 1, 0, "pad"), (1000, 7, 12, "eta"), (32768, 2**40 + 3, 999, "start"))
DURATIONS = (0.04, 0.12, 1, 2.5, 3.13, 5.12, 9.99, 10, 10.24, 20, 30.02, 59.999)
DECODES = ((40, 16, 8), (41, 16, 5), (33, 16, 0), (12, 16, 8))  # frames, window, overlap


def seeds() -> list[dict[str, Any]]:
    """The words of SeedSequence, as texts, because JSON in JavaScript has no integers of 64 bits."""
    return [{"seed": str(seed), "key": list(map(str, key)), "word": str(_word(seed, key))} for seed, key in SEEDS]


def _word(seed: int, key: list[int]) -> int:
    return int(np.random.SeedSequence(seed, spawn_key=key).generate_state(1, np.uint64)[0])


def noise() -> list[dict[str, Any]]:
    """Draws, with a digest of all their bits."""
    cases = []
    for size, seed, step, purpose in DRAWS:
        drawn = draw((size,), seed, step, purpose).numpy()
        digest = hashlib.sha256(drawn.astype("<f4").tobytes()).hexdigest()
        cases.append({"asked": [size, seed, step, purpose], "some": thin(drawn, 4096), "sha256": digest})
    return cases


def shifts() -> list[dict[str, Any]]:
    """All shifts of short runs."""
    cases = []
    for schedule in SHIFT_SCHEDULES:
        for width, ratio, seed in ((128, 0.5, 0), (256, 1.0, 9), (16, 0.3, 2**50)):
            config = SpotDiffusionConfig(width, max_shift_ratio=ratio, shift_seed=seed, shift_schedule=schedule)
            drawn = [draw_shift(config, step, 12) for step in range(12)]
            asked = {"largest": config.max_shift, "seed": seed, "schedule": schedule}
            cases.append({"asked": asked, "shifts": drawn})
    return cases


def lengths() -> list[dict[str, Any]]:
    """The frames and samples of durations."""
    clocks = [(Clock(), 8), (Clock(44100, 2048), 1)]
    return [
        {
            "rates": {"sample_rate": clock.sample_rate, "samples_per_frame": clock.samples_per_frame},
            "multiple": multiple,
            "duration": duration,
            "ring": ring,
            "frames": (frames := clock.run_frames(duration, multiple, ring)),
            "samples": clock.run_samples(duration, frames, ring),
        }
        for clock, multiple in clocks
        for duration in DURATIONS
        if duration > clock.frame_seconds
        for ring in (False, True)
    ]


def timesteps() -> list[dict[str, Any]]:
    """The timesteps of both solvers."""
    steps = (1, 2, 3, 7, 14, 15, 25, 33, 50, 74, 148, 600)
    return [
        {"steps": n, "ddim": ddim_timesteps(n), "dpm++": dpm_solver_plus_plus(ALPHAS, n, 0.0).timesteps} for n in steps
    ]


def texts() -> list[dict[str, Any]]:
    """The embedded model's vocabulary, and what it reads of texts."""
    model: Any = load_model("tiny", device="cpu", dtype="fp32")
    return [
        tokenizer(model.tokenizer),
        *(
            {
                "text": text,
                "ids": model.tokenizer([text], truncation=True).input_ids[0],
                **dict(zip(("unknown", "cut", "empty"), _plain(model.read_text(text)), strict=True)),
            }
            for text in TEXTS
        ),
    ]


def _plain(reading: Any) -> list[Any]:
    return [list(reading.unknown), list(reading.cut), reading.empty]


def decoded() -> list[dict[str, Any]]:
    """Log-mels of latents of noise, in windows of several sizes, and of a ring."""
    model, cases = FixtureModel(), []
    for frames, window, overlap in DECODES:
        latent = draw((1, 2, frames, 4), frames, 0, "start")
        mel = sliding_window_vae_decode(model, latent, window, overlap)
        cases.append({"asked": [frames, window, overlap, False], "mel": thin(mel, 37)})
    mel = latent_to_mel(model, draw((1, 2, 40, 4), 40, 0, "start"), ring=True)
    return [*cases, {"asked": [40, 256, 64, True], "mel": thin(mel, 37)}]


class Given(nn.Module):
    """A layer that returns what it was given."""

    def __init__(self, output: Tensor) -> None:
        super().__init__()
        self.output = output

    def forward(self, _: Tensor) -> Tensor:
        return self.output


def normal(*shape: int, seed: int) -> Tensor:
    return draw(shape, seed, 0, "start")


@torch.no_grad()
def vocoded() -> list[dict[str, Any]]:
    """The sounds of vocoders whose network returns noise."""
    cases: list[dict[str, Any]] = []
    for tones, frames, spacing in ((16, 120, 24), (256, 20, 4), (256, 21, 48)):
        vocoder = SinusoidalVocoder(channels=8, hidden=8, depth=1, tones=tones, anchor_spacing=spacing)
        vocoder.tone_head = Given(normal(1, frames, 3 * tones, seed=2))
        sound = vocoder(2 * normal(1, frames, 64, seed=3) - 5)
        asked = {"tones": tones, "frames": frames, "anchor_spacing": spacing}
        cases.append({"asked": asked, "sound": thin(sound, 37)})
    return cases


def seams() -> list[dict[str, Any]]:
    """Scores of seams in log-mels of noise."""
    cases = []
    for frames, seams in ((50, [3, 8]), (100, [5, 6, 20])):
        score = seam_score(normal(frames, 64, seed=4).numpy(), seams)
        measured = {"score": score.score, "perSeam": score.per_seam.tolist(), "pValue": score.p_value}
        cases.append({"frames": frames, "seams": seams, "measured": measured})
    return cases


def weights() -> list[dict[str, Any]]:
    """Files of weights, and their floats as float32. Halves of every exponent are among them, and infinity."""
    halves = np.arange(0, 2**16, 61, dtype=np.uint16).view(np.float16)
    mixed = {
        "b": np.array([[1 / 3, -2e30]], np.float32),
        "a": np.array([3.14, -0.0, np.inf, 6e-8, -65504], np.float16),
        "c": np.arange(3),
        "empty": np.zeros((0, 4), np.float16),
    }
    files = [save({"halves": halves[~np.isnan(halves)]}), save(mixed, {"format": "pt"}), save({})]
    texts = [[base64.b64encode(content).decode() for content in (file, widened(file))] for file in files]
    return [{"file": file, "widened": wide} for file, wide in texts]


FIXTURES = {
    "seeds.json": seeds,
    "noise.json": noise,
    "shifts.json": shifts,
    "lengths.json": lengths,
    "timesteps.json": timesteps,
    "texts.json": texts,
    "weights.json": weights,
    "runs.json": runs,
    "decoded.json": decoded,
    "vocoded.json": vocoded,
    "seams.json": seams,
}


def main() -> None:
    torch.set_num_threads(1)
    for name, cases in FIXTURES.items():
        lines = [json.dumps(case, separators=(",", ":"), ensure_ascii=False) for case in cases()]
        (FOLDER / name).write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf-8")


if __name__ == "__main__":
    main()
