"""Train the decoder alone further, with one more residual block per level.

The encoder and therefore the latents do not change, so the denoiser can be trained on them at the same time.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

from training.data import Waveforms, mel_excerpts
from training.device import Ahead, autocast
from training.start import begin, training_parser
from training.train_vae import BATCH, FRAMES, GPU_BATCH, MEL_MEAN, MEL_STD, UNSHUFFLE, StandardVae, build
from training.trainer import Figures, Trainer


class Decoder(nn.Module):
    """The decoder and post-quantization convolution of an autoencoder, as a separate module.

    Args:
        vae: The autoencoder of a `StandardVae`, whose weights are shared.
    """

    def __init__(self, vae: AutoencoderKL) -> None:
        super().__init__()
        self.post, self.decoder = vae.post_quant_conv, vae.decoder

    def forward(self, latent: Tensor) -> Tensor:
        """Decode unscaled latents `[B, 8, T, 16]` to log-mels `[B, 1, 4 T, 64]`."""
        out = self.decoder(self.post(latent)).float()
        return nn.functional.pixel_shuffle(out, UNSHUFFLE) * MEL_STD + MEL_MEAN


def train(data: Path, minutes: float, start: Path | None, lr: float, device: torch.device | str = "cpu") -> StandardVae:
    """Train the decoder.

    Args:
        data: The data folder.
        minutes: Budget in minutes.
        start: A `vae` folder to continue from (default: the deepened weights of `train_vae`).
        lr: The highest learning rate.
        device: Where to train.
    """
    module = load_trained(data) if start is None else StandardVae.load(start)
    waves, unseen = Waveforms(data, "train"), Waveforms(data, "unseen")
    module.to(device)
    fixed = mel_excerpts(unseen, np.random.default_rng(1), 28, FRAMES).to(device)
    size = BATCH if torch.device(device).type == "cpu" else GPU_BATCH
    batches = Ahead(lambda step: mel_excerpts(waves, np.random.default_rng((8, step)), size, FRAMES), device)
    decoder = Decoder(module.vae)

    def loss(step: int) -> tuple[Tensor, Figures]:
        mel = batches(step)
        with autocast(device):
            with torch.no_grad():
                mean, log_var = module.moments(mel)
            noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(step)).to(mean.device)
            error = (decoder(mean + noise * torch.exp(log_var / 2)) - mel) / MEL_STD
        l1 = error.abs().mean()
        return l1, {"mel_l1": l1.detach() * MEL_STD}

    def validate() -> dict[str, float]:
        with autocast(device):
            error = torch.cat([decoder(module.moments(part)[0]) - part for part in fixed.split(4)])
        return {"mel_l1": error.abs().mean().item()}

    Trainer("decoder", decoder, data, minutes, lr=lr, weight_decay=1e-3, ema=0.998, warmup=150).run(loss, validate)
    return module


def load_trained(data: Path) -> StandardVae:
    """Return the averaged weights of `train_vae` with one more residual block per level.

    The last convolution of each new block is zero, so the block is the identity and the output is the same at first.
    """
    module = StandardVae(build(layers=2))
    module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stubs
    saved = torch.load(data / "vae.checkpoint.pt", weights_only=True)["ema"]
    added, _ = module.load_state_dict(saved, strict=False)
    parameters = dict(module.named_parameters())
    with torch.no_grad():
        for name in added:
            if ".conv2." in name:
                parameters[name].zero_()
    return module.eval()


def main(arguments: list[str] | None = None) -> None:
    """Train the decoder and save the autoencoder in the model folder."""
    parser = training_parser(__doc__, minutes=37.5)
    parser.add_argument("--earlier", type=Path, help="a `vae` folder to continue from (default: train_vae's)")
    parser.add_argument("--lr", type=float, default=1.2e-3, help="highest learning rate (with --earlier, use half)")
    args = parser.parse_args(arguments)
    device = begin(args)
    scale = AutoencoderKL.load_config(args.earlier or args.out / "vae")["scaling_factor"]
    vae = train(args.data, args.minutes, args.earlier, args.lr, device).cpu().fold()
    vae.register_to_config(scaling_factor=scale)
    vae.half().save_pretrained(args.out / "vae", safe_serialization=True)
    (args.data / "decoder.done").touch()


if __name__ == "__main__":
    main()
