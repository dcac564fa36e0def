"""The original can be imported, and the import leaves nothing behind that could affect other tests."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.audioldm.original import EMPTY, FOLDER, Empty


def test_it_is_the_one_that_was_fetched(audioldm: Any) -> None:
    assert Path(audioldm.__file__).is_relative_to(FOLDER)


def test_the_empty_modules_are_gone_once_it_is_imported(audioldm: Any) -> None:
    assert not [name for name in EMPTY if isinstance(sys.modules.get(name), Empty)]
    assert str(FOLDER) not in sys.path


def test_spotnb_does_not_import_it() -> None:
    home = Path(__file__).parents[2] / "spotnb"
    importers = [path for path in home.rglob("*.py") if "import audioldm" in path.read_text(encoding="utf-8")]
    assert importers == []
