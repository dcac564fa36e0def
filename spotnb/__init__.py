"""See and hear how SpotDiffusion turns a 10-second text-to-audio diffusion model into a long-form one.

Names are imported when they are first used: `import spotnb` loads neither torch nor diffusers nor matplotlib.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "SpotDiffusionConfig": "config",
    "should_use_spotdiffusion": "config",
    "duration_to_latent_t_size": "config",
    "generate_random_shift": "shifts",
    "Layout": "layout",
    "Tile": "layout",
    "create_tiles": "layout",
    "plan": "layout",
    "AudioModel": "models.protocol",
    "load_model": "models.load",
    "from_audioldm": "models.latent_diffusion",
    "PromptTimeline": "timeline",
    "SpotSampler": "sampler",
    "Cost": "cost",
    "Step": "step",
    "Padding": "step",
    "StepRecord": "trace",
    "Trace": "trace",
    "Replay": "replaying",
    "replay": "replaying",
    "resume": "replaying",
    "sweep": "sweeping",
    "DistributedModel": "distributed",
    "sliding_window_vae_decode": "decode",
    "Generation": "generate",
    "generate_audio": "generate",
    "spotdiffusion_text_to_audio": "generate",
    "seam_score": "measure",
    "loop_score": "measure",
    "levels": "measure",
    "coverage": "seams",
    "Coverage": "seams",
    "SeamScore": "measure",
    "Levels": "measure",
    "load_audio": "audio",
    "save_audio": "audio",
    "plot_latent": "plots",
    "plot_mel": "plots",
    "plot_run": "plots",
    "plot_layout": "layout_plots",
    "plot_padding": "layout_plots",
    "plot_seams": "layout_plots",
    "plot_tile_map": "layout_plots",
    "plot_waveform": "plots",
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
    from spotnb.audio import load_audio, save_audio
    from spotnb.config import SpotDiffusionConfig, duration_to_latent_t_size, should_use_spotdiffusion
    from spotnb.cost import Cost
    from spotnb.decode import sliding_window_vae_decode
    from spotnb.distributed import DistributedModel
    from spotnb.errors import InputError, SpotnbError
    from spotnb.generate import Generation, generate_audio, spotdiffusion_text_to_audio
    from spotnb.layout import Layout, Tile, create_tiles, plan
    from spotnb.layout_plots import plot_layout, plot_padding, plot_seams, plot_tile_map
    from spotnb.measure import Levels, SeamScore, levels, loop_score, seam_score
    from spotnb.models.latent_diffusion import from_audioldm
    from spotnb.models.load import load_model
    from spotnb.models.protocol import AudioModel
    from spotnb.plots import plot_latent, plot_mel, plot_run, plot_waveform
    from spotnb.replaying import Replay, replay, resume
    from spotnb.sampler import SpotSampler
    from spotnb.seams import Coverage, coverage
    from spotnb.shifts import generate_random_shift
    from spotnb.step import Padding, Step
    from spotnb.sweeping import sweep
    from spotnb.timeline import PromptTimeline
    from spotnb.trace import StepRecord, Trace
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
