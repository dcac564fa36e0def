"""When memory runs out, the same result is computed in smaller parts; with the smallest one it is said in one line."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from spotnb.errors import SpotnbError
from spotnb.models.decode import decode_sound
from spotnb.models.decode_mel import mel_pieces
from spotnb.models.memory import in_batches, says_out_of_memory
from spotnb.solvers.noise import draw
from tests.models.test_border import Decoding
from tests.networks import FunctionModel, pointwise

CPU = torch.device("cpu")
ERRORS: dict[str, Callable[[], BaseException]] = {
    "cuda": lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
    "cublas": lambda: RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    "mps": lambda: RuntimeError("MPS backend out of memory (MPS allocated: 18.12 GB)"),
    "cpu": lambda: RuntimeError(
        "[enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory"
    ),
    "python": MemoryError,
}


def failing(method: Callable[[Tensor], Tensor], size: int, kind: str, axis: int) -> Callable[[Tensor], Tensor]:
    """Return a method that fails for inputs of more than `size` rows or frames."""

    def run(x: Tensor) -> Tensor:
        if x.shape[axis] > size:
            raise ERRORS[kind]()
        return method(x)

    return run


@given(st.lists(st.integers(), max_size=30), st.integers(1, 9), st.integers(1, 9))
def test_batches_are_halved_and_nothing_is_lost(items: list[int], size: int, room: int) -> None:
    sizes = []

    def compute(batch: Any) -> list[int]:
        sizes.append(len(batch))
        if len(batch) > room:
            raise torch.OutOfMemoryError
        return [-each for each in batch]

    assert list(in_batches(items, size, compute, CPU, "item")) == [-each for each in items]
    too_many = [each for each in sizes if each > room]
    assert too_many == sorted(set(too_many), reverse=True)  # it does not try the same again


@pytest.mark.parametrize("kind", ERRORS)
def test_the_autoencoder_goes_on_with_fewer_windows(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spotnb.models.decode_mel.windows_at_a_time", lambda _: 8)
    latent = draw((1, 2, 900, 4), 0, 0, "start")
    whole = torch.cat(list(mel_pieces(FunctionModel(pointwise), latent)), dim=2)
    model = FunctionModel(pointwise)
    model.decode_mel = failing(model.decode_mel, 2, kind, 0)  # type: ignore[method-assign]
    assert torch.equal(torch.cat(list(mel_pieces(model, latent)), dim=2), whole)


@pytest.mark.parametrize("kind", ERRORS)
def test_the_vocoder_goes_on_in_parts(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    latent = draw((1, 2, 300, 4), 0, 0, "start")
    whole = decode_sound(FunctionModel(pointwise), latent, 190_000)
    model = FunctionModel(pointwise)
    model.vocode = failing(model.vocode, 500, kind, 2)  # type: ignore[method-assign]
    with caplog.at_level(logging.WARNING, "spotnb"):
        np.testing.assert_array_equal(decode_sound(model, latent, 190_000).waveform, whole.waveform)
    assert caplog.messages[0] == "out of memory on cpu: continuing in two parts of 600 frames"


@pytest.mark.parametrize("ring", [False, True])
def test_a_decoder_goes_on_in_parts(ring: bool) -> None:
    latent = draw((1, 2, 100, 4), 0, 0, "start")
    whole = decode_sound(Decoding(pointwise), latent, 32_000, ring=ring)
    model = Decoding(pointwise)
    model.decode = failing(model.decode, 17, "cuda", 2)  # type: ignore[method-assign]
    np.testing.assert_allclose(decode_sound(model, latent, 32_000, ring=ring).waveform, whole.waveform, atol=1e-7)


def test_what_cannot_be_parted_is_an_error() -> None:
    model = FunctionModel(pointwise)
    model.vocode = failing(model.vocode, 10, "cuda", 2)  # type: ignore[method-assign]
    with pytest.raises(SpotnbError, match=r"out of memory on cpu with one mel window of \d+ frames") as caught:
        decode_sound(model, draw((1, 2, 300, 4), 0, 0, "start"), 190_000)
    assert says_out_of_memory(caught.value.__cause__ or ValueError())


def test_other_errors_pass() -> None:
    def compute(_: Any) -> list[int]:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        list(in_batches([1, 2], 2, compute, CPU, "item"))
    assert not says_out_of_memory(ValueError("out of memory"))
