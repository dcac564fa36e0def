"""The settings of a run. Each is declared, described and checked here, and nowhere else.

The signature of `SpotSampler`, the options of the command line, the columns of a sweep, the manifest and `fork` all
derive from `RunSettings`. To add a setting, add a field here and read it where it takes effect.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, asdict, dataclass
from typing import Any

from spotnb.errors import InputError
from spotnb.sampling.timeline import PromptTimeline
from spotnb.support.cards import Card, Shown
from spotnb.support.checks import check_int, check_interval, check_items, check_name, check_real, check_text, show
from spotnb.support.option_cards import changed, option_card
from spotnb.support.options import check_options, documented, option, options
from spotnb.tiling.clock import check_duration
from spotnb.tiling.config import METHODS, SpotDiffusionConfig
from spotnb.tiling.finish import check_finish_overlap, check_finish_steps
from spotnb.tiling.layout import Layout, plan
from spotnb.trace.record import RECORD_DTYPES, check_record_mode

DEFAULT_STRENGTH = 0.6
"""The default for audio-to-audio runs: both the prompt and the rhythm of the source can be heard."""

HIGHEST_SEED = 2**63 - 1
REGIONS = "pass regions (start, stop) in seconds, such as [(0, 4), (6, 10)]"


def check_prompt(prompt: Any) -> str | PromptTimeline:
    """Return `prompt` if it is a timeline or a text that is not blank. Raises `InputError` otherwise."""
    if isinstance(prompt, PromptTimeline):
        return prompt
    if not isinstance(prompt, str) or not prompt.strip():
        raise InputError(f"prompt is {show(prompt)}: expected words that describe the sound, such as 'acoustic guitar'")
    return check_text("prompt", prompt, hint="describe the sound")


def _check_config(config: Any) -> SpotDiffusionConfig:
    if config is None:
        return SpotDiffusionConfig()
    if isinstance(config, SpotDiffusionConfig):
        return config
    raise InputError(f"config is {show(config)}: expected a SpotDiffusionConfig, or None for its defaults")


def _check_seed(seed: Any) -> int:
    if seed is None:
        return secrets.randbits(31)
    return check_int("seed", seed, 0, HIGHEST_SEED, hint="each seed gives its own sound; None draws one")


def _check_negative(prompt: Any) -> str:
    return check_text("negative_prompt", prompt, hint="leave it empty for none")


def _check_tile_batch(size: Any) -> int | None:
    return None if size is None else check_int("tile_batch", size, 1, hint="4 is enough")


def _check_strength(strength: Any) -> float | None:
    if strength is None:
        return None
    checked = check_real("strength", strength, 0, 1, hint="1 starts as a run without it")
    if not checked:
        raise InputError("strength is 0: expected more, or nothing would change; 0.6 keeps the rhythm of the source")
    return checked


def _check_keep(keep: Any) -> list[tuple[float, float]] | None:
    if keep is None:
        return None
    regions = check_items("keep", keep, hint=REGIONS)
    try:
        pairs = [(start, stop) for start, stop in regions]
    except Exception:
        raise InputError(f"keep is {show(keep)}: expected pairs; {REGIONS}") from None
    if not pairs:
        raise InputError(f"keep is empty: expected regions, or None to keep nothing; {REGIONS}")
    return [(check_real("keep", a, 0, hint=REGIONS), check_real("keep", b, 0, hint=REGIONS)) for a, b in pairs]


def _check_interval(interval: Any) -> tuple[int, int] | None:
    hint = "(100, 800) suits the embedded model; None means always"
    return None if interval is None else check_interval("guidance_interval", interval, 0, 1000, hint=hint)


@dataclass(frozen=True, repr=False)
class RunSettings(Shown):  # noqa: D101  `documented` writes its docstring below, from the fields
    prompt: str | PromptTimeline = option(
        check=check_prompt,
        kind="text",
        help="What to hear: a text, or a `PromptTimeline` that lasts as long as the sound.",
    )
    duration: float = option(
        10.0,
        check=check_duration,
        kind="number",
        help="Length of the sound in seconds, at least 0.04.",
    )
    steps: int = option(
        50,
        check=lambda steps: check_int("steps", steps, 1, 1000, hint="25 to 50 suit DDIM"),
        kind="whole",
        help="Denoising steps, 1 to 1000. DDIM does well from 25 on, and DPM-Solver++ from 15 in one window.",
    )
    guidance_scale: float = option(
        3.0,
        check=lambda scale: check_real("guidance_scale", scale, 0, 100, hint="2 to 4 suit AudioLDM"),
        kind="number",
        help="How strongly the prompt guides each step. A value of 1 means no guidance, at half the work.",
    )
    config: SpotDiffusionConfig | None = option(
        None,
        check=_check_config,
        kind="object",
        help="How the latent is tiled. None is `SpotDiffusionConfig()`.",
    )
    method: str = option(
        "spot",
        check=lambda method: check_name("method", method, METHODS),
        kind="choice",
        choices=METHODS,
        help="How the noise prediction for the full length is put together from windows.",
    )
    seed: int | None = option(
        0,
        check=_check_seed,
        kind="whole",
        help="Seed of every random draw but the shifts of the tiles. None draws a seed, which the manifest records.",
    )
    eta: float = option(
        0.0,
        check=lambda eta: check_real("eta", eta, 0, 1, hint="0 is deterministic DDIM"),
        kind="number",
        help="Noise added back at each step, from 0 (DDIM) to 1 (as much as DDPM).",
    )
    solver: Any = option(
        "ddim",
        check=lambda solver: solver,  # checked when it is built, which needs torch, the model and the other settings
        kind="text",
        help='The solver: "ddim", "dpm++", or in Python a diffusers scheduler or an object of your own with the '
        "protocol `Solver`, created for the model and the number of steps.",
    )
    negative_prompt: str = option(
        "",
        check=_check_negative,
        kind="text",
        help="A negative prompt, which guidance leads away from.",
    )
    tile_batch: int | None = option(
        None,
        check=_check_tile_batch,
        kind="whole",
        help="Windows per forward pass, each with all candidates. None chooses a number that suits the model and the "
        "number of candidates, see `spotnb.models.batching`. Results with different batch sizes agree to float "
        "rounding, and with the same size bit for bit.",
    )
    record: str | int = option(
        "all",
        check=check_record_mode,
        kind="object",
        help='What the trace keeps: "all", "x0", "last", or a number k for every k-th step.',
    )
    _: KW_ONLY
    record_dtype: str = option(
        "fp32",
        check=lambda dtype: check_name("record_dtype", dtype, RECORD_DTYPES),
        kind="object",
        help='Precision of the trace: "fp32", or "fp16" for half the memory. Half-precision records are only for '
        "viewing; `goto` then runs the steps again.",
    )
    n_candidates: int = option(
        1,
        check=lambda count: check_int("n_candidates", count, 1, 1000, hint="3 to 8 give a choice"),
        kind="whole",
        help="How many sounds to generate at once. Candidate i has the seed `seed + i`.",
    )
    init_audio: Any = option(
        None,
        check=lambda sound: sound,  # checked when it is read and encoded
        kind="file",
        help="Sound to start from, at least as long as the run. A path, a waveform, a pair of waveform and sample "
        "rate, a latent, or a finished sampler.",
    )
    strength: float | None = option(
        None,
        check=_check_strength,
        kind="number",
        help="How much of the noise schedule `init_audio` goes through, 0 to 1. Near 0 it hardly changes; at 1 nothing "
        "of it is left except the regions in `keep`. The default is 0.6, or 1 with `keep`.",
    )
    continue_from: Any = option(
        None,
        check=lambda sound: sound,
        kind="file",
        help="Sound that the run continues, in any form that `init_audio` takes. `duration` counts from its start.",
    )
    keep: Iterable[tuple[float, float]] | None = option(
        None,
        check=_check_keep,
        kind="regions",
        help="Regions (start, stop) of `init_audio`, in seconds, that stay unchanged.",
    )
    reconstruction_scale: float = option(
        4.0,
        check=lambda scale: check_real("reconstruction_scale", scale, 0, 100, hint="0 turns it off"),
        kind="number",
        help="How strongly new sound is guided to agree with the sound that is kept. See "
        "`spotnb.sampling.reconstruction`. It needs a gradient through the network in windows that hold both. At 0 it "
        "is off, and the border is audible.",
    )
    guidance_interval: Sequence[int] | None = option(
        None,
        check=_check_interval,
        kind="pair",
        help="The timesteps (low, high) between which guidance is active. At other timesteps the prompt is followed "
        "without guidance, at half the work. None means always, as in AudioLDM. Guidance at the highest noise levels "
        "makes the results of a prompt similar (Kynkäänniemi et al. 2024, arXiv:2404.07724); (100, 800) suits the "
        "embedded model. A multistep solver starts over when guidance turns on or off.",
    )
    finish_steps: int = option(
        0,
        check=check_finish_steps,
        kind="whole",
        help="Number of steps at the end in which the tiles of `spot` overlap and cross-fade. No later step mends the "
        "cuts of the last two steps, so they are audible; a value of 2 mends them. 0 is SpotDiffusion as published. "
        "It has no effect on other methods, or if the latent fits into one tile.",
    )
    finish_overlap: int | None = option(
        None,
        check=lambda overlap: overlap,  # checked against the tile size below
        kind="whole",
        help="Overlap of the tiles in these steps, in latent frames. None is a quarter of a tile.",
    )

    def __post_init__(self) -> None:
        check_options(self)
        if isinstance(self.prompt, PromptTimeline):
            self.prompt.check_duration(self.duration)
        assert self.seed is not None
        highest = HIGHEST_SEED + 1 - self.n_candidates  # the last candidate's seed must fit too
        check_int("seed", self.seed, 0, highest, hint="each seed gives its own sound; None draws one")
        if self.finish_overlap is not None:
            overlap = check_finish_overlap(self.finish_overlap, self.tiling.tile_size_time)
            object.__setattr__(self, "finish_overlap", overlap)
        self._check_known_sound()

    def _check_known_sound(self) -> None:
        if self.init_audio is None:
            for name in ("strength", "keep"):
                if (value := getattr(self, name)) is not None:
                    raise InputError(f"{name} is {show(value)} without init_audio: pass the sound that it applies to")
        elif self.continue_from is not None:
            raise InputError("init_audio and continue_from exclude each other: expected only one of them")
        elif self.strength is None:
            object.__setattr__(self, "strength", DEFAULT_STRENGTH if self.keep is None else 1.0)

    @property
    def tiling(self) -> SpotDiffusionConfig:
        """The config, which is never None after the checks."""
        assert self.config is not None
        return self.config

    def layout(self, frames: int, step: int, time_multiple: int) -> Layout:
        """Return the layout of a step, for a latent of `frames`. Raises `InputError` as `plan` does."""
        return plan(
            frames,
            self.tiling,
            step,
            self.method,
            self.steps,
            time_multiple,
            finish_steps=self.finish_steps,
            finish_overlap=self.finish_overlap,
        )

    @property
    def ring(self) -> bool:
        """Whether the sound is a ring, whose end meets its start."""
        return self.tiling.policy.ring

    def _text_(self) -> str:
        return changed(self)

    def _card_(self) -> Card:
        timeline = {"prompt": self.prompt} if isinstance(self.prompt, PromptTimeline) else {}
        return option_card(self, parts={**timeline, "config": self.tiling})

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, ready for JSON.

        Known sound becomes its digest, see `spotnb.sampling.source.KnownSound.describe`, and a solver object its
        description.
        """
        plain = {name: getattr(self, name) for name in NAMES}
        plain["config"] = asdict(self.tiling)
        if isinstance(self.prompt, PromptTimeline):
            plain["prompt"] = self.prompt.to_dict()
        for name in (*SOUNDS, "solver"):
            if hasattr(plain[name], "describe"):
                plain[name] = plain[name].describe()
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], sounds: Mapping[str, Any] | None = None) -> RunSettings:
        """Return settings from their plain values. A missing name takes its default, and unknown names are ignored.

        Args:
            plain: The result of `to_dict`, or a manifest.
            sounds: Known sound by the name of its setting, which replaces the digests.
        """
        given = {name: plain[name] for name in NAMES if name in plain} | dict(sounds or {})
        given["config"] = SpotDiffusionConfig(**given.get("config", {}))
        if isinstance(given["prompt"], Mapping):
            given["prompt"] = PromptTimeline.from_dict(dict(given["prompt"]))
        return cls(**given)

    def forked(self, changes: Mapping[str, Any]) -> RunSettings:
        """Return a copy with some settings changed, as far as `SpotSampler.fork` allows it.

        Raises:
            InputError: A setting is unknown, or it decides the shape or the schedule of the run.
        """
        if unknown := sorted(set(changes) - set(NAMES)):
            raise InputError(f"fork cannot change {unknown[0]}: expected a setting of SpotSampler; see settings()")
        if fixed := sorted(set(changes) & FIXED):
            raise InputError(
                f"fork cannot change {fixed[0]}: expected settings that leave the shape and the schedule of the run as "
                "they are; start a new sampler"
            )
        return dataclasses.replace(self, **changes)


RunSettings.__doc__ = documented(
    RunSettings,
    """The settings of a run, checked on construction.

    {Args}

    Raises:
        InputError: A value is outside its limits, or two settings exclude each other.
    """,
)

NAMES = tuple(each.name for each in options(RunSettings))
"""The names of all settings."""
SOUNDS = ("init_audio", "continue_from")
"""The settings that hold known sound."""
FIXED = frozenset({"duration", "steps", "n_candidates", "strength", "keep", *SOUNDS})
"""The settings that a fork cannot change: they decide the shape or the schedule of the run."""
