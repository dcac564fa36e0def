"""LivePanel: the embedded model makes sound in the front end, with no round trip to the kernel."""

from __future__ import annotations

import os
from functools import cache

from traitlets import Dict

from spotnb.errors import SpotnbError
from spotnb.live.stored import Assets, read_assets
from spotnb.widgets.base import Widget

STATIC = "../../live/static/page"


class LivePanel(Widget, module=f"{STATIC}/live.js", title="Make a sound"):
    """The embedded model in the browser: a form, the steps of the run while they are computed, and the sound.

    It is the page *Make a sound* of the site as a widget. The model, its runtime and the sampler in JavaScript are part
    of the widget, about 25 MB, and run in a worker of the browser. The kernel computes nothing, and may be gone: a page
    of `to_html`, about 33 MB, makes sound over file:// without kernel, server or network. A notebook that is saved with
    the state of its widgets grows by the same 33 MB.

    The packages that spotnb installs do not include the model in the form that a browser runs. `LivePanel()` exports
    it, once per kernel, which takes a minute or two and needs the extra `live` (`pip install 'spotnb[live]'`) and
    onnxruntime-web, which `npm ci` installs in a clone of the repository. `LivePanel(page)` needs neither, nor torch.

    Args:
        page: The folder of a page that makes sound, written by `make live`, `make site` or
            `python -m spotnb.live.page --out FOLDER` with the same version of spotnb, on any machine. Its code runs in
            your browser, so use pages that you trust. By default, the model is exported now.

    Raises:
        SpotnbError: The model cannot be exported here, or the folder has no such page of this version of spotnb.
        InputError: `page` is not a path.
    """

    styles = (f"{STATIC}/live.css",)
    computes = True
    static_form = False

    _scene = Dict().tag(sync=True)
    _files = Dict().tag(sync=True)

    def __init__(self, page: str | os.PathLike[str] | None = None) -> None:
        scene, files, _ = _exported() if page is None else read_assets(page)
        super().__init__(_scene=scene, _files=files)

    def close(self) -> None:
        """Remove the widget from all pages, and its data from memory."""
        super().close()
        for name in ("_scene", "_files"):
            self._trait_values.pop(name, None)


@cache
def _exported() -> Assets:
    try:
        from spotnb.live.assets import collect

        return collect(folder="")
    except (SpotnbError, ImportError) as error:
        raise SpotnbError(
            "the model cannot be exported here: expected onnx and onnxruntime-web, or a page that has it; run make "
            "live in a clone of spotnb, then LivePanel('out/live')"
        ) from error
