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
    "EdgePolicy": "tiling.edges",
    "register_edge": "tiling.register",
    "AudioModel": "models.protocol",
    "load_model": "models.load",
    "from_audioldm": "models.latent_diffusion",
    "Solver": "solvers.protocol",
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
    "sampler_from": "sampling.from_manifest",
    "sweep": "research.sweep",
    "DistributedModel": "research.distributed",
    "sliding_window_vae_decode": "models.decode_mel",
    "Generation": "sampling.generation",
    "generate_audio": "generate",
    "spotdiffusion_text_to_audio": "generate",
    "seam_score": "sound.measure",
    "loop_score": "sound.measure",
    "levels": "sound.measure",
    "coverage": "tiling.coverage",
    "Coverage": "tiling.coverage",
    "SeamScore": "sound.results",
    "Levels": "sound.results",
    "load_audio": "sound.loading",
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
    "Overview": "widgets.overview",
    "LivePanel": "live.panel",
    "SpotnbError": "errors",
    "InputError": "errors",
}

__all__ = ["__version__", *_HOME]  # noqa: PLE0604  the keys are strings

if TYPE_CHECKING:  # `as` makes a name public for type checkers
    from spotnb.errors import InputError as InputError
    from spotnb.errors import SpotnbError as SpotnbError
    from spotnb.generate import generate_audio as generate_audio
    from spotnb.generate import spotdiffusion_text_to_audio as spotdiffusion_text_to_audio
    from spotnb.live.panel import LivePanel as LivePanel
    from spotnb.models.decode_mel import sliding_window_vae_decode as sliding_window_vae_decode
    from spotnb.models.latent_diffusion import from_audioldm as from_audioldm
    from spotnb.models.load import load_model as load_model
    from spotnb.models.protocol import AudioModel as AudioModel
    from spotnb.plots.layouts import plot_layout as plot_layout
    from spotnb.plots.layouts import plot_padding as plot_padding
    from spotnb.plots.layouts import plot_seams as plot_seams
    from spotnb.plots.layouts import plot_tile_map as plot_tile_map
    from spotnb.plots.sound import plot_latent as plot_latent
    from spotnb.plots.sound import plot_mel as plot_mel
    from spotnb.plots.sound import plot_run as plot_run
    from spotnb.plots.sound import plot_waveform as plot_waveform
    from spotnb.research.distributed import DistributedModel as DistributedModel
    from spotnb.research.sweep import sweep as sweep
    from spotnb.sampling.cost import Cost as Cost
    from spotnb.sampling.from_manifest import sampler_from as sampler_from
    from spotnb.sampling.generation import Generation as Generation
    from spotnb.sampling.padding import Padding as Padding
    from spotnb.sampling.replay import Replay as Replay
    from spotnb.sampling.replay import replay as replay
    from spotnb.sampling.replay import resume as resume
    from spotnb.sampling.sampler import SpotSampler as SpotSampler
    from spotnb.sampling.step import Step as Step
    from spotnb.sampling.timeline import PromptTimeline as PromptTimeline
    from spotnb.solvers.protocol import Solver as Solver
    from spotnb.sound.files import save_audio as save_audio
    from spotnb.sound.lengths import duration_to_latent_t_size as duration_to_latent_t_size
    from spotnb.sound.loading import load_audio as load_audio
    from spotnb.sound.measure import levels as levels
    from spotnb.sound.measure import loop_score as loop_score
    from spotnb.sound.measure import seam_score as seam_score
    from spotnb.sound.results import Levels as Levels
    from spotnb.sound.results import SeamScore as SeamScore
    from spotnb.tiling.config import SpotDiffusionConfig as SpotDiffusionConfig
    from spotnb.tiling.config import should_use_spotdiffusion as should_use_spotdiffusion
    from spotnb.tiling.coverage import Coverage as Coverage
    from spotnb.tiling.coverage import coverage as coverage
    from spotnb.tiling.edges import EdgePolicy as EdgePolicy
    from spotnb.tiling.layout import Layout as Layout
    from spotnb.tiling.layout import create_tiles as create_tiles
    from spotnb.tiling.layout import plan as plan
    from spotnb.tiling.register import register_edge as register_edge
    from spotnb.tiling.shifts import generate_random_shift as generate_random_shift
    from spotnb.tiling.tile import Tile as Tile
    from spotnb.trace.record import StepRecord as StepRecord
    from spotnb.trace.trace import Trace as Trace
    from spotnb.widgets.comparison import RunComparison as RunComparison
    from spotnb.widgets.inspector import LatentInspector as LatentInspector
    from spotnb.widgets.overview import Overview as Overview
    from spotnb.widgets.panel import SamplerPanel as SamplerPanel
    from spotnb.widgets.reflection import ReflectionExplorer as ReflectionExplorer
    from spotnb.widgets.tile_shift import TileShiftDebugger as TileShiftDebugger


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'spotnb' has no attribute {name!r}")
    return getattr(import_module(f"spotnb.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
