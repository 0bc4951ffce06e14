"""Fit statistics against R mirt 1.47, at R's own parameters and abilities, printed to 13 digits.

Tolerance 1e-6 for statistics near 1 (residuals, correlations) and 1e-5 for M2: the rest of R's own convergence.
Where R defines something otherwise, the test says so:

- Infit and outfit: R raises variances of item scores below ``sqrt(1e-5)`` to that; ``least_variance`` does the same.
  With gaps R's standardised person outfit counts items that were not presented; not compared.
- S-X²: with an estimated variance of ability (Rasch) R takes off one more degree of freedom. For `verbagg3`, 316
  persons with 49 sum scores, cells are merged in another order: not compared.
- M2: R's derivatives under the generalised partial credit model, the partial credit model and the 3PL lead elsewhere;
  `tests/exam_engine/psychometrics/fit/test_m2.py` compares these with a dense computation that differentiates
  numerically. Interval of the RMSEA: R divides by N, its point estimate by N − 1.
- CFI and TLI: for M2* with several categories R's baseline has fewer degrees of freedom; only C2 is compared.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from exam_engine.psychometrics.fit import (
    item_fit_by_score,
    item_mean_squares,
    m2_fit,
    pair_tables,
    person_fit,
    residual_correlations,
)
from exam_engine.psychometrics.irt.calibrate import calibrate
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.scoring import score_eap, score_wle
from tests.reference.lsat import LSAT7, matrix
from tests.reference.solutions import CASES, read

NODES = np.linspace(-6, 6, 61)
LEAST = np.sqrt(1e-5)
COMPLETE = [case for case in CASES if case[0] != "simmiss"]
MEAN_SQUARES = [("outfit", "outfit"), ("infit", "infit"), ("z_outfit", "z.outfit"), ("z_infit", "z.infit")]


def named(cases: list[tuple[str, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("name", "model"), cases, ids=["-".join(case) for case in cases])


@named(CASES)
@pytest.mark.parametrize("estimator", ["EAP", "MAP"])
def test_persons_agree(name: str, model: str, estimator: str, reference_data: Path) -> None:
    case = read(reference_data, name, model)
    expected = case.r[f"personfit_{estimator}_first60"]
    theta = np.array(case.r["scores_first60"][estimator]["theta"], dtype=np.float64)

    found = person_fit(case.responses[:60], case.r_items, theta=theta, least_variance=LEAST)

    assert_allclose(found.lz, expected["Zh"], atol=1e-6)
    for ours, theirs in MEAN_SQUARES:
        if name == "simmiss" and ours == "z_outfit":
            continue
        # R cuts the spread of the cube root at 1.4142, here at the root of 2: 2e-5 where that happens.
        tolerance = 3e-5 if ours.startswith("z") else 1e-6
        assert_allclose(getattr(found.mean_squares, ours), expected[theirs], atol=tolerance)


@named(COMPLETE)
@pytest.mark.parametrize("estimator", ["EAP", "WLE"])
def test_items_agree(name: str, model: str, estimator: str, reference_data: Path) -> None:
    case = read(reference_data, name, model)
    expected = case.r[f"infit_{estimator}"]
    if estimator == "EAP":
        theta = score_eap(case.responses, case.r_items, variance=case.r_variance, nodes=NODES).theta
    else:
        theta = score_wle(case.responses, case.r_items, weight="jeffreys").theta

    found = item_mean_squares(case.responses, case.r_items, theta, least_variance=LEAST).mean_squares

    for ours, theirs in MEAN_SQUARES:
        # R's WLE carry 1e-6 of search, its standardised values ten times that.
        tolerance = 2e-5 if ours.startswith("z") else 2e-6
        assert_allclose(getattr(found, ours), np.array(expected[theirs], np.float64), atol=tolerance)


@named([case for case in COMPLETE if case[0] != "verbagg3"])
def test_score_groups_agree(name: str, model: str, reference_data: Path) -> None:
    case = read(reference_data, name, model)
    expected = case.r["S_X2"]

    found = item_fit_by_score(case.responses, case.r_items, variance=case.r_variance, nodes=NODES)

    assert_allclose(found.statistic, expected["S_X2"], atol=1e-6)
    assert list(found.degrees_of_freedom - (model == "Rasch")) == expected["df.S_X2"]
    if model != "Rasch":
        assert_allclose(found.p, expected["p.S_X2"], atol=1e-8)
        assert_allclose(found.rmsea, expected["RMSEA.S_X2"], atol=1e-8)


@named(COMPLETE)
def test_pairs_agree(name: str, model: str, reference_data: Path) -> None:
    case = read(reference_data, name, model)

    q3 = residual_correlations(case.responses, case.r_items, variance=case.r_variance).q3
    tables = pair_tables(case.responses, case.r_items, variance=case.r_variance, nodes=NODES)

    assert_allclose(q3[0], case.r["Q3_row1"], atol=1e-6)
    assert_allclose(tables.statistic[1:, 0], np.array(case.r["LD_lower_col1"][1:], np.float64), atol=1e-6)


@named(
    [
        case
        for case in COMPLETE
        if case[1] in {"2PL", "graded"} or case in [("lsat6", "Rasch"), ("lsat7", "Rasch")]
    ]
)
@pytest.mark.parametrize(("margin", "key"), [("m2", "M2star"), ("c2", "C2")])
def test_whole_tests_agree(name: str, model: str, margin: str, key: str, reference_data: Path) -> None:
    case = read(reference_data, name, model)
    expected = case.r[key]

    found = m2_fit(case.responses, case.r_items, margin=margin, variance=case.r_variance, nodes=NODES)

    assert found.statistic == pytest.approx(expected["M2"], abs=1e-5)
    assert found.degrees_of_freedom == expected["df"]
    assert found.p == pytest.approx(expected["p"], abs=1e-6)
    assert found.rmsea == pytest.approx(expected["RMSEA"], abs=1e-7)
    assert found.srmsr == pytest.approx(expected["SRMSR"], abs=1e-9)
    by_n = np.sqrt((found.n_persons - 1) / found.n_persons)
    assert found.rmsea_low * by_n == pytest.approx(expected["RMSEA_5"], abs=1e-6)
    assert found.rmsea_high * by_n == pytest.approx(expected["RMSEA_95"], abs=1e-6)
    if margin == "c2" or case.items.highest.max() == 1:
        # R estimates its baseline to a coarser tolerance.
        assert found.cfi == pytest.approx(expected["CFI"], abs=2e-5)
        assert found.tli == pytest.approx(expected["TLI"], abs=2e-5)


def test_calibration_and_fit_of_lsat_7_end_to_end() -> None:
    patterns, counts = matrix(LSAT7)
    responses = np.repeat(patterns, counts.astype(int), axis=0)

    for model, statistic, df in (("2pl", 11.938412, 5), ("rasch", 23.174454, 9)):
        found = calibrate(responses, model=model)
        whole = m2_fit(responses, found.items, variance=float(found.variances[0]), nodes=NODES)
        # R mirt 1.47; Rasch to the 1e-5 of R's own convergence.
        assert whole.statistic == pytest.approx(statistic, abs=1e-4)
        assert whole.degrees_of_freedom == df


def test_lsat_7_without_the_reference_files() -> None:
    # R mirt 1.47 on the published pattern counts; parameters of the 2PL with a gradient below 1e-9.
    a = np.array([0.9875458990, 1.0808371422, 1.7074776608, 0.7649898774, 0.7356727214])
    d = np.array([1.8558556438, 0.8079695916, 1.8052062028, 0.4859998022, 1.8544575908])
    patterns, counts = matrix(LSAT7)
    responses = np.repeat(patterns, counts.astype(int), axis=0)
    items = Items.dichotomous(a, -d / a)

    whole, single = m2_fit(responses, items, nodes=NODES), item_fit_by_score(responses, items, nodes=NODES)

    assert whole.statistic == pytest.approx(11.9384123, abs=1e-6)
    assert whole.degrees_of_freedom == 5
    assert list(single.degrees_of_freedom) == [2] * 5
    s_x2 = [4.750540199974, 14.453452757418, 1.272659892563, 5.236482370409, 0.9409419885203]
    assert_allclose(single.statistic, s_x2, atol=1e-6)
