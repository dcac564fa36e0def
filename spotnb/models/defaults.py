"""Settings that suit a model: its own `defaults`, and AudioLDM's for the rest.

`SpotSampler` has fixed defaults, so that a run is what its settings say. The command line, the panel and sweeps start
from these instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from spotnb.errors import SpotnbError
from spotnb.support.checks import show

if TYPE_CHECKING:
    from spotnb.models.protocol import AudioModel

AUDIOLDM: Mapping[str, Any] = {
    "steps": 50,
    "guidance_scale": 3.0,
    "guidance_interval": None,
    "solver": "ddim",
    "eta": 0.0,
    "finish_steps": 0,
}
TINY_STEPS, TINY_GUIDANCE, TINY_INTERVAL = 25, 2.5, (100, 800)
"""The embedded model's quality levels off at 25 steps, and with this interval each class is as loud as real clips to
within 3 dB; see its model card."""
TINY_FINISH = 2
"""Without it, the cuts of the last two steps are audible; `python -m training.evaluate --only finish` measures that."""
TINY: Mapping[str, Any] = {
    "steps": TINY_STEPS,
    "guidance_scale": TINY_GUIDANCE,
    "guidance_interval": TINY_INTERVAL,
    "tile_size_time": 128,
    "finish_steps": TINY_FINISH,
}
"""The settings that suit the embedded model."""
NAMES = (*AUDIOLDM, "tile_size_time")


def defaults_of(model: AudioModel) -> dict[str, Any]:
    """Return the settings that a run with `model` starts from: those of `NAMES`, all of them.

    A tile is as long as what the network was trained on, unless the model says otherwise.

    Raises:
        SpotnbError: The model's `defaults` are not a mapping of these names.
    """
    own = getattr(model, "defaults", {})
    if not isinstance(own, Mapping) or not set(own) <= set(NAMES):
        wrong = sorted(map(str, set(own) - set(NAMES)))[0] if isinstance(own, Mapping) else type(own).__name__
        raise SpotnbError(
            f"defaults of {show(model.name)[:40]} has {show(wrong)[:30]}: expected a mapping of {', '.join(NAMES)}"
        )
    return {"tile_size_time": model.native_frames, **AUDIOLDM, **own}
