"""The evaluation detects what it should, and judges the sounds that a sampler generates."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spotnb import SpotSampler, load_model
from spotnb.models.defaults import TINY_GUIDANCE, TINY_INTERVAL
from training.classifier import both_heard
from training.compose import CLASSES
from training.data import class_targets
from training.measure_memory import nearness
from training.measure_prompts import diversity, pair_prompts
from training.sampling import prompts_of, sampled_latents


def test_a_copy_is_found_wherever_it_was_taken_from() -> None:
    train = np.random.default_rng(0).standard_normal((20, 8, 384, 16)).astype(np.float16)
    copies = torch.from_numpy(train[[3, 17], :, 100:228].astype(np.float32))
    last = torch.from_numpy(train[[19], :, 256:].astype(np.float32))
    other = torch.randn(2, 8, 128, 16, generator=torch.Generator().manual_seed(0))
    nearest = nearness(torch.cat([3 * copies, last, other]), train)
    assert np.allclose(nearest[:3], 1, atol=1e-3)
    assert (nearest[3:] < 0.2).all()


def test_every_class_of_a_pair_must_be_heard() -> None:
    targets = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1]])
    logits = np.array([[2.0, 0.4, 5.0], [2.0, 0.0, -1.0], [0.0, 3.0, 3.0]])
    assert both_heard(logits, targets, 0.5) == 1 / 3
    assert both_heard(logits, targets, 0) == 2 / 3
    assert both_heard(logits, targets, -1.5) == 1


def test_pairs_are_of_two_classes() -> None:
    texts, targets = pair_prompts(84)
    assert len(set(texts)) > 70
    assert (targets.sum(1) == 2).all()
    assert (targets.sum(0) > 0).all()


def test_targets_name_both() -> None:
    target = class_targets([{"class": "organ"}, {"class": "organ", "with": {"class": "nature"}}])
    assert [CLASSES[i] for i in target[1].nonzero().flatten()] == ["nature", "organ"]
    assert target[0].sum() == 1


def test_prompts_are_balanced() -> None:
    rows = prompts_of("unseen", 6)
    assert [sum(index == c for index, _ in rows) for c in range(len(CLASSES))] == [6] * len(CLASSES)


def test_diversity_is_low_where_a_class_always_sounds_the_same() -> None:
    rng = np.random.default_rng(0)
    classes, centers = np.repeat(np.arange(4), 10), rng.standard_normal((4, 8))
    same = centers[classes]
    assert diversity(same, classes) == 0
    assert 0.9 < diversity(rng.standard_normal((40, 8)), classes) < 1.05


@pytest.mark.parametrize("solver", ["ddim", "dpm++"])
def test_judged_clips_are_those_of_a_sampler(solver: str) -> None:
    model, texts = load_model("tiny", device="cpu", dtype="fp32"), ["calm piano", "rain at 90 bpm"]
    clips = sampled_latents(model, texts, batch=1, solver=solver, steps=8, seed=3)
    for k, (text, clip) in enumerate(zip(texts, clips, strict=True)):
        run = SpotSampler(
            model,
            text,
            5.0,
            8,
            TINY_GUIDANCE,
            seed=3 + k,
            solver=solver,
            guidance_interval=TINY_INTERVAL,
        )
        assert (clip - run.run(progress=False).latent[0]).abs().max() < 1e-3
