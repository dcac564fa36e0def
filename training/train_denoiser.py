"""Train the denoiser, a `UNet2DConditionModel` with AudioLDM's conditioning, on the latents of `train_vae`.

It predicts v (Salimans & Ho 2022, section 4.1) from windows of 64 to 384 frames and a new caption for every excerpt.
Four learned constant channels encode the frequency bin, which a convolution alone cannot know. Eight more channels
encode the positions of the beats if the caption states a tempo (`spotnb.models.ruler`).
This writes `unet/`, the fine-tuned `text_encoder/`, `scheduler/`, and `model_index.json` of the model folder.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers import DDIMScheduler
from safetensors.torch import save_file
from torch import Tensor
from transformers import ClapTextModelWithProjection, PreTrainedTokenizerFast

from spotnb.models.audioldm_folder import CODE_FILE, RULER_FILE, TYPICAL_FILE
from training.denoiser_data import Batch, LatentClips
from training.denoiser_net import BASE, CANDIDATES, Candidate, Denoiser, loss_weights
from training.device import Ahead, autocast, moved
from training.start import begin, training_parser
from training.tempo import tempo_ruler
from training.train_text import TEMPO_SCALE, embedded, tempo_error
from training.trainer import Figures, Trainer

FRAMES_PER_BATCH, GPU_FRAMES_PER_BATCH = 2048, 32768
TOLD_TEMPO = 0.05  # weight of the tempo loss, which keeps what `train_text` taught the encoder
RATE, LATER_RATE = 9e-4, 3e-4  # from new weights, and from those of an earlier model


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


def train(
    data: Path,
    minutes: float,
    encoder: ClapTextModelWithProjection,
    tokenizer: PreTrainedTokenizerFast,
    start: Path | None = None,
    candidate: Candidate = CANDIDATES[BASE],
    device: torch.device | str = "cpu",
    checkpoints: Path | None = None,
) -> Denoiser:
    """Train the denoiser and fine-tune the text encoder.

    Args:
        data: The data folder.
        minutes: Budget in minutes.
        encoder: The text encoder; its learning rate is 0.15 times the denoiser's.
        tokenizer: The encoder's tokenizer.
        start: A model folder to continue from, at a lower learning rate.
        candidate: The network, the weights of its loss, and its average.
        device: Where to train.
        checkpoints: Folder of the checkpoint and the log (default: the data folder).
    """
    device = torch.device(device)
    clips = LatentClips(data, "train", tokenizer)
    fixed = moved(tuple(LatentClips(data, "unseen", tokenizer).fixed()), device)
    frames = FRAMES_PER_BATCH if device.type == "cpu" else GPU_FRAMES_PER_BATCH
    batches = Ahead(lambda step: clips.batch(step, frames), device)
    alphas = scheduler().alphas_cumprod
    weights = loss_weights(candidate.weights, alphas).to(device)
    alphas = alphas.to(device)
    model = Denoiser(encoder, start, candidate).to(device)

    def predicted(batch: Batch, x: Tensor) -> tuple[Tensor, Tensor]:
        with autocast(device):
            embeds = embedded(model.encoder, batch.ids, batch.mask)
            return model(x, batch.t, embeds, batch.beats, batch.starts).float(), embeds.float()

    def loss(step: int) -> tuple[Tensor, Figures]:
        batch = batches(step)
        signal, level = levels(alphas[batch.t])
        prediction, embeds = predicted(batch, signal * batch.clean + level * batch.noise)
        error = ((prediction - (signal * batch.noise - level * batch.clean)) ** 2).mean((1, 2, 3))
        value = (error * weights[batch.t]).mean() + TOLD_TEMPO * tempo_error(embeds, batch.tempos)
        return value, {"v_mse": error.detach().mean()}

    def validate() -> dict[str, float]:
        errors = []
        for batch in fixed:
            signal, level = levels(alphas[batch.t])
            x = signal * batch.clean + level * batch.noise
            errors.append((signal * predicted(batch, x)[0] + level * x - batch.noise) ** 2)
        return {"eps_mse": torch.cat(errors).mean().item()}

    encoder_parameters = list(model.encoder.parameters())
    inside = {id(p) for p in encoder_parameters}
    groups: list[dict[str, Any]] = [
        {"params": [p for p in model.parameters() if id(p) not in inside]},
        {"params": encoder_parameters, "scale": 0.15},
    ]
    settings: dict[str, Any] = {"lr": RATE if start is None else LATER_RATE, "ema": candidate.ema, "warmup": 150}
    trainer = Trainer("denoiser", model, data, minutes, groups=groups, folder=checkpoints, **settings)
    return trainer.run(loss, validate)


def levels(alphas: Tensor) -> tuple[Tensor, Tensor]:
    """Return the levels of signal and of noise, `[B, 1, 1, 1]` each, for cumulative products `[B]`."""
    return alphas.sqrt()[:, None, None, None], (1 - alphas).sqrt()[:, None, None, None]


def save(model: Denoiser, out: Path) -> None:
    """Write the denoiser's part of a model folder, without the typical latent that was fitted to an earlier encoder."""
    (out / "unet" / TYPICAL_FILE).unlink(missing_ok=True)
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
        "vocoder": ["spotnb.models.vocoder", "SinusoidalVocoder"],
    }
    (out / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")


def main(arguments: list[str] | None = None) -> None:
    """Train the denoiser. With several processes, the first one saves it."""
    parser = training_parser(__doc__, minutes=48)
    parser.add_argument("--earlier", type=Path, help="a model folder to continue from, except for its text encoder")
    parser.add_argument("--candidate", choices=CANDIDATES, default=BASE, help="see training/denoiser_net.py")
    args = parser.parse_args(arguments)
    candidate = CANDIDATES[args.candidate]
    if not candidate.loads:
        parser.error(f"{args.candidate} is only for `python -m training.candidates`: no model folder can hold it")
    if args.earlier is not None and not candidate.continues:
        parser.error(f"--earlier has the network of {BASE}, which {args.candidate} has not: leave one of them out")
    device = begin(args)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(args.out / "tokenizer")
    encoder = ClapTextModelWithProjection.from_pretrained(args.out / "text_encoder", dtype=torch.float32)
    model = train(args.data, args.minutes, encoder, tokenizer, args.earlier, candidate, device)
    if int(os.environ.get("RANK", "0")) == 0:
        save(model.cpu(), args.out)


if __name__ == "__main__":
    main()
