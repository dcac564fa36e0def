"""A second, independent space for the Fréchet distance: musicnn, which was not trained on any of our clips.

Pons & Serra 2019, "musicnn: pre-trained convolutional neural networks for music audio tagging" (arXiv:1909.06654). The
PyPI package of the same name (ISC license, © Music Technology Group, Universitat Pompeu Fabra) needs TensorFlow. Here,
its two musicnn checkpoints are read with numpy, and its network is rebuilt in torch. No part of the package is shipped:
`load_musicnn` downloads it once, with pip, into the user's cache folder.
"""

from __future__ import annotations

import io
import math
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from librosa.filters import mel as mel_filters
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from spotnb.support.files import atomic_write
from training.tensor_bundle import DamagedWeights, bundle_entries, bundle_tensor

VERSION = "0.1.0"
WHEEL = f"musicnn-{VERSION}-py3-none-any.whl"
WHEEL_SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"
RATE, WINDOW, HOP, BANDS = 16000, 512, 256, 96
PATCH, FEATURES = 187, 200  # mel frames: 2.99 s
SHORTEST = (PATCH - 1) * HOP  # samples for one patch
_TAGS = {
    # trained on the Million Song Dataset: genres, moods and decades
    "MSD_musicnn": (
        "rock, pop, alternative, indie, electronic, female vocalists, dance, 00s, alternative rock, jazz, beautiful, "
        "metal, chillout, male vocalists, classic rock, soul, indie rock, Mellow, electronica, 80s, folk, 90s, chill, "
        "instrumental, punk, oldies, blues, hard rock, ambient, acoustic, experimental, female vocalist, guitar, "
        "Hip-Hop, 70s, party, country, easy listening, sexy, catchy, funk, electro, heavy metal, Progressive rock, "
        "60s, rnb, indie pop, sad, House, happy"
    ),
    # trained on MagnaTagATune: instruments above all
    "MTT_musicnn": (
        "guitar, classical, slow, techno, strings, drums, electronic, rock, fast, piano, ambient, beat, violin, vocal, "
        "synth, female, indian, opera, male, singing, vocals, no vocals, harpsichord, loud, quiet, flute, woman, "
        "male vocal, no vocal, pop, soft, sitar, solo, man, classic, choir, voice, new age, dance, male voice, "
        "female vocal, beats, harp, cello, no voice, weird, country, metal, female voice, choral"
    ),
}
TAGS = {name: tags.split(", ") for name, tags in _TAGS.items()}


class MissingWeights(RuntimeError):
    """The weights are not in the cache and cannot be downloaded from the package registry."""


class Musicnn(nn.Module):
    """The network of the paper's section 2, with layers numbered as in the checkpoints.

    Its inputs are waveforms `[B, samples]` at 16 kHz between -1 and 1, and its outputs are means over the patches of a
    clip. Features depend on loudness, so compare only clips of the same level.
    """

    def __init__(self) -> None:
        super().__init__()
        timbral = [nn.Conv2d(1, 204, (7, bands)) for bands in (38, 67)]
        temporal = [nn.Conv2d(1, 51, (frames, 1)) for frames in (128, 64, 32)]
        front = 2 * 204 + 3 * 51
        middle = [nn.Conv1d(before, 64, 7, padding=3) for before in (front, 64, 64)]
        self.convs = nn.ModuleList([*timbral, *temporal, *middle])
        pooled = 2 * (front + 3 * 64)
        self.norms = nn.ModuleList(
            [nn.BatchNorm2d(width, eps=1e-3) for width in (1, 204, 204, 51, 51, 51)]
            + [nn.BatchNorm1d(width, eps=1e-3) for width in (64, 64, 64, pooled, FEATURES)]
        )
        self.hidden = nn.Linear(pooled, FEATURES)
        self.head = nn.Linear(FEATURES, 50)
        mel = mel_filters(sr=RATE, n_fft=WINDOW, n_mels=BANDS)
        self.register_buffer("filters", torch.from_numpy(mel.T.copy()), persistent=False)
        self.register_buffer("window", torch.hann_window(WINDOW), persistent=False)

    def features(self, waveform: Tensor) -> Tensor:
        """Return the last hidden layer, `[B, 200]`."""
        return self._of_patches(waveform).mean(1)

    def forward(self, waveform: Tensor) -> Tensor:
        """Return the probability of each tag, `[B, 50]`."""
        out: Tensor = self.head(self._of_patches(waveform)).sigmoid()
        return out.mean(1)

    def mel(self, waveform: Tensor) -> Tensor:
        """Return log10(1 + 10000 * mel) of the power spectrogram, `[B, samples // 256 + 1, 96]`.

        The original first rounds the mel to float16. That changes tag probabilities by less than 0.001, but overflows
        to infinity where a band exceeds 6.55. The network's statistics are finite, so it was not trained on infinities.
        """
        window, filters = self.get_buffer("window"), self.get_buffer("filters")
        padded = nn.functional.pad(waveform[:, None], (WINDOW // 2, WINDOW // 2), mode="reflect")[:, 0]
        spectrum = torch.stft(padded, WINDOW, HOP, window=window, center=False, return_complex=True)
        return (1 + 10000 * (spectrum.abs().square().mT @ filters)).log10()

    def _of_patches(self, waveform: Tensor) -> Tensor:
        """Return the features of each patch, `[B, patches, 200]`.

        The fewest evenly spaced patches that cover the clip are used. The original lays patches end to end and drops
        the remainder; the two agree if there is no remainder.
        """
        if waveform.ndim != 2 or waveform.shape[1] < SHORTEST:
            raise ValueError(f"waveform is {list(waveform.shape)}: expected [B, {SHORTEST} samples or more]")
        mel = self.mel(waveform)
        last = mel.shape[1] - PATCH
        starts = np.linspace(0, last, math.ceil(mel.shape[1] / PATCH)).round().astype(int)
        patches = torch.stack([mel[:, start : start + PATCH] for start in starts], dim=1)
        # Split, because the feature maps of a single patch occupy 30 MB.
        features = torch.cat([self._penultimate(part) for part in torch.split(patches.flatten(0, 1), 8)])
        return features.reshape(len(waveform), len(starts), FEATURES)

    def _penultimate(self, mel: Tensor) -> Tensor:
        """Return the features `[N, 200]` of patches `[N, 187, 96]`."""
        x = self.norms[0](mel[:, None])
        # Zero padding follows the normalization. For an even kernel it is one frame longer at the end.
        padded = nn.functional.pad(x, (0, 0, 3, 3))
        inputs = [padded, padded] + [nn.functional.pad(x, (0, 0, k // 2 - 1, k // 2)) for k in (128, 64, 32)]
        maps = [self._layer(i, seen).amax(3) for i, seen in enumerate(inputs)]  # maximum over bands
        layers = [torch.cat(maps, dim=1)]
        layers.append(self._layer(5, layers[0]))
        layers.append(self._layer(6, layers[1]) + layers[1])
        layers.append(self._layer(7, layers[2]) + layers[2])
        every = torch.cat(layers, dim=1)
        pooled = torch.stack([every.amax(2), every.mean(2)], dim=2).flatten(1)  # interleaved
        out: Tensor = self.norms[10](self.hidden(self.norms[9](pooled)).relu())
        return out

    def _layer(self, index: int, x: Tensor) -> Tensor:
        out: Tensor = self.norms[index + 1](self.convs[index](x).relu())
        return out


def load_musicnn(folder: str | os.PathLike[str] | None = None, name: str = "MSD_musicnn") -> Musicnn:
    """Load a trained network from the cache, downloading it first if it is not there.

    Args:
        folder: The cache folder (default: `cache_folder()`).
        name: One of the keys of `TAGS`.

    Raises:
        ValueError: There is no such network.
        MissingWeights: The weights cannot be downloaded.
        DamagedWeights: The downloaded file is not the expected one.
    """
    if name not in TAGS:
        raise ValueError(f"name is {name!r}: expected one of {', '.join(TAGS)}")
    folder = cache_folder() if folder is None else Path(folder)
    if not _cached(folder, name).exists():
        fetch_weights(folder)
    model = Musicnn()
    model.load_state_dict(load_file(_cached(folder, name)))
    return model.requires_grad_(False).eval()


def cache_folder() -> Path:
    """Return spotnb's folder in the user's cache (`$XDG_CACHE_HOME` or `~/.cache`)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "spotnb"


def _cached(folder: Path, name: str) -> Path:
    return folder / f"musicnn-{VERSION}-{name}.safetensors"


def fetch_weights(folder: str | os.PathLike[str]) -> None:
    """Download the musicnn package (29 MB) with pip and save its two musicnn networks in `folder` (3.3 MB each).

    Raises:
        MissingWeights: The package cannot be downloaded.
        DamagedWeights: The downloaded file is not the expected one.
    """
    with tempfile.TemporaryDirectory() as temporary:
        wanted = [f"musicnn=={VERSION}", "--no-deps", "--only-binary", ":all:", "--dest", temporary]
        options = ["--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "20"]
        command = [sys.executable, "-m", "pip", "download", *wanted, *options]
        try:
            result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
            reason = "" if result.returncode == 0 else (result.stderr.strip().splitlines() or ["pip failed"])[-1]
        except (OSError, subprocess.TimeoutExpired) as error:
            reason = str(error)
        if reason:
            raise MissingWeights(
                f"musicnn's weights are not in {folder}, and pip cannot download musicnn=={VERSION}: {reason}; "
                "go online once, or copy the folder from another machine"
            )
        wheel = Path(temporary, WHEEL)
        archive = wheel.read_bytes() if wheel.exists() else b""
    if (digest := sha256(archive).hexdigest()) != WHEEL_SHA256:
        raise DamagedWeights(f"{WHEEL} has SHA-256 {digest}: expected {WHEEL_SHA256}")
    # Members are read into memory by their known names, so no name in the archive becomes a path.
    with zipfile.ZipFile(io.BytesIO(archive)) as package:
        for name in TAGS:
            index, data = (package.read(f"musicnn/{name}/{part}") for part in (".index", ".data-00000-of-00001"))
            state = convert(index, data)
            with atomic_write(_cached(Path(folder), name)) as target:
                save_file(state, target, {"source": f"musicnn {VERSION}, {name}, ISC licence"})


def convert(index: bytes, data: bytes) -> dict[str, Tensor]:
    """Convert the two files of a TensorFlow checkpoint to the state of a `Musicnn`.

    Raises:
        DamagedWeights: A tensor is missing, damaged, or of the wrong shape.
    """
    entries = bundle_entries(index)
    state: dict[str, Tensor] = {}
    for key, like in Musicnn().state_dict().items():
        if key.endswith("num_batches_tracked"):
            state[key] = torch.zeros_like(like)
            continue
        name = _source(key)
        if name not in entries:
            raise DamagedWeights(f"the checkpoint has no tensor {name}")
        value = bundle_tensor(data, entries[name])
        if key.endswith("weight") and value.ndim > 1:
            # [frames, bands, in, out] to [out, in, frames, bands]; a Conv1d's input channels are the bands.
            value = value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T
            value = value[:, 0].transpose(0, 2, 1) if like.ndim == 3 else value
        if value.shape != like.shape:
            raise DamagedWeights(f"{name} gives the shape {list(value.shape)}: expected {list(like.shape)}")
        state[key] = torch.from_numpy(np.ascontiguousarray(value))
    return state


def _source(key: str) -> str:
    """Return the name in the checkpoint, such as `batch_normalization_3/moving_mean` for `norms.3.running_mean`."""
    layer, kind = key.rsplit(".", 1)
    layer = {"hidden": "dense.0", "head": "dense.1"}.get(layer, layer)
    group, number = layer.split(".")
    if group == "norms":
        kind = {"weight": "gamma", "bias": "beta", "running_var": "moving_variance"}.get(kind, "moving_mean")
    stem = {"norms": "batch_normalization", "convs": "conv2d"}.get(group, group)
    return f"{stem}{'' if number == '0' else '_' + number}/{kind.replace('weight', 'kernel')}"


class Taggers:
    """The features of both published networks, by the name of the data set that each was trained on.

    Args:
        names: The networks to use.
    """

    def __init__(self, names: Sequence[str] = ("msd", "mtt")) -> None:
        self._networks = {name: load_musicnn(name=f"{name.upper()}_musicnn") for name in names}

    @torch.no_grad()
    def features(self, sounds: Tensor) -> dict[str, np.ndarray]:
        """Return the features `[N, 200]` of sounds `[N, samples]`, as of `Musicnn.features`."""
        parts = sounds.split(8)
        return {
            name: torch.cat([network.features(part) for part in parts]).numpy()
            for name, network in self._networks.items()
        }
