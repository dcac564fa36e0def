"""The networks of the benchmarks: one of audioldm-s-full's size with random weights, and its genuine counterpart."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.checkpoint_names import unet_weights
from spotnb.models.heads import ORIGINAL_HEADS
from tests.models.components import make_components, make_unet, make_vae, randomise

WIDTHS = (128, 256, 384, 640)
EMBEDDING = 512
LARGE_UNET: dict[str, Any] = {
    "channels": WIDTHS,
    "attention_head_dim": ORIGINAL_HEADS[WIDTHS],
    "layers_per_block": 2,
    "norm_num_groups": 32,
    "projection_class_embeddings_input_dim": EMBEDDING,
}


def large_components() -> dict[str, Any]:
    """Return the components of audioldm-s-full at their full size.

    Only the text encoder is smaller, because it runs only once per run.
    """
    components = make_components(**LARGE_UNET)
    with torch.random.fork_rng(devices=[]):
        vae = make_vae((128, 256, 512), scaling_factor=0.9)
        vocoder = SpeechT5HifiGan(
            SpeechT5HifiGanConfig(
                model_in_dim=64,
                sampling_rate=16000,
                upsample_initial_channel=1024,
                upsample_rates=[5, 4, 2, 2, 2],
                upsample_kernel_sizes=[16, 16, 8, 4, 4],
                normalize_before=False,
            )
        )
        randomise(vae)
        randomise(vocoder)
    return components | {"vae": vae.eval(), "vocoder": vocoder.eval()}


def large_model(unet: UNet2DConditionModel | None = None, dtype: torch.dtype = torch.float32) -> DiffusersAudioLDM:
    """Return a model whose network has audioldm-s-full's size; its decoder is small and never used."""
    components = make_components(projection_class_embeddings_input_dim=EMBEDDING)
    return DiffusersAudioLDM(
        "large", **components | {"unet": make_unet(**LARGE_UNET) if unet is None else unet}, dtype=dtype
    )


def large_unet() -> UNet2DConditionModel:
    """Return a network with random weights, because a fresh network of this kind outputs zeros."""
    unet = make_unet(**LARGE_UNET)
    with torch.random.fork_rng(devices=[]):
        randomise(unet)
    return unet


class Genuine:
    """The network of the `audioldm` package, of audioldm-s-full's size, with the weights of a diffusers network."""

    def __init__(self, network: nn.Module) -> None:
        """Wrap `network`, which already holds its weights."""
        self.network = network

    @torch.no_grad()
    def predict_noise(self, x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        """Return the predicted noise, of the shape of `x`: `[B, C, T, F]`."""
        noise: Tensor = self.network(x, t, y=cond)
        return noise


@contextlib.contextmanager
def genuine_network(unet: UNet2DConditionModel) -> Iterator[Genuine | None]:
    """Yield the genuine network with the weights of `unet`, or None without the package (see `.ci/fetch-audioldm`)."""
    from tests.audioldm.original import FOLDER, importable
    from tests.audioldm.test_components import original_unet

    if not FOLDER.is_dir():
        yield None
        return
    with importable():
        network = original_unet(WIDTHS[0], WIDTHS[0] // ORIGINAL_HEADS[WIDTHS][0], LARGE_UNET["layers_per_block"])
        weights = unet.state_dict()
        with torch.no_grad():
            for name, weight in unet_weights(network.state_dict()).items():
                weight.copy_(weights[name])
        yield Genuine(network)
