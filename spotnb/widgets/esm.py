"""Bundling of several ES modules into one, without a bundler.

A browser receives a widget's code as one string (`_esm`), and a saved page must hold all of it. The modules in
`static/` are plain ES modules that import each other by relative path. They are joined in order, each inside a separate
function that returns its exports, so that names cannot clash. Only the necessary forms of imports and exports are
supported. Any other form is rejected when the widget's class is created. Comments for the type checker (`/** ... */` on
lines of their own) are left out.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).parent / "static"
SHARED = ("shared/spotnb.css", "shared/panel.css")
"""Style sheets of all widgets."""

_IMPORT = re.compile(r'^import \{([\w$,\s]*)\} from "(\.{1,2}/[\w./-]+\.js)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|const|class) ([\w$]+))", re.MULTILINE)
_DEFAULT = re.compile(r"^export default \{ render \};$", re.MULTILINE)
_TYPES = re.compile(r"^[ \t]*/\*\*.*?\*/[ \t]*\n", re.MULTILINE | re.DOTALL)  # comments for the type checker
_OTHER = re.compile(r"^\s*(?:import|export)\b.*$|</script|<!--", re.MULTILINE | re.IGNORECASE)


def bundle(entry: str, folder: Path = STATIC) -> str:
    """Return the module `entry` in `static/` and all modules that it imports as one ES module.

    Imports have the form `import { a, b } from "./path.js";`. Exports precede a function, const or class. The entry
    module ends with `export default { render };`.

    Raises:
        ValueError: A module has another form of import or export, or modules import each other in a circle.

    >>> bundle("reflection.js").splitlines()[-1]
    'export default { render };'
    """
    return f"{body(entry, folder)}\nexport default {{ render }};"


def body(entry: str, folder: Path = STATIC, name: str = "render") -> str:
    """Return the code of `bundle` as a plain script that defines one name of the entry, for a self-contained page."""
    done: dict[Path, _Module] = {}
    path = (folder / entry).resolve()
    _add(path, folder.resolve(), done, ())
    code = [module.code for module in done.values()]
    return "\n".join([*code, f"const {{ {name} }} = {_name(path, folder.resolve())};"])


def stylesheet(*names: str, folder: Path = STATIC) -> str:
    """Return the shared style sheets, joined with those in `names`."""
    return "\n".join((folder / name).read_text("utf-8") for name in (*SHARED, *names))


@dataclass(frozen=True)
class _Module:
    code: str
    exports: list[str]


def _add(path: Path, folder: Path, done: dict[Path, _Module], parents: tuple[Path, ...]) -> None:
    """Append the code of a module to `done`, after the modules that it imports."""
    if path in done:
        return
    if path in parents:
        raise ValueError(f"{path.name} imports itself by way of {parents[-1].name}: break the circle")
    source = _TYPES.sub("", path.read_text("utf-8"))

    def imported(match: re.Match[str]) -> str:
        target = (path.parent / match[2]).resolve()
        _add(target, folder, done, (*parents, path))
        exports = done[target].exports
        for name in re.findall(r"[\w$]+", match[1]):
            if name not in exports:
                raise ValueError(f"{path.name}: {target.name} exports no {name}: it has {', '.join(exports)}")
        return f"const {{{match[1]}}} = {_name(target, folder)};"

    source = _IMPORT.sub(imported, source)
    names = [match[1] for match in _EXPORT.finditer(source)]
    source, entries = _DEFAULT.subn("", _EXPORT.sub("", source))
    if other := _OTHER.search(source):
        raise ValueError(f"{path.name} has {other[0].strip()!r}: only the forms in bundle's description are understood")
    names += ["render"] * bool(entries and "render" not in names)
    returned = f"return {{ {', '.join(names)} }};"
    code = f"const {_name(path, folder)} = (() => {{\n{source.strip()}\n{returned}\n}})();"
    done[path] = _Module(code, names)


def _name(path: Path, folder: Path) -> str:
    parts = Path(os.path.relpath(path, folder)).with_suffix("").parts
    return "".join("$" + re.sub(r"\W", "_", part) for part in parts)
