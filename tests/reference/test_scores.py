"""Abilities under every model against exact solutions and R mirt 1.47.

The exact solutions give EAP on 61 nodes from −6 to 6, MAP, ML and WLE of the first 60 persons, from item parameters
with a gradient below 1e-9. Tolerance 1e-8, which covers the last digits of both searches; the differences seen are
below 3e-11. R's sum-score tables are compared from R's own parameters, printed to 13 digits: tolerance 1e-7.

Standard errors follow the references: of MAP from the observed information, of ML and WLE from the expected. For
3PL items the references weight the likelihood by the root of the information (``weight="jeffreys"``); Warm's own
weight, the default here, gives other values there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.scoring import (
    empirical_reliability,
    marginal_reliability,
    score_eap,
    score_map,
    score_ml,
    score_wle,
    sum_score_eap,
)
from tests.reference.lsat import LSAT6, matrix
from tests.reference.solutions import CASES, read

NODES = np.linspace(-6, 6, 61)

COMPLETE = [case for case in CASES if case[0] != "simmiss" and case[1] != "3PLprior"]
"""Where R's results hold a table of sum scores."""


@pytest.mark.parametrize(("name", "model"), CASES, ids=["-".join(case) for case in CASES])
def test_abilities_and_errors_agree_with_the_exact_solutions(
    name: str, model: str, reference_data: Path
) -> None:
    case = read(reference_data, name, model)
    first = case.responses[:60]

    found = {
        "EAP": score_eap(first, case.items, variance=case.variance, nodes=NODES),
        "MAP": score_map(first, case.items, variance=case.variance),
        "ML": score_ml(first, case.items),
        "WLE": score_wle(first, case.items, weight="jeffreys"),
    }

    for kind, scores in found.items():
        theta, se = np.array(case.exact["scores_first60"][kind], dtype=np.float64)
        finite = np.isfinite(theta)
        assert np.array_equal(np.isfinite(scores.theta), finite)
        assert_allclose(scores.theta[finite], theta[finite], atol=1e-8, rtol=0)
        assert_allclose(scores.se[finite], se[finite], atol=1e-8, rtol=0)


@pytest.mark.parametrize(("name", "model"), COMPLETE, ids=["-".join(case) for case in COMPLETE])
def test_sum_score_tables_agree_with_r(name: str, model: str, reference_data: Path) -> None:
    case = read(reference_data, name, model)
    table = case.r["EAPsum"]

    found = sum_score_eap(case.r_items, variance=case.r_variance, nodes=NODES)

    assert_allclose(found.theta, table["F1"], atol=1e-7, rtol=0)
    assert_allclose(found.se, table["SE_F1"], atol=1e-7, rtol=0)
    assert_allclose(found.probability * len(case.responses), table["expected"], atol=1e-5, rtol=0)


@pytest.mark.parametrize(("name", "model"), CASES, ids=["-".join(case) for case in CASES])
def test_reliabilities_agree_with_r(name: str, model: str, reference_data: Path) -> None:
    case = read(reference_data, name, model)

    scores = score_eap(case.responses, case.r_items, variance=case.r_variance, nodes=NODES)

    assert empirical_reliability(scores) == pytest.approx(case.r["empirical_rxx"], abs=1e-6)
    if case.r_variance == 1:
        # With another variance R mixes two scales: the error of variance 1 in a population of its own.
        assert marginal_reliability(case.r_items) == pytest.approx(case.r["marginal_rxx"], abs=1e-8)


@pytest.mark.parametrize(("name", "model"), CASES, ids=["-".join(case) for case in CASES])
def test_information_and_expected_score_agree_with_r(name: str, model: str, reference_data: Path) -> None:
    case = read(reference_data, name, model)
    printed = case.r["testinfo"]

    # At R's own parameters, printed to 13 digits.
    assert_allclose(case.r_items.information(printed["theta"]).sum(axis=1), printed["info"], rtol=1e-10)
    assert_allclose(case.r_items.expected_score(printed["theta"]).sum(axis=1), printed["tcc"], rtol=1e-10)


def test_lsat_6_by_sum_score_and_by_pattern() -> None:
    # R mirt 1.47, 2PL with exact parameters, 61 nodes; tolerance 1e-7: the figures are R's, from its own estimates.
    items = Items.dichotomous(
        a := np.array([0.8256595, 0.7227442, 0.8908745, 0.6883680, 0.6568560]),
        -np.array([2.7732344, 0.9902012, 0.2491475, 1.2847569, 2.0532705]) / a,
    )
    patterns, counts = matrix(LSAT6)

    table = sum_score_eap(items, nodes=NODES)

    theta = [-1.896770347742, -1.412957138587, -0.9352088105403, -0.4455249095255, 0.07460412406308]
    expected = [2.276488366732, 20.468773660806, 89.027605832715, 229.126160983449, 362.422046457477]
    assert_allclose(table.theta[:5], theta, atol=1e-6)
    assert_allclose(table.probability[:5] * counts.sum(), expected, atol=1e-3)
    assert_allclose(score_eap(patterns[:1], items, nodes=NODES).theta, theta[:1], atol=1e-6)
