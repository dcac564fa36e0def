"""A gallery of bugs: repeatable runs that each contain one known mistake, with hints on where to look.

Some of these mistakes come from the original notebook or from audioldm. The gallery is meant for exercises: open an
exhibit, work out what is wrong, then read its `cause`. `BUGS` describes the exhibits, `make`, `run` and `compare` run
them, and `symptom` measures their effect.

    healthy, buggy = gallery.compare("uncovered tail", model, "acoustic guitar")
    gallery.symptom("uncovered tail", healthy), gallery.symptom("uncovered tail", buggy)

Each run is a `SpotSampler` in which one phase is changed. Steps, traces and sound work as usual, and the same seed
gives the same result. The manifest names the bug. After `fork`, `resume` or `replay` the run continues without it. No
setting of a run leads here, and no other module imports this one. Only the noisy mirror is also an edge policy, kept
for teaching: it is part of the config, so a fork keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from spotnb.errors import InputError
from spotnb.gallery.runs import (
    FixedSeams,
    Make,
    cropped,
    drifting,
    noise_per_tile,
    noisy_mirror,
    prompt_dropout,
    rolled,
    uncovered_tail,
    upwards,
)
from spotnb.gallery.symptoms import deafness, doubling, echo, repetition, seam, sliding, spread, tail_level
from spotnb.models.adapt import as_model
from spotnb.sampling.run import Run
from spotnb.sampling.sampler import SpotSampler
from spotnb.sampling.settings import RunSettings
from spotnb.sampling.timeline import PromptTimeline
from spotnb.support.checks import check_name, show
from spotnb.tiling.config import SpotDiffusionConfig


@dataclass(frozen=True)
class Bug:
    """One exhibit of the gallery.

    Attributes:
        name: The name of the bug, as `make`, `run`, `compare` and `symptom` take it.
        title: A headline.
        look_at: Where to see or hear the bug, without the explanation.
        cause: The mistake, and where it occurred.
        remedy: How spotnb avoids it.
        symptom: What `measure` returns, and its value for a healthy run.
        measure: Measures the symptom of a finished run, healthy or not.
        make: Builds the run with the bug.
        needs_tiles: Whether the bug shows only with several tiles on a moving grid.
    """

    name: str
    title: str
    look_at: str
    cause: str
    remedy: str
    symptom: str
    measure: Callable[[SpotSampler], float]
    make: Make
    needs_tiles: bool = True


def names() -> tuple[str, ...]:
    """Return the names of all bugs, in the order of `BUGS`."""
    return tuple(BUGS)


def make(name: str, model: Any, prompt: str | PromptTimeline, **settings: Any) -> SpotSampler:
    """Return a run with a bug before its first step. It can be driven by step or by phase like any other run.

    Args:
        name: One of `names()`.
        model: As for `SpotSampler`.
        prompt: As for `SpotSampler`.
        **settings: As for `SpotSampler`, except that the method must be "spot", the edge "reflect" and the solver
            "ddim". The defaults are 15 s, 25 steps and tiles of 128 frames.

    Raises:
        InputError: The name is unknown, the gallery does not support a setting, or the bug would not show because one
            tile holds the complete sound or the grid never moves.
    """
    bug = _bug(name)
    run = bug.make(as_model(model), RunSettings(prompt, **_settings(settings)))
    sampler = SpotSampler.of(replace(run, notes={"bug": name}))
    if bug.needs_tiles and (sampler.fallback or not sampler.config.max_shift):
        size, reach = sampler.config.tile_size_time, sampler.config.max_shift
        raise InputError(
            f"{name!r} does not show in {sampler.frames} frames with tiles of {size} and shifts of up to {reach}: "
            "expected several tiles that move; change duration, tile_size_time or max_shift_ratio"
        )
    return sampler


def run(name: str, model: Any, prompt: str | PromptTimeline, *, progress: bool = False, **settings: Any) -> SpotSampler:
    """Return a finished run with a bug. For the arguments and errors, see `make`."""
    return make(name, model, prompt, **settings).run(progress=progress)


def compare(
    name: str, model: Any, prompt: str | PromptTimeline, *, progress: bool = False, **settings: Any
) -> tuple[SpotSampler, SpotSampler]:
    """Return two finished runs with the same seed and settings, `(healthy, buggy)`.

    For the arguments and errors, see `make`.
    """
    buggy = make(name, model, prompt, **settings)
    config = _settings(settings)["config"]
    healthy = SpotSampler.of(Run.of(buggy.model, replace(buggy.definition.settings, config=config)))
    return healthy.run(progress=progress), buggy.run(progress=progress)


def symptom(name: str, sampler: SpotSampler) -> float:
    """Measure the symptom of a bug in a finished run, healthy or not. `BUGS[name].symptom` describes the number.

    Raises:
        InputError: The name is unknown, the run is not finished, or its trace lacks the necessary arrays.
    """
    if not sampler.done:
        raise InputError(f"the run is at step {sampler.steps_done} of {len(sampler.solver)}: expected a finished run")
    return _bug(name).measure(sampler)


def _bug(name: str) -> Bug:
    return BUGS[check_name("bug", name, names())]


def _settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Return checked settings for a run of the gallery, with its defaults."""
    merged = {"duration": 15.0, "steps": 25, "config": None, "method": "spot", "solver": "ddim"} | settings
    config = merged["config"] = merged["config"] or SpotDiffusionConfig(tile_size_time=128)
    if not isinstance(config, SpotDiffusionConfig):
        raise InputError(f"config is {show(config)}: expected a SpotDiffusionConfig, or None for tiles of 128 frames")
    for setting, came, expected in (
        ("method", merged["method"], "spot"),
        ("solver", merged["solver"], "ddim"),
        ("edge", config.edge, "reflect"),
    ):
        if came != expected:
            raise InputError(f"{setting} is {show(came)}: expected {expected!r}, on which every bug here is based")
    return merged


BUGS: Mapping[str, Bug] = MappingProxyType(
    {
        bug.name: bug
        for bug in (
            Bug(
                "schedule run upwards",
                "The clock runs backwards",
                "The timesteps in the records; the level of the latent over the steps; x0 in the first steps.",
                "The loop visits the timesteps in the order of their table, which is ascending. Each update is "
                "correct, but the network believes that the pure noise at the start is almost clean, and that the "
                "almost finished sound at the end is pure noise. The loop of the original notebook did this.",
                "Each solver owns its timesteps, and a test ensures that they strictly decrease.",
                "standard deviation of the latent; about 1 in a healthy run",
                spread,
                upwards,
                needs_tiles=False,
            ),
            Bug(
                "shift never undone",
                "The sound goes for a walk",
                "x0 of one step laid over x0 of the next; the place where the sound begins; a timeline of prompts.",
                "The latent is rolled so that the tiles cut it in a different place, and nobody rolls it back. With "
                "every step the sound walks farther to the right, and around the end.",
                "Nothing is rolled: the grid of tiles moves over a latent that stays in place.",
                "average number of latent frames that x0 moves from step to step; 0 in a healthy run",
                sliding,
                drifting(rolled),
            ),
            Bug(
                "noisy mirror",
                "An echo of the noise",
                "The padded latent in an early step, left and right of its ends; over several seeds, the level of the "
                "first and last third of a second.",
                "Past the ends, windows see a mirror image of the noisy latent. Mirrored noise is not new noise: "
                "frames near the ends lie next to copies of themselves, and the network takes the repetition for "
                "signal. The original notebook padded in this way.",
                "The edge policy reflect mirrors the clean estimate and adds new noise to it.",
                "correlation of the first padding with the frames that it mirrors; near 0 in a healthy run",
                echo,
                noisy_mirror,
            ),
            Bug(
                "per-tile noise",
                "All tiles start alike",
                "The initial noise; the sound at one place and one tile later.",
                "Noise is drawn separately for each tile, but always from the seed of the run. The same seed gives the "
                "same noise, so all tiles start from identical noise, and the music repeats with every tile.",
                "Noise is drawn once, for the full length.",
                "correlation of the latent with itself one tile later; near 0 in a healthy run",
                repetition,
                noise_per_tile,
            ),
            Bug(
                "prompt dropout",
                "The model was not listening",
                "The prompted and the unguided prediction of a step; another prompt with the same seed.",
                "In training, the prompt is dropped now and then, so that the network also learns to predict without "
                "one, as guidance requires. audioldm's text encoder keeps dropping one text in ten when it generates "
                "sound. In this run the dice always fall that way. Everything else works, so the result passes for a "
                "bad seed.",
                "The adapter for audioldm's models turns the dice off. Models of spotnb have no dice.",
                "distance of the conditioning from that of the prompt, relative to its norm; 0 in a healthy run",
                deafness,
                prompt_dropout,
                needs_tiles=False,
            ),
            Bug(
                "seams fixed",
                "The random shift is drawn once",
                "The seams in the records, over the steps; the spectrogram at these seams; the seam score there.",
                "The shift is drawn once per run instead of once per step, or from a generator that is seeded again "
                "each time. The grid moves, but always to the same place, and no step ever sees across its seams.",
                "Shifts have a separate random stream, keyed by seed and step.",
                "seam score of the log-mel at the seams of the first step; about 1 in a healthy run",
                seam,
                FixedSeams.of,
            ),
            Bug(
                "uncovered tail",
                "The last tile is incomplete",
                "The end of the latent, step by step; the predicted noise there; the last second of the sound.",
                "Tiles are counted by a division that rounds down, so the network never sees the incomplete tile that "
                "the shift leaves at the end. No noise is predicted there, and no noise is removed.",
                "Segments cover every frame exactly once. A test ensures this for all lengths, tile sizes and shifts.",
                "level of the last 8 latent frames relative to the rest; about 1 in a healthy run",
                tail_level,
                uncovered_tail,
            ),
            Bug(
                "cropped without unshift",
                "The end is lost, the start is doubled",
                "x0 of one step laid over x0 of the next; the start of the sound, played forward and backward.",
                "The latent is mirrored at both ends, rolled, and cropped to its original length. At every step the "
                "crop keeps a mirrored piece of the start and loses a piece of the end for good. The original notebook "
                "shows exactly this, on eight numbers, as its remedy.",
                "Nothing is rolled. If you must roll, roll without padding, because that can be undone.",
                "correlation of the start with the mirrored frames that follow; near 0 in a healthy run",
                doubling,
                drifting(cropped),
            ),
        )
    }
)
"""Every bug by its name."""
