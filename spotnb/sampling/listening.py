"""The sound of a run, decoded from its latent or its clean estimate; a continued sound keeps its own decoding."""

from __future__ import annotations

import os
from pathlib import Path

from torch import Tensor

from spotnb.errors import InputError
from spotnb.models.decode import Sound, decode_sound, sound_pieces
from spotnb.models.protocol import audio_channels
from spotnb.models.shelter import shelter
from spotnb.sampling.history import tensor_of
from spotnb.sampling.moment import Moment
from spotnb.sampling.run import Run
from spotnb.sound.files import check_format, write_audio
from spotnb.support.checks import check_int, check_name, show

JOIN = 64
"""Length of the cross-fade from a continued sound to its continuation: the overlap of two decode windows, in frames."""


def latent_of(moment: Moment, step: int | None, of: str, candidate: int) -> tuple[Tensor, bool]:
    """Return a latent `[1, C, T, F]` of a run, and whether it is free of noise.

    Args:
        moment: The moment of the run.
        step: The recorded step after which the latent is taken; None is the current latent.
        of: "x" for the latent itself, or "x0" for the clean estimate.
        candidate: The index of the candidate.

    Raises:
        InputError: There is no such latent.
    """
    check_name("of", of, ("x", "x0"))
    count, total = moment.run.shape[0], len(moment.run.solver)
    candidate = check_int("candidate", candidate, 0, count - 1, hint=f"the run has {count}")
    if step is None:
        latent = moment.state.x if of == "x" else moment.state.x0
        if latent is None:
            raise InputError("there is no clean estimate before the first step: call step() first, or pass of='x'")
        last = moment.state.step >= total
    else:
        record = moment.trace.at(check_int("step", step, 0, total - 1, hint="steps count from 0"))
        array = None if record is None else getattr(record, of)
        if array is None:
            kept = [r.step for r in moment.trace if getattr(r, of) is not None]
            raise InputError(f"{of} of step {step} was not recorded: expected one of the steps {show(kept)}")
        latent, last = tensor_of(array, moment.run), step == total - 1
    return latent[candidate : candidate + 1], of == "x0" or last


class Listener:
    """Decodes the latents of a run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._continued: Sound | None = None

    @shelter
    def sound(self, latent: Tensor, clean: bool, *, progress: bool = False) -> Sound:
        """Decode a latent `[1, C, T, F]`.

        Args:
            latent: The latent.
            clean: Whether it is free of noise. If so, a continued sound keeps its own decoding, up to a cross-fade over
                its last 64 latent frames.
            progress: Whether to show a progress bar.
        """
        run = self.run
        sound = decode_sound(run.model, latent, run.samples, ring=run.settings.ring, progress=progress)
        source = None if run.source is None or not clean else run.source.continued
        if source is None:
            return sound
        if self._continued is None:
            samples = source.latent.shape[2] * run.model.samples_per_frame
            self._continued = decode_sound(run.model, source.latent, samples)
        fade = min(JOIN, source.frames)
        return self._continued.fade_into(sound, fade, source.frames, run.model)

    @shelter
    def write(self, path: str | os.PathLike[str], latent: Tensor, clean: bool, *, progress: bool = False) -> Path:
        """Decode a latent piece by piece into a file, so that memory does not grow with the length.

        A continued sound is decoded in one piece first, and so is a ring of a model with log-mels. For the arguments,
        see `sound`.

        Returns:
            The path.
        """
        run, target = self.run, check_format(path)
        if run.source is not None and run.source.continued is not None:
            pieces = iter([self.sound(latent, clean, progress=progress).waveform])
        else:
            pieces = sound_pieces(run.model, latent, run.samples, ring=run.settings.ring, progress=progress)
        return write_audio(target, pieces, run.model.sample_rate, audio_channels(run.model))
