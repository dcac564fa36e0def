"""The fixed grid of a run: where all methods are compared."""

from __future__ import annotations

from spotnb.sampling.run import Run
from spotnb.sound.measure import seams_within
from spotnb.tiling.layout import plan


def fixed_grid(run: Run) -> tuple[int, ...]:
    """Return the latent frames at which a `tiles` run of the same length, tile size and edge policy cuts.

    A run of any method is scored there, so that the scores of methods can be compared. Only seams within the sound are
    among them. A ring has other seams than a sound with ends. The one at 0, where its end meets its start, is left out,
    because `seam_score` takes no border at an end; `loop_score` measures it.
    """
    tiles = plan(run.frames, run.settings.tiling, 0, "tiles", time_multiple=run.model.time_multiple)
    return seams_within(tiles.seams, run.samples / run.clock.sample_rate, run.clock.frame_seconds)
