"""One run on many workers: a Dask cluster predicts the windows of a step and the two halves of guidance in parallel.

The unit of work is one window of one half, which is a single forward pass. A lost worker therefore costs as little as
possible.
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
from spotnb.models.card import ShownModel
from spotnb.models.protocol import AudioModel, described
from spotnb.research.worker import Reference, forget, receive, refer
from spotnb.support.checks import check_instance

UNITS_EACH = 4  # units of work per thread of the cluster in one call: fewer leave threads idle, more gain nothing


class DistributedModel(ShownModel):
    """An `AudioModel` whose network runs on the workers of a `dask.distributed.Client`. Everything else runs here.

    Pass it to `SpotSampler` like any other model. The result equals that of one machine, to float rounding. By default,
    enough windows are sent at once to keep all workers busy (`tile_batch`). If a worker is lost, another one repeats
    its work. The predictions have no gradient, so a run that keeps sound needs `reconstruction_scale=0`.

    Args:
        model: A model name for `load_model`, which each worker loads once, or an `AudioModel`, which is sent to each
            worker once and stays there until `close`.
        client: A `dask.distributed.Client`.

    Raises:
        InputError: The client is not a running one or has no workers, or `model` is not a model.
        SpotnbError: The model cannot be loaded.
    """

    def __init__(self, model: Any, client: Any) -> None:
        check_client(client)
        reference = refer(model)
        self.client, self.local = client, reference.load()
        threads = sum(client.nthreads().values())
        if not threads:
            raise InputError("the client has no workers: expected at least one; start some, or wait for them")
        self.tile_batch = max(1, UNITS_EACH * threads // 2)
        self._delivery = ExitStack()
        self._there = self._delivery.enter_context(delivered(reference, client))

    def __getattr__(self, name: str) -> Any:
        if name == "local":  # it is not set yet
            raise AttributeError(name)
        return getattr(self.local, name)

    def predict_noise(self, x: Tensor, t: Tensor, cond: Any) -> Tensor:
        """Predict the noise on the workers. For the arguments, see `AudioModel`.

        Raises:
            SpotnbError: A worker raised an error, or too many workers were lost.
        """
        count = len(x)
        rows = [cond[[k]].to(torch.device("cpu")) for k in range(count)]
        units = zip(_arrays(x), t.tolist(), rows, strict=True)
        futures = [self.client.submit(_predict, self._there, *unit, pure=False, retries=2) for unit in units]
        try:
            parts = self.client.gather(futures)
        except Exception as error:
            raise SpotnbError(f"the cluster could not predict the noise ({type(error).__name__}: {error})") from error
        finally:
            self.client.cancel([future for future in futures if not future.done()])
        return torch.from_numpy(np.concatenate(parts)).to(x.device)

    def close(self) -> None:
        """Remove the model from the workers, if it was sent to them. Other work on the cluster is not affected."""
        self._delivery.close()

    def embed(self, texts: list[str]) -> Any:
        """Embed texts on this machine."""
        return self.local.embed(texts)

    def encode(self, waveform: Tensor) -> Tensor:
        """Encode a waveform to a latent on this machine."""
        return self.local.encode(waveform)

    def describe(self) -> dict[str, Any]:
        """Return the description of the local model."""
        return dict(described(self.local))


def check_client(client: Any) -> None:
    """Check a client before any work.

    Raises:
        InputError: `client` is not a running client of Dask, or it is an asynchronous one.
        SpotnbError: Dask is not installed.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise SpotnbError("a client needs Dask, which is not installed: pip install 'spotnb[research]'") from error
    check_instance("client", client, Client, hint="dask.distributed.Client() opens one, None works here")
    if client.status != "running" or client.asynchronous:
        state = client.status if client.status != "running" else "asynchronous"
        raise InputError(f"the client is {state}: expected a running client; open another one")


@contextmanager
def delivered(reference: Reference, client: Any) -> Iterator[Reference]:
    """Send a model to every worker once, and yield a reference that all workers can load while the block lasts.

    Workers that join later receive the model too. Scattered data would not stay on the workers, because Dask removes
    copies and sends them again on demand.
    """
    model = reference.model
    if model is None:
        yield reference
        return
    from distributed import WorkerPlugin

    name = f"spotnb-{uuid4().hex}"

    class Delivery(WorkerPlugin):  # type: ignore[misc]
        def setup(self, worker: Any) -> None:  # noqa: ARG002  distributed passes it by name
            assert model is not None
            receive(name, model)

        def teardown(self, worker: Any) -> None:  # noqa: ARG002
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


def _predict(reference: Reference, x: NDArray[np.float32], t: int, cond: Any) -> NDArray[np.float32]:
    """Predict the noise in one window. This runs on a worker."""
    model: AudioModel = reference.load()
    noise = model.predict_noise(torch.from_numpy(x.copy()), torch.tensor([t]), cond)
    array: NDArray[np.float32] = noise.detach().cpu().numpy()
    return array
