"""Which denoiser is better at equal minutes? Train every candidate for the same few minutes, and print one table.

    python -m training.candidates --data data --minutes 10

All candidates of `training.denoiser_net` share the autoencoder, the vocoder, the tokenizer, the typical latent, and the
first weights of the text encoder of one model folder. They are compared by musicnn's two distances to real clips of the
same captions, by harmonic-to-noise ratio and level of the tonal classes, and last by the error of the noise, which says
little of sound. The base is also sampled with two kinds of guidance: "rescaled", and "autoguided" by its own early
weights. Trainings resume, and the table is written to `candidates.json` in the work folder.
"""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from transformers import ClapTextModelWithProjection, PreTrainedTokenizerFast

from spotnb.models.audioldm import DiffusersAudioLDM
from spotnb.models.audioldm_folder import TYPICAL_FILE, read_typical
from spotnb.models.load import EMBEDDED
from spotnb.models.vocoder import SinusoidalVocoder
from training import listening
from training.classifier import frechet, moments
from training.denoiser_net import BASE, CANDIDATES, Denoiser
from training.guided import AutoguidedUNet
from training.musicnn import Taggers
from training.sampling import decoded, sampled_latents, vocoded
from training.stages import TONAL, Clips, unseen_clips
from training.start import begin, training_parser
from training.tempo import tempo_ruler
from training.train_denoiser import scheduler, train
from training.train_text import EMBED_DIM, TEMPO_SCALE

CLIPS, STEPS = 6, 15  # clips per class; steps of DPM-Solver++
EARLY = 0.2  # of the minutes: the weaker denoiser of autoguidance
RESCALE, AUTOGUIDANCE = 0.7, 1.5
Row = dict[str, float]


@dataclass(frozen=True)
class Parts:
    """What all candidates share, from one model folder."""

    folder: Path
    device: torch.device

    @property
    def tokenizer(self) -> PreTrainedTokenizerFast:
        """The tokenizer."""
        return PreTrainedTokenizerFast.from_pretrained(self.folder / "tokenizer")

    def encoder(self) -> ClapTextModelWithProjection:
        """Return the text encoder, to be trained further."""
        return ClapTextModelWithProjection.from_pretrained(self.folder / "text_encoder", dtype=torch.float32)

    def model(self, denoiser: Denoiser, unet: nn.Module | None = None) -> DiffusersAudioLDM:
        """Return a model that can be sampled, with a trained denoiser and perhaps another UNet around its own."""
        vae = AutoencoderKL.from_pretrained(self.folder / "vae", torch_dtype=torch.float32)
        return DiffusersAudioLDM(
            "candidate",
            copy.deepcopy(denoiser.unet) if unet is None else unet,
            vae,
            copy.deepcopy(denoiser.encoder),
            self.tokenizer,
            SinusoidalVocoder.from_pretrained(self.folder / "vocoder", torch_dtype=torch.float32),
            scheduler(),
            frequency_code=denoiser.code.detach(),
            tempo_ruler=tempo_ruler(TEMPO_SCALE),
            typical=read_typical(self.folder / "unet" / TYPICAL_FILE, vae.config.latent_channels, EMBED_DIM),
            device=self.device,
        )


class Judge:
    """Compares generated clips with real ones of the same captions.

    Args:
        clips: The real clips.
        names: musicnn's networks to use.
    """

    def __init__(self, clips: Clips, names: Sequence[str] = ("msd", "mtt")) -> None:
        self.clips, self.tonal = clips, [kind in TONAL for kind in clips.classes]
        self._taggers = Taggers(names)
        self._real = self._spaces(clips.sounds)
        self._heard = self._heard_of(clips.sounds)

    def _spaces(self, sounds: Tensor) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return {name: moments(found) for name, found in self._taggers.features(sounds.clamp(-1, 1)).items()}

    def _heard_of(self, sounds: Tensor) -> Row:
        tonal = [sound.clamp(-1, 1).numpy() for sound in sounds[torch.tensor(self.tonal)]]
        measures: dict[str, Callable[[listening.Sound], float]] = {
            "harmonic_to_noise_db": listening.harmonic_to_noise,
            "lufs": listening.lufs,
        }
        return {name: float(np.mean([measure(sound) for sound in tonal])) for name, measure in measures.items()}

    def real(self) -> Row:
        """Return the figures of the real clips."""
        return self._heard

    def figures(self, model: DiffusersAudioLDM, rescale: float = 0.0) -> Row:
        """Return the figures of clips that a model generates."""
        latents = sampled_latents(model, self.clips.texts, solver="dpm++", steps=STEPS, rescale=rescale)
        sounds = vocoded(model, decoded(model, latents))
        spaces = self._spaces(sounds)
        return {f"frechet_{k}": frechet(spaces[k], self._real[k]) for k in spaces} | self._heard_of(sounds)


def compare(data: Path, work: Path, parts: Parts, minutes: float, names: Sequence[str], judge: Judge) -> dict[str, Row]:
    """Train and judge candidates, and return a row for each, after one of the real clips."""
    rows: dict[str, Row] = {"real": judge.real()}
    for name in names:
        denoiser = trained(data, work / name, parts, minutes, name)
        last = json.loads((work / name / "denoiser.log.jsonl").read_text().splitlines()[-1])
        rows[name] = judge.figures(parts.model(denoiser)) | {
            "eps_mse": last["val_eps_mse"],
            "steps": last["step"],
            "million_weights": sum(p.numel() for p in denoiser.unet.parameters()) / 1e6,
        }
        if name == BASE:
            rows["rescaled"] = judge.figures(parts.model(denoiser), RESCALE)
            early = trained(data, work / "early", parts, EARLY * minutes, name)
            unet = AutoguidedUNet(copy.deepcopy(denoiser.unet), copy.deepcopy(early.unet), AUTOGUIDANCE)
            rows["autoguided"] = judge.figures(parts.model(denoiser, unet))
        (work / "candidates.json").write_text(json.dumps(rows, indent=1) + "\n")
    return rows


def trained(data: Path, folder: Path, parts: Parts, minutes: float, name: str) -> Denoiser:
    """Train a candidate with its checkpoint in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    options: dict[str, Any] = {"candidate": CANDIDATES[name], "device": parts.device, "checkpoints": folder}
    return train(data, minutes, parts.encoder(), parts.tokenizer, **options).eval().requires_grad_(False)


def table(rows: dict[str, Row]) -> str:
    """Return the rows as text, with a column for every figure."""
    columns = list(dict.fromkeys(figure for row in rows.values() for figure in row))
    text = [f"{'':12} " + " ".join(f"{column:>20}" for column in columns)]
    for name, row in rows.items():
        values = (f"{row[column]:20.3f}" if column in row else f"{'':20}" for column in columns)
        text.append(f"{name:12} " + " ".join(values))
    return "\n".join(text)


def main(arguments: list[str] | None = None) -> None:
    """Compare from the command line."""
    parser = training_parser(__doc__, minutes=10)
    parser.set_defaults(out=EMBEDDED)
    parser.add_argument(
        "--work", type=Path, default=Path("data/candidates"), help="folder of checkpoints and the table"
    )
    parser.add_argument("--only", nargs="+", choices=CANDIDATES, default=list(CANDIDATES))
    parser.add_argument("--clips", type=int, default=CLIPS, help="clips per class to judge by")
    args: argparse.Namespace = parser.parse_args(arguments)
    device = begin(args)
    judge = Judge(unseen_clips(args.data, args.clips))
    print(table(compare(args.data, args.work, Parts(args.out, device), args.minutes, args.only, judge)))


if __name__ == "__main__":
    main()
