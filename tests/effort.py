"""How many examples hypothesis tries: set by a profile, `HYPOTHESIS_PROFILE=quick|default|thorough`."""

from __future__ import annotations

import os

from hypothesis import settings

PROFILES = {"quick": 15, "default": 100, "thorough": 1000}
"""Examples of a test that asks for no other number."""


def load_profile() -> None:
    """Load the profile that the environment names. Examples have no deadline: a busy machine is slow."""
    for name, examples in PROFILES.items():
        settings.register_profile(name, deadline=None, max_examples=examples)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def effort(share: float) -> settings:
    """Try `share` times as many examples as the profile does, and at least five.

    A slow test takes less than 1, a cheap one that has much to search takes more.
    """
    return settings(max_examples=max(5, round(share * settings().max_examples)))
