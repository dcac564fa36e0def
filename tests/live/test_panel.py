"""LivePanel without a browser: where its files come from, what its page holds, and what is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from spotnb import LivePanel
from spotnb.errors import InputError, SpotnbError
from spotnb.live import panel, runtime
from spotnb.live.stored import read_assets
from tests.live.small_page import small_assets, small_page


def test_a_panel_holds_the_files_of_a_page(tmp_path: Path) -> None:
    panel = LivePanel(small_page(tmp_path))
    state = panel.get_state()
    scene, files, _ = small_assets()
    assert state["_scene"] == scene
    assert state["_files"] == files
    assert list(files) == [each["name"] for each in scene["listing"]["files"]]
    panel.close()
    with pytest.raises(SpotnbError, match="this LivePanel was closed"):
        panel.to_html(tmp_path / "closed.html")


def test_its_page_holds_everything_and_may_compute_but_reach_nothing(tmp_path: Path) -> None:
    page = LivePanel(small_page(tmp_path)).to_html(tmp_path / "panel.html").read_text()
    held = json.loads(re.findall(r'<script type="application/json" id="state-0">(.*?)</script>', page)[0])
    assert sorted(buffer["path"][-1] for buffer in held["buffers"]) == sorted(small_assets().files)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)
    assert "default-src 'none'" in policy
    assert "worker-src blob:" in policy
    assert "'wasm-unsafe-eval'" in policy
    assert "http" not in policy
    assert ".spotnb-live" in page


def test_other_widgets_may_not_compute(tmp_path: Path) -> None:
    from spotnb import ReflectionExplorer

    page = ReflectionExplorer().to_html(tmp_path / "other.html").read_text()
    assert "script-src 'unsafe-inline';" in page
    assert "wasm-unsafe-eval" not in page


def test_a_panel_of_a_page_needs_no_torch(tmp_path: Path) -> None:
    page = small_page(tmp_path)
    code = f"import sys; sys.modules['torch'] = None; import spotnb; spotnb.LivePanel({str(page)!r})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_without_a_runtime_the_error_says_where_the_model_can_come_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(runtime, "INSTALLED", tmp_path / "node_modules" / "onnxruntime-web")
    monkeypatch.setattr(panel, "_exported", panel._exported.__wrapped__)  # not what another test has exported
    with pytest.raises(
        SpotnbError, match=r"cannot be exported here: expected .* run make live .*LivePanel\('out/live'\)$"
    ):
        LivePanel()


def test_what_is_not_a_page_of_this_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        SpotnbError, match=r"is not a page that makes sound: expected what python -m spotnb\.live\.page"
    ):
        read_assets(tmp_path)
    with pytest.raises(SpotnbError, match=r"is of spotnb 0\.0\.1, and this is"):
        read_assets(small_page(tmp_path / "old", "0.0.1"))
    page = small_page(tmp_path / "page")
    (page / "live" / "files" / "denoiser.onnx.gz").write_bytes(b"other")
    with pytest.raises(SpotnbError, match=r"a file of the page .* was changed: expected"):
        read_assets(page)
    with pytest.raises(InputError, match="page"):
        read_assets(5)  # type: ignore[arg-type]
