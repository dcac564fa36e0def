"""Imports the parts of diffusers and transformers that hold networks, for the reason that `whole_diffusers` gives.

These parts replace themselves in `sys.modules` too, and import each other.
"""

from importlib import import_module

import spotnb.support.whole_diffusers
import spotnb.support.whole_transformers

for name in (
    *(f"transformers.{part}" for part in ("distributed", "integrations", "generation", "models", "models.auto")),
    *(f"diffusers.{part}" for part in ("models", "loaders", "pipelines")),
):
    import_module(name)
