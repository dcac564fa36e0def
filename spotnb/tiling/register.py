"""Edge policies of a caller, which are tried before they can be used."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TypeVar, get_args

import numpy as np

from spotnb.errors import InputError
from spotnb.support.checks import check_text, show
from spotnb.support.reasons import reason_of
from spotnb.tiling.config import METHODS, SpotDiffusionConfig
from spotnb.tiling.edges import EDGES, POLICIES, EdgePolicy, Padding, put
from spotnb.tiling.layout import Layout, plan

Policy = TypeVar("Policy", bound=type[EdgePolicy])

WIDTH = 16
LENGTHS = (8, 16, 24, 32, 40, 88)
"""Latent frames of the tiles and of the latents with which a policy is tried."""
MULTIPLES = (1, 8)


def register_edge(policy: Policy) -> Policy:
    """Add an edge policy of your own to this process, under its `name`. It can be used as a class decorator.

    `SpotDiffusionConfig(edge=name)` then takes it, and so do layouts, runs, traces and widgets. A trace that was
    recorded with it opens only in a process that has registered it. A class that is defined again, as in a notebook,
    replaces its earlier self.

    Args:
        policy: A subclass of `EdgePolicy` whose constructor takes no arguments, with a `name` of its own.

    Returns:
        The class itself.

    Raises:
        InputError: It is something else, its name is taken, or one of its layouts fails. Layouts of several lengths are
            tried with all methods: every frame has to lie in one segment, segments in windows whose width is a multiple
            of the model's, and windows have to show frames of the latent.

    Example:
        A policy that holds the border frame, which docs/own-model.md uses:

            @spotnb.register_edge
            class Hold(spotnb.EdgePolicy):
                name = "hold"

                def frame_at(self, index, frames):
                    return np.clip(index, 0, frames - 1)
    """
    if not isinstance(policy, type) or not issubclass(policy, EdgePolicy) or policy is EdgePolicy:
        raise InputError(f"the edge policy is {show(policy)}: expected a subclass of EdgePolicy; pass the class itself")
    name = check_text("the name of an edge policy", policy.name, hint="set it to a word", blank=False)
    known = POLICIES.get(name)
    if name in EDGES or (known is not None and _identity(type(known)) != _identity(policy)):
        raise InputError(
            f"the edge policy {policy.__name__[:40]} has the name {show(name)}, which is taken: expected one that is "
            "free; set its attribute name"
        )
    if policy.padding not in get_args(Padding):
        choices = ", ".join(map(repr, get_args(Padding)))
        raise InputError(
            f"padding of the edge policy {show(name)} is {show(policy.padding)}: expected one of {choices}"
        )
    try:
        made = policy()
    except TypeError as error:
        raise InputError(
            f"the edge policy {show(name)} cannot be created ({reason_of(error)}): expected a class without arguments"
        ) from error
    before = put(name, made)
    try:
        for config, frames, multiple, method in _trials(name, ring=made.ring):
            _try(config, frames, multiple, method)
    except BaseException:
        put(name, before)
        raise
    return policy


def _identity(policy: type) -> tuple[str, str]:
    return policy.__module__, policy.__qualname__


def _trials(name: str, *, ring: bool) -> Iterator[tuple[SpotDiffusionConfig, int, int, str]]:
    for frames, multiple, method in product(LENGTHS, MULTIPLES, METHODS):
        for extra in (0, 5) if ring or multiple == 1 else (0,):
            config = SpotDiffusionConfig(WIDTH, max_shift_ratio=1.0, edge=name, shift_schedule="fibonacci")
            yield config, frames + extra, multiple, method


def _try(config: SpotDiffusionConfig, frames: int, multiple: int, method: str) -> None:
    """Raise `InputError` if the layout of one of the first steps is not sound."""
    for step in range(6):
        try:
            _check(plan(frames, config, step, method, time_multiple=multiple), multiple)
        except Exception as error:
            reason = str(error).partition(": expected")[0] if isinstance(error, InputError) else reason_of(error)
            raise InputError(
                f"the edge policy {show(config.edge)[:30]} fails for {frames} frames in tiles of {WIDTH} ({method}, "
                f"step {step}): {reason[:80]}; correct it"
            ) from error


def _check(layout: Layout, multiple: int) -> None:
    frames, policy = layout.frames, layout.policy
    one = len(layout.tiles) == 1
    for tile in layout.tiles:
        seen = np.arange(*tile.window)
        if len(seen) % multiple and not (one and policy.ring):
            raise InputError(f"a window has {len(seen)} frames, which is not a multiple of {multiple}")
        shown = policy.frame_at(seen, frames)
        if shown.shape != seen.shape or shown.dtype != np.int64 or shown.min() < 0 or shown.max() >= frames:
            raise InputError(f"frame_at returns {show(shown)} for window {tile.window}")
        if (shown != seen)[(seen >= 0) & (seen < frames)].any():
            raise InputError("frame_at moves frames that lie inside the latent")
    if policy.padding == "none" and any(layout.pad):
        raise InputError(f"padding is 'none', but windows reach {layout.pad} frames past the ends")
