"""Candidates of the denoiser are what they say, and the base is the one that ships."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from spotnb import load_model
from spotnb.models.load import EMBEDDED
from spotnb.sampling.guidance import classifier_free
from training import candidates
from training.denoiser_net import BASE, CANDIDATES, Candidate, FoldedUNet, build_unet, loss_weights
from training.guided import AutoguidedUNet, rescaled
from training.sampling import sampled_latents
from training.train_denoiser import main, scheduler


class Copy(nn.Module):
    """Predicts its input times a factor, and keeps the input."""

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor, self.seen = factor, torch.zeros(0)

    def forward(self, x: Tensor, *_: Any, **__: Any) -> SimpleNamespace:
        self.seen = x
        return SimpleNamespace(sample=self.factor * x)


def test_the_base_is_the_shipped_network() -> None:
    shipped = json.loads((EMBEDDED / "unet" / "config.json").read_text())
    ours = dict(build_unet().config)
    differing = {k for k, v in shipped.items() if k in ours and json.dumps(ours[k]) != json.dumps(v)}
    assert {key for key in differing if not key.startswith("_")} == set()


@pytest.mark.parametrize("name", ["fine", "attention", "folded"])
def test_networks_predict_windows_of_every_width(name: str) -> None:
    """The widths are those of the candidate, reduced so that the test is fast."""
    candidate = CANDIDATES[name]
    small = replace(candidate, channels=tuple(width // 16 * 16 for width in (16, 32, 32, 48)))
    unet = build_unet(small)
    for frames in (64, 96):
        out = unet(torch.randn(1, 20, frames, 16), torch.tensor([5]), None, class_labels=torch.randn(1, 192)).sample
        assert out.shape == (1, 8, frames, 16)
    inner = unet.unet if isinstance(unet, FoldedUNet) else unet
    attends = ["CrossAttn" in block for block in inner.config.down_block_types]
    assert attends == [False, name == "attention", False, True]


def test_folded_bins_return_to_their_places() -> None:
    unet = Copy()
    x = torch.randn(2, 8, 24, 16)
    assert torch.equal(FoldedUNet(unet, 2)(x, torch.zeros(1), None, torch.zeros(1)).sample, x)
    assert unet.seen.shape == (2, 16, 24, 8)
    assert torch.equal(unet.seen[:, 3], x[:, 1, :, 1::2])  # the second bin of every pair, of the second channel


def test_loss_weights_are_those_of_the_papers() -> None:
    alphas = scheduler().alphas_cumprod
    ratio = alphas / (1 - alphas)
    assert torch.equal(loss_weights("none", alphas), torch.ones(1000))
    for kind in ("min-snr", "sigmoid"):
        weights = loss_weights(kind, alphas)
        assert (weights > 0).all()
        assert weights.mean().item() == pytest.approx(1, abs=1e-5)
        assert weights[:50].mean() < weights[200:600].mean()  # little weight where there is little noise
    of_x0 = loss_weights("min-snr", alphas) * (ratio + 1)
    assert torch.allclose(of_x0 / of_x0[0], ratio.clamp(max=5) / 5, atol=1e-4)


def test_rescaled_guidance_keeps_the_deviation_of_the_prompt() -> None:
    generator = torch.Generator().manual_seed(0)
    x, free, own = (torch.randn(2, 8, 16, 16, generator=generator) for _ in range(3))
    prediction, alpha = classifier_free(free, own, 4.0), torch.tensor(0.3)

    def v_deviation(eps: Tensor) -> Tensor:
        return ((eps - (1 - alpha).sqrt() * x) / alpha.sqrt()).std((1, 2, 3))

    assert torch.allclose(rescaled(prediction, x, alpha, 0.0), prediction.eps, atol=1e-5)
    assert torch.allclose(v_deviation(rescaled(prediction, x, alpha, 1.0)), v_deviation(own), rtol=1e-4)
    assert (v_deviation(prediction.eps) > 1.5 * v_deviation(own)).all()


def test_autoguidance_leads_away_from_the_weaker() -> None:
    x = torch.ones(1, 8, 8, 16)
    assert torch.allclose(AutoguidedUNet(Copy(3.0), Copy(2.0), 1.0)(x).sample, 3 * x)
    assert torch.allclose(AutoguidedUNet(Copy(3.0), Copy(2.0), 2.0)(x).sample, 4 * x)


def test_sampling_without_a_share_of_rescaling_is_that_of_a_run() -> None:
    model: Any = load_model("tiny", device="cpu", dtype="fp32")
    settings: dict[str, Any] = {"steps": 3, "frames": 64, "solver": "dpm++"}
    plain, none, much = (sampled_latents(model, ["organ"], rescale=share, **settings) for share in (0, 1e-9, 1.0))
    assert (plain - none).abs().max() < 1e-3
    assert much.std() < plain.std()


def test_a_network_that_no_folder_can_hold_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert not CANDIDATES["folded"].loads
    with pytest.raises(SystemExit):
        main(["--candidate", "folded"])
    assert "training.candidates" in capsys.readouterr().err


def test_candidates_differ_from_the_base_in_one_respect() -> None:
    base = CANDIDATES[BASE]
    fields = Candidate.__dataclass_fields__
    for name, candidate in CANDIDATES.items():
        changed = [field for field in fields if getattr(candidate, field) != getattr(base, field)]
        assert len(changed) == (0 if name == BASE else 2 if name == "folded" else 1)  # its levels are wider
    assert "frechet" in candidates.table({"a": {"frechet": 1.0}, "b": {"lufs": -20.0}})
