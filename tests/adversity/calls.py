"""The calls of the table: every public function, constructor and method, with good values for its arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

import spotnb
from spotnb.generate import RENAMED
from spotnb.sampling.settings import NAMES
from tests.live.small_page import small_page
from tests.networks import FunctionModel, pointwise

RUN: dict[str, Any] = {"duration": 1.0, "steps": 2, "config": spotnb.SpotDiffusionConfig(16)}


def model() -> FunctionModel:
    return FunctionModel(pointwise)


def sampler(**settings: Any) -> spotnb.SpotSampler:
    return spotnb.SpotSampler(model(), "rain", **(RUN | settings))


def generation() -> spotnb.Generation:
    return spotnb.generate_audio(model(), "rain", **RUN, progress=False)


def wave() -> np.ndarray[Any, Any]:
    return np.sin(np.arange(16_000) / 9, dtype=np.float32) / 2


GOOD: dict[str, Callable[[], Any]] = {
    "audio": wave,
    "config": lambda: spotnb.SpotDiffusionConfig(16),
    "duration": lambda: 1.0,
    "entries": lambda: [(0, 4, "rain"), (4, 8, "wind")],
    "frames": lambda: 64,
    "grid": lambda: {"prompt": "rain", **RUN} | {"config": None},
    "latent": lambda: torch.zeros(1, 2, 32, 4),
    "latent_size": lambda: 64,
    "layout": lambda: sampler().layout(0),
    "layouts": lambda: [sampler().layout(k) for k in range(2)],
    "mel_or_waveform": wave,
    "model": model,
    "near": lambda: 1,
    "path": lambda: Path("junk.wav"),
    "policy": lambda: type("Mine", (spotnb.EdgePolicy,), {"name": "mine"}),
    "progress": lambda: False,
    "prompt": lambda: "rain",
    "runs": lambda: {"one": generation(), "two": generation()},
    "sample_rate": lambda: 16_000,
    "seams": lambda: [8, 16],
    "shape": lambda: (1, 2, 64, 4),
    "source": wave,
    "step": lambda: 0,
    "steps": lambda: 2,
    "trace": lambda: sampler().run(progress=False).trace,
    "trace_or_sampler": lambda: sampler().run(progress=False),
    "waveform": wave,
}
"""A good value for each argument that has no default, or whose default would take long, by its name."""
OWN: dict[str, dict[str, Callable[[], Any]]] = {
    "plot_padding": {"step": lambda: sampler().begin()},
    "Layout.frame_at": {"index": lambda: 3},
    "Layout.owner": {"frame": lambda: 3},
    "PromptTimeline.from_dict": {"described": lambda: INSTANCES["PromptTimeline"]().to_dict()},
    "SpotSampler.reset": {"seed": lambda: 1},
    "SpotSampler.resume": {"trace": lambda: sampler().run(progress=False).trace},
    "SpotSampler.goto": {"step": lambda: 1},
    "SpotSampler.layout": {"step": lambda: 1},
    "SpotSampler.decode": {"step": lambda: 1},
    "SpotSampler.sound": {"step": lambda: 1},
    "SpotSampler.decode_to": {"step": lambda: 1},
    "Step.predict": {"tile": lambda: 0},
    "Step.replace": {"tile": lambda: 0, "prediction": lambda: torch.zeros(1, 2, 16, 4)},
    "Trace.save": {"path": lambda: Path("junk.npz")},
    "Trace.load": {"path": lambda: sampler().run(progress=False).trace.save("loaded.npz")},
    "spotdiffusion_text_to_audio": {"ddim_steps": lambda: 2},
    "replay": {"model": model},
    "resume": {"model": model},
    "sampler_from": {"manifest": lambda: sampler().manifest(), "model": model},
    "sweep": {
        "grid": lambda: {"prompt": "rain", "duration": 1.0, "steps": 2},
        "out": lambda: Path("swept"),
        "trace": lambda: False,
    },
    "RunComparison": {"grid": lambda: None},
    "ReflectionExplorer": {"pad": lambda: 2},
    "LivePanel": {"page": lambda: small_page(Path("live-page"))},
    "Overview": {"run": lambda: sampler().run(progress=False)},
    "TileShiftDebugger": {"method": lambda: "spot"},
}
"""Good values of one callable, where an argument of that name means something else."""
INSTANCES: dict[str, Callable[[], Any]] = {
    "Coverage": lambda: spotnb.coverage([sampler().layout(0)]),
    "Generation": generation,
    "Layout": lambda: sampler().layout(0),
    "PromptTimeline": lambda: spotnb.PromptTimeline([(0, 4, "rain"), (4, 8, "wind")]),
    "SpotSampler": lambda: sampler().run(progress=False),
    "Step": lambda: sampler().begin(),
    "Trace": lambda: sampler().run(progress=False).trace,
}
"""How to get an instance, for the methods of a class."""
SETTINGS = {"SpotSampler", "SpotSampler.fork", "generate_audio", "spotdiffusion_text_to_audio"}
"""Callables whose keywords are the settings of a run."""
LEFT_OUT = {
    "AudioModel": "a protocol",
    "Solver": "a protocol",
    "EdgePolicy": "a base class",
    "DistributedModel": "needs a cluster",
    "Trace.of": "takes a trace or a path, as replay does",
    "from_audioldm": "needs audioldm's network, and is called in tests/audioldm",
    "SpotSampler.of": "takes a Run, which is checked when it is built",
    "Step": "made by SpotSampler.begin",
    "Trace.append": "called by the sampler",
    "Trace.array": "called by the sampler",
    "Trace.take_over": "called by the sampler",
    "PromptTimeline.weights": "called by the sampler",
    "PromptTimeline.check_duration": "called by the settings",
}
RESULTS = {"Coverage", "Cost", "Generation", "Layout", "Levels", "Padding", "Replay", "SeamScore", "StepRecord", "Tile"}
"""Plain records that spotnb returns. They are not checked when somebody builds one."""


class Target(NamedTuple):
    """One argument of one public callable.

    Attributes:
        name: The callable, such as `plan` or `Trace.load`.
        argument: The argument that gets junk.
        required: The other arguments that the call needs.
    """

    name: str
    argument: str
    required: tuple[str, ...]

    def function(self) -> Callable[..., Any]:
        """Return the callable, of a new instance if it is a method."""
        owner, _, method = self.name.partition(".")
        cls = getattr(spotnb, owner)
        if not method:
            return cls
        static = isinstance(inspect.getattr_static(cls, method), classmethod | staticmethod)
        return getattr(cls if static else INSTANCES[owner](), method)

    def good(self, argument: str) -> Any:
        return self._values.get(argument, lambda: None)()

    def has_good(self, argument: str) -> bool:
        """Return whether a good value of an argument is known here."""
        return argument in self._values

    @property
    def _values(self) -> dict[str, Callable[[], Any]]:
        return GOOD | OWN.get(self.name, {})


def targets() -> Iterator[Target]:
    """Yield every argument of every public callable. A new public name is here by itself."""
    for name in spotnb.__all__:
        value = getattr(spotnb, name)
        if not callable(value) or name in LEFT_OUT or (inspect.isclass(value) and issubclass(value, Exception)):
            continue
        if name not in RESULTS:
            yield from _arguments(name, value)
        if inspect.isclass(value) and name in INSTANCES:
            for method, inner in inspect.getmembers(value, callable):
                ours = any(method in vars(cls) for cls in value.__mro__ if cls.__module__.startswith("spotnb"))
                if ours and not method.startswith("_") and f"{name}.{method}" not in LEFT_OUT:
                    yield from _arguments(f"{name}.{method}", inner)


def _arguments(name: str, function: Callable[..., Any]) -> Iterator[Target]:
    parameters = inspect.signature(function).parameters.values()
    named = [p for p in parameters if p.name != "self" and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    own = OWN.get(name, {})
    needed = [p.name for p in named if p.default is p.empty or p.name in own or p.name in GOOD]
    keywords = [p.name for p in named]
    if name in SETTINGS:
        renamed = RENAMED.values() if "ddim_steps" in keywords else ()
        keywords += [setting for setting in NAMES if setting not in keywords and setting not in renamed]
        if name != "SpotSampler.fork":
            needed += [each for each in RUN if each not in needed and each in keywords and "ddim_steps" not in keywords]
    for argument in keywords:
        yield Target(name, argument, tuple(each for each in needed if each != argument))
