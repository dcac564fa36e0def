"""These tests need what builds the site."""

from __future__ import annotations

import pytest

for needed in ("anywidget", "latex2mathml", "nbconvert"):
    pytest.importorskip(needed, reason=f"{needed} is not installed: pip install 'spotnb[dev]'")
