"""Runs that start from sound: audio to audio, inpainting and outpainting.

All by one means (after Lugmayr et al. 2022, RePaint, arXiv:2201.09865, equation 8, without its resampling): the latent
of the known sound, noised to the level of the step, takes the place of the run's own latent in the frames it knows.
What is made beside it is drawn to agree with it, see `spotnb.sampling.reconstruction`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spotnb.errors import InputError
from spotnb.models.encode import waveform_to_latent
from spotnb.models.protocol import AudioModel
from spotnb.sound.files import load_audio
from spotnb.sound.lengths import FRAMES_PER_SECOND
from spotnb.support.arrays import as_array, require_finite
from spotnb.support.checks import check_real, show

DEFAULT_STRENGTH = 0.6  # of audio to audio: the prompt is heard, and the rhythm of the source still is


@dataclass(frozen=True)
class KnownSound:
    """A sound as a latent `[1, C, T, F]`, of which the first `frames` frames count."""

    latent: Tensor
    frames: int

    def describe(self) -> dict[str, Any]:
        """As a manifest holds it: enough to tell whether it is the same sound."""
        data = self.latent.detach().float().cpu().contiguous().numpy().tobytes()
        return {"frames": self.frames, "sha256": hashlib.sha256(data).hexdigest()}


@dataclass(frozen=True)
class Source:
    """What a run knows from the start.

    Attributes:
        latent: `[1, C, T, F]`, as long as the run; zero where nothing is known.
        kept: `[T]` bool: the frames that stay as they are.
        first: the first step that is run; those before it would only remove noise that was never added.
        everywhere: whether `latent` is known in every frame, so that it can stand for the clean estimate.
        own: the sound that is continued, if any: what it sounds like by itself goes into the result.
    """

    latent: Tensor
    kept: Tensor
    first: int
    everywhere: bool
    own: KnownSound | None

    @property
    def borders(self) -> tuple[int, ...]:
        """Frames at which kept and generated sound meet."""
        kept = self.kept.int()
        return tuple(int(frame) + 1 for frame in torch.nonzero(kept[1:] != kept[:-1]))

    def impose(self, latent: Tensor, known: Tensor) -> Tensor:
        """`latent` with the kept frames taken from `known`."""
        return torch.where(self.kept[:, None], known, latent)


def make_source(
    model: AudioModel,
    frames: int,
    duration: float,
    steps: int,
    init_audio: Any = None,
    strength: float | None = None,
    continue_from: Any = None,
    keep: Iterable[tuple[float, float]] | None = None,
) -> tuple[Source | None, dict[str, Any]]:
    """The source of a run, and the settings that make it again without encoding.

    For the arguments see `SpotSampler`. Raises `InputError` for those that exclude each other, regions outside the
    sound, and sound that is too short or too long.
    """
    settings: dict[str, Any] = {"init_audio": None, "strength": None, "continue_from": None, "keep": None}
    if init_audio is None:
        for name, value in (("strength", strength), ("keep", keep)):
            if value is not None:
                raise InputError(f"{name} is {show(value)} but there is no init_audio: pass the sound it is about")
    if init_audio is not None and continue_from is not None:
        raise InputError("init_audio and continue_from exclude each other: expected one sound to start from")
    if continue_from is not None:
        sound = known_sound(model, continue_from, "continue_from")
        if sound.frames >= frames or sound.frames >= round(duration * FRAMES_PER_SECOND):
            raise InputError(
                f"continue_from lasts {sound.frames / FRAMES_PER_SECOND:g} s, the whole shall last {duration:g} s: "
                "expected less; duration counts from the start of what is continued, lengthen it"
            )
        latent = sound.latent.new_zeros(*sound.latent.shape[:2], frames, sound.latent.shape[3])
        latent[:, :, : sound.frames] = sound.latent[:, :, : sound.frames]
        kept = torch.arange(frames, device=latent.device) < sound.frames
        return Source(latent, kept, 0, False, sound), settings | {"continue_from": sound}
    if init_audio is None:
        return None, settings
    sound = known_sound(model, init_audio, "init_audio")
    missing = math.floor(duration * FRAMES_PER_SECOND) - sound.frames
    if missing > 0:
        raise InputError(
            f"init_audio lasts {sound.frames / FRAMES_PER_SECOND:g} s, the run {duration:g} s: expected as much; "
            "shorten the duration, or pass the sound as continue_from"
        )
    regions = None if keep is None else [tuple(region) for region in _regions(keep)]
    kept = _kept(regions or [], frames, duration).to(sound.latent.device)
    default = DEFAULT_STRENGTH if keep is None else 1.0
    strength = check_real("strength", default if strength is None else strength, 0, 1, hint="1 starts from noise alone")
    if not strength:
        raise InputError("strength is 0: expected more, since nothing would change; 0.6 keeps the rhythm of the source")
    first = steps - max(1, round(steps * strength))
    latent = _fitted(sound.latent[:, :, : max(sound.frames, 1)], frames)
    return Source(latent, kept, first, True, None), settings | {
        "init_audio": sound,
        "strength": strength,
        "keep": regions,
    }


def known_sound(model: AudioModel, value: Any, name: str) -> KnownSound:
    """A sound as a latent: of a finished sampler, a latent `[1, C, T, F]`, or whatever `load_audio` takes."""
    if isinstance(value, KnownSound):
        return KnownSound(value.latent.to(model.device), value.frames)
    if hasattr(value, "steps_done") and hasattr(value, "latent"):  # a sampler; its module imports this one
        if not value.done:
            raise InputError(f"{name} is a run at step {value.steps_done}: expected a finished one; run() it first")
        audible = math.floor(round(value.samples / value.model.samples_per_frame, 6))
        return KnownSound(_checked(model, value.latent[:1], name), min(audible, value.frames))
    if getattr(value, "ndim", 0) == 4:
        array = as_array(value).astype(np.float32)
        require_finite(array, f"the latent of {name}")
        latent = _checked(model, torch.from_numpy(array), name)
        return KnownSound(latent, latent.shape[2])
    wave = torch.from_numpy(load_audio(value, model.sample_rate).copy())
    latent = waveform_to_latent(model, wave)
    return KnownSound(latent, latent.shape[2])


def _checked(model: AudioModel, latent: Tensor, name: str) -> Tensor:
    expected = (1, model.channels, model.latent_bins)
    if (latent.shape[0], latent.shape[1], latent.shape[3]) != expected or not latent.shape[2]:
        raise InputError(
            f"{name} is a latent of shape {list(latent.shape)}: expected "
            f"[1, {model.channels}, frames, {model.latent_bins}], of the same kind of model"
        )
    return latent.detach().to(model.device, torch.float32)


def _fitted(latent: Tensor, frames: int) -> Tensor:
    """As many frames as the run has; the few beyond the end of the sound are its mirror image."""
    turn = torch.arange(frames, device=latent.device) % max(1, 2 * latent.shape[2] - 2)
    return latent[:, :, torch.where(turn < latent.shape[2], turn, 2 * latent.shape[2] - 2 - turn)]


def _regions(keep: Any) -> list[tuple[float, float]]:
    hint = "expected regions (start, stop) in seconds, such as [(0, 4), (6, 10)]"
    try:
        pairs = [(start, stop) for start, stop in keep]
    except (TypeError, ValueError):
        raise InputError(f"keep is {show(keep)}: {hint}") from None
    if not pairs:
        raise InputError(f"keep is empty: {hint}; None keeps nothing")
    return [tuple(check_real("keep", time, 0, hint=hint) for time in pair) for pair in pairs]  # type: ignore[misc]


def _kept(regions: list[Any], frames: int, duration: float) -> Tensor:
    """`[T]` bool: the frames that lie wholly inside a region; what lies beyond the duration goes with its end."""
    kept = torch.zeros(frames, dtype=torch.bool)
    for start, stop in regions:
        if not 0 <= start < stop or stop > duration + 1e-6:
            raise InputError(
                f"keep has the region {start:g} to {stop:g} s: expected 0 <= start < stop <= {duration:g}, "
                "the duration; mend the region"
            )
        begin, end = (round(time * FRAMES_PER_SECOND, 6) for time in (start, stop))
        last = frames if stop > duration - 0.5 / FRAMES_PER_SECOND else math.floor(end)
        if math.ceil(begin) >= last:
            raise InputError(f"keep has the region {start:g} to {stop:g} s: expected a latent frame (40 ms) at least")
        kept[math.ceil(begin) : last] = True
    if regions and kept.all():
        raise InputError("keep covers the whole sound: expected to leave a part to be made; leave one out")
    return kept
