"""Run the Python of the pages that play, and save what it generates: players, spectrograms and comparisons.

    python -m docs.sounds FOLDER PAGE.md ...

Each fenced block runs in the names that the blocks before it left. If its last statement assigns or names a
`Generation` or a finished run, the block gets a player; a `RunComparison` gets its page. Everything is written to
FOLDER, and `shown.json` lists the HTML of each block. While the site is built, this runs in a process of its own beside
the notebooks.
"""

from __future__ import annotations

import ast
import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from spotnb.errors import SpotnbError

FENCED = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = "shown.json"
QUIET = (
    "<style>body.spotnb-page{background:transparent!important}"
    ".spotnb-page main{padding:4px}.spotnb-page h1{display:none}</style>"
)
PLAYER = """\
<figure class="piece-sound">
<img src="{stem}.png" alt="Log-mel spectrogram of {what}, time to the right, pitch upward" loading="lazy">
<audio controls{loop} preload="none" src="{sound}" aria-label="{what}"></audio>
<figcaption>{facts}</figcaption>
</figure>
"""


@contextmanager
def made(folder: Path, pages: list[Path]) -> Iterator[Callable[[], dict[str, list[str]]]]:
    """Run pages in a process of its own, on one thread, while the body of the `with` statement does something else.

    Yields:
        A function that waits for the process, and returns the HTML of each block by the name of the page. It raises a
        `SpotnbError` with the last line of the process if a block failed.
    """
    repository = Path(__file__).parents[1]
    places = [str(repository), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTHONPATH": os.pathsep.join(places)}
    command = [sys.executable, "-m", "docs.sounds", str(folder), *map(str, pages)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)

    def wait() -> dict[str, list[str]]:
        _, said = process.communicate()
        if process.returncode:
            lines = said.strip().splitlines() or [f"exit code {process.returncode}"]
            raise SpotnbError(f"the sounds of the site were not generated: {lines[-1]}")
        listing = folder / SHOWN
        result: dict[str, list[str]] = json.loads(listing.read_text("utf-8"))
        listing.unlink()
        return result

    try:
        yield wait
    finally:
        process.kill()
        process.wait()


def run_page(source: str, page: str) -> list[Any]:
    """Run the fenced blocks of a page, and return the value that each of them ends with, or None."""
    names: dict[str, Any] = {"__name__": "page"}
    values = []
    for number, code in enumerate(FENCED.findall(source), 1):
        try:
            exec(compile(code, f"{page}, block {number}", "exec"), names)
        except Exception as error:
            raise SpotnbError(f"block {number} of {page} fails: {type(error).__name__}: {error}") from error
        values.append(_last_value(code, names))
    return values


def _last_value(code: str, names: dict[str, Any]) -> Any:
    last = ast.parse(code).body[-1]
    target = last.targets[-1] if isinstance(last, ast.Assign) else last.value if isinstance(last, ast.Expr) else None
    return names.get(target.id) if isinstance(target, ast.Name) else None


def shown(value: Any, folder: Path, stem: str) -> str:
    """Return the HTML that shows the value of a block, whose files are written to `folder`, or an empty string."""
    import spotnb
    from spotnb.generate import complete

    if isinstance(value, spotnb.SpotSampler):
        value = complete(value, progress=False)
    if isinstance(value, spotnb.Generation):
        return _player(value, folder, stem)
    if isinstance(value, spotnb.RunComparison):
        with TemporaryDirectory() as kept:
            return frame(value.to_html(Path(kept) / "page.html").read_text("utf-8"), "Compare the two runs")
    return ""


def frame(page: str, title: str) -> str:
    """Return the frame that holds the page of a widget."""
    quiet = html.escape(page.replace("</head>", f"{QUIET}</head>", 1), quote=True)
    return f'<iframe class="widget" title="{title}" srcdoc="{quiet}"></iframe>'


def _player(piece: Any, folder: Path, stem: str) -> str:
    import soundfile
    from matplotlib.image import imsave

    from spotnb.plots.style import RANGE
    from spotnb.sound.measure import MEL_SECONDS

    rate = piece.sampler.clock.sample_rate
    (folder / stem).parent.mkdir(parents=True, exist_ok=True)
    loop = piece.sampler.ring
    sound = f"{stem}.flac" if loop else f"{stem}.mp3"  # MP3 adds silence to both ends, which a loop would reveal
    soundfile.write(folder / sound, piece.waveform.T, rate)
    seconds = piece.waveform.shape[-1] / rate
    frames = round(seconds / MEL_SECONDS) // 2 * 2  # the mel goes to the end of the last latent frame
    columns = piece.mel[:frames].reshape(-1, 2, piece.mel.shape[1]).mean(axis=1)
    imsave(
        folder / f"{stem}.png",
        np.ascontiguousarray(columns.T),
        cmap="magma",
        vmin=RANGE[0],
        vmax=RANGE[1],
        origin="lower",
    )
    score, level = piece.grid_score(), piece.levels()
    facts = [f"{seconds:g} s", f"{level.lufs:.1f} LUFS".replace("-", "\N{MINUS SIGN}")]
    if score is not None:
        facts.append(f"seam score {score.score:.2f} at the fixed grid")
    prompt = piece.sampler.definition.settings.prompt
    words = prompt if isinstance(prompt, str) else ", then ".join(prompt.prompts)
    what = html.escape(words, quote=True)
    return PLAYER.format(stem=stem, sound=sound, loop=" loop" if loop else "", what=what, facts=" · ".join(facts))


def main(arguments: list[str]) -> int:
    """Run the pages and return the exit code."""
    import torch

    torch.set_num_threads(1)
    folder, pages = Path(arguments[0]), [Path(name) for name in arguments[1:]]
    listing: dict[str, list[str]] = {}
    try:
        for page in pages:
            values = run_page(page.read_text("utf-8"), page.name)
            stems = [f"{page.stem}/{number:02d}" for number in range(len(values))]
            listing[page.name] = [shown(value, folder, stem) for value, stem in zip(values, stems, strict=True)]
    except SpotnbError as error:
        print(error, file=sys.stderr)
        return 2
    (folder / SHOWN).write_text(json.dumps(listing), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
