"""Abilities of adaptive tests against exact solutions, on 61 nodes from −6 to 6.

A test that runs through its whole pool must end with the ability of the complete response pattern. Tolerances 1e-6 for
abilities: the references were solved to a gradient below 1e-9 and printed in full. Differences of definition: the
references take the observed information for the standard errors of weighted and maximum likelihood (not compared), and
their weighted likelihood of the 3PL maximises ``log likelihood + ½ log I`` instead of solving Warm's equation, so that
case is compared with its own equation in the tests of estimation.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from exam_engine.psychometrics.adaptive.design import AdaptiveDesign, Stopping
from exam_engine.psychometrics.adaptive.estimation import Estimator
from exam_engine.psychometrics.adaptive.pool import Pool
from exam_engine.psychometrics.adaptive.simulate import simulate_adaptive
from exam_engine.psychometrics.irt.items import Items

PERSONS = 60
NAMES = {Estimator.EAP: "EAP", Estimator.MAP: "MAP", Estimator.WLE: "WLE", Estimator.MLE: "ML"}


def read(folder: Path, name: str, model: str) -> tuple[Items, np.ndarray, dict[str, list[list[float]]]]:
    """Return the items of the reference's own parameters, the responses, and its scores."""
    folder = folder / "psychometrics"
    if not folder.is_dir():
        pytest.skip(f"no psychometric references in {folder}")
    reference = json.loads((folder / "refs" / "exact" / f"{name}.{model}.json").read_text("utf-8"))
    n_items = len(reference["K"])
    responses = np.genfromtxt(folder / f"{name}.csv", delimiter=",", skip_header=1)[:PERSONS, :n_items]
    table = np.array(reference["params"]).reshape(n_items, -1)
    a, d = table[:, 0], table[:, 1:]
    if model == "graded":
        items = Items.graded(a, -d / a[:, None])
    elif model == "gpcm":
        items = Items.partial_credit(a, -np.diff(d, axis=1, prepend=0.0) / a[:, None])
    elif model == "3PLprior":
        items = Items.dichotomous(a, -d[:, 0] / a, c=expit(d[:, 1]))
    else:
        items = Items.dichotomous(a, -d[:, 0] / a)
    return items, responses, reference["scores_first60"]


SETS = [("sim3pl", "2PL"), ("sim3pl", "3PLprior"), ("simgpcm", "gpcm"), ("simgpcm", "graded")]
CASES = [(*case, how) for case in SETS for how in Estimator if (case[1], how) != ("3PLprior", Estimator.WLE)]


@pytest.mark.parametrize(("name", "model", "how"), CASES)
def test_a_test_through_the_whole_pool_ends_at_the_exact_ability(
    name: str, model: str, how: Estimator, reference_data: Path
) -> None:
    items, responses, scores = read(reference_data, name, model)
    design = AdaptiveDesign(Pool.of(items), Stopping(longest=len(items)), final=how, n_nodes=61)

    run = simulate_adaptive(design, responses=responses, rng=np.random.default_rng(1))

    theta, se = (np.array(values, dtype=np.float64) for values in scores[NAMES[how]])
    inside = np.isfinite(theta) & (np.abs(theta) < 6)
    assert inside.sum() >= 55
    assert np.abs(run.theta - theta)[inside].max() < 1e-6
    assert run.fell_back[~inside].all()
    if how in (Estimator.EAP, Estimator.MAP) and model == "2PL":
        assert np.abs(run.se - se)[inside].max() < 1e-6
