"""`import spotnb` is fast: heavy libraries are imported with the first name that needs them."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import spotnb


def run_python(code: str) -> None:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_importing_spotnb_loads_nothing_heavy() -> None:
    run_python(
        "import sys, spotnb; heavy = {'torch', 'diffusers', 'transformers', 'matplotlib', 'numpy', 'scipy', 'soxr'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules); assert spotnb.__version__"
    )


def test_layouts_and_measures_need_no_torch() -> None:
    run_python(
        "import sys, spotnb; spotnb.plan(768, spotnb.SpotDiffusionConfig(), 3); spotnb.seam_score; spotnb.Trace;"
        "spotnb.create_tiles; spotnb.generate_random_shift; spotnb.levels; spotnb.duration_to_latent_t_size;"
        "heavy = {'torch', 'diffusers', 'transformers'} & set(sys.modules); assert not heavy, heavy"
    )


@pytest.mark.parametrize("name", spotnb.__all__)
def test_every_public_name_resolves(name: str) -> None:
    value = getattr(spotnb, name)
    assert name in dir(spotnb)
    home = getattr(value, "__module__", None)
    if home and name != "__version__":
        assert home.startswith("spotnb")
        assert getattr(import_module(home), name) is value


def test_type_checkers_see_the_same_names_in_the_same_places() -> None:
    tree = ast.parse(Path(spotnb.__file__).read_text("utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    seen = {name.asname: f"{node.module}.{name.name}" for node in imports for name in node.names}
    assert seen == {name: f"spotnb.{home}.{name}" for name, home in spotnb._HOME.items()}


def test_no_module_takes_the_name_of_what_it_holds() -> None:
    """Importing a module `spotnb.x` would replace the function `spotnb.x`."""
    folder = Path(spotnb.__file__).parent
    modules = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert not modules & set(spotnb.__all__)


def test_the_fixed_names_are_there() -> None:
    """The names that the design calls fixed, as far as part 1 defines them."""
    fixed = (
        "SpotDiffusionConfig should_use_spotdiffusion duration_to_latent_t_size generate_random_shift create_tiles "
        "plan Layout load_model AudioModel SpotSampler Step StepRecord Trace sliding_window_vae_decode "
        "spotdiffusion_text_to_audio seam_score loop_score save_audio SpotnbError"
    )
    assert set(fixed.split()) <= set(spotnb.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        spotnb.nonsense  # noqa: B018
    assert not hasattr(spotnb, "__wrapped__")
