"""Has the model memorized its training clips? How near these are to generated clips and to unseen real clips.

Nearness is the highest normalized correlation of a latent of 5.12 s with any equally long stretch of a training clip,
over all offsets. A copy gives 1, wherever in its clip it was taken from. This needs the data folder.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from spotnb.models.audioldm import DiffusersAudioLDM
from training.data import MissingClips
from training.sampling import prompts_of, sampled_latents

CLIPS, PER_CLASS, FRAMES = 84, 6, 128
TOGETHER = 16


@torch.no_grad()
def nearness(probes: Tensor, train: np.ndarray) -> np.ndarray:
    """Return each probe's highest correlation with any stretch of the training latents.

    Args:
        probes: Latents to look up, `[P, 8, 128, 16]`.
        train: The training latents, `[N, 8, T, 16]`.
    """
    length = 2 ** int(np.ceil(np.log2(train.shape[2] + FRAMES)))
    flat = probes.float().permute(0, 1, 3, 2).flatten(1, 2)  # [P, 128, FRAMES]
    flat = flat / flat.norm(dim=(1, 2), keepdim=True)
    spectrum = torch.fft.rfft(flat, length).conj()
    best = torch.full((len(probes),), -1.0)
    for start in tqdm(range(0, len(train), TOGETHER), desc="training clips"):
        clips = torch.from_numpy(train[start : start + TOGETHER].astype(np.float32)).permute(0, 1, 3, 2).flatten(1, 2)
        products = torch.einsum("pcf,ncf->pnf", spectrum, torch.fft.rfft(clips, length))
        offsets = train.shape[2] - FRAMES + 1
        correlation = torch.fft.irfft(products, length)[..., :offsets]
        energy = clips.square().sum(1).cumsum(1)
        energy = torch.cat([torch.zeros(len(clips), 1), energy], 1)
        norm = (energy[:, FRAMES:] - energy[:, :-FRAMES]).clamp_min(1e-6).sqrt()
        best = torch.maximum(best, (correlation / norm).amax((1, 2)))
    return best.numpy()


def measure_memory(model: DiffusersAudioLDM, data: Path) -> dict[str, object]:
    """Return percentiles of the nearness of generated clips and of unseen real clips to the training clips.

    Raises:
        MissingClips: The data folder has no latents of training clips.
    """
    if not (data / "latents-train.npy").exists():
        raise MissingClips(f"no latents of training clips in {data}: run `python -m training` first")
    train = np.load(data / "latents-train.npy", mmap_mode="r", allow_pickle=False)
    unseen = np.load(data / "latents-unseen.npy", mmap_mode="r", allow_pickle=False)
    texts = [text for _, text in prompts_of("seen", PER_CLASS)]
    generated = nearness(sampled_latents(model, texts), train)
    real = nearness(torch.from_numpy(unseen[:CLIPS, :, :FRAMES].astype(np.float32)), train)
    rows = {"made": generated, "real": real}
    return {
        "nearest_training_clip": {
            name: {f"{q}%": float(np.percentile(values, q)) for q in (5, 50, 95, 100)} for name, values in rows.items()
        }
    }
