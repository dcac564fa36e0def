"""Imports the parts of diffusers and transformers that hold networks, for the reason that `whole_diffusers` gives.

These parts replace themselves in `sys.modules` too, and import each other.
"""

from importlib import import_module

import spotnb.support.whole_diffusers
import spotnb.support.whole_transformers

for name in ("transformers.models", "transformers.generation", "diffusers.models", "diffusers.loaders"):
    import_module(name)
