"""Drum patterns: what the kit plays in rock, dance music, and drum solos."""

from __future__ import annotations

from training.form import Bar
from training.theory import DRUM_CHANNEL, Sketch

KICK, SNARE, CLAP, CLOSED, OPEN, RIDE, CRASH = 36, 38, 39, 42, 46, 51, 49
TOMS = (50, 48, 47, 45)
# Sixteenth-note positions of the kick, by style; the snare is on 4 and 12.
KICKS = {
    "rock": (0, 8),
    "funk": (0, 6, 10),
    "breakbeat": (0, 3, 10),
    "brush": (0, 8),
    "house": (0, 4, 8, 12),
    "percussion": (0, 8),
}
BACKBEAT = (4, 12)
GHOSTS = {"funk": (7, 9), "breakbeat": (7, 15)}
# How strong each drum is beside the kick: cymbals mark time, and kick and snare are in front.
SNARE_FORCE, CLAP_FORCE, HAT_FORCE, OPEN_FORCE, CRASH_FORCE, TOM_FORCE = 1.0, 0.7, 0.58, 0.6, 0.72, 0.95
FILL = {3: 12, 7: 8}  # the slot at which the fill of a bar begins


def beat(sketch: Sketch, bars: list[Bar], style: str, velocity: float, more_kicks: tuple[int, ...] = ()) -> None:
    """Write a drum pattern: the same bar again and again, with a short and a long fill in every eight bars.

    Args:
        sketch: The piece.
        bars: Its bars.
        style: A key of `KICKS`.
        velocity: The strength of the kick.
        more_kicks: Further sixteenth-note positions of the kick.
    """
    step = sketch.settings.beat / 4
    kicks = {*KICKS[style], *more_kicks}

    def hit(pitch: int, slot: int, force: float, bar: Bar) -> None:
        sketch.play(DRUM_CHANNEL, pitch, bar.start + slot * step, 0.1, velocity * force * bar.lift)

    for bar in bars:
        fill = FILL.get(bar.place, 16) if style != "house" else 16
        for slot in range(16):
            if slot in kicks and (slot < fill or slot % 8 == 0):
                hit(KICK, slot, 1.0, bar)
            if slot >= fill:
                hit(TOMS[(slot - fill) * 4 // (16 - fill)], slot, TOM_FORCE * (0.85 if slot % 2 else 1.0), bar)
                continue
            if slot in BACKBEAT:
                hit(*((CLAP, slot, CLAP_FORCE) if style == "house" else (SNARE, slot, SNARE_FORCE)), bar)
            if slot in GHOSTS.get(style, ()):
                hit(SNARE, slot, 0.4, bar)
            for cymbal, force in _cymbals(style, slot, bar):
                hit(cymbal, slot, force, bar)
        if bar.place == 0 and style in ("rock", "breakbeat"):
            hit(CRASH, 0, CRASH_FORCE, bar)


def _cymbals(style: str, slot: int, bar: Bar) -> list[tuple[int, float]]:
    """Return the cymbals on a sixteenth-note position and their strength."""
    if style == "house":
        if slot % 4 == 2:
            return [(OPEN, OPEN_FORCE)]
        return [(CLOSED, 0.45)] if bar.second and slot % 2 else []
    if style == "brush":
        return [(RIDE, HAT_FORCE)] if slot % 4 == 0 or slot in (7, 15) else []
    if slot % 2:
        return []
    if style == "rock" and bar.second:
        return [(RIDE, HAT_FORCE)] if slot % 4 == 0 else []
    return [(CLOSED, HAT_FORCE if slot % 4 == 0 else 0.8 * HAT_FORCE)]
