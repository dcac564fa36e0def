"""What computes in a thread ends before Python does, which would abort in the middle of PyTorch."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.process


def ended(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own. If it hangs, it ends with the place of every thread."""
    watch = "import faulthandler; faulthandler.dump_traceback_later(200, exit=True)\n"
    command = [sys.executable, "-c", watch + textwrap.dedent(code)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_all_are_halted_before_one_is_waited_for_and_then_finalizers_run() -> None:
    """Finalizers end the threads that a running step needs."""
    done = ended("""
        import weakref
        from spotnb.support.endings import PATIENCE, end_before_python
        class Computing:
            def halt(self):
                print("halt")
            def wait(self, seconds):
                print("wait", PATIENCE - 1 < seconds <= PATIENCE)
        class Refusing(Computing):
            def halt(self):
                raise RuntimeError
        kept = [Refusing(), Computing(), Computing()]
        weakref.finalize(Computing, print, "finalizer")
        for each in (*kept, Computing()):
            end_before_python(each)
        del each
        print("end")
    """)
    assert done.stdout.split("\n")[:-1] == ["end", "halt", "halt", *["wait True"] * 3, "finalizer"], done.stderr


RUNNING = """
    import time
    from spotnb import SamplerPanel, load_model
    panel = SamplerPanel(load_model("tiny"))
    panel.form.duration.value, panel.form.steps.value = 20.0, 50
    panel.run()
    while panel.sampler is None or panel.sampler.steps_done < {steps}:
        assert not panel.status.trouble, panel.status.details
        time.sleep(0.01)
"""
LOOKING = """
    import time
    from spotnb import LatentInspector, SpotSampler, load_model
    sampler = SpotSampler(load_model("tiny"), "techno", duration=20, steps=2)
    sampler.run(progress=False)
    inspector = LatentInspector(sampler)
    inspector._decoding.look(1)
    time.sleep({seconds})
"""
MEASURING = """
    import time
    from spotnb import SamplerPanel
    panel = SamplerPanel()
    while panel._run.model.held is None:
        time.sleep(0.01)
    time.sleep({seconds})
"""

CHANGED = """
    import time
    from spotnb import SamplerPanel, load_model
    panel = SamplerPanel(load_model("tiny"))
    for steps in (30, 40, 50):
        panel.form.steps.value = steps
        time.sleep({seconds})
"""
IN_THREADS = """
    from spotnb import LatentInspector
    import torch
    torch.set_num_threads(2)
"""


@pytest.mark.parametrize(
    "code",
    [
        RUNNING.format(steps=1),
        RUNNING.format(steps=3),
        LOOKING.format(seconds=0.1),
        LOOKING.format(seconds=0.4),
        MEASURING.format(seconds=0.05),
        MEASURING.format(seconds=0.3),
        CHANGED.format(seconds=0.6),
        IN_THREADS + RUNNING.format(steps=2),
    ],
    ids=[
        "a run",
        "a later step",
        "a spectrogram",
        "a sound",
        "the cost",
        "the cost, later",
        "costs of several forms",
        "a run in two threads",
    ],
)
def test_a_process_whose_widget_computes_ends_well(code: str) -> None:
    done = ended(code)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
