"""The settings of a run."""

from __future__ import annotations

DEFAULT_STEPS, DEFAULT_GUIDANCE = 25, 2.5  # where the embedded model's quality levels off
DEFAULT_GUIDANCE_INTERVAL = 100, 700  # of several, the one nearest to real clips: see the model card
