"""Imports transformers as a whole, for the reason that `whole_diffusers` gives, and the part that spotnb needs."""

from importlib import import_module

for name in ("transformers", "transformers.audio_utils"):
    import_module(name)
