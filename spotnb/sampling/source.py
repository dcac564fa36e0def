"""Runs that start from known sound: audio to audio, inpainting and outpainting.

All three work in the same way (after Lugmayr et al. 2022, RePaint, arXiv:2201.09865, equation 8, without its
resampling): the latent of the known sound, noised to the level of the step, replaces the run's own latent in the kept
frames. The adjacent new frames are guided to agree with it, see `spotnb.sampling.reconstruction`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spotnb.errors import InputError
from spotnb.models.encode import waveform_to_latent
from spotnb.models.protocol import AudioModel, audio_channels
from spotnb.models.shelter import shelter
from spotnb.sampling.settings import RunSettings
from spotnb.sound.loading import load_audio
from spotnb.support.arrays import as_array, require_finite
from spotnb.support.cards import Card, Shown, count, joined
from spotnb.support.checks import exact, show
from spotnb.support.pictures import MOST_SHAPES, PALE, TILE, Axis, Picture, bars
from spotnb.tiling.clock import Clock


@dataclass(frozen=True, repr=False)
class KnownSound(Shown):
    """A sound as a latent.

    Attributes:
        latent: `[1, C, T, F]`.
        frames: The length of the sound in latent frames. Later frames of the latent do not count.
    """

    latent: Tensor
    frames: int

    def _text_(self) -> str:
        return joined(count(self.frames, "frame"), f"latent {list(self.latent.shape)}")

    def _card_(self) -> Card:
        facts = {"Length": count(self.frames, "latent frame"), "Latent": show(list(self.latent.shape))}
        return Card(repr(self), {**facts, "Device": show(self.latent.device.type)[1:-1]})

    def describe(self) -> dict[str, Any]:
        """Return the length and a digest for a manifest, enough to recognize the same sound."""
        data = self.latent.detach().float().cpu().contiguous().numpy().tobytes()
        return {"frames": self.frames, "sha256": hashlib.sha256(data).hexdigest()}

    def to_known_sound(self) -> KnownSound:
        """Return this sound."""
        return self


@runtime_checkable
class SoundSource(Protocol):
    """An object that a run can start from, such as a finished sampler."""

    def to_known_sound(self) -> KnownSound:
        """Return the sound as a latent. Raises `InputError` if the sound is not finished."""
        ...


@dataclass(frozen=True, repr=False)
class Source(Shown):
    """The known sound of a run.

    Attributes:
        latent: `[1, C, T, F]`, as long as the run, and zero in frames that are not known.
        kept: The frames that stay unchanged, `[T]` bool.
        first: The first step of the run. Earlier steps would only remove noise that was never added.
        everywhere: Whether every frame of `latent` is known, so that it can serve as the clean estimate.
        continued: The sound that is continued, or None. Its own decoding is part of the result.
    """

    latent: Tensor
    kept: NDArray[np.bool_]
    first: int
    everywhere: bool
    continued: KnownSound | None

    def _text_(self) -> str:
        kind = "continuation" if self.continued is not None else "variation"
        return joined(kind, f"{int(self.kept.sum())} of {count(len(self.kept), 'frame')} kept", f"step {self.first} on")

    def _card_(self) -> Card:
        axis = Axis(0, len(self.kept))
        edges = np.flatnonzero(np.diff(self.kept.astype(np.int8), prepend=0, append=0)).tolist()
        drawing = bars(axis, [(0, axis.high)], 6, 4, PALE)
        drawing += bars(axis, list(zip(edges[::2], edges[1::2], strict=True))[:MOST_SHAPES], 0, 16, TILE)
        legend, ends = [(TILE, "kept"), (PALE, "new")], ("frame 0", f"frame {len(self.kept)}")
        picture = Picture(drawing, 16, "Which frames are kept", ends, legend)
        return Card(repr(self), {"First step": str(self.first)}, picture, {"continued": self.continued})

    @property
    def borders(self) -> tuple[int, ...]:
        """The frames at which kept and new sound meet."""
        return tuple(int(frame) + 1 for frame in np.flatnonzero(self.kept[1:] != self.kept[:-1]))

    @cached_property
    def _mask(self) -> Tensor:
        return torch.from_numpy(self.kept)[:, None].to(self.latent.device)

    def impose(self, latent: Tensor, known: Tensor) -> Tensor:
        """Return `latent` with the kept frames replaced by those of `known`."""
        return torch.where(self._mask, known, latent)


@shelter
def make_source(model: AudioModel, frames: int, settings: RunSettings) -> tuple[Source | None, RunSettings]:
    """Read and encode the known sound of a run.

    Args:
        model: The model that encodes the sound.
        frames: The length of the run in latent frames.
        settings: The settings of the run.

    Returns:
        The source, or None, and the settings with encoded sounds instead of files and waveforms.

    Raises:
        InputError: A region lies outside the sound, or the sound is too short or too long.
        SpotnbError: The sound cannot be read.
    """
    if settings.continue_from is not None:
        continued = known_sound(model, settings.continue_from, "continue_from")
        source = _continuation(continued, frames, settings.duration, Clock.of(model))
        return source, replace(settings, continue_from=continued)
    if settings.init_audio is None:
        return None, settings
    initial = known_sound(model, settings.init_audio, "init_audio")
    return _variation(initial, frames, settings, Clock.of(model)), replace(settings, init_audio=initial)


def _continuation(sound: KnownSound, frames: int, duration: float, clock: Clock) -> Source:
    if sound.frames >= frames or sound.frames >= round(clock.frames(duration)):
        known, least = (exact(frames / clock.frames_per_second) for frames in (sound.frames, sound.frames + 1))
        raise InputError(
            f"continue_from lasts {known} s, and the duration is {exact(duration)} s: expected a longer duration, of "
            f"at least {least} s; it counts from the start of the continued sound"
        )
    latent = sound.latent.new_zeros(*sound.latent.shape[:2], frames, sound.latent.shape[3])
    latent[:, :, : sound.frames] = sound.latent[:, :, : sound.frames]
    return Source(latent, np.arange(frames) < sound.frames, 0, False, sound)


def _variation(sound: KnownSound, frames: int, settings: RunSettings, clock: Clock) -> Source:
    if sound.frames < math.floor(clock.frames(settings.duration)):
        known, wanted = exact(sound.frames / clock.frames_per_second), exact(settings.duration)
        raise InputError(
            f"init_audio lasts {known} s, the run {wanted} s: expected a sound of that length; "
            "shorten the duration, or pass the sound as continue_from"
        )
    assert settings.strength is not None
    kept = _kept_frames(list(settings.keep or ()), frames, settings.duration, clock)
    first = settings.steps - max(1, round(settings.steps * settings.strength))
    latent = _fitted(sound.latent[:, :, : max(sound.frames, 1)], frames)
    return Source(latent, kept, first, True, None)


@shelter
def known_sound(model: AudioModel, value: Any, name: str) -> KnownSound:
    """Return a sound as a latent on the model's device.

    Args:
        model: The model that encodes the sound.
        value: A finished sampler or another `SoundSource`, a latent `[1, C, T, F]`, or any input of `load_audio`.
        name: The name of the sound in error messages.

    Raises:
        InputError: The sound is not finished, too short, not finite, or of another shape than the model's latents.
        SpotnbError: The sound cannot be read or encoded.
    """
    if isinstance(value, SoundSource) and not isinstance(value, type):
        try:
            known = value.to_known_sound()
        except InputError as error:
            raise InputError(f"{name} is {error}") from None
        return KnownSound(_checked(model, known.latent, name), known.frames)
    if getattr(value, "ndim", 0) == 4:
        array = as_array(value).astype(np.float32)
        require_finite(array, f"the latent of {name}")
        latent = _checked(model, torch.from_numpy(array), name)
        return KnownSound(latent, latent.shape[2])
    wave = load_audio(value, model.sample_rate, channels=audio_channels(model))
    latent = waveform_to_latent(model, torch.from_numpy(wave.copy()))
    return KnownSound(latent, latent.shape[2])


def _checked(model: AudioModel, latent: Tensor, name: str) -> Tensor:
    expected = (1, model.channels, model.latent_bins)
    if (latent.shape[0], latent.shape[1], latent.shape[3]) != expected or not latent.shape[2]:
        raise InputError(
            f"{name} is a latent of shape {list(latent.shape)}: expected "
            f"[1, {model.channels}, frames, {model.latent_bins}], from a model of the same kind"
        )
    return latent.detach().to(model.device, torch.float32)


def _fitted(latent: Tensor, frames: int) -> Tensor:
    """Return as many frames as the run has. The few frames past the end of the sound are mirrored."""
    turn = torch.arange(frames, device=latent.device) % max(1, 2 * latent.shape[2] - 2)
    return latent[:, :, torch.where(turn < latent.shape[2], turn, 2 * latent.shape[2] - 2 - turn)]


def _kept_frames(
    regions: Sequence[tuple[float, float]], frames: int, duration: float, clock: Clock
) -> NDArray[np.bool_]:
    """Return which frames are in a region, `[T]` bool. A region up to the end includes the frames past the duration."""
    kept = np.zeros(frames, bool)
    for start, stop in regions:
        if not 0 <= start < stop or stop > duration + 1e-6:
            raise InputError(
                f"keep has the region {exact(start)} to {exact(stop)} s: expected 0 <= start < stop <= "
                f"{exact(duration)}, the duration; correct the region"
            )
        begin, end = map(clock.frames, (start, stop))
        last = frames if stop > duration - 0.5 * clock.frame_seconds else math.floor(end)
        if math.ceil(begin) >= last:
            raise InputError(
                f"keep has the region {exact(start)} to {exact(stop)} s: expected at least one latent frame "
                f"({1000 * clock.frame_seconds:.3g} ms)"
            )
        kept[math.ceil(begin) : last] = True
    if regions and kept.all():
        raise InputError("keep covers the complete sound: expected a part that is left to generate; shorten a region")
    return kept
