"""Encode all clips with the autoencoder in the model folder into `latents-train.npy` and `latents-unseen.npy`.

The arrays are float16 `[clips, 8, 384, 16]` at the denoiser's scale. They are memory-mapped because they exceed the
memory of a small machine.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from tqdm.auto import tqdm

from spotnb.models.mel import torch_log_mel
from training.data import SAMPLES, Waveforms
from training.device import autocast
from training.start import begin, training_parser
from training.train_vae import StandardVae

FRAMES = SAMPLES // 640
TOGETHER, TOGETHER_ON_GPU = 4, 32


@torch.no_grad()
def encode_all(module: StandardVae, scale: float, data: Path, split: str) -> None:
    """Encode a split. An interrupted run leaves no finished file."""
    waves, device = Waveforms(data, split), next(module.parameters()).device
    out, partial = data / f"latents-{split}.npy", data / f".part-latents-{split}.npy"
    together = TOGETHER if device.type == "cpu" else TOGETHER_ON_GPU
    latents = np.lib.format.open_memmap(partial, "w+", np.float16, (len(waves), 8, FRAMES, 16))
    for i in tqdm(range(0, len(waves), together), desc=f"latents of {split}"):
        sounds = np.stack([waves[k] for k in range(i, min(i + together, len(waves)))])
        with autocast(device):
            mean, _ = module.moments(torch_log_mel(torch.from_numpy(sounds).to(device)))
        latents[i : i + together] = (mean * scale).cpu().numpy()
    latents.flush()
    os.replace(partial, out)


def main(arguments: list[str] | None = None) -> None:
    """Encode both splits."""
    args = training_parser(__doc__).parse_args(arguments)
    device = begin(args)
    scale = AutoencoderKL.load_config(args.out / "vae")["scaling_factor"]
    module = StandardVae.load(args.out / "vae").to(device)
    for split in ("unseen", "train"):
        encode_all(module, scale, args.data, split)


if __name__ == "__main__":
    main()
