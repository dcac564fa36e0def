"""Decoding of a latent to sound of the exact length, in windows so that memory use does not grow with the duration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spotnb.errors import SpotnbError
from spotnb.models import border
from spotnb.models.decode_mel import latent_to_mel, mel_pieces, sliding_window_vocode, vocoder_context, wave_pieces
from spotnb.models.memory import in_parts
from spotnb.models.protocol import AudioModel, MelModel, SoundModel, has_decode, has_mel
from spotnb.models.shelter import shelter
from spotnb.sound.heard import heard_mel
from spotnb.sound.mel import HOP, LATENT_MELS
from spotnb.support.cards import Card, Shown, count, joined
from spotnb.support.checks import show
from spotnb.support.progress import progress_bar

CONTEXT = 32  # latent frames on each side of a window, for a decoder that does not tell how far it sees


@dataclass(frozen=True, repr=False)
class Sound(Shown):
    """A decoded latent.

    Attributes:
        waveform: `[samples]`, or `[channels, samples]`, float32 in [-1, 1], of the requested length.
        mel: AudioLDM's log-mel at 100 frames per second. A model that decodes by way of it gives `[4T, 64]`, up to the
            end of the last latent frame. For any other model it is computed from the sound, see
            `spotnb.sound.heard.heard_mel`.
    """

    waveform: NDArray[np.float32]
    mel: NDArray[np.float32]

    def _text_(self) -> str:
        channels = count(len(self.waveform), "channel") if self.waveform.ndim > 1 else None
        return joined(channels, count(self.waveform.shape[-1], "sample"), f"log-mel {list(self.mel.shape)}")

    def _card_(self) -> Card:
        return Card(repr(self), {"Waveform": show(list(self.waveform.shape)), "Log-mel": show(list(self.mel.shape))})

    def fade_into(self, other: Sound, fade: int, stop: int, model: AudioModel) -> Sound:
        """Return this sound up to latent frame `stop` and `other` after it, with a linear cross-fade.

        The cross-fade takes the last `fade` latent frames before `stop`. Both are sounds of `model`.
        """
        size = model.samples_per_frame
        waveform = _faded(self.waveform.T, other.waveform.T, (stop - fade) * size, stop * size).T
        if not has_mel(model):
            return Sound(waveform, heard_mel(waveform, model.sample_rate))
        return Sound(waveform, _faded(self.mel, other.mel, (stop - fade) * LATENT_MELS, stop * LATENT_MELS))


def _faded(one: NDArray[np.float32], other: NDArray[np.float32], start: int, stop: int) -> NDArray[np.float32]:
    joined = other.copy()
    joined[:start] = one[:start]
    ramp = ((np.arange(stop - start, dtype=np.float32) + 0.5) / max(1, stop - start)).reshape(
        -1, *(1,) * (one.ndim - 1)
    )
    joined[start:stop] = one[start:stop] * (1 - ramp) + other[start:stop] * ramp
    return joined


@shelter
def decode_sound(
    model: AudioModel, latent: Tensor, samples: int, *, ring: bool = False, progress: bool = False
) -> Sound:
    """Decode one latent `[1, C, T, F]` to a sound of `samples` samples.

    A `ring` is decoded across its ends. Peaks beyond full scale are clipped and not scaled down, so that the levels of
    runs remain comparable.
    """
    if has_decode(model):
        wave = torch.cat(list(_decoded_pieces(model, latent, ring=ring, progress=progress)), dim=2)[0]
        waveform = _limited(wave, samples)
        return Sound(waveform, heard_mel(waveform, model.sample_rate))
    assert has_mel(model)
    mel = latent_to_mel(model, latent, ring=ring, progress=progress)
    sound = _vocoded_ring(model, mel, progress) if ring else sliding_window_vocode(model, mel, progress=progress)
    return Sound(_limited(sound, samples), mel[0, 0].cpu().numpy())


def _limited(wave: Tensor, samples: int) -> NDArray[np.float32]:
    """Return `samples` samples `[samples]` or `[channels, samples]` of the rows of a sound, clipped to full scale."""
    limited: NDArray[np.float32] = wave[:, :samples].clamp(-1, 1).numpy().astype(np.float32)
    return limited[0] if len(limited) == 1 else limited


def _vocoded_ring(model: MelModel, mel: Tensor, progress: bool) -> Tensor:
    frames, context = mel.shape[2], vocoder_context(model)
    around = torch.arange(-context, frames + context) % frames
    wave = sliding_window_vocode(model, mel[:, :, around.to(mel.device)], progress=progress)
    return wave[:, context * HOP : (context + frames) * HOP]


def _decoded_pieces(model: SoundModel, latent: Tensor, *, ring: bool, progress: bool) -> Iterator[Tensor]:
    """Yield the sound of a latent in consecutive pieces `[B, channels, samples]`.

    Each window is decoded with frames on both sides that are cut off afterwards. On a ring they come from its other
    end.

    Raises:
        SpotnbError: The decoder returned NaN or infinity.
    """
    frames, size = latent.shape[2], model.samples_per_frame
    window = int(getattr(model, "decode_window", model.native_frames))
    context = int(getattr(model, "decode_context", CONTEXT))
    for start in progress_bar(range(0, frames, window), desc="decode", unit="window", shown=progress):
        stop = min(start + window, frames)
        left, right = start - context, stop + context
        if not ring:
            left, right = max(0, left), min(frames, right)
        seen = torch.arange(left, right, device=latent.device) % frames
        decoded = in_parts(latent[:, :, seen], partial(border.decode, model), context, size, model.device, "window")
        sound = decoded.cpu()
        if not torch.isfinite(sound).all():
            raise SpotnbError(
                f"decode of {show(model.name)[:40]} returned NaN or infinity in the window at latent frame {start}: "
                "expected finite numbers; try dtype fp32"
            )
        yield sound[:, :, (start - left) * size : (stop - left) * size]


def sound_pieces(
    model: AudioModel, latent: Tensor, samples: int, *, ring: bool = False, progress: bool = False
) -> Iterator[NDArray[np.float32]]:
    """Yield exactly the waveform of `decode_sound` in consecutive pieces, so that memory does not grow with its length.

    A `ring` of a model with a log-mel comes in one piece, because its start is decoded together with its end.
    """
    if ring and not has_decode(model):
        yield decode_sound(model, latent, samples, ring=True, progress=progress).waveform
        return
    if has_decode(model):
        pieces = (piece[0] for piece in _decoded_pieces(model, latent, ring=ring, progress=progress))
    else:
        assert has_mel(model)
        mels = mel_pieces(model, latent, progress=progress)
        pieces = (piece[:1] for piece in wave_pieces(model, mels, LATENT_MELS * latent.shape[2]))
    left = samples
    for piece in pieces:
        if left > 0:
            yield _limited(piece, left)
            left -= piece.shape[1]
