"""One run over many workers: the windows of a step, and the two halves of guidance, on a Dask cluster.

The unit of work is one window of one half: it is what a worker's network takes in one forward pass, and the least that
a lost worker costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spotnb.errors import InputError, SpotnbError
from spotnb.models.protocol import AudioModel, takes_starts
from spotnb.research.worker import Reference, forget, receive, refer

UNITS_EACH = 4  # of work for each thread of the cluster in one call: fewer leave some idle, more gain nothing


class DistributedModel:
    """An `AudioModel` whose network runs on the workers of a `dask.distributed.Client`; all else runs here.

    Give it to `SpotSampler` as any other model: the result is that of one machine, to float rounding. By default so
    many windows go out at once that all workers are busy (`tile_batch`). Work of a worker that is lost is done again by
    another. The predictions carry no gradient: a run that keeps sound needs `reconstruction_scale=0`.

    Args:
        model: a name, as `load_model` takes it, which each worker loads once; or an `AudioModel`, which is sent to each
            worker once and stays there until `close`.
        client: a `dask.distributed.Client`.

    Raises `InputError` for a client without workers.
    """

    def __init__(self, model: Any, client: Any) -> None:
        reference = refer(model)
        self.client, self.local = client, reference.load()
        threads = sum(client.nthreads().values())
        if not threads:
            raise InputError("the client has no workers: expected one at least; start some, or wait for them")
        self.tile_batch = max(1, UNITS_EACH * threads // 2)
        self._delivery = ExitStack()
        self._there = self._delivery.enter_context(delivered(reference, client))

    def __getattr__(self, name: str) -> Any:
        if name == "local":  # not set yet
            raise AttributeError(name)
        return getattr(self.local, name)

    def predict_noise(self, x: Tensor, t: Tensor, cond: Any, *, starts: Tensor | None = None) -> Tensor:
        count = len(x)
        rows = [cond[[k]].to(torch.device("cpu")) for k in range(count)]
        units = zip(_arrays(x), t.tolist(), rows, [0] * count if starts is None else starts.tolist(), strict=True)
        futures = [self.client.submit(_predict, self._there, *unit, pure=False, retries=2) for unit in units]
        try:
            parts = self.client.gather(futures)
        except Exception as error:
            raise SpotnbError(f"the cluster could not predict the noise ({type(error).__name__}: {error})") from error
        finally:
            self.client.cancel([future for future in futures if not future.done()])
        return torch.from_numpy(np.concatenate(parts)).to(x.device)

    def close(self) -> None:
        """Take the model from the workers, if it was sent to them. The work of others on the cluster goes on."""
        self._delivery.close()

    def embed(self, texts: list[str]) -> Any:
        return self.local.embed(texts)

    def decode_mel(self, latent: Tensor) -> Tensor:
        return self.local.decode_mel(latent)

    def vocode(self, mel: Tensor) -> Tensor:
        return self.local.vocode(mel)

    def encode(self, waveform: Tensor) -> Tensor:
        return self.local.encode(waveform)

    def describe(self) -> dict[str, Any]:
        return self.local.describe()


@contextmanager
def delivered(reference: Reference, client: Any) -> Iterator[Reference]:
    """A reference that every worker can load while the block lasts: a model is sent to each once, late ones included.

    (Data that is scattered over a cluster does not stay: Dask thins its copies, and sends them again when asked for.)
    """
    model = reference.model
    if model is None:
        yield reference
        return
    from distributed import WorkerPlugin

    name = f"spotnb-{uuid4().hex}"

    class Delivery(WorkerPlugin):  # type: ignore[misc]
        def setup(self, worker: Any) -> None:
            assert model is not None
            receive(name, model)

        def teardown(self, worker: Any) -> None:
            forget(name)

    client.register_plugin(Delivery(), name=name)
    try:
        yield replace(reference, model=None, delivered=name)
    finally:
        if client.status == "running":
            client.unregister_worker_plugin(name)


def _arrays(rows: Tensor) -> list[NDArray[np.float32]]:
    array = rows.detach().cpu().numpy()
    return [np.ascontiguousarray(array[k : k + 1]) for k in range(len(array))]


def _predict(reference: Reference, x: NDArray[np.float32], t: int, cond: Any, start: int) -> NDArray[np.float32]:
    """On a worker: predict the noise in one window."""
    model: AudioModel = reference.load()
    options: dict[str, Any] = {"starts": torch.tensor([start])} if takes_starts(model) else {}
    noise = model.predict_noise(torch.from_numpy(x.copy()), torch.tensor([t]), cond, **options)
    found: NDArray[np.float32] = noise.detach().cpu().numpy()
    return found
