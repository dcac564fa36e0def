"""audioldm's own `LatentDiffusion`, what its `build_model` returns, as an `AudioModel`; `audioldm` is never imported.

What goes wrong where that object is merely called is mended here, at run time, and nothing in it is overwritten:

- its text encoder drops the prompt one time in ten, at inference too, and draws from the global generator for it:
  both are held off while a text is embedded;
- its averaged weights (EMA) serve only inside `ema_scope`, which copies the network twice: here the network runs on
  them where they lie, and neither they nor the training weights are copied;
- its network refuses lengths that are no multiple of 8, its first stage encodes at random, its vocoder's sound is
  rounded to 16 bits and a little too long, and its `device` may be another one than its weights are on.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from spotnb.errors import InputError, SpotnbError
from spotnb.models.batching import suggested_tile_batch
from spotnb.models.mel import torch_log_mel
from spotnb.sound.mel import BINS, HOP, LATENT_MELS, SAMPLE_RATE
from spotnb.support.checks import show

NEEDED = (
    "alphas_cumprod",
    "apply_model",
    "channels",
    "cond_stage_model.get_unconditional_condition",
    "decode_first_stage",
    "encode_first_stage",
    "eval",
    "first_stage_model.vocoder",
    "get_learned_conditioning",
    "latent_f_size",
    "model.conditioning_key",
    "model.diffusion_model.channel_mult",
    "model.named_parameters",
    "parameterization",
    "scale_factor",
)
PREDICTS = {"eps": "epsilon", "x0": "sample", "v": "v_prediction"}  # audioldm's names: diffusers'
TRAINED_STEPS = 1000
NATIVE_FRAMES = 256
CLAP_RATE, CLAP_SAMPLES = 48000, 480000  # what its audio encoder hears at once: 10 s


def from_audioldm(latent_diffusion: Any, *, name: str = "audioldm") -> LatentDiffusionModel:
    """Adapt what `audioldm.build_model` returned.

    It is recognised by what it has, so that `audioldm` need not be importable here. Move it to its device first; it
    is put into evaluation mode. `name` stands in manifests: the object does not know which checkpoint it holds.

    Raises:
        InputError: it is no such object, or one of a kind that cannot be driven; the message says why.
    """
    return LatentDiffusionModel(latent_diffusion, name=name)


class LatentDiffusionModel:
    """An `AudioModel` around a `LatentDiffusion`. All weights are shared with it."""

    def __init__(self, latent_diffusion: Any, *, name: str = "audioldm") -> None:
        _check(latent_diffusion)
        self._origin = _on_averaged_weights(latent_diffusion.eval())
        weights = list(self._origin.model.parameters())
        self.name = name
        self.device: torch.device = weights[0].device
        self.dtype: torch.dtype = weights[0].dtype
        self.sample_rate = SAMPLE_RATE
        self.channels = int(self._origin.channels)
        self.latent_bins = int(self._origin.latent_f_size)
        self.samples_per_frame = HOP * LATENT_MELS
        self.native_frames = NATIVE_FRAMES
        self.time_multiple: int = 2 ** (len(self._origin.model.diffusion_model.channel_mult) - 1)
        self.tile_batch = suggested_tile_batch(self._origin.model, self.device)
        self.alphas_cumprod: Tensor = self._origin.alphas_cumprod.detach().float().cpu().clone()
        # Checkpoints have no name in them, but no two end in the same convolution.
        last = [weight for weight in weights if weight.ndim > 1][-1]
        self._digest = hashlib.sha256(last.detach().cpu().numpy().tobytes()).hexdigest()[:12]

    def describe(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "dtype": str(self.dtype).removeprefix("torch."),
            "device": self.device.type,
            "prediction_type": PREDICTS[self._origin.parameterization],
            "averaged_weights": bool(getattr(self._origin, "use_ema", False)),
            "last_weights_sha256": self._digest,
        }

    @torch.no_grad()
    def embed(self, texts: list[str]) -> Tensor:
        """Conditioning `[N, D]` of N texts; an empty text is what audioldm guides away from."""
        encoder, words = self._origin.cond_stage_model, [text for text in texts if text]
        with _reading(encoder):
            found = iter(self._origin.get_learned_conditioning(words).split(1) if words else ())
            nothing: Any = encoder.get_unconditional_condition(1) if len(words) < len(texts) else None
        embeds = torch.cat([next(found) if text else nothing for text in texts])[:, 0]  # [N, 1, D] with audioldm
        return embeds.to(self.device, torch.float32)

    def predict_noise(self, x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        """The noise in `x` `[N, C, w, F]`, whatever the network predicts.

        Only a ring shorter than a tile has a width that is no multiple of `time_multiple`; it is continued from its
        own start, as a ring goes on.
        """
        x, t = x.to(self.device), t.to(self.device)
        frames, surplus = x.shape[2], -x.shape[2] % self.time_multiple
        seen = x[:, :, torch.arange(frames + surplus, device=x.device) % frames] if surplus else x
        with torch.set_grad_enabled(torch.is_grad_enabled() and x.requires_grad):  # the weights may ask for one
            out = self._origin.apply_model(seen, t, cond.to(self.device)[:, None])[:, :, :frames].float()
        kind = self._origin.parameterization
        if kind != "eps":
            alpha = self.alphas_cumprod.to(self.device)[t][:, None, None, None]
            if kind == "x0":
                out = (x - alpha.sqrt() * out) / (1 - alpha).sqrt()
            else:  # Salimans & Ho 2022, appendix D
                out = alpha.sqrt() * out + (1 - alpha).sqrt() * x
        noise: Tensor = out.contiguous()
        return noise

    @torch.no_grad()
    def decode_mel(self, latent: Tensor) -> Tensor:
        mel: Tensor = self._origin.decode_first_stage(latent.to(self.device)).float()
        expected = (len(latent), 1, LATENT_MELS * latent.shape[2], BINS)
        if mel.shape != expected:
            raise SpotnbError(f"the first stage gave a mel of shape {list(mel.shape)}, expected {list(expected)}")
        return mel

    @torch.no_grad()
    def vocode(self, mel: Tensor) -> Tensor:
        sound: Tensor = self._origin.first_stage_model.vocoder(mel[:, 0].to(self.device).mT)
        return sound[:, 0, : HOP * mel.shape[2]].float()

    @torch.no_grad()
    def encode(self, waveform: Tensor) -> Tensor:
        """Latent of sound: the mean of the first stage's distribution, which audioldm itself would draw from."""
        frames = waveform.shape[-1] // self.samples_per_frame
        mel = torch_log_mel(waveform[..., : frames * self.samples_per_frame].to(self.device))
        latent: Tensor = self._origin.encode_first_stage(mel).mode() * self._origin.scale_factor
        return latent

    @torch.no_grad()
    def score(self, waveforms: Tensor, text: str) -> Tensor:
        """How well sounds match a text: CLAP's cosine similarity `[B]` of `waveforms` `[B, samples]`; more is better.

        audioldm ranks its candidates by it. Sounds longer than 10 s are heard in pieces of 10 s and the similarities
        averaged (audioldm hears one piece, drawn at random). Raises `InputError` for another shape, and `SpotnbError`
        without an audio encoder.
        """
        if waveforms.ndim != 2 or not waveforms.shape[1]:
            raise InputError(f"expected waveforms [B, samples], got shape {list(waveforms.shape)}; give one a row")
        clap = getattr(self._origin.cond_stage_model, "model", None)
        if not callable(getattr(clap, "get_audio_embedding", None)):
            raise SpotnbError(f"{self.name} has no CLAP audio encoder to rank sounds by; rank them by ear")
        wanted = self.embed([text])
        return torch.stack([self._similarity(clap, sound, wanted) for sound in waveforms])

    def _similarity(self, clap: Any, sound: Tensor, wanted: Tensor) -> Tensor:
        from scipy.signal import resample_poly

        wave = torch.from_numpy(resample_poly(sound.float().cpu().numpy(), CLAP_RATE // self.sample_rate, 1)).float()
        starts = [*range(0, len(wave) - CLAP_SAMPLES, CLAP_SAMPLES), max(0, len(wave) - CLAP_SAMPLES)]
        heard = []
        for start in starts:
            clip = wave[start : start + CLAP_SAMPLES]
            clip = clip.repeat(CLAP_SAMPLES // len(clip))  # a short sound is repeated whole, then padded
            clip = nn.functional.pad(clip, (0, CLAP_SAMPLES - len(clip))).to(self.device)
            found = clap.get_audio_embedding([{"waveform": clip, "longer": torch.tensor([False])}])
            heard.append(nn.functional.cosine_similarity(found, wanted)[0])
        return torch.stack(heard).mean()


@contextlib.contextmanager
def _reading(encoder: Any) -> Iterator[None]:
    """The encoder in text mode, dropping no prompt and leaving the global generator as it was; then as it came."""
    changes = {"embed_mode": "text", "unconditional_prob": 0.0}
    before = {name: getattr(encoder, name) for name in changes if hasattr(encoder, name)}
    for name in before:
        setattr(encoder, name, changes[name])
    try:
        with torch.random.fork_rng(devices=[]):  # it draws a number for each text even at probability 0
            yield
    finally:
        for name, value in before.items():
            setattr(encoder, name, value)


def _on_averaged_weights(origin: Any) -> Any:
    """`origin` with its averaged weights in the network, or `origin` itself where it keeps none.

    A copy of structure only: every tensor in it is one of `origin`'s own.
    """
    if not getattr(origin, "use_ema", False):
        return origin
    averages, keys = dict(origin.model_ema.named_buffers()), origin.model_ema.m_name2s_name
    shared: dict[int, Any] = {id(buffer): buffer for buffer in origin.model.buffers()}
    for name, weight in origin.model.named_parameters():
        average = averages[keys[name]] if name in keys else weight
        shared[id(weight)] = nn.Parameter(average, requires_grad=weight.requires_grad)
    twin = copy.copy(origin)
    twin._modules = {**origin._modules, "model": copy.deepcopy(origin.model, shared)}
    return twin


def _check(origin: Any) -> None:
    """Raise `InputError` unless `origin` is a `LatentDiffusion` that can be driven."""
    kind = type(origin).__name__
    if missing := [path for path in NEEDED if not _has(origin, path)]:
        rest = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise InputError(
            f"a {kind} is no LatentDiffusion, it lacks {', '.join(missing[:3])}{rest}; "
            "pass what audioldm.build_model returns"
        )
    steps, bins, averaged = len(origin.alphas_cumprod), origin.latent_f_size, getattr(origin, "use_ema", False)
    predicts, key = origin.parameterization, origin.model.conditioning_key
    faults = [
        (steps != TRAINED_STEPS, f"its noise schedule has {steps} steps, not {TRAINED_STEPS}"),
        (predicts not in PREDICTS, f"it predicts {show(predicts)}, not one of {', '.join(PREDICTS)}"),
        (key != "film", f"it is conditioned by {show(key)}, not by film"),
        (bins != BINS // LATENT_MELS, f"its latents have {bins} bins, not {BINS // LATENT_MELS}"),
        ({w.dtype for w in origin.model.parameters()} != {torch.float32}, "its network is not in float32"),
        (averaged and not _has(origin, "model_ema.m_name2s_name"), "it has use_ema but no model_ema"),
        (not math.isfinite(float(origin.scale_factor)), "its scale_factor is no finite number"),
    ]
    if wrong := [fault for present, fault in faults if present]:
        raise InputError(f"this {kind} cannot be driven, {wrong[0]}; pass what audioldm.build_model returns")


def _has(origin: Any, path: str) -> bool:
    for name in path.split("."):
        origin = getattr(origin, name, None)
    return origin is not None
