"""Composers of rhythmic classes: rock, electronic, drums, bass."""

from __future__ import annotations

from training.theory import DRUM_CHANNEL, Sketch, degree, fold, lead, stack

KICK, SNARE, CLAP, CLOSED, OPEN, RIDE, CRASH = 36, 38, 39, 42, 46, 51, 49
TOMS = (50, 48, 47, 45)
# Sixteenth-note positions of the kick, by style; the snare is on 4 and 12.
KICKS = {"rock": (0, 8), "funk": (0, 6, 10), "breakbeat": (0, 3, 10), "brush": (0, 8), "house": (0, 4, 8, 12)}


def beat(sketch: Sketch, style: str, velocity: float, fills: bool = True) -> None:
    """Write a drum pattern for the complete piece."""
    rng, step = sketch.rng, sketch.settings.beat / 4
    kicks = set(KICKS[style])
    if style in ("rock", "breakbeat"):
        kicks.add(rng.choice((6, 7, 10)))
    every = 4 if style == "brush" else 2
    cymbal = RIDE if style == "brush" or (style == "rock" and rng.random() < 0.25) else CLOSED
    ghosts = [slot for slot in (3, 7, 9, 14) if rng.random() < 0.5] if style in ("funk", "breakbeat") else []

    def hit(pitch: int, slot: int, force: float, start: float) -> None:
        sketch.play(DRUM_CHANNEL, pitch, start + slot * step, 0.1, velocity * force)

    for bar, start in sketch.spans(16 * step):
        fill = fills and bar % 4 == 3
        for slot in range(12 if fill else 16):
            if slot in kicks:
                hit(KICK, slot, 1.0, start)
            if slot in (4, 12):
                hit(CLAP if style == "house" else SNARE, slot, 0.95, start)
            if slot in ghosts:
                hit(SNARE, slot, 0.4, start)
            if style == "house" and slot % 4 == 2:
                hit(OPEN, slot, 0.7, start)
            elif slot % every == 0:
                hit(cymbal, slot, 0.75 if slot % 4 == 0 else 0.55, start)
        if fill:
            for index in range(4):
                hit(TOMS[index], 12 + index, 0.95, start)
        if style == "rock" and bar % 4 == 0:
            hit(CRASH, 0, 0.9, start)


def rock(sketch: Sketch) -> str | None:
    """Write distorted power chords, driving eighths in the bass, a hard-hit drum kit, and sometimes a lead guitar."""
    rng, now = sketch.rng, sketch.settings
    velocity = max(now.velocity, 84)
    guitar = rng.choice((29, 30, 30))
    sketch.instrument(0, guitar, volume=92, reverb=25)
    sketch.instrument(1, 33 if rng.random() < 0.4 else 34, volume=100, reverb=10, low=28, high=45)
    sketch.instrument(DRUM_CHANNEL, 16, volume=118, reverb=25)
    solo = rng.random() < 0.35
    if solo:
        sketch.instrument(2, 30 if guitar == 29 else 29, volume=86, reverb=50, low=62, high=88)
    root = fold(now.key, 36, 47)
    progression = sketch.progression()
    rhythm = rng.choice(((1, 1, 1, 1), (1.5, 1.5, 1), (0.5,) * 8, (1, 0.5, 0.5, 1, 1), (2, 1, 1)))
    line = 7
    for bar, start in sketch.spans(4 * now.beat):
        power = fold(degree(root, now.scale, progression[bar % 4]), 38, 50)
        time = start
        for length in rhythm:
            sketch.chord(0, (power, power + 7, power + 12), time, length * now.beat * 0.92, velocity)
            time += length * now.beat
        for eighth in range(8):
            sketch.play(1, power - 12, start + eighth * now.beat / 2, now.beat * 0.45, velocity)
            if solo and rng.random() < 0.75:
                line = min(12, max(3, line + rng.choice((-2, -1, -1, 1, 1, 2))))
                pitch = degree(root + 24, now.pentatonic, line)
                sketch.play(2, pitch, start + eighth * now.beat / 2, now.beat * 0.5, velocity)
    beat(sketch, "rock", min(122, velocity + 14))
    return "lead" if solo else "band"


def electronic(sketch: Sketch) -> str | None:
    """Write four on the floor, a synth bass off the beat or rolling, and an arpeggio ("trance") or stabs ("house")."""
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(("trance", "trance", "house"))
    sketch.instrument(0, rng.choice((81, 81, 80, 87)), volume=100, reverb=35, low=48, high=98)
    sketch.instrument(1, rng.choice((38, 39)), volume=104, reverb=5, low=28, high=47)
    sketch.instrument(2, rng.choice((90, 50, 51)), volume=74, reverb=60, low=44, high=84)
    sketch.instrument(DRUM_CHANNEL, rng.choice((25, 24, 25)), volume=106, reverb=10)
    progression = sketch.progression()
    figure = rng.choice(((0, 2, 4, 7), (0, 4, 2, 7), (7, 4, 2, 0), (0, 2, 4, 2)))
    stabs = rng.choice(((0, 3, 6, 10, 13), (2, 6, 10, 14), (0, 3, 8, 11)))
    off_beat = rng.random() < 0.5
    root = 48 + now.key
    voicing: list[int] | None = None
    step = now.beat / 4
    for bar, start in sketch.spans(4 * now.beat):
        current = progression[bar % 4]
        voicing = lead(stack(root, now.scale, current), 60 + now.octave / 2, voicing)
        for slot in range(16):
            time = start + slot * step
            if kind == "trance":
                pitch = degree(root + 12 + now.octave, now.scale, current + figure[slot % 4])
                sketch.play(0, pitch, time, step * 0.85, now.velocity * 0.9)
            elif slot in stabs:
                sketch.chord(0, [pitch + now.octave for pitch in voicing], time, step * 1.2, now.velocity * 0.9)
            if slot % 4 == 2 if off_beat else slot % 4:
                sketch.play(1, degree(36 + now.key, now.scale, current), time, step * 0.8, now.velocity)
        sketch.chord(2, voicing, start, 4 * now.beat * 0.97, now.velocity * 0.7)
    beat(sketch, "house", max(84, now.velocity + 6), fills=False)
    return kind


def drums(sketch: Sketch) -> str | None:
    """Write for a drum kit alone: rock, funk, breakbeat, brushes, or with hand percussion."""
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(("rock", "funk", "breakbeat", "brush", "percussion"))
    kits = {"rock": (0, 8, 16), "funk": (0, 8), "breakbeat": (0, 25, 8), "brush": (40,), "percussion": (0,)}
    sketch.instrument(DRUM_CHANNEL, rng.choice(kits[kind]), volume=120, reverb=rng.choice((10, 45)))
    velocity = min(120, now.velocity + 8)
    beat(sketch, "funk" if kind == "percussion" else kind, velocity)
    if kind == "percussion":
        pattern = [(slot, rng.choice((60, 61, 62, 63, 64))) for slot in range(16) if rng.random() < 0.6]
        for _, start in sketch.spans(4 * now.beat):
            for slot, pitch in pattern:
                sketch.play(DRUM_CHANNEL, pitch, start + slot * now.beat / 4, 0.1, velocity * 0.9)
    return kind


def bass(sketch: Sketch) -> str | None:
    """Write for a bass alone: a riff that repeats over the chords, or a walking line for the upright bass."""
    rng, now = sketch.rng, sketch.settings
    kind = rng.choice(("fingered", "slap", "synth", "upright"))
    programs = {"fingered": (33, 34), "slap": (36, 37), "synth": (38, 39), "upright": (32,)}
    sketch.instrument(0, rng.choice(programs[kind]), volume=120, reverb=10, low=28, high=55)
    progression = sketch.progression()
    root = 28 + (now.key - 4) % 12
    figure = [(0, 0)] + [
        (slot, 0 if slot % 8 == 0 else rng.choice((0, *now.pentatonic, 12)))
        for slot in range(2, 16)
        if slot == 8 or rng.random() < (0.85 if slot % 4 == 0 else 0.5 if slot % 2 == 0 else 0.12)
    ]
    for bar, start in sketch.spans(4 * now.beat):
        current = progression[bar % 4]
        ground = degree(root, now.scale, current)
        if kind == "upright":
            for index, step in enumerate((0, 2, 4, rng.choice((1, 5, 6)))):
                pitch = degree(root, now.scale, current + step)
                sketch.play(0, pitch, start + index * now.beat, now.beat * 0.9, now.velocity + 8)
            continue
        for (slot, interval), (after, _) in zip(figure, [*figure[1:], (16, 0)], strict=True):
            length = now.beat * min(0.5 if kind == "slap" else 1.5, 0.23 * (after - slot))
            sketch.play(0, ground + interval, start + slot * now.beat / 4, length, now.velocity + 8)
    return kind
