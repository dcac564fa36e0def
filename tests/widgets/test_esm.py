"""Modules are bundled into one by simple rules, and code that breaks a rule is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotnb.widgets.esm import STATIC, body, bundle, stylesheet


def write(folder: Path, **modules: str) -> Path:
    for name, source in modules.items():
        (folder / f"{name}.js").write_text(source)
    return folder


def test_modules_keep_their_names_to_themselves(tmp_path: Path) -> None:
    write(
        tmp_path,
        a='import { two } from "./b.js";\nconst secret = 1;\nfunction render() { return secret + two; }\n'
        "export default { render };\n",
        b="const secret = 2;\nexport const two = secret;\n",
    )
    assert bundle("a.js", tmp_path) == (
        "const $b = (() => {\nconst secret = 2;\nconst two = secret;\nreturn { two };\n})();\n"
        "const $a = (() => {\nconst { two } = $b;\nconst secret = 1;\nfunction render() { return secret + two; }\n"
        "return { render };\n})();\nconst { render } = $a;\nexport default { render };"
    )


@pytest.mark.parametrize(
    "line",
    [
        'import x from "./b.js";',
        'import "./b.js";',
        'import { b } from "https://example.org/b.js";',
        'import { b } from "lodash";',
        "export default 3;",
        "export let x = 1;",
        'export { b } from "./b.js";',
        'const html = "</script>";',
    ],
)
def test_other_forms_are_refused(tmp_path: Path, line: str) -> None:
    write(tmp_path, a=f"{line}\nexport default {{ render }};\n", b="export const b = 1;\n")
    with pytest.raises(ValueError, match="only the forms"):
        bundle("a.js", tmp_path)


def test_a_circle_is_refused(tmp_path: Path) -> None:
    write(
        tmp_path,
        a='import { b } from "./b.js";\nexport const a = 1;',
        b='import { a } from "./a.js";\nexport const b = 1;',
    )
    with pytest.raises(ValueError, match="imports itself"):
        body("a.js", tmp_path)


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_no_widget_fetches_anything(path: Path) -> None:
    text = body(path.name) + stylesheet()
    addresses = text.replace("http://www.w3.org/2000/svg", "")
    for word in ("http://", "https://", "fetch(", "innerHTML", "insertAdjacentHTML", "eval(", "@import", "url("):
        assert word not in addresses
