"""The original `audioldm` package, importable here for the tests of this folder and gone after them.

`.ci/fetch-audioldm` puts it into `.audioldm/`, without the dependencies that it names. What it imports but does not
need for what is tested stands in as empty modules: torchaudio and torchvision do not load beside a CPU torch, pandas,
progressbar and ftfy serve its training data, its downloads and another tokenizer. CLAP's text weights cannot be had
without a network: a small RoBERTa with random weights takes their place, in its own class.
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
    """A module that has any name one asks of it, each an empty class."""

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
    """The package `audioldm`; the search path, and all modules that this adds, are put back afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transformers.RobertaTokenizer, "from_pretrained", small_tokenizer)
        patch.setattr(transformers.RobertaModel, "from_pretrained", small_roberta)
        for name in ("BertModel", "BartModel", "BertTokenizer", "BartTokenizer"):
            getattr(transformers, name)  # loaded before the empty modules are there to be asked about
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


def small_tokenizer(*_: Any, **__: Any) -> Any:
    tokenizer = make_tokenizer()
    return lambda texts, **options: tokenizer(texts, **(options | {"max_length": TOKENS}))


def small_roberta(*_: Any, **__: Any) -> nn.Module:
    config = transformers.RobertaConfig(
        vocab_size=len(WORDS) + len(SPECIAL),
        hidden_size=768,  # what CLAP's projection takes
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=4,
        max_position_embeddings=TOKENS + 4,
        pad_token_id=1,
    )
    model = transformers.RobertaModel(config)
    randomise(model)
    return model


def small_config(audioldm: Any) -> dict[str, Any]:
    """audioldm's own configuration of its smallest model, a quarter as wide and one block a level."""
    config = copy.deepcopy(audioldm.pipeline.default_audioldm_config("audioldm-s-full")["model"]["params"])
    config["device"] = torch.device("cpu")
    config["cond_stage_key"] = "text"
    config["unet_config"]["params"] |= {"model_channels": 32, "num_head_channels": 8, "num_res_blocks": 1}
    config["first_stage_config"]["params"]["ddconfig"] |= {"ch": 32, "num_res_blocks": 1}
    return config


def make_latent_diffusion(audioldm: Any) -> Any:
    """A `LatentDiffusion` as `build_model` leaves one, with random weights, and other averaged ones.

    The global random state is left as it was.
    """
    vocoder = sys.modules["audioldm.hifigan.utilities"].HIFIGAN_16K_64
    with torch.random.fork_rng(devices=[]), pytest.MonkeyPatch.context() as patch:
        patch.setitem(vocoder, "upsample_initial_channel", 64)
        torch.manual_seed(0)
        made = audioldm.LatentDiffusion(**small_config(audioldm))
        randomise_network(made.model)
        with made_averages(made):
            randomise_network(made.model)
        randomise(made.first_stage_model)
        with torch.no_grad():
            made.scale_factor.fill_(0.9)  # 1 would hide where it is left out
    made.eval()
    made.cond_stage_model.embed_mode = "text"
    return made


@torch.no_grad()
def randomise_network(network: Any) -> None:
    randomise(network)
    network.diffusion_model.film_emb.weight.mul_(20)  # embeddings are short vectors: their effect would drown


@contextlib.contextmanager
def made_averages(made: Any) -> Iterator[None]:
    """What is written into the network here becomes its averaged weights; the weights come back."""
    weights = [weight.detach().clone() for weight in made.model.parameters()]
    yield
    averages = dict(made.model_ema.named_buffers())
    with torch.no_grad():
        for (name, weight), old in zip(made.model.named_parameters(), weights, strict=True):
            averages[made.model_ema.m_name2s_name[name]].copy_(weight)
            weight.copy_(old)


def make_sampler(latent_diffusion: Any) -> Any:
    """Its DDIMSampler; stock, it puts its tables on a GPU whether there is one or not."""
    sampler = sys.modules["audioldm.latent_diffusion.ddim"].DDIMSampler(latent_diffusion)
    sampler.register_buffer = lambda name, value: setattr(sampler, name, value)
    return sampler


def relative(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    assert ours.shape == theirs.shape
    return float((ours - theirs).norm() / theirs.norm()) if theirs.norm() > 0 else math.inf
