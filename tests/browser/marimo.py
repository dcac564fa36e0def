"""A marimo server that edits one notebook, isolated from the user's settings."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.browser.jupyter import terminate

CELL = """

@app.cell
def _({given}):
{body}
    return ({returned},)
"""
REPOSITORY = Path(__file__).parents[2]


def notebook(cells: list[tuple[tuple[str, ...], str, tuple[str, ...]]]) -> str:
    """Return the file of a marimo notebook from cells: the names that each one uses, its code, and those it defines."""
    written = [
        CELL.format(
            given=", ".join(given),
            body="\n".join(f"    {line}".rstrip() for line in code.splitlines()),
            returned="".join(f"{name}, " for name in returned).rstrip(", "),
        ).replace("return (,)", "return")
        for given, code, returned in cells
    ]
    return (
        "import marimo\n\napp = marimo.App()\n" + "".join(written) + '\n\nif __name__ == "__main__":\n    app.run()\n'
    )


class Server:
    """A marimo editor on a free local port. It runs the cells of a notebook when a page opens it, and is dark."""

    def __init__(self, folder: Path, source: str) -> None:
        path = folder / "widgets.py"
        path.write_text(source, "utf-8")
        settings = folder / "marimo" / "marimo.toml"
        settings.parent.mkdir()
        settings.write_text('[runtime]\nauto_instantiate = true\n[display]\ntheme = "dark"\n', "utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        places = [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = os.environ | {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "OMP_NUM_THREADS": "1"}
        environment |= {"PYTHONPATH": os.pathsep.join(places)}
        options = ["--headless", "--no-token", "--skip-update-check", "--host", "127.0.0.1", "--port", str(port)]
        command = [sys.executable, "-m", "marimo", "edit", str(path), *options]
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        self.url = f"http://127.0.0.1:{port}"
        try:
            self._answers(time.monotonic() + 120)
        except BaseException:
            self.close()
            raise

    def _answers(self, end: float) -> None:
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/health", timeout=5).close()
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"marimo does not answer:\n{self.log.read_text()}") from None
                time.sleep(0.2)
            else:
                return

    def close(self) -> None:
        terminate(self.process)
