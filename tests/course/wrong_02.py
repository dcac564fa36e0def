"""Wrong answers to the exercises of notebook 02, and what the feedback has to name."""

from __future__ import annotations

from typing import Any

import numpy as np


def flux(mel: Any) -> Any:
    return np.abs(np.diff(mel, axis=0)).mean(axis=1)


def ratio(values: Any, places: Any) -> Any:
    return values[places].mean() / np.delete(values, places).mean()


WRONG: dict[str, list[tuple[Any, str]]] = {
    "02-1": [
        (lambda mel, seams: ratio(flux(mel), 4 * np.array(seams)), "one step too late"),
        (lambda mel, seams: ratio(flux(mel), np.array(seams) - 1), "four frames for each"),
        (lambda mel, seams: ratio(flux(mel), np.array(seams)), "four frames for each"),
        (lambda mel, seams: flux(mel)[4 * np.array(seams) - 1].mean() / flux(mel).mean(), "still includes the seams"),
        (
            lambda mel, seams: ratio(np.diff(mel, axis=0).mean(axis=1), 4 * np.array(seams) - 1),
            "Without the absolute value",
        ),
        (lambda mel, seams: 1 / ratio(flux(mel), 4 * np.array(seams) - 1), "upside down"),
    ],
    "02-2": [
        ([7.5, 15, 22.5], "only AudioLDM's rule for sizing latents"),
        ([192, 384, 576], "latent frames: give seconds"),
        ([0, 7.68, 15.36, 23.04, 30.72], "The two ends are not seams"),
        ([7.68, 15.36, 23.04, 30.72], "The end is not a seam"),
        ([0, 7.68, 15.36, 23.04], "The start is not a seam"),
        ([7.68, 15.36], "a border between two tiles"),
        ([8, 15, 23], "rounded too far"),
        ([7.5, 15, 22.5, 30], "not cut into equal parts"),
    ],
    "02-3": [
        (lambda at_seams, drawn: np.mean(np.array(drawn) >= at_seams), "claims too much"),
        (lambda at_seams, drawn: sum(each >= at_seams for each in drawn) / (len(drawn) + 1), "not above it"),
        (lambda at_seams, drawn: (1 + sum(each > at_seams for each in drawn)) / (1 + len(drawn)), "exactly as large"),
        (lambda at_seams, drawn: (1 + sum(each < at_seams for each in drawn)) / (1 + len(drawn)), "stay below"),
    ],
    "02-4": [
        ("gain", "adds the same amount to every value"),
        ("noise", "raises the flux elsewhere"),
        ("length", "a mean, not a sum"),
    ],
}
