"""The links that open the course, and the cells and badges that contain them, all derived from OWNER/NAME."""

from __future__ import annotations

from urllib.parse import urlencode

BADGES_ID = "launch-badges"
LAUNCH_ID = "launch"
LAUNCH_METADATA = {"cellView": "form", "jupyter": {"source_hidden": True}}
BRANCH = "main"
FIRST = "00-quickstart.ipynb"

_LAUNCH = """\
# @title Google Colab only: install spotnb; anywhere else this cell does nothing
import sys

if "google.colab" in sys.modules:
    import subprocess
    from importlib.metadata import version
    from pathlib import Path

    from google.colab import output

    held = Path("held-versions.txt")  # torch stays as Colab has it, with its GPU
    held.write_text(f"torch=={{version('torch')}}\\n")
    package = "spotnb[widgets] @ git+https://github.com/{slug}@{branch}"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "-c", str(held), package], check=True)
    output.enable_custom_widget_manager()"""


def binder(slug: str, name: str = FIRST) -> str:
    """Return the address of JupyterLab on Binder, opened at a notebook of the course."""
    return f"https://mybinder.org/v2/gh/{slug}/{BRANCH}?{urlencode({'urlpath': f'lab/tree/notebooks/{name}'})}"


def binder_panel(slug: str) -> str:
    """Return the address of the panel as a separate page, served by Voila on Binder."""
    path = {"urlpath": "voila/render/notebooks/pages/panel.ipynb"}
    return f"https://mybinder.org/v2/gh/{slug}/{BRANCH}?{urlencode(path)}"


def colab(slug: str, name: str = FIRST) -> str:
    """Return the address of Google Colab, opened at a notebook of the course."""
    return f"https://colab.research.google.com/github/{slug}/blob/{BRANCH}/notebooks/{name}"


def nbgitpuller(slug: str, hub: str, name: str = FIRST) -> str:
    """Return the address of a JupyterHub with nbgitpuller, opened at a notebook of the course."""
    path = f"lab/tree/{slug.partition('/')[2]}/notebooks/{name}"
    query = {"repo": f"https://github.com/{slug}", "urlpath": path, "branch": BRANCH}
    return f"{hub}/hub/user-redirect/git-pull?{urlencode(query)}"


def source(slug: str, path: str) -> str:
    """Return the address of a file of the repository on GitHub."""
    return f"https://github.com/{slug}/blob/{BRANCH}/{path}"


def badges(slug: str, hub: str = "") -> str:
    """Return the line of badges for README.md. `hub` is the address of a JupyterHub, if there is one."""
    hub_badge = "https://img.shields.io/badge/nbgitpuller-your%20hub-f37726"
    shown = [
        ("Play it in the browser", "https://img.shields.io/badge/play-in%20the%20browser-33658a", binder_panel(slug)),
        ("Open in Binder", "https://mybinder.org/badge_logo.svg", binder(slug)),
        ("Open in Colab", "https://colab.research.google.com/assets/colab-badge.svg", colab(slug)),
        *([("Open in your JupyterHub", hub_badge, nbgitpuller(slug, hub))] if hub else []),
        ("License: Apache-2.0", f"https://img.shields.io/github/license/{slug}", source(slug, "LICENSE")),
    ]
    return "\n".join(f"[![{name}]({image})]({target})" for name, image, target in shown)


def notebook_links(slug: str, name: str, hub: str = "") -> str:
    """Return the line of links for a notebook, without pictures, because a notebook must open without a network."""
    places = [("Binder", binder(slug, name)), ("Colab", colab(slug, name))]
    if hub:
        places.append(("your JupyterHub", nbgitpuller(slug, hub, name)))
    return "*Open this notebook in* " + " · ".join(f"[{place}]({address})" for place, address in places)


def launch_code(slug: str) -> str:
    """Return the code of the launch cell of a notebook."""
    return _LAUNCH.format(slug=slug, branch=BRANCH)
