"""See and hear how SpotDiffusion turns a 10-second text-to-audio diffusion model into a long-form one.

Names are imported when they are first used: `import spotnb` loads neither torch nor diffusers nor matplotlib.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from spotnb._version import __version__

_HOME = {
    "SpotDiffusionConfig": "tiling.config",
    "should_use_spotdiffusion": "tiling.config",
    "duration_to_latent_t_size": "sound.lengths",
    "generate_random_shift": "tiling.shifts",
    "Layout": "tiling.layout",
    "Tile": "tiling.tile",
    "create_tiles": "tiling.layout",
    "plan": "tiling.layout",
    "AudioModel": "models.protocol",
    "load_model": "models.load",
    "from_audioldm": "models.latent_diffusion",
    "PromptTimeline": "sampling.timeline",
    "SpotSampler": "sampling.sampler",
    "Cost": "sampling.cost",
    "Step": "sampling.step",
    "Padding": "sampling.padding",
    "StepRecord": "trace.record",
    "Trace": "trace.trace",
    "Replay": "sampling.replay",
    "replay": "sampling.replay",
    "resume": "sampling.replay",
    "sweep": "research.sweep",
    "DistributedModel": "research.distributed",
    "sliding_window_vae_decode": "models.decode",
    "Generation": "generate",
    "generate_audio": "generate",
    "spotdiffusion_text_to_audio": "generate",
    "seam_score": "sound.measure",
    "loop_score": "sound.measure",
    "levels": "sound.measure",
    "coverage": "tiling.coverage",
    "Coverage": "tiling.coverage",
    "SeamScore": "sound.measure",
    "Levels": "sound.measure",
    "load_audio": "sound.files",
    "save_audio": "sound.files",
    "plot_latent": "plots.sound",
    "plot_mel": "plots.sound",
    "plot_run": "plots.sound",
    "plot_layout": "plots.layouts",
    "plot_padding": "plots.layouts",
    "plot_seams": "plots.layouts",
    "plot_tile_map": "plots.layouts",
    "plot_waveform": "plots.sound",
    "TileShiftDebugger": "widgets.tile_shift",
    "ReflectionExplorer": "widgets.reflection",
    "LatentInspector": "widgets.inspector",
    "SamplerPanel": "widgets.panel",
    "RunComparison": "widgets.comparison",
    "SpotnbError": "errors",
    "InputError": "errors",
}

__all__ = ["__version__", *_HOME]

if TYPE_CHECKING:
    from spotnb.errors import InputError, SpotnbError
    from spotnb.generate import Generation, generate_audio, spotdiffusion_text_to_audio
    from spotnb.models.decode import sliding_window_vae_decode
    from spotnb.models.latent_diffusion import from_audioldm
    from spotnb.models.load import load_model
    from spotnb.models.protocol import AudioModel
    from spotnb.plots.layouts import plot_layout, plot_padding, plot_seams, plot_tile_map
    from spotnb.plots.sound import plot_latent, plot_mel, plot_run, plot_waveform
    from spotnb.research.distributed import DistributedModel
    from spotnb.research.sweep import sweep
    from spotnb.sampling.cost import Cost
    from spotnb.sampling.padding import Padding
    from spotnb.sampling.replay import Replay, replay, resume
    from spotnb.sampling.sampler import SpotSampler
    from spotnb.sampling.step import Step
    from spotnb.sampling.timeline import PromptTimeline
    from spotnb.sound.files import load_audio, save_audio
    from spotnb.sound.lengths import duration_to_latent_t_size
    from spotnb.sound.measure import Levels, SeamScore, levels, loop_score, seam_score
    from spotnb.tiling.config import SpotDiffusionConfig, should_use_spotdiffusion
    from spotnb.tiling.coverage import Coverage, coverage
    from spotnb.tiling.layout import Layout, create_tiles, plan
    from spotnb.tiling.shifts import generate_random_shift
    from spotnb.tiling.tile import Tile
    from spotnb.trace.record import StepRecord
    from spotnb.trace.trace import Trace
    from spotnb.widgets.comparison import RunComparison
    from spotnb.widgets.inspector import LatentInspector
    from spotnb.widgets.panel import SamplerPanel
    from spotnb.widgets.reflection import ReflectionExplorer
    from spotnb.widgets.tile_shift import TileShiftDebugger


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'spotnb' has no attribute {name!r}")
    return getattr(import_module(f"spotnb.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
