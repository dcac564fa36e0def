"""Composers of sustained sound: ambient, strings, organ, brass, choir.

All of them write chords in three parts under a melody that returns. In major, the parts are struck apart; in minor,
they are held.
"""

from __future__ import annotations

from training.form import Bar, accent, bars, melody, sing
from training.theory import Sketch, degree, fold, lead, stack

FANFARES = {
    False: (((0, 1), (1, 0.5), (1.5, 0.5), (2, 1), (3, 1)), ((0, 1.5), (1.5, 0.5), (2, 1), (3, 1))),
    True: (((0, 2), (2, 2)), ((0, 2), (2, 1), (3, 1))),
}


def _held(sketch: Sketch, channel: int, bar: Bar, pitches: list[int], strokes: int, velocity: float) -> None:
    """Write a chord that is struck `strokes` times in its bar."""
    now = sketch.settings
    length = 4 * now.beat / strokes
    for index in range(strokes):
        force = velocity * bar.lift * accent(4 * index / strokes)
        sketch.chord(channel, pitches, bar.start + index * length, length * now.touch, force)


def ambient(sketch: Sketch) -> str | None:
    """Write a synthesizer pad in slow chords over a drone, and distant bells that repeat a figure."""
    rng, now = sketch.rng, sketch.settings
    sketch.instrument(0, rng.choice((88, 89, 91, 94)), volume=92, reverb=40, low=43, high=96)
    sketch.instrument(1, 89, volume=92, reverb=40, low=31, high=60)
    sketch.instrument(2, rng.choice((98, 99, 88)), volume=104, reverb=60, low=55, high=100)
    root = now.root(45)
    bell = rng.choice(((1, 4), (2, 7), (1, 2), (3, 4)))
    voicing: list[int] | None = None
    for bar in bars(sketch):
        voicing = lead(stack(root, now.scale, bar.low_step), 64 + now.octave * 0.75 + now.tint, voicing)
        sketch.chord(0, voicing, bar.start, 4 * now.beat * 1.04, now.velocity * 0.85 * bar.lift)
        ground = degree(root - 12 + now.octave, now.scale, bar.low_step)
        sketch.play(1, ground, bar.start, 4 * now.beat, now.velocity * 0.8)
        for position, step in (bell, (bell[0] % 2 + 2, 9 - bell[1])) if bar.second else (bell,):
            pitch = degree(root + 12 + now.octave, now.scale, bar.low_step + step)
            length = min(2, 4 - position) * now.beat
            sketch.play(2, pitch, bar.start + position * now.beat, length, now.velocity * 0.8)
    return None


def strings(sketch: Sketch) -> str | None:
    """Write for a string section in four parts under a bowed melody, or entirely plucked."""
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(("bowed", "bowed", "bowed", "cello", "pizzicato"))
    plucked, cello = kind == "pizzicato", kind == "cello"
    sketch.instrument(0, 45 if plucked else 48, volume=112 if plucked else 74, reverb=45, low=36, high=94)
    solo = 45 if plucked else 42 if cello else rng.choice((48, 40))
    sketch.instrument(1, solo, volume=116, reverb=45, low=36 if cello else 43, high=69 if cello else 100)
    tune, root = melody(now, rng), now.root(43) + now.octave
    voicing: list[int] | None = None
    for bar in bars(sketch):
        voicing = lead(
            stack(root, now.scale, bar.low_step), (62 if cello else 57) + now.octave * 0.8 + now.tint, voicing
        )
        low = degree(root - 12, now.scale, bar.low_step)
        if plucked:
            for slot, pitch in enumerate((low, *voicing, low, *voicing)):
                force = now.velocity * 0.9 * bar.lift * accent(slot / 2)
                sketch.play(0, pitch, bar.start + slot * now.beat / 2, now.beat * 0.5, force)
        else:
            _held(sketch, 0, bar, [low, *voicing], 2 if now.minor else 4, now.velocity * 0.85)
        sing(sketch, 1, bar, tune[bar.place], root if cello else root + 12, now.velocity + 6)
    return kind


def organ(sketch: Sketch) -> str | None:
    """Write hymn chords, a pedal note, and a melody for a church organ or, less often, a drawbar organ."""
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(("church", "church", "church", "church", "drawbar"))
    church = kind == "church"
    sketch.instrument(0, 19 if church else 16, volume=88, reverb=70 if church else 15, low=36, high=96)
    sketch.instrument(1, 19 if church else 16, volume=112, reverb=70 if church else 15, low=48, high=100)
    tune, root = melody(now, rng), now.root(43)
    voicing: list[int] | None = None
    for bar in bars(sketch):
        voicing = lead(stack(root, now.scale, bar.low_step), 57 + now.octave + now.tint, voicing)
        pedal = degree(root - 12 + now.octave, now.scale, bar.low_step)
        _held(sketch, 0, bar, [pedal, *voicing], 2 if now.minor else 4, now.velocity * 0.9)
        sing(sketch, 1, bar, tune[bar.place], root + 12 + now.octave, now.velocity + 4)
    return kind


def brass(sketch: Sketch) -> str | None:
    """Write fanfares: a trumpet, trombone, or section melody over chords in the same rhythm, or horns alone."""
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(("section", "section", "trumpet", "horns", "trombone"))
    top, below = {"section": (61, 61), "trumpet": (56, 57), "horns": (60, 60), "trombone": (57, 58)}[kind]
    sketch.instrument(0, top, volume=112, reverb=30, low=43, high=70 if kind == "trombone" else 89)
    sketch.instrument(1, below, volume=88, reverb=30, low=36, high=80)
    rhythm, tune, root = rng.choice(FANFARES[now.minor]), melody(now, rng), now.root(43) + now.octave
    voicing: list[int] | None = None
    for bar in bars(sketch):
        voicing = lead(stack(root, now.scale, bar.low_step), 54 + now.octave * 0.8 + now.tint, voicing)
        for position, length in ((0, 2), (2, 2)) if bar.turns else rhythm:
            seconds, force = length * now.beat * now.touch, now.velocity * bar.lift * accent(position)
            low = fold(degree(root - 12, now.scale, bar.low_step), 36, 60)
            sketch.chord(1, [low, *voicing], bar.start + position * now.beat, seconds, force)
        sing(sketch, 0, bar, tune[bar.place], root + 12, now.velocity + 8)
    return kind


def choir(sketch: Sketch) -> str | None:
    """Write close harmony for voices on open vowels: a melody over chords."""
    rng, now = sketch.rng, sketch.settings
    voice = rng.choice((52, 52, 53))
    sketch.instrument(0, voice, volume=78, reverb=60, low=43, high=84)
    sketch.instrument(1, voice, volume=118, reverb=60, low=48, high=88)
    tune, root = melody(now, rng), now.root(48)
    voicing: list[int] | None = None
    for bar in bars(sketch):
        voicing = lead(stack(root, now.scale, bar.low_step), 59 + now.octave * 0.8 + now.tint, voicing)
        low = degree(root - 12 + now.octave, now.scale, bar.low_step)
        _held(sketch, 0, bar, [low, *voicing], 2, now.velocity * 0.9)
        sing(sketch, 1, bar, tune[bar.place], root + 12 + now.octave, now.velocity + 6)
    return None
