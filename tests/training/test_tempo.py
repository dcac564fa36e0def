"""Tempos as words and as numbers, and the initial state of the text encoder."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cosine_similarity

from training.tempo import FEATURES, LEAST_BPM, MOST_BPM, tempo_features, tempo_word, told_tempo
from training.train_text import build_encoder, build_tokenizer, encode, tempo_loss


@given(st.floats(LEAST_BPM, MOST_BPM))
def test_a_tempo_is_told_to_half_a_beat(bpm: float) -> None:
    assert abs(int(tempo_word(bpm)) - bpm) <= 0.5
    assert told_tempo(f"drums at {tempo_word(bpm)} bpm") == int(tempo_word(bpm))


def test_tempi_beyond_what_is_played_are_told_as_the_last() -> None:
    assert [tempo_word(bpm) for bpm in (20.0, 240.0)] == [str(LEAST_BPM), str(MOST_BPM)]


@pytest.mark.parametrize("text", ["", "rock from the 90s", "fast drums"])
def test_no_figure_is_no_tempo(text: str) -> None:
    assert told_tempo(text) is None


@given(st.floats(LEAST_BPM, MOST_BPM / 1.1))
def test_features_are_nearer_the_nearer_the_tempi(bpm: float) -> None:
    here, near, far = (tempo_features(bpm * factor) for factor in (1, 1.02, 1.1))
    assert np.square(here).sum() == pytest.approx(FEATURES / 2, rel=1e-5)
    assert np.linalg.norm(here - near) < np.linalg.norm(here - far)


def test_a_double_is_told_from_its_half_but_resembles_it() -> None:
    half, other, double = (tempo_features(bpm) for bpm in (60, 85, 120))
    assert 0.5 < np.linalg.norm(half - double) < np.linalg.norm(half - other)


def test_the_encoder_begins_with_figures_in_order() -> None:
    tokenizer = build_tokenizer()
    rows = build_encoder(tokenizer).text_model.embeddings.word_embeddings.weight.detach()
    words = tokenizer.get_vocab()
    at = {bpm: rows[words[str(bpm)]] for bpm in (90, 120, 121)}
    assert cosine_similarity(at[120], at[121], dim=0) > 0.99 > cosine_similarity(at[120], at[90], dim=0)


def test_a_figure_that_touches_its_unit_is_a_figure() -> None:
    tokenizer = build_tokenizer()
    assert tokenizer("techno at 128bpm").input_ids == tokenizer("techno at 128 bpm").input_ids
    assert tokenizer.unk_token_id not in tokenizer("90s rock at 128bpm").input_ids


def test_the_loss_asks_for_the_tempo_in_the_first_channels() -> None:
    tokenizer = build_tokenizer()
    texts = ["drums at 120 bpm", "drums"]
    embeds = encode(build_encoder(tokenizer), tokenizer, texts).detach().requires_grad_()
    tempo_loss(embeds, texts).backward()
    assert embeds.grad is not None
    assert (embeds.grad[:, :FEATURES] != 0).all()
    assert torch.equal(embeds.grad[:, FEATURES:], torch.zeros_like(embeds.grad[:, FEATURES:]))
