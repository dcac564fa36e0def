"""Imports diffusers as a whole, before any module of spotnb takes something from it.

At the end of their import, diffusers and transformers replace themselves in `sys.modules`. A thread that waits for this
import in `from diffusers import ...` then gets the module as it was before, which has none of the names: CPython looks
it up before it waits. A notebook has such threads, since a panel loads its model while the next cell runs. Each
module that imports one of the two libraries therefore imports this one first, or `whole_transformers`, or
`spotnb.models.whole_networks`. Threads wait for these as for any module, and `import_module` looks up what it returns
after it has waited, whichever thread began the import.
"""

from importlib import import_module

for name in ("diffusers", "diffusers.schedulers"):
    import_module(name)
