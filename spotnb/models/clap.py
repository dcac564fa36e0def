"""CLAP: embeddings of texts, and how well sounds match a text.

CLAP: Wu et al. 2023, "Large-Scale Contrastive Language-Audio Pretraining with Feature Fusion and Keyword-to-Caption
Augmentation", arXiv:2211.06687.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from spotnb.errors import InputError
from spotnb.models.shelter import shelter
from spotnb.models.tokens import tokenize
from spotnb.models.words import WORDS
from spotnb.support.checks import check_text

RATE, SECONDS = 48000, 10
"""The input of the audio encoder: 10 s at 48 kHz."""


@torch.no_grad()
def embed_texts(encoder: Any, tokenizer: Any, texts: list[str], device: torch.device) -> Tensor:
    """Return the normalized CLAP embeddings `[N, D]` of N texts. Words past the tokenizer's limit are cut.

    Args:
        encoder: A `ClapTextModelWithProjection`, or a `ClapModel`, of which the text branch is used.
        tokenizer: The tokenizer of the encoder.
        texts: The texts.
        device: The device of the encoder.

    Raises:
        InputError: A text cannot be one.
    """
    texts = [check_text("text", text, hint=WORDS) for text in texts]
    tokens = tokenize(tokenizer, texts, padding="longest", truncation=True, return_tensors="pt").to(device)
    inputs = {"input_ids": tokens.input_ids, "attention_mask": tokens.attention_mask}
    if hasattr(encoder, "get_text_features"):
        features: Tensor = encoder.get_text_features(**inputs).pooler_output  # normalized
        return features
    normalized: Tensor = nn.functional.normalize(encoder(**inputs).text_embeds, dim=-1)
    return normalized


class ClapJudge:
    """Scores how well sounds match a text by the cosine similarity of their CLAP embeddings.

    Args:
        clap: The CLAP model.
        tokenizer: Its tokenizer.
        extractor: Its feature extractor.
        sample_rate: The sample rate of the sounds.
    """

    def __init__(self, clap: Any, tokenizer: Any, extractor: Any, sample_rate: int) -> None:
        self._clap, self._tokenizer, self._extractor, self._rate = clap, tokenizer, extractor, sample_rate

    @torch.no_grad()
    @shelter
    def __call__(self, waveforms: Any, text: str) -> Tensor:
        """Return the similarities `[B]` of sounds `[B, samples]` and a text, of which higher is better.

        A sound longer than 10 s is split into pieces of 10 s, whose similarities are averaged.

        Raises:
            InputError: `waveforms` has another shape.
        """
        sounds = torch.as_tensor(waveforms).float().cpu()
        if sounds.ndim != 2 or not sounds.shape[1]:
            raise InputError(
                f"the waveforms have shape {list(sounds.shape)}: expected [B, samples]; pass one sound per row"
            )
        device = self._clap.logit_scale_a.device
        prompt = embed_texts(self._clap, self._tokenizer, [text], device)
        return torch.stack([self._similarity(sound, prompt) for sound in sounds])

    def _similarity(self, sound: Tensor, prompt: Tensor) -> Tensor:
        from scipy.signal import resample_poly

        wave, size = resample_poly(sound.numpy(), RATE, self._rate), RATE * SECONDS
        starts = [*range(0, len(wave) - size, size), max(0, len(wave) - size)]
        clips = [wave[start : start + size] for start in starts]  # none is longer, so that none is cropped at random
        features = self._extractor(clips, sampling_rate=RATE, return_tensors="pt").to(prompt.device)
        embeddings = self._clap.get_audio_features(**features).pooler_output
        return nn.functional.cosine_similarity(embeddings, prompt).mean()
