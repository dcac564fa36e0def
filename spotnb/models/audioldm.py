"""AudioLDM from its components in diffusers' folder format: the embedded model and the published checkpoints alike.

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
NATIVE_FRAMES = 256  # 10.24 s; the sample_size of published configurations, 128, is the pipeline's default length
TRAINED_STEPS = 1000
CODE_FILE, RULER_FILE = "frequency_code.safetensors", "tempo_ruler.safetensors"


class DiffusersAudioLDM:
    """An `AudioModel` made of a UNet, an autoencoder, a CLAP text encoder, a vocoder and a noise schedule.

    The UNet computes in `dtype`, everything else in float32: it is cheap beside the UNet, and log-mels lose audible
    detail in 8 bits of mantissa. `frequency_code` `[K, latent_bins]`, if given, is appended to the UNet's input as K
    constant channels that tell it which bin it looks at; with a `tempo_ruler`, waves are, which tell it where the beats
    are if the prompt tells a tempo (the embedded model was trained with both).
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
        # Measured on CPUs: in fp32 channels_last takes 3 % more, in bf16 with AMX much less. GPUs gain by it.
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
        """Side of the mel blocks that the autoencoder takes as channels: 1 for AudioLDM, 2 for the embedded model."""
        return math.isqrt(self.vae.config.in_channels)

    @property
    def _compression(self) -> int:
        return int(2 ** (len(self.vae.config.block_out_channels) - 1)) * self._unshuffle

    def describe(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "dtype": str(self.dtype).removeprefix("torch."),
            "device": self.device.type,
            "prediction_type": self.prediction_type,
            **self.notes,
        }

    def unknown_words(self, text: str) -> list[str]:
        """Words of a text that the tokenizer maps to `<unk>`, in order; byte-level tokenizers know every word."""
        unknown = self.tokenizer.unk_token_id
        found = re.findall(r"[^\W_]+", text)
        return [w for w in found if unknown in self.tokenizer(w, add_special_tokens=False).input_ids]

    @torch.no_grad()
    def embed(self, texts: list[str]) -> Tensor:
        tokens = self.tokenizer(texts, padding="longest", truncation=True, return_tensors="pt").to(self.device)
        embeds = self.text_encoder(tokens.input_ids, attention_mask=tokens.attention_mask).text_embeds
        normalised: Tensor = nn.functional.normalize(embeds, dim=-1)
        return normalised

    def predict_noise(self, x: Tensor, t: Tensor, cond: Tensor, *, starts: Tensor | None = None) -> Tensor:
        """Predict the noise; windows begin at the frames `starts` `[N]` of the piece, by default at 0."""
        inputs = [x.to(self.device), t.to(self.device), cond.to(self.device)]
        if self.tempo_ruler is not None and starts is not None:
            # One table: where a matrix lies in memory moves the last bits of a product with it, and so of every sound.
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
        out = self.vae.decode(latent.to(self.device) / self.vae.config.scaling_factor).sample
        return nn.functional.pixel_shuffle(out, self._unshuffle)

    @torch.no_grad()
    def vocode(self, mel: Tensor) -> Tensor:
        sound: Tensor = self.vocoder(mel[:, 0].to(self.device))
        return sound[..., : HOP * mel.shape[2]]

    @torch.no_grad()
    def encode(self, waveform: Tensor) -> Tensor:
        frames = waveform.shape[-1] // self.samples_per_frame
        mel = torch_log_mel(waveform[..., : frames * self.samples_per_frame].to(self.device))
        blocks = nn.functional.pixel_unshuffle(mel, self._unshuffle)
        latent: Tensor = self.vae.encode(blocks).latent_dist.mode() * self.vae.config.scaling_factor
        return latent


def from_folder(
    folder: Path, *, name: str, device: torch.device, dtype: torch.dtype, heads: str | tuple[int, ...] = "original"
) -> DiffusersAudioLDM:
    """Load a folder in diffusers' AudioLDM format.

    Raises `SpotnbError` naming the piece that is missing, of another class, or unreadable.
    """
    _check_pieces(folder)
    config = _read_json(folder / "unet" / "config.json")
    if "block_out_channels" not in config:
        raise SpotnbError(f"{folder / 'unet'} is no UNet: its config.json has no block_out_channels")
    kept, chosen = choose_heads(config, heads)
    with _quietly():
        unet = _load(folder / "unet", UNet2DConditionModel, **({} if kept else {"attention_head_dim": list(chosen)}))
        vae = _load(folder / "vae", AutoencoderKL)
        scheduler = _load(folder / "scheduler", DDIMScheduler)
        text_encoder = _load(folder / "text_encoder", ClapTextModelWithProjection)
        tokenizer = _load(folder / "tokenizer", AutoTokenizer)
        vocoder = _load(folder / "vocoder", _vocoder_class(folder))
    if len(tokenizer) < 10:
        raise SpotnbError(f"{folder / 'tokenizer'} holds {len(tokenizer)} words: its vocabulary files are missing")
    code, ruler = _read_code(folder / "unet" / CODE_FILE), _read_ruler(folder / "unet" / RULER_FILE)
    beside = (0 if code is None else len(code)) + (0 if ruler is None else WAVE_CHANNELS)
    expected = vae.config.latent_channels + beside
    if unet.config.in_channels != expected:
        raise SpotnbError(
            f"{folder}: the unet takes {unet.config.in_channels} channels, vae, frequency code and tempo ruler give "
            f"{expected}; the pieces belong to different models"
        )
    width, given = unet.config.projection_class_embeddings_input_dim, text_encoder.config.projection_dim
    if width != given:
        raise SpotnbError(
            f"{folder}: the unet takes embeddings of {width} numbers, the text encoder gives {given}; "
            "the pieces belong to different models"
        )
    if len(scheduler.alphas_cumprod) != TRAINED_STEPS:
        raise SpotnbError(f"{folder}: the scheduler has {len(scheduler.alphas_cumprod)} timesteps, not {TRAINED_STEPS}")
    if scheduler.config.prediction_type not in ("epsilon", "v_prediction"):
        raise SpotnbError(f"{folder}: prediction_type {scheduler.config.prediction_type!r} is not supported")
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
            f"{folder} is no AudioLDM folder in diffusers format: {', '.join(missing)} missing; "
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
    """The frequency code beside the UNet's weights, if there is one."""
    return _read_tensors(path, "frequency_code")[0] if path.exists() else None


def _read_ruler(path: Path) -> TempoRuler | None:
    """The tempo ruler beside the UNet's weights, if there is one."""
    if not path.exists():
        return None
    tellings, beats = _read_tensors(path, "tellings", "beats")
    if tellings.ndim != 2 or beats.shape != tellings.shape[:1]:
        found = f"{list(tellings.shape)} and {list(beats.shape)}"
        raise SpotnbError(f"tellings and beats in {path} are {found}: expected [K, C] and [K]")
    return TempoRuler(tellings, beats)


def _read_tensors(path: Path, *names: str) -> list[Tensor]:
    try:
        tensors = load_file(path)
        return [tensors[name] for name in names]
    except Exception as error:  # no safetensors file, or no such tensor in it
        raise SpotnbError(f"cannot read {', '.join(names)} in {path}: {error}") from error


def _vocoder_class(folder: Path) -> type:
    config = _read_json(folder / "vocoder" / "config.json")
    name = config.get("_class_name") or (config.get("architectures") or ["SpeechT5HifiGan"])[0]
    classes: dict[str, type] = {"SpeechT5HifiGan": SpeechT5HifiGan, "ISTFTVocoder": ISTFTVocoder}
    if name not in classes:
        raise SpotnbError(f"{folder / 'vocoder'} is a {name}; expected one of {', '.join(classes)}")
    return classes[name]


def _load(folder: Path, cls: type, **options: Any) -> Any:
    """One piece from its folder; never from the network, never from a pickle that holds more than tensors."""
    network = issubclass(cls, nn.Module)
    if network:  # the libraries draw weights that are not in the files at random, and go on
        options["output_loading_info"] = True
    try:
        piece = cls.from_pretrained(folder, local_files_only=True, **options)  # type: ignore[attr-defined]
    except Exception as error:  # the libraries raise many kinds
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SpotnbError(f"cannot load {folder} as {cls.__name__}: {reason}") from error
    if not network:
        return piece
    piece, info = piece
    weights = dict(piece.named_parameters())
    if missing := sorted(weights.keys() & set(info["missing_keys"])):
        raise SpotnbError(f"{folder} lacks weights of a {cls.__name__}: {missing[0]} and {len(missing) - 1} more")
    if bad := [n for n, p in weights.items() if not p.isfinite().all()]:
        raise SpotnbError(f"{folder} holds NaN or infinite weights in {bad[0]}; fetch the model again")
    return piece


@contextlib.contextmanager
def _quietly() -> Any:
    """Without the libraries' loading chatter and progress bars; their warnings about real faults raise above."""
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
