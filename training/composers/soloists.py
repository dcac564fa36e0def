"""Composers for a single player: acoustic guitar, jazz piano, mallets."""

from __future__ import annotations

from training.theory import DORIAN, MAJOR, Sketch, degree, fold, lead, stack


def acoustic_guitar(sketch: Sketch) -> str | None:
    """Write for nylon or steel strings, strummed in eighths or fingerpicked, in six-string voicings."""
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(("strummed", "fingerpicked", "fingerpicked"))
    sketch.instrument(0, rng.choice((24, 25, 25)), volume=112, reverb=35, low=36, high=94)
    progression = sketch.progression()
    picking = rng.choice(((0, 2, 3, 4, 3, 2, 3, 4), (0, 3, 2, 4, 1, 3, 2, 4), (0, 2, 4, 5, 3, 2, 4, 3)))
    strokes = rng.choice(((0, 2, 3, 5, 6, 7), (0, 2, 3, 4, 6, 7), (0, 1, 2, 3, 4, 5, 6, 7)))
    eighth = now.beat / 2
    for bar, start in sketch.spans(4 * now.beat):
        step = progression[bar % 4]
        third = degree(0, now.scale, step + 2) - degree(0, now.scale, step)
        base = fold(degree(now.key, now.scale, step), 43, 54) + now.octave * 2 // 3
        strings = [base, base + 7, base + 12, base + 12 + third, base + 19, base + 24]
        for slot in range(8):
            time = start + slot * eighth
            if kind == "fingerpicked":
                force = 1.0 if slot % 4 == 0 else 0.82
                sketch.play(0, strings[picking[slot]], time, now.beat * 1.3, now.velocity * force)
            elif slot in strokes:
                down = slot % 2 == 0
                order = strings if down else strings[:1:-1]
                for index, pitch in enumerate(order):
                    force = 1.0 if slot % 4 == 0 else 0.76
                    sketch.play(0, pitch, time + 0.011 * index, eighth * 1.1, now.velocity * force)
    return kind


def jazz_piano(sketch: Sketch) -> str | None:
    """Write swing: rootless seventh chords, a walking or held bass, and an improvised line in swung eighths."""
    rng, now = sketch.rng, sketch.settings
    sketch.instrument(0, rng.choice((0, 0, 1)), volume=114, reverb=35, low=29, high=100)
    scale = DORIAN if now.minor else MAJOR
    progression = rng.choice(((0, 3, 0, 4), (0, 3, 1, 0)) if now.minor else ((1, 4, 0, 0), (1, 4, 0, 5), (0, 5, 1, 4)))
    walking = rng.random() < 0.6
    comping = rng.choice(((0.0, 2.64), (0.64, 2.0), (1.64, 3.64), (0.0, 1.64)))
    root = 36 + (now.key - 2) % 12
    shift = now.octave
    voicing: list[int] | None = None
    line = rng.randrange(8, 13)
    for bar, start in sketch.spans(4 * now.beat):
        step = progression[bar % 4]
        voicing = lead(stack(root, scale, step, 5)[1:], 57 + shift / 2, voicing)
        for position in comping:
            length = now.beat * rng.choice((0.35, 0.8))
            sketch.chord(0, voicing, start + position * now.beat, length, now.velocity * 0.68)
        ground = root + shift // 2
        if walking:
            for index, offset in enumerate((0, 2, 4, rng.choice((1, 5, 6)))):
                pitch = degree(ground, scale, step + offset)
                sketch.play(0, pitch, start + index * now.beat, now.beat * 0.9, now.velocity * 0.85)
        else:
            sketch.play(0, degree(ground, scale, step), start, now.beat * 3, now.velocity * 0.8)
        for slot in range(8):
            if rng.random() > 0.74 and slot:
                continue
            line = min(16, max(6, line + rng.choice((-2, -1, -1, 1, 1, 2, 3, -3))))
            if slot % 4 == 0 and (line - step) % 2:
                line += 1  # a chord tone on strong beats
            swung = (slot // 2 + (0.64 if slot % 2 else 0.0)) * now.beat
            length = now.beat * (0.34 if slot % 2 else 0.6)
            pitch = degree(root + 12 + shift, scale, line)
            if slot % 2 and rng.random() < 0.1:
                sketch.play(0, pitch - 1, start + swung - 0.05, 0.06, now.velocity * 0.7)  # a grace note
            sketch.play(0, pitch, start + swung, length, now.velocity)
    return "walking" if walking else "ballad"


def mallets(sketch: Sketch) -> str | None:
    """Write a repeating figure over chords for a mallet instrument or a music box, sometimes with a lower hand."""
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(("marimba", "marimba", "vibraphone", "xylophone", "glockenspiel", "music_box"))
    program, low, high, center = {
        "marimba": (12, 43, 98, 57),
        "vibraphone": (11, 48, 96, 60),
        "xylophone": (13, 53, 106, 65),
        "glockenspiel": (9, 60, 108, 72),
        "music_box": (10, 55, 103, 67),
    }[kind]
    sketch.instrument(0, program, volume=118, reverb=45, low=low, high=high)
    progression = sketch.progression()
    figure = rng.choice(((0, 2, 4, 7, 4, 2), (0, 4, 2, 4), (7, 4, 2, 0, 2, 4, 9, 7), (0, 2, 4, 7, 9, 7, 4, 2)))
    rests = [slot for slot in range(1, 8) if rng.random() < 0.12]
    two_hands = rng.random() < 0.6
    root = center + (now.key + 6) % 12 - 6 + now.octave
    step = now.beat / 2
    for bar, start in sketch.spans(4 * now.beat):
        current = progression[bar % 4]
        for slot in range(8):
            time = start + slot * step
            if slot not in rests:
                force = 1.0 if slot % 4 == 0 else 0.85
                pitch = degree(root, now.scale, current + figure[slot % len(figure)])
                sketch.play(0, pitch, time, step * 1.1, now.velocity * force)
            if two_hands and slot % 4 == 0:
                sketch.play(0, degree(root - 12, now.scale, current), time, step * 2, now.velocity * 0.9)
    return kind
