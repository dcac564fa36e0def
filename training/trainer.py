"""The training loop of every part of the model, with a budget in CPU minutes. It can be paused and resumed.

The budget is the CPU time of the process, so a run on shared cores ends after the same amount of work, not after the
same time. A file named `pause` in the data folder pauses every running training until it is removed.
With `python -m torch.distributed.run --nproc-per-node N -m training.train_X`, N single-threaded processes train
together: each has its own batches, and the gradients are averaged. On CPUs, this scales better than threads.
With `--device cuda`, the budget is in minutes of the clock. `--wall-minutes` ends a training earlier, to be continued.
"""

from __future__ import annotations

import atexit
import json
import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, distributed, nn

from training.start import OutOfTime, minutes_left

log = logging.getLogger("training")
Module = TypeVar("Module", bound=nn.Module)
Figures = Mapping[str, float | Tensor]  # tensors are read when they are reported, so that a GPU need not wait
CHECK_EVERY = 50  # steps on a GPU between two looks at whether the loss is finite, since it waits for them
REPORTS, REPORT_EVERY = 14, 10  # at most as many, and at least as many seconds apart
SAVE_EVERY = 120  # seconds of the clock, since a process with a low priority may get little CPU time


class Ema:
    """Exponential moving average of a module's floating-point state.

    Args:
        module: The module whose initial state starts the average.
        decay: Weight of the previous average in an update; the first updates use a smaller one.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay, self.count = decay, 0
        self.state = {k: v.detach().clone() for k, v in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Move the average toward the current state of the module."""
        self.count += 1
        weight = 1 - min(self.decay, (1 + self.count) / (10 + self.count))
        live = module.state_dict()
        keys = [k for k, v in self.state.items() if v.is_floating_point()]
        torch._foreach_lerp_([self.state[k] for k in keys], [live[k] for k in keys], weight)


class Stateful(Protocol):
    """A module or an optimizer: what a checkpoint can save and restore."""

    def state_dict(self) -> dict[str, Any]:  # noqa: D102  torch's own
        ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any:  # noqa: D102
        ...


class Trainer(Generic[Module]):
    """AdamW with warmup and cosine decay, gradient clipping, an average of the weights (EMA), and checkpoints.

    If the folder has a checkpoint of the same name, training resumes from it.

    Args:
        name: Name of the training, of its checkpoint, and of its log.
        module: The module to train.
        data: The data folder. A file `pause` in it pauses the training.
        minutes: Budget in minutes of CPU time, or of wall-clock time if the module is on a GPU.
        lr: The highest learning rate.
        betas: AdamW's coefficients.
        weight_decay: AdamW's weight decay.
        ema: Decay of the average.
        warmup: Steps over which the learning rate rises.
        clip: Largest norm of the gradient.
        groups: AdamW's parameter groups (default: one group). A group's `scale` multiplies its learning rate.
        beside: Modules and optimizers that `loss` trains itself. Checkpoints save and restore them too.
        folder: Where the checkpoint and the log are (default: in the data folder).
    """

    def __init__(
        self,
        name: str,
        module: Module,
        data: Path,
        minutes: float,
        lr: float,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.01,
        ema: float = 0.999,
        warmup: int = 200,
        clip: float = 1.0,
        groups: Iterable[dict[str, Any]] | None = None,
        beside: Mapping[str, Stateful] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.name, self.module, self.minutes, self.lr, self.warmup, self.clip = name, module, minutes, lr, warmup, clip
        folder, self.pause_file = data if folder is None else folder, data / "pause"
        self.checkpoint, self.history = folder / f"{name}.checkpoint.pt", folder / f"{name}.log.jsonl"
        groups = list(groups) if groups is not None else [{"params": module.parameters()}]
        for group in groups:
            group.setdefault("scale", 1.0)
        self.optimizer = torch.optim.AdamW(groups, lr=lr, betas=betas, weight_decay=weight_decay, fused=True)
        self.ema = Ema(module, ema)
        self.step, self.spent, self.beside = 0, 0.0, dict(beside or {})
        self.device = next(module.parameters()).device
        self._clock = time.process_time if self.device.type == "cpu" else time.perf_counter
        if "WORLD_SIZE" in os.environ and not distributed.is_initialized():
            distributed.init_process_group("gloo")
            atexit.register(distributed.destroy_process_group)  # threads that still run can abort an exiting process
        self.world = distributed.get_world_size() if distributed.is_initialized() else 1
        self.rank = distributed.get_rank() if distributed.is_initialized() else 0
        if self.checkpoint.exists():
            self._resume()

    def _resume(self) -> None:
        saved = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        self.module.load_state_dict(saved["module"])
        if "optimizer" in saved:  # `training.pieces` leaves it out to halve what has to travel
            self.optimizer.load_state_dict(saved["optimizer"])
        for name, one in self.beside.items():
            if name in saved["beside"]:
                one.load_state_dict(saved["beside"][name])
        self.ema.state = {key: value.to(self.ema.state[key].dtype) for key, value in saved["ema"].items()}
        self.ema.count, self.step, self.spent = saved["step"], saved["step"], saved["spent"]
        log.info("%s: resumed at step %d, %.1f CPU minutes spent", self.name, self.step, self.spent / 60)

    def save(self) -> None:
        """Write a checkpoint. Only the first of several processes does so."""
        if self.rank:
            return
        temporary = self.checkpoint.with_suffix(".tmp")
        torch.save(
            {
                "module": self.module.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "beside": {name: one.state_dict() for name, one in self.beside.items()},
                "ema": self.ema.state,
                "step": self.step,
                "spent": self.spent,
            },
            temporary,
        )
        os.replace(temporary, self.checkpoint)

    def run(self, loss: Callable[[int], tuple[Tensor, Figures]], validate: Callable[[], dict[str, float]]) -> Module:
        """Train until the budget is spent.

        Args:
            loss: Maps the index of a batch to its loss and figures to log.
            validate: Returns figures to log for the averaged weights. It is called at most `REPORTS` times.

        Returns:
            The module with the averaged weights, in eval mode.

        Raises:
            FloatingPointError: A loss is NaN or infinite.
            OutOfTime: The time that this process has by the clock is over. A checkpoint was saved.
        """
        sums: dict[str, float | Tensor] = {}
        counted, between = 0, max(self.minutes * 60 / REPORTS, REPORT_EVERY)
        next_report, next_save = self.spent + between, time.monotonic() + SAVE_EVERY
        self.module.train()
        last = self._clock()
        while self.spent < self.minutes * 60:
            if self.pause_file.exists():
                self.save()  # a paused process may never go on
                self._wait()
                last = self._clock()
            done = self.spent / (self.minutes * 60)
            cosine = 0.03 + 0.97 * (1 + math.cos(math.pi * done)) / 2
            rate = self.lr * min(1, (self.step + 1) / self.warmup) * cosine
            for group in self.optimizer.param_groups:
                group["lr"] = rate * group["scale"]
            value, figures = loss(self.step * self.world + self.rank)
            if self.device.type == "cpu" or self.step % CHECK_EVERY == 0:
                self._check(value)
            self.optimizer.zero_grad(set_to_none=True)
            value.backward()
            self._average_gradients()
            nn.utils.clip_grad_norm_(self.module.parameters(), self.clip)
            self._without_faults()
            self.optimizer.step()
            self.ema.update(self.module)
            self.step += 1
            for key, figure in figures.items():
                sums[key] = sums.get(key, 0.0) + figure
            counted += 1
            now = self._clock()
            self.spent, last = self._agreed(self.spent + now - last), now
            if self.spent >= next_report:
                self._report({k: float(v) / counted for k, v in sums.items()}, validate)
                sums, counted, next_report = {}, 0, self.spent + between
                last = self._clock()
            late = self._agreed(float(minutes_left() <= 0)) > 0 and self.spent < self.minutes * 60
            if late or time.monotonic() >= next_save:
                self._check(value)
                self.save()
                next_save = time.monotonic() + SAVE_EVERY
            if late:
                log.info("%s: out of time at step %d; run the same command again", self.name, self.step)
                raise OutOfTime
        self.save()
        self._report({k: float(v) / max(1, counted) for k, v in sums.items()}, validate)
        self.module.load_state_dict(self.ema.state)
        return self.module.eval()

    def _check(self, value: Tensor) -> None:
        if torch.isfinite(value):
            return
        # In bfloat16 on a GPU, one batch can overflow. `_without_faults` keeps it away from the weights.
        if self.device.type == "cpu" or not all(torch.isfinite(p).all() for p in self.module.parameters()):
            raise FloatingPointError(f"{self.name}: loss is {value.item()} at step {self.step}")

    def _without_faults(self) -> None:
        """On a GPU, let a batch with a gradient that is not finite change nothing, without waiting to know of it."""
        if self.device.type != "cpu":
            for parameter in self.module.parameters():
                if parameter.grad is not None:
                    parameter.grad.nan_to_num_(0, 0, 0)  # clipping has made all of them NaN if one was not finite

    def _wait(self) -> None:
        while self.pause_file.exists():
            time.sleep(1)

    def _average_gradients(self) -> None:
        if self.world == 1:
            return
        gradients = [p.grad for p in self.module.parameters() if p.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        parts = (flat / self.world).split([gradient.numel() for gradient in gradients])
        torch._foreach_copy_(gradients, [p.view_as(g) for p, g in zip(parts, gradients, strict=True)])

    def _agreed(self, seconds: float) -> float:
        """Return the highest value of all processes, so that all of them end, report, and save at the same step."""
        if self.world == 1:
            return seconds
        longest = torch.tensor([seconds], dtype=torch.float64)
        distributed.all_reduce(longest, distributed.ReduceOp.MAX)
        return longest.item()

    def _report(self, figures: dict[str, float], validate: Callable[[], dict[str, float]]) -> None:
        if self.rank:
            return
        live = {k: v.clone() for k, v in self.module.state_dict().items()}
        self.module.load_state_dict(self.ema.state)
        self.module.eval()
        with torch.no_grad():
            checked = validate()
        self.module.load_state_dict(live)
        self.module.train()
        row = {"step": self.step, "cpu_minutes": round(self.spent / 60, 2)}
        row |= {k: round(v, 5) for k, v in figures.items()} | {f"val_{k}": round(v, 5) for k, v in checked.items()}
        log.info("%s %s", self.name, row)
        with self.history.open("a") as file:
            file.write(json.dumps(row) + "\n")
