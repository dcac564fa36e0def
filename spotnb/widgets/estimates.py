"""The clean estimates of a run as spectrograms and sounds, for a `LatentInspector`."""

from __future__ import annotations

from typing import Any

import numpy as np

from spotnb.errors import SpotnbError
from spotnb.sound.files import flac_bytes
from spotnb.support.arrays import as_array
from spotnb.support.checks import check_int
from spotnb.trace.record import StepRecord
from spotnb.widgets.spectrogram import Spectrum, pack_spectrum


class Estimates:
    """Decodes the clean estimates of records.

    Args:
        sampler: The sampler of the run, or None for a stored trace.
        model: The model that decodes a stored trace.
        manifest: The manifest of a stored trace.
        candidate: The index of the candidate.
    """

    def __init__(self, sampler: Any, model: Any, manifest: Any, candidate: int) -> None:
        self.sampler, self._model, self._manifest, self._candidate = sampler, model, manifest, candidate

    def spectrum(self, record: StepRecord) -> Spectrum:
        """Return the spectrogram of an estimate. A model that decodes by way of a log-mel skips its vocoder."""
        from spotnb.models.decode_mel import latent_to_mel
        from spotnb.models.protocol import has_mel

        model = self._adapted()
        if not has_mel(model):
            return pack_spectrum(self._sound(record).mel)
        mel = latent_to_mel(model, self._latent(record, model), ring=record.layout.ring)
        return pack_spectrum(mel[0, 0].float().cpu().numpy())

    def flac(self, record: StepRecord) -> bytes:
        """Return the sound of an estimate as a FLAC file."""
        return flac_bytes(self._sound(record).waveform, self._adapted().sample_rate)

    def _adapted(self) -> Any:
        from spotnb.models.adapt import as_model

        return self.sampler.model if self.sampler is not None else as_model(self._model)

    def _sound(self, record: StepRecord) -> Any:
        if record.x0 is None:
            raise SpotnbError(f"the clean estimate of step {record.step} was not recorded")
        if self.sampler is not None:
            return self.sampler.sound(record.step, of="x0", candidate=self._candidate)
        from spotnb.models.decode import decode_sound

        model = self._adapted()
        latent = self._latent(record, model)
        most = latent.shape[2] * model.samples_per_frame
        samples = check_int("samples", self._manifest.get("samples", most), 1, most, hint="the trace was changed")
        return decode_sound(model, latent, samples, ring=record.layout.ring)

    def _latent(self, record: StepRecord, model: Any) -> Any:
        import torch

        if record.x0 is None:
            raise SpotnbError(f"the clean estimate of step {record.step} was not recorded")
        estimate = as_array(record.x0)[self._candidate : self._candidate + 1]
        return torch.from_numpy(estimate.astype(np.float32)).to(model.device)
