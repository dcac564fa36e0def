"""How a model shows itself, from the members of the protocol. No network runs, and no digest is computed."""

from __future__ import annotations

from typing import Any

from spotnb.support.cards import Card, Shown, count, in_line, joined, quoted
from spotnb.support.checks import show


class ShownModel(Shown):
    """A base class of models that show themselves."""

    __slots__ = ()

    def _text_(self) -> str:
        return model_text(self)

    def _card_(self) -> Card:
        return model_card(self)


def model_text(model: Any) -> str:
    """Return what a reader wants to know first about any `AudioModel`."""
    rate, frame = (float(getattr(model, name)) for name in ("sample_rate", "samples_per_frame"))
    channels = int(getattr(model, "audio_channels", 1))
    return joined(
        quoted(model.name),
        f"{rate / 1000:g} kHz",
        {1: None, 2: "stereo"}.get(channels, f"{channels} channels"),
        f"trained on {model.native_frames * frame / rate:.4g} s",
        f"{_dtype(model)} on {model.device}",
    )


def model_card(model: Any) -> Card:
    """Return the card of any `AudioModel`."""
    head = repr(model) if isinstance(model, Shown) else in_line(type(model).__name__, model_text(model))
    rate, frame = int(model.sample_rate), int(model.samples_per_frame)
    described = (type(model).__doc__ or "").strip().partition("\n")[0].replace("`", "")
    return Card(
        head,
        {
            "Name": (show(model.name)[1:-1], described),
            "Sound": f"{rate} Hz, {count(int(getattr(model, 'audio_channels', 1)), 'channel')}",
            "Latent": (
                f"{count(model.channels, 'channel')} of {count(model.latent_bins, 'bin')}",
                f"a latent frame is {frame} samples, {1000 * frame / rate:.4g} ms",
            ),
            "Trained on": (
                f"{count(model.native_frames, 'latent frame')}, {model.native_frames * frame / rate:.4g} s",
                f"the network takes multiples of {count(model.time_multiple, 'frame')}",
            ),
            "Network": f"{_dtype(model)} on {model.device}",
            "Predicts": getattr(model, "prediction_type", None),
            "Windows per pass": show(batch) if (batch := getattr(model, "tile_batch", None)) is not None else None,
        },
    )


def _dtype(model: Any) -> str:
    return str(model.dtype).removeprefix("torch.")
