"""Composers of rhythmic classes: rock, electronic, drums, bass."""

from __future__ import annotations

from training.composers.drumming import beat
from training.form import accent, bars, melody, sing
from training.theory import DRUM_CHANNEL, Sketch, degree, lead, stack

# (sixteenth-note position, length in sixteenths, degree above the chord); all leave the snare's beats free.
ROCK_RIFFS = (
    ((0, 2, 0), (2, 2, 0), (6, 2, 2), (8, 2, 0), (10, 2, 4), (14, 2, 2)),
    ((0, 3, 0), (3, 1, 0), (6, 2, 4), (8, 3, 0), (11, 1, 0), (14, 2, 2)),
    ((0, 2, 0), (2, 1, 2), (3, 1, 0), (8, 2, 0), (10, 1, 2), (11, 1, 4)),
    ((0, 2, 0), (6, 2, 2), (8, 2, 4), (10, 2, 2), (14, 2, 0)),
    ((0, 2, 0), (2, 2, 2), (8, 2, 0), (10, 2, 4), (14, 2, 7)),
)
BASS_RIFFS = (
    ((0, 3, 0), (3, 1, 0), (6, 2, 2), (8, 4, 4), (12, 2, 2), (14, 2, 0)),
    ((0, 4, 0), (4, 2, 2), (6, 2, 4), (8, 4, 0), (12, 4, 4)),
    ((0, 2, 0), (4, 2, 7), (6, 2, 4), (8, 2, 2), (12, 2, 4), (14, 2, 2)),
    ((0, 4, 0), (6, 2, 0), (8, 4, 2), (12, 2, 4), (14, 2, 2)),
)
ARPEGGIOS = {False: ((0, 2, 4, 7), (0, 4, 7, 4)), True: ((7, 4, 2, 0), (7, 2, 4, 2))}
STABS = ((2, 6, 10, 14), (3, 6, 10, 14), (2, 5, 10, 13))


def rock(sketch: Sketch) -> str | None:
    """Write a riff of one bar for electric guitar and bass behind a hard-hit drum kit, sometimes under a lead guitar.

    The guitars stop for the snare. A clean guitar sounds the mode: short chords off the beat in major, held ones in
    minor. In the second half of the form, another one doubles the riff an octave above.
    """
    rng, now = sketch.rng, sketch.settings
    velocity = max(now.velocity, 88)
    kind = "lead" if rng.random() < 0.35 else "band"
    sketch.instrument(0, rng.choice((29, 30)), volume=110, reverb=10, low=40, high=76)
    sketch.instrument(1, rng.choice((33, 34)), volume=114, reverb=0, low=28, high=47)
    sketch.instrument(2, 29, volume=100 if kind == "lead" else 80, reverb=25, low=52, high=88)
    sketch.instrument(3, 27, volume=104, reverb=10, low=52, high=84)
    sketch.instrument(DRUM_CHANNEL, 16, volume=110, reverb=10)
    riff, form, tune = rng.choice(ROCK_RIFFS), bars(sketch), melody(now, rng)
    root, sixteenth = now.root(40), now.beat / 4
    voicing: list[int] | None = None
    for bar in form:
        voicing = lead(stack(root, now.scale, bar.low_step), 66 + now.tint, voicing)
        for slot, length in ((0, 3.4), (8, 3.4)) if now.minor else ((2, 1.2), (6, 1.2), (10, 1.2), (14, 1.2)):
            sketch.chord(3, voicing, bar.start + slot * sixteenth, length * sixteenth, velocity * 0.9 * bar.lift)
        for slot, length, step in riff[:4] if bar.turns else riff:
            time, force = bar.start + slot * sixteenth, velocity * bar.lift * accent(slot / 4)
            pitch, seconds = degree(root, now.scale, bar.low_step + step), 0.75 * length * sixteenth
            # A quarter of a sixteenth stays free before the snare, which the random timing of a note cannot fill.
            sketch.play(1, pitch - 12, time, min(1.1 * seconds, (length - 0.25) * sixteenth), force)
            sketch.chord(0, (pitch, pitch + 7) if step == 0 else (pitch,), time, seconds, force)
            if kind == "band" and bar.second:
                sketch.play(2, pitch + 12, time, seconds, force)
        if kind == "lead":
            sing(sketch, 2, bar, tune[bar.place], root + 24, velocity)
    beat(sketch, form, "rock", min(124, velocity + 16), tuple(slot for slot, *_ in riff if slot in (6, 10)))
    return kind


def electronic(sketch: Sketch) -> str | None:
    """Write four on the floor, a synth bass between the kicks, and an arpeggio ("trance") or stabs ("house").

    Nothing but the kick sounds on the beat in the bass, as if a compressor made room for it. The chords enter in the
    second half of the form, also between the kicks.
    """
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(("trance", "trance", "house"))
    sketch.instrument(0, rng.choice((81, 80)), volume=114, reverb=20, low=48, high=98)
    sketch.instrument(1, rng.choice((38, 39)), volume=104, reverb=0, low=28, high=47)
    sketch.instrument(2, rng.choice((50, 51, 90)), volume=84, reverb=20, low=48, high=84)
    kit, volume = rng.choice(((24, 122), (25, 90)))  # the second one is 8 dB louder by itself
    sketch.instrument(DRUM_CHANNEL, kit, volume=volume, reverb=5)
    figure, stabs = rng.choice(ARPEGGIOS[now.minor]), rng.choice(STABS)
    form, root, step = bars(sketch), now.root(42), now.beat / 4
    rolling = rng.random() < 0.4
    voicing: list[int] | None = None
    for bar in form:
        voicing = lead(stack(root, now.scale, bar.low_step), 62 + now.octave / 2 + now.tint, voicing)
        for slot in range(16):
            time, force = bar.start + slot * step, now.velocity * bar.lift * accent(slot / 4)
            if kind == "trance":
                pitch = degree(root + 12 + now.octave, now.scale, bar.low_step + figure[slot % 4])
                sketch.play(0, pitch, time, step * (0.6 + 0.3 * now.minor), force)
            elif slot in stabs:
                sketch.chord(0, [pitch + now.octave for pitch in voicing], time, step * (0.8 + now.minor), force)
            if slot % 4 == 2 or (rolling and slot % 4):
                sketch.play(1, degree(root - 12, now.scale, bar.low_step), time, step * 0.9, now.velocity * bar.lift)
            if bar.second and slot % 4 == 1:
                sketch.chord(2, voicing, time, step * 2.6, now.velocity * 0.9)
    beat(sketch, form, "house", min(124, max(92, now.velocity + 18)))
    return kind


def drums(sketch: Sketch) -> str | None:
    """Write for a drum kit alone: rock, funk, breakbeat, brushes, or with hand percussion."""
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(("rock", "funk", "breakbeat", "brush", "percussion"))
    kits = {"rock": (0, 16), "funk": (0, 8), "breakbeat": (0, 25), "brush": (40,), "percussion": (0,)}
    sketch.instrument(DRUM_CHANNEL, rng.choice(kits[kind]), volume=120, reverb=20)
    velocity, form = min(120, now.velocity + 10), bars(sketch)
    beat(sketch, form, kind, velocity, rng.choice(((), (6,), (10,), (7, 10), (14,))))
    if kind == "percussion":
        pattern = rng.choice((((2, 60), (3, 61), (6, 63), (7, 64)), ((2, 63), (4, 62), (6, 64), (7, 64))))
        for bar in form:
            for slot, pitch in [(slot + half, pitch) for half in (0, 8) for slot, pitch in pattern]:
                force = velocity * bar.lift * accent(slot / 4)
                sketch.play(DRUM_CHANNEL, pitch, bar.start + slot * now.beat / 4, 0.1, force)
    return kind


def bass(sketch: Sketch) -> str | None:
    """Write for a bass alone: a riff that repeats over the chords, or a walking line for the upright bass."""
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(("fingered", "slap", "synth", "upright"))
    programs = {"fingered": (33, 34), "slap": (36, 37), "synth": (38, 39), "upright": (32,)}
    sketch.instrument(0, rng.choice(programs[kind]), volume=120, reverb=0, low=28, high=58)
    riff, root = rng.choice(BASS_RIFFS), now.root(31 + now.tint)
    walk = rng.choice(((0, 2, 4, 5), (0, 4, 2, 1), (0, 2, 4, 2)))
    for bar in bars(sketch):
        notes: tuple[tuple[int, int, int], ...] = riff
        if kind == "upright":
            notes = tuple((4 * index, 4, step) for index, step in enumerate(walk))
        elif bar.turns:
            notes = (*riff[:3], (8, 8, 0 if bar.second else 4))
        for slot, length, step in notes:
            seconds = now.beat / 4 * length * (0.5 if kind == "slap" else max(0.7, now.touch))
            force = (now.velocity + 8) * bar.lift * accent(slot / 4)
            sketch.play(
                0, degree(root, now.scale, bar.low_step + step), bar.start + slot * now.beat / 4, seconds, force
            )
    return kind
