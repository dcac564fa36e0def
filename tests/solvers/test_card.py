"""Solvers show their steps and timesteps."""

from __future__ import annotations

import diffusers

from spotnb.solvers.card import card_of_solver
from spotnb.solvers.make import make_solver
from tests.networks import ALPHAS
from tests.runs import EULER_ANCESTRAL


def test_text_of_solvers() -> None:
    assert repr(make_solver("ddim", ALPHAS, 25, 0)) == "DDIM(25 steps, t 961 to 1)"
    assert repr(make_solver("ddim", ALPHAS, 1, 0.5)) == "DDIM(eta 0.5, 1 step, t 999 to 999)"
    assert repr(make_solver("dpm++", ALPHAS, 15, 0)) == 'DiffusersSolver("dpm++", 15 steps, t 999 to 67)'
    ancestral = make_solver(EULER_ANCESTRAL, ALPHAS, 10, 0)
    assert repr(ancestral) == 'DiffusersSolver("EulerAncestralDiscreteScheduler", 10 steps, t 999 to 99)'


def test_facts_of_solvers() -> None:
    shown = make_solver("dpm++", ALPHAS, 15, 0)._repr_html_()
    assert "DPMSolverMultistepScheduler" in shown
    assert "earlier steps" in shown
    assert "The timestep of each step" in shown
    ddim = make_solver(
        diffusers.DDIMScheduler(
            timestep_spacing="trailing", beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear"
        ),
        ALPHAS,
        10,
        0.5,
    )
    assert "eta 0.5" in repr(ddim)
    assert ">Eta</th><td><bdi>0.5</bdi>" in ddim._repr_html_()


def test_a_thousand_steps_make_a_small_picture() -> None:
    assert len(make_solver("ddim", ALPHAS, 1000, 0)._repr_html_()) < 15_000


def test_a_solver_of_your_own_needs_no_base_class() -> None:
    class Mine:
        name, timesteps, remembers = "<b>mine</b>", [999, 500, 1], False

    shown = card_of_solver(Mine()).html()
    assert "<b>Mine</b><i>(3 steps, t 999 to 1)</i>" in shown
    assert "&lt;b&gt;mine&lt;/b&gt;" in shown
    assert card_of_solver(make_solver("ddim", ALPHAS, 3, 0)).head.startswith("DDIM(")
