"""Composers of classes without chords: experimental electronics and nature."""

from __future__ import annotations

from training.form import bars
from training.theory import Sketch

BIRDS, SEASHORE = 123, 122
NATURE_KINDS = (
    *("birds", "ocean", "rain", "wind") * 2,
    *("ocean_birds", "thunder", "storm", "fire", "stream"),
)
GLITCHES = ((0, 1, 2, 3, 8, 9, 11, 14), (0, 2, 3, 4, 5, 10, 12, 13), (0, 3, 4, 5, 6, 8, 14, 15))
JUMPS = (0, 1, 6, 11, -13)


def experimental(sketch: Sketch) -> str | None:
    """Write atonal music from synthetic textures: stuttering glitches, dissonant clusters, or sparse events.

    A bar of blips is repeated and now and then turned around, above textures that enter with the phrases.
    """
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(("glitch", "cluster", "sparse"))
    center = 62 + now.octave
    sketch.instrument(0, rng.choice((98, 99, 100, 102, 103)), volume=88, reverb=40, low=28, high=100)
    sketch.instrument(1, rng.choice((80, 84, 87, 118)), volume=104, reverb=20, low=28, high=104)
    slots = rng.choice(GLITCHES) if kind == "glitch" else rng.choice(((0, 3, 6, 11), (0, 5, 8, 14)))
    blips = [(slot, rng.randint(-10, 12) + rng.choice(JUMPS)) for slot in slots]
    spread = rng.choice((1, 2, 6))
    bases = [center + rng.randint(-11, 9) for _ in range(4)]
    for bar in bars(sketch):
        if kind != "glitch" or bar.place % 2 == 0:
            length = now.beat * (3.6 if kind == "cluster" else 1.8)
            for index in range(4 if kind == "cluster" else 2):
                pitch = bases[bar.place // 2] + index * spread
                sketch.play(0, pitch, bar.start, length, now.velocity * 0.85 * bar.lift)
        order = blips if not bar.turns else [(15 - slot, pitch) for slot, pitch in blips]
        for slot, pitch in order[:2] if kind == "sparse" and bar.place % 2 else order:
            force = now.velocity * bar.lift * (1.1 if slot % 4 == 0 else 0.9)
            sketch.play(1, center + pitch, bar.start + slot * now.beat / 4, 0.08, force)
    return kind


def nature(sketch: Sketch) -> str | None:
    """Choose a sound of nature; `training.nature` synthesizes it."""
    return sketch.rng.choice(NATURE_KINDS)
