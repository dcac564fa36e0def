"""An adapter that makes an `AudioModel` of audioldm's `LatentDiffusion`, which its `build_model` returns.

`audioldm` itself is never imported. The adapter works around several faults of the object at run time, without
overwriting anything in it:

- Its text encoder drops the prompt with a probability of 0.1, even at inference, and draws from the global random
  generator to decide. The adapter prevents both while a text is embedded.
- Its averaged weights (EMA) are used only inside `ema_scope`, which copies the network twice. The adapter runs the
  network on the averaged weights without copying any weights.
- Its network rejects lengths that are not multiples of 8, its first stage draws a random sample when it encodes, the
  sound of its vocoder is rounded to 16 bits and slightly too long, and its `device` may not be the one that its weights
  are on.
"""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from spotnb.errors import InputError, SpotnbError
from spotnb.models.batching import suggested_tile_batch
from spotnb.models.card import ShownModel
from spotnb.models.identity import KEY, Identity
from spotnb.models.mel import torch_log_mel
from spotnb.models.shelter import shelter
from spotnb.models.tokens import TURN
from spotnb.models.words import Reading, read_tokens
from spotnb.sound.mel import BINS, HOP, LATENT_MELS, SAMPLE_RATE
from spotnb.support.checks import check_text, show

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
PREDICTS = {"eps": "epsilon", "x0": "sample", "v": "v_prediction"}  # audioldm's names and those of diffusers
TRAINED_STEPS = 1000
CLAP_TOKENS = 512  # of a text, with the two special ones; audioldm cuts the rest
NATIVE_FRAMES = 256
CLAP_RATE, CLAP_SAMPLES = 48000, 480000  # the input of the CLAP audio encoder: 10 s


@shelter
def from_audioldm(latent_diffusion: Any, *, name: str = "audioldm") -> LatentDiffusionModel:
    """Adapt the object that `audioldm.build_model` returns.

    It is recognized by its attributes, so `audioldm` does not have to be importable.

    Args:
        latent_diffusion: The `LatentDiffusion`. Move it to its device before; it is put into evaluation mode.
        name: Name for the manifest, because the object does not know which checkpoint it holds.

    Raises:
        InputError: It is not a `LatentDiffusion`, or not a supported one. The message gives the reason.
    """
    return LatentDiffusionModel(latent_diffusion, name=name)


class LatentDiffusionModel(ShownModel):
    """An `AudioModel` that wraps a `LatentDiffusion` and shares its weights.

    Args:
        latent_diffusion: The `LatentDiffusion`, see `from_audioldm`.
        name: Name for the manifest.

    Raises:
        InputError: As for `from_audioldm`.
    """

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
        parts = (self._origin.model, self._origin.first_stage_model, self._origin.cond_stage_model)
        others = {"schedule": self.alphas_cumprod, "scale": torch.as_tensor(self._origin.scale_factor).float()}
        self._identity = Identity([part for part in parts if isinstance(part, nn.Module)], others)

    def describe(self) -> dict[str, Any]:
        """Return what the manifest records about the model, with a digest of its weights.

        The digest is computed at the first call, which takes about a second for 1.5 GB.
        """
        return {
            "name": self.name,
            "dtype": str(self.dtype).removeprefix("torch."),
            "device": self.device.type,
            "prediction_type": PREDICTS[self._origin.parameterization],
            "averaged_weights": bool(getattr(self._origin, "use_ema", False)),
            KEY: str(self._identity),
        }

    def read_text(self, text: str) -> Reading:
        """Return what the tokenizer of the text encoder reads of a text, see `spotnb.models.words`."""
        tokenizer = getattr(self._origin.cond_stage_model, "tokenize", None)
        text = check_text("text", text, hint="pass words that describe a sound")
        return read_tokens(tokenizer, text, CLAP_TOKENS) if hasattr(tokenizer, "is_fast") else Reading()

    @torch.no_grad()
    @shelter
    def embed(self, texts: list[str]) -> Tensor:
        """Return the conditioning `[N, D]` of N texts. An empty text gives audioldm's unconditional conditioning."""
        texts = [check_text("text", text, hint="pass words that describe a sound") for text in texts]
        encoder, prompts = self._origin.cond_stage_model, [text for text in texts if text]
        with _reading(encoder):
            conditional = iter(self._origin.get_learned_conditioning(prompts).split(1) if prompts else ())
            unconditional: Any = encoder.get_unconditional_condition(1) if len(prompts) < len(texts) else None
        embeds = torch.cat([next(conditional) if text else unconditional for text in texts])
        return embeds[:, 0].to(self.device, torch.float32)  # audioldm returns [N, 1, D]

    @shelter
    def predict_noise(self, x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        """Return the noise in `x` `[N, C, w, F]`, converted from what the network predicts.

        Only a single window over an entire ring has a width that is not a multiple of `time_multiple`. It is extended
        with its first frames, which follow its last ones.
        """
        x, t = x.to(self.device), t.to(self.device)
        frames, surplus = x.shape[2], -x.shape[2] % self.time_multiple
        seen = x[:, :, torch.arange(frames + surplus, device=x.device) % frames] if surplus else x
        with torch.set_grad_enabled(torch.is_grad_enabled() and x.requires_grad):  # the weights may require gradients
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
    @shelter
    def decode_mel(self, latent: Tensor) -> Tensor:
        """Decode a clean latent to a log-mel `[B, 1, 4T, 64]`."""
        mel: Tensor = self._origin.decode_first_stage(latent.to(self.device)).float()
        expected = (len(latent), 1, LATENT_MELS * latent.shape[2], BINS)
        if mel.shape != expected:
            raise SpotnbError(
                f"the first stage returned a mel of shape {list(mel.shape)}: expected {list(expected)}; "
                "pass what audioldm.build_model returns"
            )
        return mel

    @torch.no_grad()
    @shelter
    def vocode(self, mel: Tensor) -> Tensor:
        """Convert a log-mel `[B, 1, frames, 64]` to sound `[B, 160 * frames]`."""
        sound: Tensor = self._origin.first_stage_model.vocoder(mel[:, 0].to(self.device).mT)
        return sound[:, 0, : HOP * mel.shape[2]].float()

    @torch.no_grad()
    @shelter
    def encode(self, waveform: Tensor) -> Tensor:
        """Encode sound to the mean of the distribution of the first stage. audioldm would draw a random sample."""
        frames = waveform.shape[-1] // self.samples_per_frame
        mel = torch_log_mel(waveform[..., : frames * self.samples_per_frame].to(self.device))
        latent: Tensor = self._origin.encode_first_stage(mel).mode() * self._origin.scale_factor
        return latent

    @torch.no_grad()
    @shelter
    def score(self, waveforms: Tensor, text: str) -> Tensor:
        """Score how well sounds match a text by the cosine similarity of their CLAP embeddings.

        audioldm ranks its candidates by this score. A sound longer than 10 s is split into pieces of 10 s, whose
        similarities are averaged; audioldm uses one random piece.

        Args:
            waveforms: `[B, samples]` at the sample rate of the model.
            text: The prompt.

        Returns:
            The similarities `[B]`, of which higher is better.

        Raises:
            InputError: `waveforms` has another shape.
            SpotnbError: The model has no CLAP audio encoder.
        """
        if waveforms.ndim != 2 or not waveforms.shape[1]:
            raise InputError(
                f"the waveforms have shape {list(waveforms.shape)}: expected [B, samples]; pass one sound per row"
            )
        clap = getattr(self._origin.cond_stage_model, "model", None)
        if not callable(getattr(clap, "get_audio_embedding", None)):
            raise SpotnbError(f"{self.name} has no CLAP audio encoder to rank sounds with: rank them by ear")
        prompt = self.embed([text])
        return torch.stack([self._similarity(clap, sound, prompt) for sound in waveforms])

    def _similarity(self, clap: Any, sound: Tensor, prompt: Tensor) -> Tensor:
        from scipy.signal import resample_poly

        wave = torch.from_numpy(resample_poly(sound.float().cpu().numpy(), CLAP_RATE // self.sample_rate, 1)).float()
        starts = [*range(0, len(wave) - CLAP_SAMPLES, CLAP_SAMPLES), max(0, len(wave) - CLAP_SAMPLES)]
        similarities = []
        for start in starts:
            clip = wave[start : start + CLAP_SAMPLES]
            clip = clip.repeat(CLAP_SAMPLES // len(clip))  # a short sound is repeated as often as it fits, then padded
            clip = nn.functional.pad(clip, (0, CLAP_SAMPLES - len(clip))).to(self.device)
            embedding = clap.get_audio_embedding([{"waveform": clip, "longer": torch.tensor([False])}])
            similarities.append(nn.functional.cosine_similarity(embedding, prompt)[0])
        return torch.stack(similarities).mean()


@contextlib.contextmanager
def _reading(encoder: Any) -> Iterator[None]:
    """Put the encoder into text mode without prompt dropout, protect the global generator, and restore both after.

    Threads take turns: they share the encoder's mode and its tokenizer.
    """
    changes = {"embed_mode": "text", "unconditional_prob": 0.0}
    with TURN:
        before = {name: getattr(encoder, name) for name in changes if hasattr(encoder, name)}
        for name in before:
            setattr(encoder, name, changes[name])
        try:
            with torch.random.fork_rng(devices=[]):  # the encoder draws a number for each text even at probability 0
                yield
        finally:
            for name, value in before.items():
                setattr(encoder, name, value)


def _on_averaged_weights(origin: Any) -> Any:
    """Return a copy of `origin` that uses its averaged weights, or `origin` itself if it has none.

    The copy shares every tensor with `origin`.
    """
    if not getattr(origin, "use_ema", False):
        return origin
    averages, keys = dict(origin.model_ema.named_buffers()), origin.model_ema.m_name2s_name
    shared: dict[int, Any] = {id(buffer): buffer for buffer in origin.model.buffers()}
    for name, weight in origin.model.named_parameters():
        average = averages[keys[name]] if name in keys else weight
        shared[id(weight)] = nn.Parameter(average, requires_grad=weight.requires_grad)
    twin = copy.copy(origin)
    model = copy.deepcopy(origin.model, shared)
    twin._modules = {**origin._modules, "model": model}  # noqa: SLF001  torch has no public way to exchange a child
    return twin


def _check(origin: Any) -> None:
    """Raise `InputError` unless `origin` is a supported `LatentDiffusion`."""
    kind = type(origin).__name__
    if missing := [path for path in NEEDED if not _has(origin, path)]:
        rest = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise InputError(
            f"the model is a {kind}, which lacks {', '.join(missing[:3])}{rest}: expected a LatentDiffusion; "
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
        (not math.isfinite(float(origin.scale_factor)), "its scale_factor is not a finite number"),
    ]
    if wrong := [fault for present, fault in faults if present]:
        raise InputError(f"this {kind} is not supported: {wrong[0]}; pass what audioldm.build_model returns")


def _has(origin: Any, path: str) -> bool:
    for name in path.split("."):
        origin = getattr(origin, name, None)
    return origin is not None
