"""A gallery of bugs: runs that each have one known mistake in them, named, repeatable, and with what to look at.

Some were made before, by the original notebook or by audioldm. They are for exercises: open one, find what is
wrong with it, then read its `cause`. `BUGS` describes them; `make`, `run` and `compare` run them; `symptom` measures
what each does.

    healthy, buggy = gallery.compare("uncovered tail", model, "acoustic guitar")
    gallery.symptom("uncovered tail", healthy), gallery.symptom("uncovered tail", buggy)

Each is a `SpotSampler` of its own with one phase changed, so steps, traces and sound work as ever, and the same seed
makes the same bug. The manifest names it; what `fork`, `resume` or `replay` make of it is healthy from there on.
No setting of a run leads here, and no other module imports this one. The noisy mirror alone is an edge policy too, kept
for teaching: its config says so, and a fork keeps it.
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
    """One exhibit.

    Attributes:
        name: what `run` and the others call it.
        title: one line for a heading.
        look_at: where it can be seen or heard, without saying why.
        cause: what the mistake is, and who made it.
        remedy: what is done here instead.
        symptom: what `measure` measures, and what a healthy run has.
        measure: the symptom of a run, healthy or not, as a number.
        make: builds the run that has it.
        needs_tiles: whether it shows only where there are several tiles and their grid moves.
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
    """The names of all bugs, in the order of `BUGS`."""
    return tuple(BUGS)


def make(name: str, model: Any, prompt: str | PromptTimeline, **settings: Any) -> SpotSampler:
    """A run with a bug, before its first step: to be driven by step and by phase like any other.

    Args:
        name: one of `names()`.
        model: as for `SpotSampler`.
        prompt: likewise.
        settings: those of `SpotSampler`, but that the method is "spot", the edge "reflect" and the solver "ddim". The
            defaults are 15 s, 25 steps and tiles of 128 frames.

    Raises:
        InputError: the name is unknown, a setting is none that the gallery has, or the bug would not show, because one
            tile holds the whole sound or the grid never moves.
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
    """A finished run with a bug. For arguments and errors see `make`."""
    return make(name, model, prompt, **settings).run(progress=progress)


def compare(
    name: str, model: Any, prompt: str | PromptTimeline, *, progress: bool = False, **settings: Any
) -> tuple[SpotSampler, SpotSampler]:
    """A healthy run and one with a bug, `(healthy, buggy)`, both finished, with the same seed and settings.

    For arguments and errors see `make`.
    """
    buggy = make(name, model, prompt, **settings)
    config = _settings(settings)["config"]
    healthy = SpotSampler.of(Run.of(buggy.model, replace(buggy.definition.settings, config=config)))
    return healthy.run(progress=progress), buggy.run(progress=progress)


def symptom(name: str, sampler: SpotSampler) -> float:
    """How much a finished run, healthy or not, shows of a bug: `BUGS[name].symptom` says of what.

    Raises `InputError` for an unknown name, an unfinished run, or one whose trace lacks what is measured.
    """
    if not sampler.done:
        raise InputError(f"the run is at step {sampler.steps_done} of {len(sampler.solver)}: expected a finished one")
    return _bug(name).measure(sampler)


def _bug(name: str) -> Bug:
    return BUGS[check_name("bug", name, names())]


def _settings(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of a run of the gallery, with its defaults."""
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
            raise InputError(f"{setting} is {show(came)}: expected {expected!r}, with which every bug here is made")
    return merged


BUGS: Mapping[str, Bug] = MappingProxyType(
    {
        bug.name: bug
        for bug in (
            Bug(
                "schedule run upwards",
                "The clock runs backwards",
                "The timesteps of the records; the level of the latent over the steps; x0 in the first steps.",
                "The loop goes through the timesteps as their table lists them, upwards. Each update is right, but the "
                "network is told that pure noise is almost clean, and the almost finished sound pure noise. The "
                "original notebook's loop did this.",
                "Solvers own their timesteps, and a test holds that they strictly decrease.",
                "standard deviation of the latent; about 1 in a healthy run",
                spread,
                upwards,
                needs_tiles=False,
            ),
            Bug(
                "shift never undone",
                "The sound goes for a walk",
                "x0 of one step laid over that of the next; where the sound begins; a timeline of prompts.",
                "The latent is rolled, so that the tiles cut it elsewhere, and nobody rolls it back. With every step "
                "the sound goes on to the right, and around the end.",
                "Nothing is rolled: the grid of tiles moves, over a latent that stays where it is.",
                "latent frames that x0 moves from step to step, on average; 0 in a healthy run",
                sliding,
                drifting(rolled),
            ),
            Bug(
                "noisy mirror",
                "An echo of the noise",
                "padded in an early step, left and right of its ends; over some seeds, the level of the first and last "
                "third of a second.",
                "Past the ends, windows see the noisy latent mirrored. Mirrored noise is no fresh noise: frames at the "
                "ends stand beside copies of themselves, and the network takes what repeats for signal. The original "
                "notebook padded like this.",
                "The edge policy reflect mirrors the clean estimate, and noises it anew.",
                "correlation of the first padding with the frames it mirrors; near 0 in a healthy run",
                echo,
                noisy_mirror,
            ),
            Bug(
                "per-tile noise",
                "All tiles start alike",
                "The start noise; the sound at one place, and a tile later.",
                "Noise is drawn a tile at a time, each time from the run's seed. The same seed gives the same noise: "
                "all tiles start from one and the same, and the music repeats with every tile.",
                "Noise is drawn once, for the full length.",
                "correlation of the latent with itself, a tile later; near 0 in a healthy run",
                repetition,
                noise_per_tile,
            ),
            Bug(
                "prompt dropout",
                "The model was not listening",
                "The prompted and the unguided prediction of a step; another prompt with the same seed.",
                "In training, prompts are dropped now and then, so that the network learns to do without, as guidance "
                "wants it. audioldm's text encoder goes on with that when sound is made, for one text in ten; here the "
                "dice always fall that way. All else works, so it passes for a bad seed.",
                "The adapter of audioldm's models holds the dice; models of spotnb have none.",
                "distance of the conditioning from the prompt's, relative to its length; 0 in a healthy run",
                deafness,
                prompt_dropout,
                needs_tiles=False,
            ),
            Bug(
                "seams fixed",
                "The random shift is drawn once",
                "The seams of the records, over the steps; the spectrogram at these seams; the seam score there.",
                "The shift is drawn for the run, not for each step, or from a generator that is seeded anew each time. "
                "The grid is moved, but always to the same place, and no step ever sees across its seams.",
                "Shifts have a random stream of their own, keyed by seed and step.",
                "seam score of the log-mel at the first step's seams; about 1 in a healthy run",
                seam,
                FixedSeams.of,
            ),
            Bug(
                "uncovered tail",
                "The last tile is not whole",
                "The end of the latent, step by step; the predicted noise there; the last second of the sound.",
                "Tiles are counted by a division that rounds down, so what the shift leaves of a tile at the end is "
                "never shown to the network. No noise is predicted there, and none is taken away.",
                "Segments cover every frame just once; a test holds that for all lengths, tiles and shifts.",
                "level of the last 8 latent frames, relative to the rest; about 1 in a healthy run",
                tail_level,
                uncovered_tail,
            ),
            Bug(
                "cropped without unshift",
                "Out at the end, in again at the start",
                "x0 of one step laid over that of the next; the start of the sound, forwards and backwards.",
                "The latent is mirrored at both ends, rolled, and cropped to its length again. The crop takes the "
                "mirrored start and loses the end, for good, at every step. The original notebook shows just this, on "
                "eight numbers, as its remedy.",
                "Nothing is rolled. Where something must be, roll without padding: that can be undone.",
                "correlation of the start with what follows, mirrored; near 0 in a healthy run",
                doubling,
                drifting(cropped),
            ),
        )
    }
)
"""Every bug by its name."""
