"""Wrong answers to the exercises of notebook 01, and what the feedback has to name."""

from __future__ import annotations

from typing import Any

WRONG: dict[str, list[tuple[Any, str]]] = {
    "01-1": [
        (lambda x, noise, alpha: (x - (1 - alpha) * noise) / alpha, "square roots"),
        (lambda x, noise, alpha: x - (1 - alpha) ** 0.5 * noise, "one division is missing"),
        (lambda x, noise, alpha: x - noise, "Only part of x is noise"),
        (lambda x, noise, alpha: (x - alpha**0.5 * noise) / (1 - alpha) ** 0.5, "are swapped"),
        (lambda x, noise, alpha: alpha**0.5 * x + (1 - alpha) ** 0.5 * noise, "adds more noise to x"),
        (lambda x, noise: x - noise, "raises TypeError"),
    ],
    "01-2": [
        ([215, 860, 3200], "not a multiple of 8"),
        ([208, 832, -1280], "shorter than the sound"),
        ([210, 840, 0], "AudioLDM's rule requires 25.6"),
        ([216, 864, 138240], "only the part beyond 8.4 s"),
        ([216, 864], "a number of samples"),
        ([216, 8, 8], "a number of mel frames, and a number of samples"),
        ([216, 864, 0.24], "in seconds"),
        ([216, 864, 6], "in latent frames"),
    ],
    "01-3": [
        (lambda unguided, prompted, scale: unguided + scale * prompted, "sum of both"),
        (lambda unguided, prompted, scale: prompted + scale * (prompted - unguided), "start at the unguided one"),
        (lambda unguided, prompted, scale: prompted + scale * (unguided - prompted), "are swapped"),
        (lambda unguided, prompted, scale: scale * prompted, "unguided prediction contributes"),
    ],
    "01-4": [
        ("decoder", "the decoder accepts it"),
        ("steps", "almost the same noise level"),
        ("guidance", "exaggerates what the prompt says"),
    ],
}
