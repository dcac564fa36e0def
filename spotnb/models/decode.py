"""From latent to sound: latent, log-mel (in sliding windows), waveform (in sliding windows), exact length.

Both stages run in windows, so that memory is bounded whatever the length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm.auto import tqdm

from spotnb.errors import SpotnbError
from spotnb.models.protocol import AudioModel
from spotnb.sound.mel import HOP
from spotnb.sound.mel import LATENT_MELS as MEL_FRAMES
from spotnb.support.checks import check_int

VAE_WINDOW, VAE_OVERLAP = 256, 64  # latent frames
VOCODER_WINDOW = 2048  # mel frames
VOCODER_CONTEXT = 64  # mel frames on each side of a window, enough for convolutions; vocoders may ask for more


def sliding_window_vae_decode(
    model: AudioModel,
    latent: Tensor,
    window_size: int = VAE_WINDOW,
    overlap_size: int = VAE_OVERLAP,
    *,
    progress: bool = False,
) -> Tensor:
    """Log-mel `[B, 1, 4T, 64]` of a latent `[B, C, T, F]`, decoded in windows that are cross-faded.

    `window_size` and `overlap_size` are latent frames. 256 is what the autoencoder was trained on; of the 64 that two
    windows share, the outer quarters are left out and the middle half is cross-faded, because a decoder that attends
    to its whole window is worst at the window's edges. A latent no longer than a window is decoded whole.
    Raises `InputError` for sizes out of range, and `SpotnbError` if the decoder gives NaN or infinity.
    """
    window = check_int("window_size", window_size, 1, hint="256 frames suit AudioLDM")
    overlap = check_int("overlap_size", overlap_size, 0, window - 1, hint="it must be smaller than window_size")
    return _joined(mel_pieces(model, latent, window, overlap, progress=progress))


def mel_pieces(
    model: AudioModel,
    latent: Tensor,
    window: int = VAE_WINDOW,
    overlap: int = VAE_OVERLAP,
    *,
    progress: bool = False,
) -> Iterator[Tensor]:
    """The log-mel of `sliding_window_vae_decode` in consecutive pieces `[B, 1, frames, 64]`, so that few are held."""
    frames = latent.shape[2]
    if frames <= window:
        yield _decoded(model, latent, 0)
        return
    starts = [*range(0, frames - window, window - overlap), frames - window]
    held: Tensor | None = None  # of what is decoded, the frames that the next window reaches too
    for start, following in zip(
        tqdm(starts, desc="decode", unit="window", disable=not progress), [*starts[1:], frames], strict=True
    ):
        mel = _decoded(model, latent[:, :, start : start + window], start).cpu()
        if held is not None:
            # Ramp up over the middle half of what is shared with the window before.
            shared = held.shape[2]
            margin = shared // 4
            ramp = ((torch.arange(shared - 2 * margin) + 0.5) / max(1, shared - 2 * margin))[:, None]
            inner = slice(margin, shared - margin)
            faded = held[:, :, inner] * (1 - ramp) + mel[:, :, inner] * ramp
            mel = torch.cat([held[:, :, :margin], faded, mel[:, :, shared - margin :]], dim=2)
        settled = MEL_FRAMES * (following - start)
        held = mel[:, :, settled:]
        yield mel[:, :, :settled]


def _joined(pieces: Iterable[Tensor]) -> Tensor:
    parts = list(pieces)
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=2)


def _decoded(model: AudioModel, latent: Tensor, start: int) -> Tensor:
    mel = model.decode_mel(latent)
    if not torch.isfinite(mel).all():
        raise SpotnbError(f"the decoder gave NaN or infinity in the window at latent frame {start}; try dtype fp32")
    return mel


def sliding_window_vocode(model: AudioModel, mel: Tensor, *, progress: bool = False) -> Tensor:
    """Sound `[B, 160 * frames]` of a log-mel `[B, 1, frames, 64]`, vocoded in windows with context on both sides.

    The context is cut off again, and is longer than the vocoder reaches: the result equals a single pass to rounding.
    Raises `SpotnbError` if the vocoder gives NaN or infinity.
    """
    return torch.cat(list(wave_pieces(model, [mel], mel.shape[2], progress=progress)), dim=1)


def wave_pieces(model: AudioModel, mels: Iterable[Tensor], frames: int, *, progress: bool = False) -> Iterator[Tensor]:
    """The sound of `sliding_window_vocode` in consecutive pieces `[B, samples]`, of a log-mel that comes in pieces too.

    `frames`: of the whole log-mel.
    """
    context = _vocoder_context(model)
    source = iter(mels)
    held, begin = next(source), 0  # the log-mel from frame `begin` on
    for start in tqdm(range(0, frames, VOCODER_WINDOW), desc="vocoder", unit="window", disable=not progress):
        stop = min(start + VOCODER_WINDOW, frames)
        left, right = max(0, start - context), min(frames, stop + context)
        parts, reached = [held], begin + held.shape[2]
        while reached < right:
            parts.append(next(source))
            reached += parts[-1].shape[2]
        held, begin = _joined(parts)[:, :, left - begin :], left
        sound = model.vocode(held[:, :, : right - left]).cpu()
        if not torch.isfinite(sound).all():
            raise SpotnbError(f"the vocoder gave NaN or infinity near {start * HOP / model.sample_rate:.2f} s")
        yield sound[:, (start - left) * HOP : (stop - left) * HOP]


def _vocoder_context(model: AudioModel) -> int:
    """Return how many mel frames a window needs on each side: as many as the vocoder reaches, if it says so."""
    return max(VOCODER_CONTEXT, getattr(getattr(model, "vocoder", None), "receptive_frames", 0))


def latent_to_mel(model: AudioModel, latent: Tensor, *, ring: bool = False, progress: bool = False) -> Tensor:
    """Log-mel `[B, 1, 4T, 64]` of a latent; a ring is decoded across its ends, so that they meet."""
    if not ring:
        return sliding_window_vae_decode(model, latent, progress=progress)
    frames = latent.shape[2]
    reach = 64
    around = torch.arange(-reach, frames + reach, device=latent.device) % frames
    mel = sliding_window_vae_decode(model, latent[:, :, around], progress=progress)
    return mel[:, :, MEL_FRAMES * reach : MEL_FRAMES * (reach + frames)]


@dataclass(frozen=True)
class Sound:
    """A decoded latent: `waveform` `[samples]` float32 in [-1, 1], and `mel`, its log-mel `[4T, 64]`.

    The mel goes on to the end of the last latent frame, the waveform as long as was asked for.
    """

    waveform: NDArray[np.float32]
    mel: NDArray[np.float32]

    def fade_into(self, other: Sound, fade: int, stop: int, samples_per_frame: int) -> Sound:
        """This sound up to latent frame `stop`, giving way to `other` in a straight line over the `fade` before it."""
        size = samples_per_frame
        return Sound(
            _faded(self.waveform, other.waveform, (stop - fade) * size, stop * size),
            _faded(self.mel, other.mel, (stop - fade) * MEL_FRAMES, stop * MEL_FRAMES),
        )


def _faded(one: NDArray[np.float32], other: NDArray[np.float32], start: int, stop: int) -> NDArray[np.float32]:
    whole = other.copy()
    whole[:start] = one[:start]
    ramp = ((np.arange(stop - start, dtype=np.float32) + 0.5) / max(1, stop - start)).reshape(
        -1, *(1,) * (one.ndim - 1)
    )
    whole[start:stop] = one[start:stop] * (1 - ramp) + other[start:stop] * ramp
    return whole


def decode_sound(
    model: AudioModel, latent: Tensor, samples: int, *, ring: bool = False, progress: bool = False
) -> Sound:
    """The sound of one latent `[1, C, T, F]`, `samples` long; a ring is decoded and vocoded across its ends.

    Peaks beyond full scale are clipped, not scaled down: runs stay comparable in level.
    """
    mel = latent_to_mel(model, latent, ring=ring, progress=progress)
    if ring:
        frames = mel.shape[2]
        context = _vocoder_context(model)
        around = torch.arange(-context, frames + context) % frames
        wave = sliding_window_vocode(model, mel[:, :, around.to(mel.device)], progress=progress)
        wave = wave[:, context * HOP : (context + frames) * HOP]
    else:
        wave = sliding_window_vocode(model, mel, progress=progress)
    waveform: NDArray[np.float32] = wave[0, :samples].clamp(-1, 1).numpy().astype(np.float32)
    return Sound(waveform, mel[0, 0].cpu().numpy())


def sound_pieces(
    model: AudioModel, latent: Tensor, samples: int, *, ring: bool = False, progress: bool = False
) -> Iterator[NDArray[np.float32]]:
    """The waveform of `decode_sound`, sample for sample, in consecutive pieces: memory does not grow with the length.

    A ring comes in one piece, since its start is decoded with its end.
    """
    if ring:
        yield decode_sound(model, latent, samples, ring=True, progress=progress).waveform
        return
    left = samples
    for piece in wave_pieces(model, mel_pieces(model, latent, progress=progress), MEL_FRAMES * latent.shape[2]):
        if left > 0:
            yield piece[0, :left].clamp(-1, 1).numpy().astype(np.float32)
            left -= piece.shape[1]
