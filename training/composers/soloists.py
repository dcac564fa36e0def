"""Composers for a single player: acoustic guitar, jazz piano, mallets."""

from __future__ import annotations

from training.form import accent, bars, melody, sing
from training.theory import Sketch, degree, fold, lead, stack

# Degrees of chords for eight bars, with more motion toward the tonic than other music has.
JAZZ_FORMS = {
    False: ((0, 3, 1, 4, 0, 3, 4, 0), (1, 4, 0, 0, 3, 4, 0, 0), (0, 0, 3, 3, 1, 4, 0, 0)),
    True: ((0, 3, 0, 4, 0, 3, 4, 0), (0, 0, 3, 3, 0, 4, 0, 0)),
}
PICKING = ((0, 3, 2, 4, 1, 3, 2, 4), (0, 2, 3, 4, 1, 2, 3, 4), (0, 2, 3, 2, 1, 2, 4, 2))
STROKES = ((0, 2, 3, 5, 6, 7), (0, 2, 3, 4, 6, 7), (0, 2, 4, 5, 6))
FIGURES = {
    False: ((0, 2, 4, 7, 4, 7, 9, 7), (0, 4, 7, 4, 9, 7, 4, 2), (0, 2, 4, 2, 4, 7, 4, 7)),
    True: ((7, 4, 2, 0, 4, 2, 0, 2), (4, 2, 0, 2, 4, 2, 0, 0), (7, 4, 2, 4, 2, 0, 2, 0)),
}
SWING = 0.64  # where the second of two eighths falls in a beat


def acoustic_guitar(sketch: Sketch) -> str | None:
    """Write for nylon or steel strings, strummed or fingerpicked in eighths, with a melody on the highest string."""
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(("strummed", "fingerpicked", "fingerpicked"))
    sketch.instrument(0, rng.choice((24, 25, 25)), volume=112, reverb=15, low=36, high=94)
    picking, strokes, tune = rng.choice(PICKING), rng.choice(STROKES), melody(now, rng)
    eighth, lowest = now.beat / 2, 43 + now.octave * 2 // 3
    for bar in bars(sketch):
        third = degree(0, now.scale, bar.step + 2) - degree(0, now.scale, bar.step)
        base = fold(degree(now.key, now.scale, bar.step), lowest, lowest + 11)
        strings = [base, base + 7, base + 12, base + 12 + third, base + 19]
        velocity = now.velocity * bar.lift
        for slot in range(1 if bar.place == 7 and kind == "strummed" else 8):
            time, force = bar.start + slot * eighth, velocity * accent(slot / 2)
            if kind == "fingerpicked":
                sketch.play(0, strings[picking[slot]], time, now.beat * (0.6 + 0.6 * now.minor), force)
            elif slot in strokes:
                order = strings if slot % 2 == 0 else strings[:1:-1]
                for index, pitch in enumerate(order):
                    sketch.play(0, pitch, time + 0.008 * index, eighth * (0.8 + 0.4 * now.minor), force)
        if kind == "fingerpicked":
            sing(sketch, 0, bar, tune[bar.place], base + 24 - degree(0, now.scale, bar.low_step), velocity)
    return kind


def jazz_piano(sketch: Sketch) -> str | None:
    """Write swing: a walking or held bass, three-part chords between the beats, and a tune in swung eighths."""
    rng, now = sketch.rng, sketch.settings
    walking = rng.random() < 0.6
    sketch.instrument(0, rng.choice((0, 0, 1)), volume=114, reverb=15, low=29, high=100)
    comping = rng.choice(((SWING, 2 + SWING), (SWING, 2.0), (1 + SWING, 3 + SWING)))
    tune, root = melody(now, rng), now.root(38)
    walk = rng.choice(((0, 2, 4, 5), (0, 4, 2, 1), (0, 2, 4, 2)))
    voicing: list[int] | None = None
    for bar in bars(sketch, JAZZ_FORMS[now.minor]):
        velocity = now.velocity * bar.lift
        chord = stack(root, now.scale, bar.step)
        color = degree(root, now.scale, bar.step + 8)  # the ninth, which leaves the mode clear
        voicing = lead([*chord[1:], color], 56 + now.octave / 2 + now.tint, voicing)
        for position in comping:
            sketch.chord(0, voicing, bar.start + position * now.beat, now.beat * 0.7 * now.touch, velocity * 0.66)
        ground = root + now.octave
        for index, step in enumerate(walk if walking else walk[:1]):
            length = now.beat * (0.9 if walking else 3)
            pitch = degree(ground, now.scale, bar.low_step + step)
            sketch.play(0, pitch, bar.start + index * now.beat, length, velocity * 0.85 * accent(index))
        for tone in tune[bar.place]:
            beat, off = divmod(tone.position, 1)
            pitch = degree(root + 24 + now.octave, now.scale, bar.low_step + tone.step)
            time = bar.start + (beat + (SWING if off else 0.0)) * now.beat
            length = tone.length * now.beat * now.touch * (0.8 if off else 1.0)
            sketch.play(0, pitch, time, length, now.velocity * 1.1 * bar.lift * accent(tone.position))
    return "walking" if walking else "ballad"


def mallets(sketch: Sketch) -> str | None:
    """Write a figure that repeats over chords for a mallet instrument or a music box, sometimes with a lower hand."""
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(("marimba", "marimba", "vibraphone", "xylophone", "glockenspiel", "music_box"))
    program, low, high, center = {
        "marimba": (12, 43, 98, 57),
        "vibraphone": (11, 48, 96, 60),
        "xylophone": (13, 53, 106, 65),
        "glockenspiel": (9, 60, 108, 72),
        "music_box": (10, 55, 103, 67),
    }[kind]
    sketch.instrument(0, program, volume=118, reverb=20, low=low, high=high)
    figure, two_hands = rng.choice(FIGURES[now.minor]), rng.random() < 0.6
    root, step = now.root(center - 6 + now.tint) + now.octave, now.beat / 2
    for bar in bars(sketch):
        for slot in range(8):
            time, force = bar.start + slot * step, now.velocity * bar.lift * accent(slot / 2)
            ends = bar.turns and slot >= 6
            if not (ends and slot == 7):
                pitch = degree(root, now.scale, bar.low_step + (0 if ends else figure[slot]))
                sketch.play(0, pitch, time, step * (0.8 + 0.6 * now.minor), force)
            if two_hands and slot % 4 == 0:
                sketch.play(0, degree(root - 12, now.scale, bar.low_step), time, step * 2, now.velocity * 0.9)
    return kind
