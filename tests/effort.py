"""The number of examples that hypothesis tries. `HYPOTHESIS_PROFILE=quick|default|thorough` sets it."""

from __future__ import annotations

import os

from hypothesis import settings

PROFILES = {"quick": 10, "default": 100, "thorough": 1000}
"""Examples of a test without `effort`."""


def load_profile() -> None:
    """Load the profile named by the environment. Examples have no deadline, because a busy machine is slow."""
    for name, examples in PROFILES.items():
        settings.register_profile(name, deadline=None, max_examples=examples)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def effort(share: float) -> settings:
    """Try `share` times the examples of the profile, and at least five.

    Use less than 1 for a test with slow examples, and more for a cheap test of many cases.
    """
    return settings(max_examples=max(5, round(share * settings().max_examples)))
