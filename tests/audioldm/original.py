"""The original `audioldm` package, importable for the tests in this folder and removed afterward.

`.ci/fetch-audioldm` downloads it to `.audioldm/` without its dependencies. Imports that the tested code does not need
are replaced by empty modules: torchaudio and torchvision do not load with a CPU build of torch; pandas, progressbar,
and ftfy are for its training data, its downloads, and another tokenizer. CLAP's text weights are not available without
a network, so a small RoBERTa of the same class with random weights replaces them.
"""

from __future__ import annotations

import contextlib
import copy
import importlib
import importlib.machinery
import math
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from torch import nn

from tests.models.components import SPECIAL, WORDS, make_tokenizer, randomise

FOLDER = Path(__file__).parents[2] / ".audioldm"
EMPTY = (
    "ftfy",
    "pandas",
    "progressbar",
    "torchaudio",
    "torchvision",
    "torchvision.datasets",
    "torchvision.ops",
    "torchvision.ops.misc",
    "torchvision.transforms",
)
MODULES = (
    "audioldm.clap.encoders",
    "audioldm.hifigan.utilities",
    "audioldm.latent_diffusion.ddim",
    "audioldm.latent_diffusion.openaimodel",
    "audioldm.variational_autoencoder.autoencoder",
)
TOKENS = 16  # audioldm pads every prompt to 512


class Empty(types.ModuleType):
    """A module that provides an empty class under every name."""

    __path__ = ()  # type: ignore[assignment]  # a package, with no files

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = importlib.machinery.ModuleSpec(name, None)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


@contextlib.contextmanager
def importable() -> Iterator[Any]:
    """Import the package `audioldm`. Afterward, restore the search path and the loaded modules."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transformers.RobertaTokenizer, "from_pretrained", SmallTokenizer)
        patch.setattr(transformers.RobertaModel, "from_pretrained", small_roberta)
        for name in ("BertModel", "BartModel", "BertTokenizer", "BartTokenizer"):
            getattr(transformers, name)  # import it before it can see the empty modules
        before = set(sys.modules)
        try:
            with pytest.MonkeyPatch.context() as brief:
                brief.syspath_prepend(FOLDER)
                for name in EMPTY:
                    brief.setitem(sys.modules, name, Empty(name))
                package = importlib.import_module("audioldm")
                for name in MODULES:
                    importlib.import_module(name)
            yield package
        finally:
            for name in set(sys.modules) - before:
                if Path(getattr(sys.modules[name], "__file__", None) or "/").is_relative_to(FOLDER):
                    del sys.modules[name]


class SmallTokenizer:
    """A tokenizer that pads texts to fewer tokens than it is asked to."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self._own = make_tokenizer()

    def __getattr__(self, name: str) -> Any:
        if name == "_own":  # while it is copied
            raise AttributeError(name)
        return getattr(self._own, name)

    def __call__(self, texts: Any, **options: Any) -> Any:
        return self._own(texts, **(options | {"max_length": TOKENS} if "max_length" in options else options))


def small_roberta(*_: Any, **__: Any) -> nn.Module:
    config = transformers.RobertaConfig(
        vocab_size=len(WORDS) + len(SPECIAL),
        hidden_size=768,  # the input width of CLAP's projection
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=12,  # this and what follows are RoBERTa's
        layer_norm_eps=1e-5,
        type_vocab_size=1,
        max_position_embeddings=TOKENS + 4,
        pad_token_id=1,
    )
    model = transformers.RobertaModel(config)
    randomise(model)
    return model


def small_config(audioldm: Any) -> dict[str, Any]:
    """Return audioldm's configuration of its smallest model, a quarter as wide and with one block per level."""
    config = copy.deepcopy(audioldm.pipeline.default_audioldm_config("audioldm-s-full")["model"]["params"])
    config["device"] = torch.device("cpu")
    config["cond_stage_key"] = "text"
    config["unet_config"]["params"] |= {"model_channels": 32, "num_head_channels": 8, "num_res_blocks": 1}
    config["first_stage_config"]["params"]["ddconfig"] |= {"ch": 32, "num_res_blocks": 1}
    return config


def make_latent_diffusion(audioldm: Any) -> Any:
    """Build a `LatentDiffusion` like `build_model`'s, with random weights and different averaged weights.

    The global random state is not changed.
    """
    vocoder = sys.modules["audioldm.hifigan.utilities"].HIFIGAN_16K_64
    with torch.random.fork_rng(devices=[]), pytest.MonkeyPatch.context() as patch:
        patch.setitem(vocoder, "upsample_initial_channel", 64)
        torch.manual_seed(0)
        model = audioldm.LatentDiffusion(**small_config(audioldm))
        randomise_network(model.model)
        with made_averages(model):
            randomise_network(model.model)
        randomise(model.first_stage_model)
        with torch.no_grad():
            model.scale_factor.fill_(0.9)  # with 1, a missing factor would not show
    model.eval()
    model.cond_stage_model.embed_mode = "text"
    return model


@torch.no_grad()
def randomise_network(network: Any) -> None:
    randomise(network)
    network.diffusion_model.film_emb.weight.mul_(20)  # embeddings are short vectors, whose effect would be too small


@contextlib.contextmanager
def made_averages(model: Any) -> Iterator[None]:
    """Make the changes to the network's weights in this context its averaged weights, and restore the weights."""
    weights = [weight.detach().clone() for weight in model.model.parameters()]
    yield
    averages = dict(model.model_ema.named_buffers())
    with torch.no_grad():
        for (name, weight), old in zip(model.model.named_parameters(), weights, strict=True):
            averages[model.model_ema.m_name2s_name[name]].copy_(weight)
            weight.copy_(old)


def make_sampler(latent_diffusion: Any) -> Any:
    """Build its DDIMSampler on the CPU. The stock one always puts its tables on a GPU."""
    sampler = sys.modules["audioldm.latent_diffusion.ddim"].DDIMSampler(latent_diffusion)
    sampler.register_buffer = lambda name, value: setattr(sampler, name, value)
    return sampler


def relative(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    assert ours.shape == theirs.shape
    return float((ours - theirs).norm() / theirs.norm()) if theirs.norm() > 0 else math.inf
