"""AudioLDM from its components in diffusers' folder format, for the embedded model and the published checkpoints.

AudioLDM: Liu et al. 2023, "AudioLDM: Text-to-Audio Generation with Latent Diffusion Models", section 3.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
import warnings
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from diffusers.utils import logging as diffusers_logging
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import AutoTokenizer, ClapTextModelWithProjection, SpeechT5HifiGan
from transformers.utils import logging as transformers_logging

from spotnb.errors import SpotnbError
from spotnb.models.batching import is_small, suggested_tile_batch
from spotnb.models.heads import choose_heads
from spotnb.models.mel import torch_log_mel
from spotnb.models.ruler import WAVE_CHANNELS, TempoRuler, beat_waves
from spotnb.models.threads import by_rows
from spotnb.models.vocoder import ISTFTVocoder
from spotnb.sound.mel import HOP

PIECES = ("unet", "vae", "text_encoder", "tokenizer", "vocoder", "scheduler")
NATIVE_FRAMES = 256  # 10.24 s; the sample_size of 128 in published configurations is only the pipeline's default
TRAINED_STEPS = 1000
CODE_FILE, RULER_FILE = "frequency_code.safetensors", "tempo_ruler.safetensors"


class DiffusersAudioLDM:
    """An `AudioModel` that consists of a UNet, an autoencoder, a CLAP text encoder, a vocoder and a noise schedule.

    The UNet computes in `dtype`. All other networks compute in float32: they are cheap compared to the UNet, and
    log-mels lose audible detail with the 8 bits of precision of bf16. The embedded model was trained with both a
    frequency code and a tempo ruler.

    Args:
        name: Name for the manifest.
        unet: The denoising network.
        vae: The autoencoder of log-mels.
        text_encoder: The CLAP text encoder.
        tokenizer: The tokenizer of the text encoder.
        vocoder: The network that converts log-mels to sound.
        scheduler: The scheduler that supplies the noise schedule.
        frequency_code: `[K, latent_bins]`, K constant input channels of the UNet that identify the latent bin, or None.
        tempo_ruler: Determines the waves that are added as input channels of the UNet and mark the beats if the prompt
            gives a tempo, or None.
        device: The device of all networks.
        dtype: The precision of the UNet.
        notes: Further entries for the manifest.
    """

    def __init__(
        self,
        name: str,
        unet: UNet2DConditionModel,
        vae: AutoencoderKL,
        text_encoder: ClapTextModelWithProjection,
        tokenizer: Any,
        vocoder: nn.Module,
        scheduler: DDIMScheduler,
        *,
        frequency_code: Tensor | None = None,
        tempo_ruler: TempoRuler | None = None,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        notes: dict[str, Any] | None = None,
    ) -> None:
        self.name, self.device, self.dtype = name, torch.device(device), dtype
        # Measured on CPUs, channels_last takes 3 % more time in fp32 and much less in bf16 with AMX. GPUs benefit too.
        plain = self.device.type == "cpu" and dtype == torch.float32
        self._memory_format = torch.contiguous_format if plain else torch.channels_last
        self.unet = unet.to(self.device, dtype, memory_format=self._memory_format).eval().requires_grad_(False)
        exact = self.device, torch.float32
        self.vae = vae.to(*exact).eval().requires_grad_(False)
        self.text_encoder = text_encoder.to(*exact).eval().requires_grad_(False)
        self.vocoder: Any = vocoder.to(*exact).eval().requires_grad_(False)
        self.tokenizer, self.notes = tokenizer, notes or {}
        self.frequency_code = None if frequency_code is None else frequency_code.to(self.device, dtype)
        self.tempo_ruler = None if tempo_ruler is None else tempo_ruler.to(self.device)
        self.tile_batch, self._small = suggested_tile_batch(self.unet, self.device), is_small(self.unet)
        self.alphas_cumprod: Tensor = scheduler.alphas_cumprod.float().cpu()
        self.prediction_type: str = scheduler.config.prediction_type
        self.sample_rate = int(getattr(vocoder.config, "sampling_rate", 16000))
        self.channels: int = vae.config.latent_channels
        self.latent_bins: int = 64 // self._compression
        self.samples_per_frame: int = HOP * self._compression
        self.native_frames: int = NATIVE_FRAMES
        self.time_multiple: int = 2 ** (len(unet.config.block_out_channels) - 1)

    @property
    def _unshuffle(self) -> int:
        """Side of the mel blocks that become channels of the autoencoder: 1 for AudioLDM, 2 for the embedded model."""
        return math.isqrt(self.vae.config.in_channels)

    @property
    def _compression(self) -> int:
        return int(2 ** (len(self.vae.config.block_out_channels) - 1)) * self._unshuffle

    def describe(self) -> dict[str, Any]:
        """Return what the manifest records about the model."""
        return {
            "name": self.name,
            "dtype": str(self.dtype).removeprefix("torch."),
            "device": self.device.type,
            "prediction_type": self.prediction_type,
            **self.notes,
        }

    def unknown_words(self, text: str) -> list[str]:
        """Return the words of a text that the tokenizer maps to `<unk>`, in order.

        A byte-level tokenizer, as in the published checkpoints, knows every word.
        """
        unknown = self.tokenizer.unk_token_id
        words = re.findall(r"[^\W_]+", text)
        return [word for word in words if unknown in self.tokenizer(word, add_special_tokens=False).input_ids]

    @torch.no_grad()
    def embed(self, texts: list[str]) -> Tensor:
        """Return the normalized CLAP embeddings `[N, D]` of N texts."""
        tokens = self.tokenizer(texts, padding="longest", truncation=True, return_tensors="pt").to(self.device)
        embeds = self.text_encoder(tokens.input_ids, attention_mask=tokens.attention_mask).text_embeds
        normalized: Tensor = nn.functional.normalize(embeds, dim=-1)
        return normalized

    def predict_noise(self, x: Tensor, t: Tensor, cond: Tensor, *, starts: Tensor | None = None) -> Tensor:
        """Predict the noise (epsilon) in `x` `[N, C, w, F]` at timesteps `t` `[N]`.

        Windows begin at the frames `starts` `[N]` of the piece, by default at 0.
        """
        inputs = [x.to(self.device), t.to(self.device), cond.to(self.device)]
        if self.tempo_ruler is not None and starts is not None:
            # In one table, because the memory layout of a matrix affects the last bits of a product with it.
            table = torch.cat([inputs[2], starts.to(inputs[2])[:, None]], dim=1)
            inputs[2:] = [table[:, :-1], table[:, -1]]
        return by_rows(self._noise, *inputs) if self._small else self._noise(*inputs)

    def _noise(self, x: Tensor, t: Tensor, embeds: Tensor, starts: Tensor | None = None) -> Tensor:
        sample = x.to(self.dtype)
        if self.frequency_code is not None:
            code = self.frequency_code[None, :, None].expand(len(x), -1, x.shape[2], -1)
            sample = torch.cat([sample, code], dim=1)
        if self.tempo_ruler is not None:
            places = embeds.new_zeros(len(x)) if starts is None else starts
            waves = beat_waves(self.tempo_ruler(embeds), places, x.shape[2]).to(self.dtype)
            sample = torch.cat([sample, waves[..., None].expand(-1, -1, -1, x.shape[3])], dim=1)
        sample = sample.contiguous(memory_format=self._memory_format)
        out = self.unet(sample, t, None, class_labels=embeds.to(self.dtype)).sample.float()
        if self.prediction_type == "v_prediction":
            # epsilon = sqrt(a) v + sqrt(1 - a) x (Salimans & Ho 2022, appendix D)
            alpha = self.alphas_cumprod.to(self.device)[t][:, None, None, None]
            out = alpha.sqrt() * out + (1 - alpha).sqrt() * x
        noise: Tensor = out.contiguous()
        return noise

    @torch.no_grad()
    def decode_mel(self, latent: Tensor) -> Tensor:
        """Decode a clean latent to a log-mel `[B, 1, 4T, 64]`."""
        out = self.vae.decode(latent.to(self.device) / self.vae.config.scaling_factor).sample
        return nn.functional.pixel_shuffle(out, self._unshuffle)

    @torch.no_grad()
    def vocode(self, mel: Tensor) -> Tensor:
        """Convert a log-mel `[B, 1, frames, 64]` to sound `[B, 160 * frames]`."""
        sound: Tensor = self.vocoder(mel[:, 0].to(self.device))
        return sound[..., : HOP * mel.shape[2]]

    @torch.no_grad()
    def encode(self, waveform: Tensor) -> Tensor:
        """Encode sound `[B, samples]` to the mode of the latent distribution, so that the result is deterministic."""
        frames = waveform.shape[-1] // self.samples_per_frame
        mel = torch_log_mel(waveform[..., : frames * self.samples_per_frame].to(self.device))
        blocks = nn.functional.pixel_unshuffle(mel, self._unshuffle)
        latent: Tensor = self.vae.encode(blocks).latent_dist.mode() * self.vae.config.scaling_factor
        return latent


def from_folder(
    folder: Path, *, name: str, device: torch.device, dtype: torch.dtype, heads: str | tuple[int, ...] = "original"
) -> DiffusersAudioLDM:
    """Load a folder in diffusers' AudioLDM format.

    Args:
        folder: The folder with one sub-folder for each of `PIECES`.
        name: Name for the manifest.
        device: The device of all networks.
        dtype: The precision of the UNet.
        heads: Attention heads of the UNet; see `spotnb.models.heads`.

    Raises:
        InputError: `heads` does not fit.
        SpotnbError: A piece is missing, unreadable, of another class, or does not fit the others.
    """
    _check_pieces(folder)
    config = _read_json(folder / "unet" / "config.json")
    if "block_out_channels" not in config:
        raise SpotnbError(
            f"{folder / 'unet'} is not a UNet: expected block_out_channels in its config.json; "
            "pass a folder in AudioLDM's format"
        )
    kept, chosen = choose_heads(config, heads)
    with _quietly():
        unet = _load(folder / "unet", UNet2DConditionModel, **({} if kept else {"attention_head_dim": list(chosen)}))
        vae = _load(folder / "vae", AutoencoderKL)
        scheduler = _load(folder / "scheduler", DDIMScheduler)
        text_encoder = _load(folder / "text_encoder", ClapTextModelWithProjection)
        tokenizer = _load(folder / "tokenizer", AutoTokenizer)
        vocoder = _load(folder / "vocoder", _vocoder_class(folder))
    if len(tokenizer) < 10:
        raise SpotnbError(
            f"{folder / 'tokenizer'} has a vocabulary of {len(tokenizer)} words: its vocabulary files are missing; "
            "fetch the model again"
        )
    code, ruler = _read_code(folder / "unet" / CODE_FILE), _read_ruler(folder / "unet" / RULER_FILE)
    additional = (0 if code is None else len(code)) + (0 if ruler is None else WAVE_CHANNELS)
    expected = vae.config.latent_channels + additional
    if unet.config.in_channels != expected:
        raise SpotnbError(
            f"{folder}: the unet takes {unet.config.in_channels} channels, but the vae, frequency code and tempo ruler "
            f"provide {expected}: the pieces belong to different models; use pieces of one"
        )
    width, provided = unet.config.projection_class_embeddings_input_dim, text_encoder.config.projection_dim
    if width != provided:
        raise SpotnbError(
            f"{folder}: the unet takes embeddings of {width} numbers, but the text encoder provides {provided}: "
            "the pieces belong to different models; use pieces of one"
        )
    if len(scheduler.alphas_cumprod) != TRAINED_STEPS:
        raise SpotnbError(
            f"{folder}: the scheduler has {len(scheduler.alphas_cumprod)} timesteps: expected {TRAINED_STEPS}; "
            "use the scheduler of an AudioLDM model"
        )
    if scheduler.config.prediction_type not in ("epsilon", "v_prediction"):
        raise SpotnbError(
            f"{folder}: prediction_type is {scheduler.config.prediction_type!r}: expected epsilon or v_prediction; "
            "use the scheduler of an AudioLDM model"
        )
    notes = {"heads": list(chosen), "heads_choice": "config" if kept else str(heads)}
    with _quietly():
        return DiffusersAudioLDM(
            name,
            unet,
            vae,
            text_encoder,
            tokenizer,
            vocoder,
            scheduler,
            frequency_code=code,
            tempo_ruler=ruler,
            device=device,
            dtype=dtype,
            notes=notes,
        )


def _check_pieces(folder: Path) -> None:
    missing = [piece for piece in PIECES if not (folder / piece).is_dir()]
    if missing:
        raise SpotnbError(
            f"{folder} is not an AudioLDM folder in diffusers' format: {', '.join(missing)} missing; "
            f"expected the sub-folders {', '.join(PIECES)}"
        )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpotnbError(f"cannot read {path}: {error}") from None
    if not isinstance(content, dict):
        raise SpotnbError(f"cannot read {path}: expected a JSON object, got a {type(content).__name__}")
    return content


def _read_code(path: Path) -> Tensor | None:
    """Return the frequency code in the folder of the UNet, or None if there is none."""
    return _read_tensors(path, "frequency_code")[0] if path.exists() else None


def _read_ruler(path: Path) -> TempoRuler | None:
    """Return the tempo ruler in the folder of the UNet, or None if there is none."""
    if not path.exists():
        return None
    tellings, beats = _read_tensors(path, "tellings", "beats")
    if tellings.ndim != 2 or beats.shape != tellings.shape[:1]:
        shapes = f"{list(tellings.shape)} and {list(beats.shape)}"
        raise SpotnbError(
            f"tellings and beats in {path} have shapes {shapes}: expected [K, C] and [K]; fetch the model again"
        )
    return TempoRuler(tellings, beats)


def _read_tensors(path: Path, *names: str) -> list[Tensor]:
    try:
        tensors = load_file(path)
        return [tensors[name] for name in names]
    except Exception as error:  # not a safetensors file, or a tensor is missing
        raise SpotnbError(f"cannot read {', '.join(names)} in {path}: {error}") from error


def _vocoder_class(folder: Path) -> type:
    config = _read_json(folder / "vocoder" / "config.json")
    name = config.get("_class_name") or (config.get("architectures") or ["SpeechT5HifiGan"])[0]
    classes: dict[str, type] = {"SpeechT5HifiGan": SpeechT5HifiGan, "ISTFTVocoder": ISTFTVocoder}
    if name not in classes:
        raise SpotnbError(
            f"{folder / 'vocoder'} is a {name}: expected one of {', '.join(classes)}; pass another folder"
        )
    return classes[name]


def _load(folder: Path, cls: type, **options: Any) -> Any:
    """Load one piece from its folder, never from the internet, and from pickle files only tensors."""
    network = issubclass(cls, nn.Module)
    if network:  # the libraries initialize weights that are missing in the files at random, without an error
        options["output_loading_info"] = True
    try:
        piece = cls.from_pretrained(folder, local_files_only=True, **options)  # type: ignore[attr-defined]
    except Exception as error:  # the libraries raise many types of errors
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SpotnbError(f"cannot load {folder} as {cls.__name__}: {reason}") from error
    if not network:
        return piece
    piece, info = piece
    weights = dict(piece.named_parameters())
    if missing := sorted(weights.keys() & set(info["missing_keys"])):
        raise SpotnbError(
            f"{folder} lacks weights of a {cls.__name__}: {missing[0]} and {len(missing) - 1} more; fetch it again"
        )
    if bad := [n for n, p in weights.items() if not p.isfinite().all()]:
        raise SpotnbError(f"{folder} has NaN or infinite weights in {bad[0]}: fetch the model again")
    return piece


@contextlib.contextmanager
def _quietly() -> Any:
    """Suppress the messages and progress bars of the libraries while loading. Real faults raise errors elsewhere."""
    levels = diffusers_logging.get_verbosity(), transformers_logging.get_verbosity()
    diffusers_logging.set_verbosity_error()
    transformers_logging.set_verbosity_error()
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        diffusers_logging.set_verbosity(levels[0])
        transformers_logging.set_verbosity(levels[1])
        if bars:
            transformers_logging.enable_progress_bar()
