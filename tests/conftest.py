"""The environment of all tests: one thread (bitwise equality needs a fixed count), no network, no display."""

from __future__ import annotations

import os

os.environ["HF_HUB_OFFLINE"] = "1"  # read when huggingface_hub is imported
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("MPLBACKEND", "Agg")

import torch
from hypothesis import settings

torch.set_num_threads(1)
settings.register_profile("spotnb", deadline=None)
settings.load_profile("spotnb")
