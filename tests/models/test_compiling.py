"""Compiling is refused where it gains nothing, and changes nothing but rounding."""

from __future__ import annotations

import pytest
import torch

from spotnb.errors import InputError, SpotnbError
from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.compiling import check_compile, compile_network
from spotnb.models.load import load_model
from spotnb.sampling.sampler import SpotSampler
from spotnb.tiling.config import SpotDiffusionConfig
from tests.models.components import make_components

CUDA = torch.device("cuda", 0)


def test_a_cpu_gains_nothing() -> None:
    with pytest.raises(InputError, match="compile is True, but a cpu gains nothing from it: leave it out"):
        load_model("tiny", device="cpu", compile=True)
    with pytest.raises(InputError, match="compile is 'yes'"):
        load_model("tiny", device="cpu", compile="yes")  # type: ignore[arg-type]
    assert check_compile(False, CUDA) is False


@pytest.mark.skipif(torch.cuda.is_available(), reason="it can")
def test_a_machine_that_cannot_compile_says_so() -> None:
    with pytest.raises(SpotnbError, match=r"torch cannot compile here \(.*\): leave compile out"):
        check_compile(True, CUDA)  # there is no such device here


@pytest.mark.skipif(torch.cuda.is_available(), reason="it compiles for a CPU")
def test_windows_of_several_widths_agree_with_the_plain_network() -> None:
    """Traced, but not translated by a compiler, which would take minutes."""
    plain, compiled = (DiffusersAudioLDM("random", **make_components()) for _ in range(2))
    compile_network(compiled, backend="eager")
    assert compiled.describe()["compiled"] is True
    config = SpotDiffusionConfig(16, edge="merge")
    runs = [
        SpotSampler(model, "rock", 1.6, 2, config=config, tile_batch=1).run(progress=False).latent
        for model in (plain, compiled)
    ]
    assert (runs[0] - runs[1]).abs().max() <= 1e-5 * runs[0].abs().max()
