"""Composers of sustained sound: ambient, strings, organ, brass, choir."""

from __future__ import annotations

from training.theory import Sketch, degree, fold, lead, stack


def ambient(sketch: Sketch) -> str | None:
    """Write overlapping synthesizer pads in slow chords, a low drone, and a few distant notes."""
    rng, now = sketch.rng, sketch.settings
    pad, color = rng.sample((88, 89, 90, 91, 92, 93, 94, 95), 2)
    sketch.instrument(0, pad, volume=108, reverb=110, low=31, high=96)
    sketch.instrument(1, color, volume=76, reverb=120, low=48, high=100)
    progression = sketch.progression()
    length = 4 * now.beat
    root = 48 + (now.key + 6) % 12 - 6
    voicing: list[int] | None = None
    for index, start in sketch.spans(length):
        step = progression[index % 4]
        voicing = lead(stack(root, now.scale, step, 4), 58 + now.octave, voicing)
        for voice, pitch in enumerate(voicing):
            entry = start if index == 0 else start + 0.08 * voice
            sketch.play(0, pitch, entry, length * 1.15, now.velocity * 0.8)
        sketch.play(0, degree(root - 12 + now.octave, now.scale, step), start, length, now.velocity * 0.7)
        for _ in range(rng.randint(0, 2)):
            pitch = degree(root + 12 + now.octave, now.pentatonic, rng.randrange(6))
            sketch.play(1, pitch, start + rng.choice((0.25, 0.5, 0.75)) * length, length * 0.6, now.velocity * 0.6)
    return None


def strings(sketch: Sketch) -> str | None:
    """Write for a string section in four parts under a bowed melody, or entirely plucked."""
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(("bowed", "bowed", "bowed", "cello", "pizzicato"))
    plucked = kind == "pizzicato"
    sketch.instrument(0, 45 if plucked else rng.choice((48, 48, 49)), volume=108, reverb=75, low=33, high=94)
    if kind == "cello":
        sketch.instrument(1, 42, volume=112, reverb=75, low=36, high=69)
    else:
        sketch.instrument(1, 45 if plucked else rng.choice((48, 40, 48)), volume=96, reverb=75, low=43, high=100)
    progression = sketch.progression()
    length = (2 if now.tempo == "slow" else 4) * now.beat
    root = 48 + (now.key + 6) % 12 - 6 + now.octave
    voicing: list[int] | None = None
    for index, start in sketch.spans(length):
        step = progression[index % 4]
        voicing = lead(stack(root, now.scale, step), 58 + now.octave, voicing)
        low = degree(root - 12, now.scale, step)
        if plucked:
            for slot in range(round(2 * length / now.beat)):
                pitch = (low, *voicing)[slot % 4]
                sketch.play(0, pitch, start + slot * now.beat / 2, now.beat * 0.5, now.velocity)
        else:
            sketch.chord(0, [low, *voicing], start, length * 1.02, now.velocity * 0.85)
        time = start
        while time < start + length - 0.01:
            span = rng.choice((0.5, 1.0, 1.0)) * now.beat
            pitch = degree(root + 12, now.scale, step + rng.choice((0, 2, 4, 4, 7, 1)))
            sketch.play(1, pitch, time, span, now.velocity)
            time += span
    return kind


def organ(sketch: Sketch) -> str | None:
    """Write hymn chords, a pedal note, and a melody for a church organ or, less often, a drawbar organ."""
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(("church", "church", "church", "church", "drawbar"))
    church = kind == "church"
    sketch.instrument(0, 19 if church else 16, volume=100, reverb=105 if church else 30, low=31, high=96)
    progression = sketch.progression()
    tune = rng.random() < 0.7
    root = 48 + (now.key + 6) % 12 - 6
    length = 2 * now.beat
    voicing: list[int] | None = None
    for index, start in sketch.spans(length):
        step = progression[index % 4]
        voicing = lead(stack(root, now.scale, step), 59 + now.octave, voicing)
        sketch.chord(0, voicing, start, length * 0.98, now.velocity)
        sketch.play(0, degree(root - 12 + now.octave, now.scale, step), start, length * 0.98, now.velocity)
        if tune:
            for slot in range(4):
                pitch = degree(root + 12 + now.octave, now.scale, step + rng.choice((0, 1, 2, 4)))
                sketch.play(0, pitch, start + slot * length / 4, length / 4.1, now.velocity)
    return kind


def brass(sketch: Sketch) -> str | None:
    """Write fanfares: a trumpet, trombone, or section melody over chords in the same rhythm, or horns alone."""
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(("section", "section", "trumpet", "horns", "trombone"))
    top, below = {"section": (61, 61), "trumpet": (56, 57), "horns": (60, 60), "trombone": (57, 58)}[kind]
    sketch.instrument(0, top, volume=108, reverb=55, low=43, high=70 if kind == "trombone" else 89)
    sketch.instrument(1, below, volume=92, reverb=55, low=36, high=80)
    progression = sketch.progression()
    rhythms = ((1, 0.5, 0.5, 2), (1.5, 0.5, 1, 1), (1, 1, 2), (2, 1, 1))
    root = 48 + (now.key + 6) % 12 - 6 + now.octave
    voicing: list[int] | None = None
    for bar, start in sketch.spans(4 * now.beat):
        step = progression[bar % 4]
        voicing = lead(stack(root, now.scale, step), 55 + now.octave * 0.8, voicing)
        time = start
        for length in rng.choice(rhythms):
            tune = fold(degree(root + 12, now.scale, step + rng.choice((0, 2, 4, 7))), 50, 86)
            sketch.play(0, tune, time, length * now.beat * 0.88, now.velocity + 6)
            sketch.chord(1, voicing, time, length * now.beat * 0.88, now.velocity * 0.92)
            time += length * now.beat
    return kind


def choir(sketch: Sketch) -> str | None:
    """Write close harmony for voices on open vowels. The faster the tempo, the sooner chords change."""
    rng, now = sketch.rng, sketch.settings
    sketch.instrument(0, rng.choice((52, 52, 53)), volume=118, reverb=105, low=40, high=86)
    progression = sketch.progression()
    length = 2 * now.beat
    root = 52 + (now.key + 6) % 12 - 6
    voicing: list[int] | None = None
    for index, start in sketch.spans(length):
        step = progression[index % 4]
        voicing = lead(stack(root, now.scale, step), 61 + now.octave * 0.8, voicing)
        sketch.chord(0, voicing, start, length * 1.02, now.velocity * 0.9)
        low = degree(root - 12 + now.octave // 2, now.scale, step)
        sketch.play(0, low, start, length * 1.02, now.velocity * 0.85)
        if rng.random() < 0.6:
            for half in range(2):
                pitch = voicing[-1] + 12 * (now.register == "high") if half else degree(voicing[0], (0, 12), 1)
                sketch.play(0, pitch, start + half * length / 2, length / 2, now.velocity)
    return None
