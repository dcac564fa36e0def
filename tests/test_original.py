"""The original notebook's vocabulary: the calls of its cells in order, and each name alone."""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

import spotnb
from spotnb import AudioModel, SpotSampler, original
from spotnb.errors import InputError
from spotnb.models.build_model import BuiltModel
from tests.networks import ALPHAS, FunctionModel, neighbourly

NAMES = {
    *("SpotDiffusionConfig", "should_use_spotdiffusion", "generate_random_shift", "create_tiles", "apply_shift"),
    *("reverse_shift", "sliding_window_vae_decode", "spotdiffusion_sample", "spotdiffusion_text_to_audio"),
    *("build_model", "DDIMSampler", "duration_to_latent_t_size"),
    *("torch", "np", "plt", "ipd", "sf", "time", "os", "sys"),
}


class StandIn(nn.Module):
    """The visible parts of what `audioldm.build_model` returns, around a small function."""

    channels, latent_f_size, latent_t_size = 8, 16, 256
    parameterization, use_ema, scale_factor = "eps", False, 1.0

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("alphas_cumprod", ALPHAS.clone())
        self.model = nn.Linear(1, 1)
        self.model.conditioning_key = "film"
        self.model.diffusion_model = types.SimpleNamespace(channel_mult=(1, 2, 3, 5))
        self.cond_stage_model = types.SimpleNamespace(
            embed_mode="audio",
            unconditional_prob=0.1,
            get_unconditional_condition=lambda count: torch.zeros(count, 1, 2),
        )
        self.first_stage_model = types.SimpleNamespace(vocoder=self.vocoder)

    def get_learned_conditioning(self, texts: list[str]) -> Tensor:
        assert self.cond_stage_model.embed_mode == "text"
        return torch.tensor([[[len(text) / 10, text.count("a") / 5]] for text in texts])

    def apply_model(self, x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        assert x.shape[2] % 8 == 0
        return neighbourly(x, t, cond[:, 0])

    def decode_first_stage(self, latent: Tensor) -> Tensor:
        return torch.tanh(latent.mean(1, keepdim=True).repeat_interleave(4, 2).repeat_interleave(4, 3)) - 5

    def encode_first_stage(self, mel: Tensor) -> Any:
        raise NotImplementedError

    @staticmethod
    def vocoder(mel: Tensor) -> Tensor:
        return torch.tanh(mel.mean(1, keepdim=True) + 5).repeat_interleave(160, dim=2)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Install a package `audioldm` whose `build_model` gives the stand-in, and return the requested names."""
    asked: list[str] = []
    monkeypatch.setenv("AUDIOLDM_CACHE_DIR", "nowhere")

    def build_model(ckpt_path: Any = None, config: Any = None, model_name: str = "audioldm-s-full") -> StandIn:
        asked.append(model_name)
        return StandIn()

    monkeypatch.setitem(sys.modules, "audioldm", types.SimpleNamespace(build_model=build_model))
    return asked


@pytest.fixture(scope="module")
def tiny() -> Any:
    return original.build_model(model_name="tiny", device="cpu", dtype="fp32")


@pytest.fixture
def small() -> original.DDIMSampler:
    return original.DDIMSampler(FunctionModel(neighbourly))


def walk(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, skip: tuple[str, ...] = ()) -> dict[str, Any]:
    """Run the original notebook's calls in order, for short sounds in few steps, and return the final names."""
    room: dict[str, Any] = {"name": name}
    monkeypatch.chdir(folder)
    for title, cell in CELLS.items():
        if title not in skip:
            exec(compile(cell, title, "exec"), room)
    return room


# Code of a person who has only the star import.
CELLS = {
    "import": """from spotnb.original import *""",
    "model": """
model, sr = build_model(model_name=name), 16000
assert (model.latent_f_size, model.channels, model.latent_t_size) == (16, 8, 256)
assert [1, model.channels, duration_to_latent_t_size(10.0), model.latent_f_size] == [1, 8, 256, 16]
""",
    "shifts": """
eight = torch.arange(1., 9.)[None, None, :, None]
turned = torch.roll(eight, shifts=3, dims=2)
assert turned.squeeze().tolist() == [6, 7, 8, 1, 2, 3, 4, 5]
padded = torch.nn.functional.pad(eight, (0, 0, 3, 3), mode="reflect")
assert torch.roll(padded, 3, 2)[:, :, 3:-3].squeeze().tolist() == [4, 3, 2, 1, 2, 3, 4, 5]
assert torch.equal(apply_shift(eight, 3), turned) and torch.equal(reverse_shift(turned, 3), eight)
""",
    "config": """
config = SpotDiffusionConfig(tile_size_time=32, max_shift_ratio=1.00)
assert (config.tile_size_time, config.max_shift_ratio) == (32, 1.0)
""",
    "generate": """
prompt, duration = "rock song with electric guitar", 3.0
waveform = spotdiffusion_text_to_audio(
    model=model, prompt=prompt, duration=duration, ddim_steps=2, unconditional_guidance_scale=3.0, config=config
)
assert waveform.shape == (48000,) and waveform.dtype == np.float32 and np.abs(waveform).max() <= 1
""",
    "play": """
sf.write("spot_output.wav", waveform, sr)
player = ipd.Audio(waveform, rate=sr)
assert player.data and os.path.exists("spot_output.wav")
""",
    "compare": """
results = []
for seconds in [0.5, 1.0, 1.23]:
    start_time = time.time()
    made = spotdiffusion_text_to_audio(model=model, prompt=prompt, duration=seconds, ddim_steps=1, config=config)
    results.append((seconds, time.time() - start_time, len(made) / sr))
assert [lasts for _, _, lasts in results] == [0.5, 1.0, 1.23]
""",
    "plot": """
from scipy import signal
figure = plt.figure(figsize=(6, 4))
plt.subplot(2, 1, 1)
plt.plot(np.linspace(0, len(waveform) / sr, len(waveform)), waveform)
plt.grid(True, alpha=0.3)
plt.subplot(2, 1, 2)
f, t, Sxx = signal.spectrogram(waveform, sr, nperseg=1024)
plt.pcolormesh(t, f, 10 * np.log10(Sxx + 1e-12), shading="gouraud", cmap="viridis")
plt.colorbar(label="Power (dB)")
plt.tight_layout()
plt.close(figure)
""",
    "experiments": """
for size, ratio in [(16, 0.5), (32, 0.0), (32, 0.75), (64, 0.5)]:
    other = SpotDiffusionConfig(tile_size_time=size, max_shift_ratio=ratio)
    made = spotdiffusion_text_to_audio(model=model, prompt="jazz piano", duration=1.5, ddim_steps=1, config=other)
    sf.write(f"spot_{size}_{ratio:.2f}.wav", made, sr)
""",
    "files": """
import glob
levels = {}
for file in glob.glob("spot_*.wav"):
    audio, _ = sf.read(file)
    rms, peak = np.sqrt(np.mean(audio**2)), np.max(np.abs(audio))
    levels[file] = 20 * np.log10(peak / (rms + 1e-8))
assert len(levels) == 5 and all(0 < level < 40 for level in levels.values()), levels
""",
    "loop": """
model.cond_stage_model.embed_mode = "text"
conditioning = model.get_learned_conditioning(["experimental electronic music"])
unconditional_conditioning = model.get_learned_conditioning([""])
sampler = DDIMSampler(model)
latent_size = duration_to_latent_t_size(3.75)
shape = [1, model.channels, latent_size, model.latent_f_size]
assert should_use_spotdiffusion(latent_size, config)
assert 0 <= generate_random_shift(shape, config, step=0) <= 32
tiles = create_tiles(shape, config)
assert [(t_start, t_end, f_start, f_end) for t_start, t_end, f_start, f_end in tiles] == [
    (0, 32, 0, 16), (32, 64, 0, 16), (64, 96, 0, 16)
]
""",
    "sample": """
latent = spotdiffusion_sample(sampler, shape, conditioning, unconditional_conditioning, S=2, config=config)
assert list(latent.shape) == shape and bool(latent.isfinite().all())
mel = sliding_window_vae_decode(model, latent, window_size=64, overlap_size=16)
assert list(mel.shape) == [1, 1, 4 * latent_size, 64]
""",
}


def test_its_cells_run_on_the_embedded_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = walk("tiny", tmp_path, monkeypatch)
    assert isinstance(room["model"], BuiltModel)
    assert room["conditioning"].shape[:2] == (1, 1)


def test_its_cells_run_on_what_audioldm_builds(
    installed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = walk("audioldm-m-full", tmp_path, monkeypatch)
    assert installed == ["audioldm-m-full"]
    assert type(room["model"]) is StandIn


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore:torch.meshgrid")
def test_its_cells_run_on_a_genuine_latent_diffusion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = pytest.importorskip("tests.audioldm.original")
    if not package.FOLDER.is_dir():
        pytest.skip("the original audioldm is not here: .ci/fetch-audioldm fetches it")
    with package.importable() as audioldm:
        monkeypatch.setenv("AUDIOLDM_CACHE_DIR", "nowhere")
        monkeypatch.setattr(audioldm, "build_model", lambda model_name: package.make_latent_diffusion(audioldm))
        room = walk("audioldm-s-full-v2", tmp_path, monkeypatch, skip=("compare", "experiments", "files"))
        assert type(room["model"]) is audioldm.LatentDiffusion


# The module.


def test_the_star_import_gives_exactly_these_names() -> None:
    assert set(original.__all__) == NAMES
    room: dict[str, Any] = {}
    exec("from spotnb.original import *", room)
    assert set(room) - {"__builtins__"} == NAMES


def test_no_other_module_imports_it() -> None:
    for path in sorted(Path(spotnb.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [f"{node.module}.{a.name}" for a in node.names] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith("spotnb.original") for name in names), path


def test_without_ipython_the_import_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IPython", "IPython.display"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "spotnb.original")
    with pytest.raises(ImportError, match=r"through IPython, which .* pip install 'spotnb\[notebooks\]'"):
        import_module("spotnb.original")


# Models.


def test_a_built_model_is_a_model_like_any(tiny: Any) -> None:
    assert isinstance(tiny, AudioModel)
    loaded = spotnb.load_model("tiny", device="cpu", dtype="fp32")
    assert tiny.describe() == loaded.describe()
    settings: dict[str, Any] = {"duration": 1.0, "steps": 2}
    ours = SpotSampler(tiny, "a church organ", **settings).run(progress=False)
    assert torch.equal(ours.latent, SpotSampler(loaded, "a church organ", **settings).run(progress=False).latent)
    texts = ["a church organ", ""]
    assert torch.equal(tiny.get_learned_conditioning(texts), loaded.embed(texts)[:, None])
    assert torch.equal(tiny.cond_stage_model.get_unconditional_condition(2)[:, 0], loaded.embed(["", ""]))
    assert tiny.cond_stage_model.embed_mode == "text"


def test_the_text_encoder_reads_texts_only(tiny: Any) -> None:
    with pytest.raises(InputError, match="embed_mode is 'audio': expected 'text'"):
        tiny.cond_stage_model.embed_mode = "audio"
    for bad in ("organ", [], [3]):
        with pytest.raises(InputError, match=r"expected a list of texts; for a single one, pass \[text\]"):
            tiny.get_learned_conditioning(bad)


def test_models_from_audioldm_drop_no_prompt(installed: list[str]) -> None:
    assert original.build_model(model_name="audioldm-s-full").cond_stage_model.unconditional_prob == 0


@pytest.mark.parametrize("bad", ["no-such-model", "", 3, None, ["tiny"]])
def test_other_names_are_refused(bad: Any) -> None:
    with pytest.raises(InputError, match="expected tiny, an existing folder or a checkpoint"):
        original.build_model(model_name=bad)


def test_a_sampler_needs_a_model() -> None:
    with pytest.raises(InputError, match="model is the text 'tiny'"):
        original.DDIMSampler("tiny")


# Shifts.


@given(
    shape=st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(1, 20), st.integers(1, 3)),
    shift=st.integers(-50, 50),
)
def test_a_shift_is_undone_to_the_last_bit(shape: tuple[int, ...], shift: int) -> None:
    latent = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    shifted = original.apply_shift(latent, shift)
    assert shifted.shape == latent.shape
    assert torch.equal(original.reverse_shift(shifted, shift), latent)
    assert torch.equal(original.apply_shift(original.reverse_shift(latent, shift), shift), latent)


@pytest.mark.parametrize("shift", [original.apply_shift, original.reverse_shift])
def test_bad_shifts_are_named(shift: Callable[[Any, Any], Tensor]) -> None:
    latent = torch.zeros(1, 2, 8, 4)
    for bad in (1.5, "3", None, True):
        with pytest.raises(InputError, match=r"shift_time is .*: expected a whole number of latent frames"):
            shift(latent, bad)
    for wrong in (latent[0], np.zeros((1, 2, 8, 4)), "latent", latent[:, :, :0]):
        with pytest.raises(InputError, match=r"latent is .*: expected a tensor"):
            shift(wrong, 3)
    assert torch.equal(shift(latent, np.int64(3)), latent)


# Sampling.

CONFIG = spotnb.SpotDiffusionConfig(16)


def sample(sampler: Any, frames: int = 40, batch: int = 1, **changes: Any) -> Tensor:
    settings: dict[str, Any] = {
        "shape": [batch, 2, frames, 4],
        "conditioning": torch.tensor([[0.5, 0.2]]),
        "unconditional_conditioning": torch.zeros(1, 2),
        "S": 3,
        "config": CONFIG,
        "progress": False,
    }
    return original.spotdiffusion_sample(sampler, **(settings | changes))


@pytest.mark.parametrize("edge", ["reflect", "anchor", "merge", "circular"])
def test_a_latent_equals_that_of_a_sampler_with_the_same_words(small: original.DDIMSampler, edge: str) -> None:
    """ "a sea" is 5 letters, 2 of them an a: the conditioning is [.5, .4]."""
    config = spotnb.SpotDiffusionConfig(16, edge=edge)
    told = {"conditioning": torch.tensor([[[0.5, 0.4]]]), "unconditional_conditioning": torch.zeros(1, 1, 2)}
    made = sample(small, config=config, eta=0.3, unconditional_guidance_scale=2.0, seed=5, **told)
    seconds = 1.6 if edge == "circular" else 1.57
    run = SpotSampler(small.model, "a sea", seconds, 3, 2.0, config, seed=5, eta=0.3)
    assert run.frames == 40
    assert torch.equal(made, run.run(progress=False).latent)


def test_initial_noise_is_used(small: original.DDIMSampler) -> None:
    drawn = SpotSampler(small.model, "a sea", 1.57, 3, config=CONFIG, seed=5).latent.clone()
    kept = drawn.clone()
    assert torch.equal(sample(small, seed=5, x_T=drawn), sample(small, seed=5))
    assert torch.equal(drawn, kept)
    assert not torch.equal(sample(small, seed=5, x_T=-drawn), sample(small, seed=5))


def test_the_same_call_gives_the_same_latent(small: original.DDIMSampler) -> None:
    before = torch.random.get_rng_state()
    assert torch.equal(sample(small), sample(small))
    assert not torch.equal(sample(small, seed=1), sample(small))
    assert not torch.equal(sample(small, seed=None), sample(small, seed=None))
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("frames", [1, 8, 16, 39, 40, 41, 127])
def test_any_requested_length_is_returned(small: original.DDIMSampler, frames: int) -> None:
    start = torch.randn(1, 2, frames, 4, generator=torch.Generator().manual_seed(1))
    made = sample(small, frames, x_T=start)
    assert made.shape == start.shape
    assert made.isfinite().all()
    assert small.model.calls[-1][2] in (8, 16)


def test_each_item_of_a_batch_has_its_own_words_and_seed(small: original.DDIMSampler) -> None:
    words = torch.tensor([[0.5, 0.2], [0.1, 0.9]])
    both = sample(small, batch=2, conditioning=words[:, None], seed=4)
    assert torch.equal(both[:1], sample(small, conditioning=words[:1], seed=4))
    assert torch.equal(both[1:], sample(small, conditioning=words[1:], seed=5))
    assert torch.equal(sample(small, batch=2, conditioning=words[:1], seed=4)[:1], both[:1])


def test_without_an_unconditional_half_there_is_no_guidance(small: original.DDIMSampler) -> None:
    bare = sample(small, unconditional_conditioning=None)
    assert torch.equal(bare, sample(small, unconditional_guidance_scale=1))
    assert not torch.equal(bare, sample(small))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shape": [1, 8, 40, 16]}, r"shape is \[1, 8, 40, 16\]: expected \[1, 2, 40, 4\] for function"),
        ({"shape": [1, 2, 40]}, "expected four whole numbers"),
        ({"conditioning": "a sea"}, r"conditioning is 'a sea': expected a tensor \[1, 2\] or \[1, 1, 2\]"),
        ({"conditioning": torch.zeros(3, 2)}, r"conditioning is of shape \[3, 2\]: expected a tensor \[1, 2\]"),
        ({"unconditional_conditioning": torch.full((1, 2), torch.nan)}, "unconditional_conditioning holds NaN"),
        ({"x_T": torch.zeros(1, 2, 41, 4)}, r"x_T is of shape \[1, 2, 41, 4\]: expected a tensor \[1, 2, 40, 4\]"),
        ({"S": 0}, "steps is 0"),
        ({"eta": 2}, "eta is 2"),
        ({"seed": -1}, "seed is -1"),
        ({"config": {"tile": 3}}, "config is .*: expected a SpotDiffusionConfig"),
    ],
)
def test_mistakes_are_named(small: original.DDIMSampler, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        sample(small, **changes)


def test_a_sampler_is_required() -> None:
    with pytest.raises(InputError, match="expected DDIMSampler"):
        sample(FunctionModel(neighbourly))


def test_latents_are_decoded_by_either_kind_of_model(small: original.DDIMSampler) -> None:
    latent = sample(small)
    mel = original.sliding_window_vae_decode(small.model, latent, 16, 4)
    assert torch.equal(mel, spotnb.sliding_window_vae_decode(small.model, latent, 16, 4))
    assert original.sliding_window_vae_decode(StandIn(), torch.zeros(1, 8, 40, 16)).shape == (1, 1, 160, 64)
    with pytest.raises(InputError, match="model is a int"):
        original.sliding_window_vae_decode(3, latent)
