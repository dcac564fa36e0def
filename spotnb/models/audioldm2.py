"""AudioLDM 2 from its components in diffusers' folder format.

AudioLDM 2: Liu et al. 2023, "AudioLDM 2: Learning Holistic Audio Generation with Self-supervised Pretraining",
arXiv:2308.05734, section 3. A language model continues the embeddings of two text encoders with a short sequence (the
"language of audio"). The UNet attends to this sequence and to the embeddings of the second encoder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import spotnb.models.whole_networks

import torch
from diffusers import AudioLDM2ProjectionModel, AudioLDM2UNet2DConditionModel, AutoencoderKL, DDIMScheduler
from torch import Tensor, nn

from spotnb.models.clap import ClapJudge, embed_texts
from spotnb.models.mel_diffusion import MelDiffusion
from spotnb.models.shelter import shelter
from spotnb.models.threads import by_rows
from spotnb.models.tokens import tokenize
from spotnb.models.words import WORDS
from spotnb.support.checks import check_text

NEW_TOKENS = 8
"""The length of the sequence that the language model of the published checkpoints generates."""


@dataclass(frozen=True)
class TextStreams:
    """The conditioning of AudioLDM 2: N rows of two streams.

    Attributes:
        generated: The sequence that the language model generated, `[N, K, D]`.
        hidden: The hidden states of the second text encoder, `[N, L, E]`.
        mask: 1 for a token and 0 for padding, `[N, L]`.
    """

    generated: Tensor
    hidden: Tensor
    mask: Tensor

    def __len__(self) -> int:
        return len(self.generated)

    def __getitem__(self, rows: list[int]) -> Self:
        return type(self)(self.generated[rows], self.hidden[rows], self.mask[rows])

    def to(self, device: torch.device) -> Self:
        """Return the rows on a device."""
        return type(self)(self.generated.to(device), self.hidden.to(device), self.mask.to(device))

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Join tables of rows into one. Shorter texts are padded."""
        longest = max(part.mask.shape[1] for part in parts)
        lacking = [longest - part.mask.shape[1] for part in parts]
        return cls(
            torch.cat([part.generated for part in parts]),
            torch.cat([nn.functional.pad(p.hidden, (0, 0, 0, n)) for p, n in zip(parts, lacking, strict=True)]),
            torch.cat([nn.functional.pad(p.mask, (0, n)) for p, n in zip(parts, lacking, strict=True)]),
        )


class AudioLDM2(MelDiffusion):
    """An `AudioModel` that consists of two text encoders, a language model, a UNet, an autoencoder and a vocoder.

    Args:
        name: Name for the manifest.
        unet: The denoising network with two streams of cross-attention.
        vae: The autoencoder of log-mels.
        text_encoder: The CLAP model.
        text_encoder_2: The encoder of T5.
        projection_model: Projects the embeddings of both encoders to those of the language model.
        language_model: The body of GPT-2.
        tokenizer: The tokenizer of CLAP.
        tokenizer_2: The tokenizer of T5.
        vocoder: The network that converts log-mels to sound.
        scheduler: The scheduler that supplies the noise schedule.
        feature_extractor: The feature extractor of the CLAP model. Without one, the model has no `score`.
        new_tokens: The length of the sequence that the language model generates.
        **options: `device`, `dtype`, `notes` and `digest` of `MelDiffusion`.
    """

    defaults: Mapping[str, Any] = {"guidance_scale": 3.5}

    def __init__(
        self,
        name: str,
        unet: AudioLDM2UNet2DConditionModel,
        vae: AutoencoderKL,
        text_encoder: nn.Module,
        text_encoder_2: nn.Module,
        projection_model: AudioLDM2ProjectionModel,
        language_model: nn.Module,
        tokenizer: Any,
        tokenizer_2: Any,
        vocoder: nn.Module,
        scheduler: DDIMScheduler,
        *,
        feature_extractor: Any = None,
        new_tokens: int = NEW_TOKENS,
        **options: Any,
    ) -> None:
        self.text_encoder: Any
        self.text_encoder_2: Any
        self.projection_model: Any
        self.language_model: Any
        encoders = {
            "text_encoder": text_encoder,
            "text_encoder_2": text_encoder_2,
            "projection_model": projection_model,
            "language_model": language_model,
        }
        facts = {"new_tokens": torch.tensor(new_tokens)}
        # The second tokenizer reads less of a text than that of CLAP, and its encoder conditions the UNet directly.
        super().__init__(name, unet, vae, vocoder, scheduler, tokenizer_2, encoders, facts=facts, **options)
        self.clap_tokenizer, self.new_tokens = tokenizer, new_tokens
        judge = feature_extractor and ClapJudge(self.text_encoder, tokenizer, feature_extractor, self.sample_rate)
        self.score: ClapJudge | None = judge or None

    @torch.no_grad()
    @shelter
    def embed(self, texts: list[str]) -> TextStreams:
        """Return the conditioning of N texts, which are embedded as a set.

        All texts are padded to the longest one. Attention ignores the padding, but the positions of the language model
        count it, so that a row depends a little on the other texts. diffusers' pipeline does the same to a negative
        prompt that is not longer than the prompt; it cuts a longer one, where this function pads the prompt.
        """
        texts = [check_text("text", text, hint=WORDS) for text in texts]
        clap = embed_texts(self.text_encoder, self.clap_tokenizer, texts, self.device)[:, None]
        tokens = tokenize(self.tokenizer, texts, padding="longest", truncation=True, return_tensors="pt").to(
            self.device
        )
        mask = tokens.attention_mask
        hidden = self.text_encoder_2(input_ids=tokens.input_ids, attention_mask=mask).last_hidden_state
        projected = self.projection_model(
            hidden_states=clap,
            hidden_states_1=hidden,
            attention_mask=mask.new_ones(len(texts), 1),
            attention_mask_1=mask,
        )
        return TextStreams(self._continued(projected.hidden_states, projected.attention_mask), hidden, mask)

    def _continued(self, sequence: Tensor, mask: Tensor) -> Tensor:
        """Return the hidden states `[N, K, D]` with which the language model continues a sequence `[N, L, D]`."""
        for _ in range(self.new_tokens):
            positions = torch.arange(sequence.shape[1], device=sequence.device)[None]
            states = self.language_model(
                inputs_embeds=sequence, attention_mask=mask, position_ids=positions, use_cache=False
            ).last_hidden_state
            sequence = torch.cat([sequence, states[:, -1:]], dim=1)
            mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
        return sequence[:, -self.new_tokens :]

    @shelter
    def predict_noise(self, x: Tensor, t: Tensor, cond: TextStreams) -> Tensor:
        """Predict the noise (epsilon) in `x` `[N, C, w, F]` at timesteps `t` `[N]`."""
        cond = cond.to(self.device)
        inputs = [x.to(self.device), t.to(self.device), cond.generated, cond.hidden, cond.mask]
        return by_rows(self._noise, *inputs) if self._small else self._noise(*inputs)

    def _noise(self, x: Tensor, t: Tensor, generated: Tensor, hidden: Tensor, mask: Tensor) -> Tensor:
        out = self.unet(
            x.to(self.dtype).contiguous(memory_format=self._memory_format),
            t,
            encoder_hidden_states=generated.to(self.dtype),
            encoder_hidden_states_1=hidden.to(self.dtype),
            encoder_attention_mask_1=mask,
        ).sample
        return self._epsilon(out, x, t)
