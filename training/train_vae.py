"""Train the autoencoder: diffusers' `AutoencoderKL` on log-mels, with AudioLDM's 4 x 4 compression into 8 channels.

A pixel unshuffle first halves both axes, which trains twice as fast on CPUs as convolutions at full resolution. This
writes `vae/` of the model folder.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

from training.data import Waveforms, clip_mels, mel_excerpts
from training.device import Ahead, autocast
from training.start import begin, training_parser
from training.trainer import Figures, Trainer

FRAMES, BATCH, GPU_BATCH, KL_WEIGHT = 256, 4, 32, 5e-4
UNSHUFFLE = 2
MEL_MEAN, MEL_STD = -4.6, 2.6


def build(layers: int = 1) -> AutoencoderKL:
    """Build an untrained autoencoder.

    Its middle block has no attention, so that a decoded frame depends only on its neighborhood.
    """
    vae = AutoencoderKL(
        in_channels=UNSHUFFLE**2,
        out_channels=UNSHUFFLE**2,
        latent_channels=8,
        block_out_channels=(32, 96),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=layers,
        norm_num_groups=8,
        mid_block_add_attention=False,
        sample_size=512,
    )
    with torch.no_grad():  # start with little noise in the latent; the KL term adds more
        vae.quant_conv.bias[8:] = -5
    return vae


class StandardVae(nn.Module):
    """The autoencoder on standardized log-mels; `fold` moves the standardization into its outer convolutions.

    Args:
        vae: The autoencoder, which expects standardized log-mels.
    """

    def __init__(self, vae: AutoencoderKL) -> None:
        super().__init__()
        self.vae = vae

    def moments(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean and the log variance `[B, 8, T, 16]` of the latent of log-mels `[B, 1, 4 T, 64]`."""
        x = nn.functional.pixel_unshuffle(mel / MEL_STD, UNSHUFFLE).contiguous(memory_format=torch.channels_last)
        mean, log_var = self.vae.quant_conv(self.vae.encoder(x)).float().chunk(2, 1)
        return mean, log_var.clamp(-12, 4)

    def decode(self, latent: Tensor) -> Tensor:
        """Decode unscaled latents `[B, 8, T, 16]` to log-mels `[B, 1, 4 T, 64]`."""
        out = self.vae.decoder(self.vae.post_quant_conv(latent)).float()
        return nn.functional.pixel_shuffle(out, UNSHUFFLE) * MEL_STD + MEL_MEAN

    @classmethod
    @torch.no_grad()
    def unfold(cls, vae: AutoencoderKL) -> StandardVae:
        """Convert a folded autoencoder, such as the shipped one, to the form in which it is trained."""
        vae.encoder.conv_in.weight.mul_(MEL_STD)
        vae.decoder.conv_out.weight.div_(MEL_STD)
        vae.decoder.conv_out.bias.sub_(MEL_MEAN).div_(MEL_STD)
        return cls(vae)

    @classmethod
    def load(cls, folder: Path) -> StandardVae:
        """Load the weights in a model's `vae` folder, to train them further or to encode with them."""
        trained = AutoencoderKL.from_pretrained(folder, torch_dtype=torch.float32)
        vae = build(trained.config.layers_per_block)  # because the configuration of `trained` contains its folder
        vae.load_state_dict(trained.state_dict())
        unfolded = cls.unfold(vae)
        unfolded.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stubs
        return unfolded.eval()

    @torch.no_grad()
    def fold(self) -> AutoencoderKL:
        """Fold the standardization into the weights.

        At the input, only the scale is folded, because an offset would change the effect of zero padding.
        """
        self.vae.encoder.conv_in.weight.div_(MEL_STD)
        self.vae.decoder.conv_out.weight.mul_(MEL_STD)
        self.vae.decoder.conv_out.bias.mul_(MEL_STD).add_(MEL_MEAN)
        return self.vae


def train(data: Path, minutes: float, device: torch.device | str = "cpu") -> StandardVae:
    """Train the autoencoder on the clips in `data` for some minutes."""
    waves, unseen = Waveforms(data, "train"), Waveforms(data, "unseen")
    module = StandardVae(build())
    module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in torch's stubs
    fixed = mel_excerpts(unseen, np.random.default_rng(1), 28, FRAMES).to(device)
    size = BATCH if torch.device(device).type == "cpu" else GPU_BATCH
    batches = Ahead(lambda step: mel_excerpts(waves, np.random.default_rng((2, step)), size, FRAMES), device)

    def loss(step: int) -> tuple[Tensor, Figures]:
        mel = batches(step)
        with autocast(device):
            mean, log_var = module.moments(mel)
            noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(step)).to(mean.device)
            error = (module.decode(mean + noise * torch.exp(log_var / 2)) - mel) / MEL_STD
        kl = (mean**2 + log_var.exp() - 1 - log_var).mean() / 2
        l1 = error.abs().mean()
        figures = {"mel_l1": l1.detach() * MEL_STD, "kl": kl.detach(), "noise": (log_var / 2).exp().mean().detach()}
        return l1 + 0.5 * (error**2).mean() + KL_WEIGHT * kl, figures

    def validate() -> dict[str, float]:
        with autocast(device):
            error = torch.cat([module.decode(module.moments(part)[0]) - part for part in fixed.split(4)])
        return {"mel_l1": error.abs().mean().item()}

    trainer = Trainer("vae", module, data, minutes, lr=2.5e-3, weight_decay=1e-3, ema=0.998, warmup=80)
    return trainer.run(loss, validate)


@torch.no_grad()
def scale_of(module: StandardVae, data: Path, clips: int = 250) -> float:
    """Return the factor that scales latents to a standard deviation of one, estimated from clips of all classes."""
    waves = Waveforms(data, "train")
    chosen = np.random.default_rng(0).permutation(len(waves))[:clips]
    device = next(module.parameters()).device
    with autocast(device):
        latents = [module.moments(clip_mels(waves, [i]).to(device))[0] for i in chosen]
    return 1 / float(torch.cat(latents).std())


def main(arguments: list[str] | None = None) -> None:
    """Train the autoencoder and save it in the model folder."""
    args = training_parser(__doc__, minutes=36).parse_args(arguments)
    device = begin(args)
    module = train(args.data, args.minutes, device)
    scale = scale_of(module, args.data)
    vae = module.cpu().fold()
    vae.register_to_config(scaling_factor=scale)
    vae.half().save_pretrained(args.out / "vae", safe_serialization=True)


if __name__ == "__main__":
    main()
