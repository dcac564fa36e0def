"""Train the denoiser, a `UNet2DConditionModel` with AudioLDM's conditioning, on the latents of `train_vae`.

It predicts v (Salimans & Ho 2022, section 4.1) from windows of 64 to 384 frames and a new caption for every excerpt.
Four learned constant channels encode the frequency bin, which a convolution alone cannot know. Eight more channels
encode the positions of the beats if the caption states a tempo (`spotnb.models.ruler`).
This writes `unet/`, the fine-tuned `text_encoder/`, `scheduler/`, and `model_index.json` of the model folder.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import ClapTextModelWithProjection, PreTrainedTokenizerFast

from spotnb.models.audioldm import CODE_FILE, RULER_FILE
from spotnb.models.ruler import WAVE_CHANNELS, beat_waves
from training.captions import caption
from training.data import load_attributes
from training.tempo import FRAMES_A_MINUTE, tempo_ruler, told_tempo
from training.train_text import EMBED_DIM, TEMPO_SCALE, TEXT_DROPOUT, encode, tempo_loss
from training.train_vae import autocast
from training.trainer import Trainer

CHANNELS = (48, 64, 96, 160)
CODE_CHANNELS = 4
# Widths of windows: mostly full tiles of 128 and 256, sometimes the shorter and longer ones of `merge`.
WIDTHS, SHARES = (64, 96, 128, 192, 256, 384), (0.08, 0.07, 0.5, 0.1, 0.17, 0.08)
FRAMES_PER_BATCH = 2048
TOLD_TEMPO = 0.05  # weight of the tempo loss, which keeps what `train_text` taught the encoder


def build_unet() -> UNet2DConditionModel:
    """Build an untrained denoiser."""
    unet = UNet2DConditionModel(
        sample_size=256,
        in_channels=8 + CODE_CHANNELS + WAVE_CHANNELS,
        out_channels=8,
        block_out_channels=CHANNELS,
        layers_per_block=1,
        down_block_types=("DownBlock2D",) * 3 + ("CrossAttnDownBlock2D",),
        up_block_types=("CrossAttnUpBlock2D",) + ("UpBlock2D",) * 3,
        mid_block_type="UNetMidBlock2DCrossAttn",
        norm_num_groups=16,
        attention_head_dim=[max(1, c // 32) for c in CHANNELS],  # despite its name, the number of heads
        cross_attention_dim=list(CHANNELS),
        class_embed_type="simple_projection",
        projection_class_embeddings_input_dim=EMBED_DIM,
        class_embeddings_concat=True,
    )
    with torch.no_grad():  # the values of a unit vector with EMBED_DIM channels are small
        unet.class_embedding.weight.mul_(EMBED_DIM**0.5)
    return unet


def scheduler() -> DDIMScheduler:
    """Return AudioLDM's noise schedule."""
    return DDIMScheduler(
        beta_schedule="scaled_linear",
        beta_start=0.0015,
        beta_end=0.0195,
        steps_offset=1,
        set_alpha_to_one=False,
        clip_sample=False,
        prediction_type="v_prediction",
    )


def beats_told(rows: list[dict], texts: list[str]) -> Tensor:
    """Return the latent frames per beat `[N]` of each clip whose caption states its tempo, and 0 for the others."""
    pairs = zip(rows, texts, strict=True)
    return torch.tensor([FRAMES_A_MINUTE / row["bpm"] if told_tempo(text) is not None else 0.0 for row, text in pairs])


class Denoiser(nn.Module):
    """The UNet, the text encoder that is fine-tuned with it, and the frequency code.

    Args:
        encoder: The text encoder that `train_text` trained.
        start: A model folder to continue from. Input channels that its UNet lacks start at zero.
    """

    def __init__(self, encoder: ClapTextModelWithProjection, start: Path | None = None) -> None:
        super().__init__()
        self.unet = build_unet()
        self.encoder = encoder
        self.code = nn.Parameter(torch.randn(CODE_CHANNELS, 16, generator=torch.Generator().manual_seed(0)))
        if start is not None:
            weights = load_file(start / "unet" / "diffusion_pytorch_model.safetensors")
            missing = self.unet.conv_in.in_channels - weights["conv_in.weight"].shape[1]
            weights["conv_in.weight"] = nn.functional.pad(weights["conv_in.weight"], (0, 0, 0, 0, 0, missing))
            self.unet.load_state_dict(weights)
            self.code.data.copy_(load_file(start / "unet" / CODE_FILE)["frequency_code"])
        self.unet.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor, t: Tensor, embeds: Tensor, beats: Tensor, starts: Tensor) -> Tensor:
        """Predict v.

        Args:
            x: Noisy latents `[B, 8, T, 16]`.
            t: Timesteps `[B]`.
            embeds: Text embeddings `[B, EMBED_DIM]`.
            beats: Latent frames per beat `[B]`, or 0 without a tempo.
            starts: Latent frames from the first beat of a bar to each window `[B]`.
        """
        code = self.code[None, :, None].expand(len(x), -1, x.shape[2], -1)
        waves = beat_waves(beats, starts, x.shape[2])[..., None].expand(-1, -1, -1, x.shape[3])
        inputs = torch.cat([x, code, waves], dim=1).contiguous(memory_format=torch.channels_last)
        return self.unet(inputs, t, None, class_labels=embeds).sample.float()


def train(
    data: Path,
    minutes: float,
    encoder: ClapTextModelWithProjection,
    tokenizer: PreTrainedTokenizerFast,
    start: Path | None = None,
) -> Denoiser:
    """Train the denoiser and fine-tune the text encoder.

    Args:
        data: The data folder.
        minutes: Budget in minutes of CPU time.
        encoder: The text encoder; its learning rate is 0.15 times the denoiser's.
        tokenizer: The encoder's tokenizer.
        start: A model folder to continue from, at a lower learning rate.
    """
    latents = np.load(data / "latents-train.npy", mmap_mode="r", allow_pickle=False)
    unseen = np.load(data / "latents-unseen.npy", mmap_mode="r", allow_pickle=False)
    rows, unseen_rows = load_attributes(data, "train"), load_attributes(data, "unseen")
    begins, unseen_begins = (
        FRAMES_A_MINUTE / 60 * np.array([row["start"] for row in some]) for some in (rows, unseen_rows)
    )
    alphas = scheduler().alphas_cumprod
    model = Denoiser(encoder, start)

    def noised(clean: Tensor, noise: Tensor, t: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        signal, level = alphas[t].sqrt()[:, None, None, None], (1 - alphas[t]).sqrt()[:, None, None, None]
        return signal * clean + level * noise, signal * noise - level * clean, signal, level

    def loss(step: int) -> tuple[Tensor, dict[str, float]]:
        rng, generator = np.random.default_rng((4, step)), torch.Generator().manual_seed(step)
        words = random.Random(step)
        width = int(rng.choice(WIDTHS, p=SHARES))
        batch = FRAMES_PER_BATCH // width
        clips, starts = rng.integers(len(latents), size=batch), rng.integers(latents.shape[2] - width + 1, size=batch)
        clean = np.stack([latents[c, :, s : s + width] for c, s in zip(clips, starts, strict=True)])
        clean = torch.from_numpy(clean.astype(np.float32))
        # Stratified timesteps make the gradient less noisy than independent ones.
        t = ((torch.arange(batch) + torch.rand(batch, generator=generator)) / batch * 1000).long()
        x, v, _, _ = noised(clean, torch.randn(clean.shape, generator=generator), t)
        texts = ["" if words.random() < TEXT_DROPOUT else caption(rows[int(c)], words) for c in clips]
        with autocast():
            embeds = encode(model.encoder, tokenizer, texts, words)
            beats = beats_told([rows[int(c)] for c in clips], texts)
            prediction = model(x, t, embeds, beats, torch.from_numpy(begins[clips] + starts).float())
        value = ((prediction.float() - v) ** 2).mean()
        return value + TOLD_TEMPO * tempo_loss(embeds.float(), texts), {"v_mse": value.item()}

    generator = torch.Generator().manual_seed(5)
    chosen = torch.randperm(len(unseen), generator=generator)[:112].tolist()
    fixed = torch.from_numpy(unseen[chosen, :, :128].astype(np.float32))
    fixed_t = torch.linspace(10, 990, len(chosen)).long()[torch.randperm(len(chosen), generator=generator)]
    fixed_noise = torch.randn(fixed.shape, generator=generator)
    fixed_rows, fixed_begins = [unseen_rows[i] for i in chosen], torch.from_numpy(unseen_begins[chosen]).float()
    fixed_texts = [caption(unseen_rows[i], random.Random(i)) for i in chosen]

    def validate() -> dict[str, float]:
        errors = []
        for part in torch.arange(len(chosen)).split(16):
            t = fixed_t[part]
            x, _, signal, level = noised(fixed[part], fixed_noise[part], t)
            texts = [fixed_texts[i] for i in part.tolist()]
            beats = beats_told([fixed_rows[i] for i in part.tolist()], texts)
            with autocast():
                v = model(x, t, encode(model.encoder, tokenizer, texts), beats, fixed_begins[part])
            errors.append((signal * v.float() + level * x - fixed_noise[part]) ** 2)
        return {"eps_mse": torch.cat(errors).mean().item()}

    encoder_parameters = list(model.encoder.parameters())
    inside = {id(p) for p in encoder_parameters}
    groups = [
        {"params": [p for p in model.parameters() if id(p) not in inside]},
        {"params": encoder_parameters, "scale": 0.15},
    ]
    rate = 9e-4 if start is None else 6e-4
    trainer = Trainer("denoiser", model, data, minutes, lr=rate, ema=0.999, warmup=150, groups=groups)
    return trainer.run(loss, validate)


def save(model: Denoiser, out: Path) -> None:
    """Write the denoiser's part of a model folder."""
    model.unet.half().save_pretrained(out / "unet", safe_serialization=True)
    save_file({"frequency_code": model.code.detach().clone()}, out / "unet" / CODE_FILE)
    ruler = tempo_ruler(TEMPO_SCALE)
    save_file({"tellings": ruler.tellings, "beats": ruler.beats}, out / "unet" / RULER_FILE)
    model.encoder.half().save_pretrained(out / "text_encoder")
    scheduler().save_pretrained(out / "scheduler")
    index = {
        "_class_name": "AudioLDMPipeline",
        "_diffusers_version": diffusers.__version__,
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "ClapTextModelWithProjection"],
        "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "vocoder": ["spotnb.models.vocoder", "ISTFTVocoder"],
    }
    (out / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")


def main() -> None:
    """Train the denoiser. With several processes, the first one saves it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("data/model"))
    parser.add_argument("--minutes", type=float, default=48, help="CPU minutes")
    parser.add_argument("--earlier", type=Path, help="a model folder to continue from, except for its text encoder")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(args.out / "tokenizer")
    encoder = ClapTextModelWithProjection.from_pretrained(args.out / "text_encoder", dtype=torch.float32)
    model = train(args.data, args.minutes, encoder, tokenizer, args.earlier)
    if int(os.environ.get("RANK", 0)) == 0:
        save(model, args.out)


if __name__ == "__main__":
    main()
