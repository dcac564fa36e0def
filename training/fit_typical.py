"""Fit the typical latent of a prompt by least squares, from the captions and the latents of the training clips.

This writes one file beside the weights of the denoiser, in a few seconds, and works for a finished model too.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import ClapTextModelWithProjection, PreTrainedTokenizerFast

from spotnb.models.audioldm_folder import TYPICAL_FILE
from spotnb.models.clap import embed_texts
from spotnb.models.typical import TypicalLatent
from training.captions import caption
from training.data import load_attributes
from training.ridge import ridge_solution
from training.start import begin, training_parser
from training.train_text import TEXT_DROPOUT

CAPTIONS = 3  # a clip
RIDGE = 3e-4  # of the number of captions: of 1e-7 to 3e-2, what fits unseen clips best
BATCH = 64


def fit_typical(embeds: Tensor, latents: Tensor) -> TypicalLatent:
    """Return the linear function of embeddings that is closest to the means of their latents over time.

    Args:
        embeds: `[N, D]`.
        latents: The means, `[N, C, F]`.
    """
    x, y = embeds.double(), latents.flatten(1).double()
    center, mean = x.mean(0), y.mean(0)
    x = x - center
    slope = ridge_solution(x, y - mean, RIDGE * len(x))
    shape = latents.shape[1:]
    return TypicalLatent((mean - center @ slope).reshape(shape).float(), slope.T.reshape(*shape, -1).float())


def main(arguments: list[str] | None = None) -> None:
    """Fit the typical latent of the model in a folder."""
    args = training_parser(__doc__).parse_args(arguments)
    device = begin(args)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(args.out / "tokenizer")
    encoder = ClapTextModelWithProjection.from_pretrained(args.out / "text_encoder", dtype=torch.float32).to(device)
    rows, latents = load_attributes(args.data, "train"), means(args.data / "latents-train.npy")
    words = random.Random(6)
    texts = ["" if words.random() < TEXT_DROPOUT else caption(row, words) for _ in range(CAPTIONS) for row in rows]
    parts = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    embeds = torch.cat([embed_texts(encoder, tokenizer, part, device).cpu() for part in parts])
    typical = fit_typical(embeds, latents.repeat(CAPTIONS, 1, 1))
    save_file({"mean": typical.mean, "slope": typical.slope.contiguous()}, args.out / "unet" / TYPICAL_FILE)


def means(path: Path) -> Tensor:
    """Return the means over time `[N, C, F]` of latents in a file."""
    clips = np.load(path, mmap_mode="r", allow_pickle=False)
    return torch.from_numpy(np.stack([np.asarray(clip, dtype=np.float32).mean(1) for clip in clips]))


if __name__ == "__main__":
    main()
