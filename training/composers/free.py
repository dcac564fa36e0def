"""Composers of classes without a beat: experimental electronics and nature."""

from __future__ import annotations

from training.theory import Sketch

BIRDS, SEASHORE = 123, 122
NATURE_KINDS = (
    *("birds", "ocean", "rain", "wind") * 2,
    *("ocean_birds", "thunder", "storm", "fire", "stream"),
)


def experimental(sketch: Sketch) -> str | None:
    """Write atonal layers of synthetic textures: stuttering glitches, dissonant clusters, or sparse events."""
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(("glitch", "cluster", "sparse"))
    pace = {"slow": 1.7, "mid": 1.0, "fast": 0.55}[now.tempo]
    center = 62 + now.octave
    textures = rng.sample((96, 97, 98, 99, 100, 101, 102, 103), 2)
    for channel, program in enumerate(textures):
        sketch.instrument(channel, program, volume=100, reverb=85, low=28, high=100)
    sketch.instrument(2, rng.choice((80, 84, 87, 118)), volume=82, reverb=60, low=28, high=104)
    for channel in (0, 1):
        time = 0.0 if channel == 0 else rng.uniform(0.2, 0.8) * pace
        while time < sketch.duration:
            size = rng.randint(3, 4) if kind == "cluster" else 1
            base, spread = center + rng.randint(-11, 9), rng.choice((1, 2, 6))
            length = rng.uniform(0.6, 2.2) * max(pace, 0.7)
            for index in range(size):
                sketch.play(channel, base + index * spread, time, length, now.velocity * rng.uniform(0.75, 1.05))
            time += rng.uniform(0.6, 1.7) * pace
    time = rng.uniform(0.1, 0.5)
    while time < sketch.duration:
        pitch = center + rng.randint(-14, 16)
        for _ in range(rng.randint(4, 9) if kind == "glitch" else rng.randint(2, 4)):
            jump = rng.choice((0, 1, 6, 11, -13))
            sketch.play(2, pitch + jump, time, 0.07, now.velocity * rng.uniform(0.7, 1.1))
            time += rng.uniform(0.06, 0.1) * (0.8 + 0.4 * pace)
        time += rng.uniform(0.25, 0.9) * pace * (1.0 if kind == "glitch" else 1.8)
    return kind


def nature(sketch: Sketch) -> str | None:
    """Write birds and sea with their General MIDI programs; `training.nature` synthesizes the other kinds."""
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(NATURE_KINDS)
    if "birds" in kind:
        sketch.instrument(0, BIRDS, volume=110, reverb=40)
        time = 0.0
        while time < sketch.duration:
            sketch.play(0, rng.randint(58, 82), time, rng.uniform(0.5, 1.5), rng.randint(65, 110))
            time += rng.uniform(0.25, 1.0)
    if "ocean" in kind:
        sketch.instrument(1, SEASHORE, volume=115, reverb=40)
        time = 0.0
        while time < sketch.duration:
            sketch.play(1, rng.randint(50, 66), time, rng.uniform(4.5, 7.0), now.velocity)
            time += rng.uniform(2.0, 4.0)
    return kind
