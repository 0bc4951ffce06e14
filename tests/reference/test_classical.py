"""Classical test theory against published figures."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from exam_engine.psychometrics.ctt.coefficients import alpha_interval
from exam_engine.psychometrics.ctt.consistency import hanson_brennan, livingston_lewis
from exam_engine.psychometrics.ctt.distribution import summarise_scores
from exam_engine.psychometrics.ctt.guttman import guttman_bounds
from exam_engine.psychometrics.ctt.items import analyse_items
from exam_engine.psychometrics.ctt.one_factor import fit_one_factor
from exam_engine.psychometrics.ctt.reliability import analyse_reliability
from tests.reference.act_mathematics import FORM_X
from tests.reference.attitude import ATTITUDE
from tests.reference.lsat import LSAT6, LSAT7, matrix

THREE_DECIMALS = 5e-4
FOUR_DECIMALS = 5e-5
FIVE_DECIMALS = 6e-6
"""Half a unit of the last decimal printed, and a little: the printed tables do not quite sum to 1."""

ACT_288M = (
    0, 23, 98, 384, 986, 2161, 3722, 5623, 7533, 8817, 9597, 9809, 9674, 8971, 8033, 7384, 6758, 6004, 5463, 4896,
    4367, 4083, 3651, 3333, 3191, 2899, 2644, 2597, 2287, 2197, 1967, 1874, 1710, 1581, 1503, 1349, 1181, 994, 827,
    585, 294,
)  # fmt: skip
"""Persons by number right, 0 to 40, 151,050 in all: the file act288m that is distributed with BBClassify, the successor
of BB-CLASS (Brennan, 2004)."""


def persons(patterns: dict[str, int]) -> np.ndarray:
    rows, counts = matrix(patterns)
    return np.asarray(np.repeat(rows, counts.astype(int), axis=0))


def test_lsat6_alpha_and_item_correlations() -> None:
    """R package ltm, `descript(LSAT)`: alpha with and without each item, point-biserials included and excluded.

    No run of R was made for this test: the figures follow from the published counts by the formulas of Cronbach and
    Henrysson; tolerance half a unit of the last decimal.
    """
    found = analyse_items(persons(LSAT6))

    assert found.alpha == pytest.approx(0.2950, abs=FOUR_DECIMALS)
    assert_allclose(found.alpha_without, [0.2754, 0.2376, 0.2168, 0.2459, 0.2663], atol=FOUR_DECIMALS)
    assert_allclose(found.point_biserial, [0.3620, 0.5668, 0.6184, 0.5344, 0.4354], atol=FOUR_DECIMALS)
    assert_allclose(
        found.corrected_point_biserial, [0.1128, 0.1532, 0.1728, 0.1444, 0.1216], atol=FOUR_DECIMALS
    )


def test_lsat7_alpha() -> None:
    """What R package mirt gives in `itemstats` of LSAT-7; no run of R was made, Cronbach's formula and the published
    counts give the figure."""
    assert analyse_reliability(persons(LSAT7)).alpha == pytest.approx(0.453, abs=THREE_DECIMALS)


def test_attitude_alpha() -> None:
    """What R package psych gives in `alpha(attitude)`: raw and standardised alpha, and alpha with each item dropped.

    No run of R was made for this test: the data are those of R, and Cronbach's and Guttman's formulas give the figures.
    Its G6(smc), of the items at one variance, has two decimals.
    """
    responses = np.array(ATTITUDE).T

    found = analyse_reliability(responses, highest=100)

    assert found.alpha == pytest.approx(0.843, abs=THREE_DECIMALS)
    assert found.alpha_standardised == pytest.approx(0.839, abs=THREE_DECIMALS)
    dropped = [0.810, 0.797, 0.828, 0.803, 0.795, 0.864, 0.840]
    assert_allclose(analyse_items(responses, highest=100).alpha_without, dropped, atol=THREE_DECIMALS)
    assert guttman_bounds(np.corrcoef(responses.T)).lambda6 == pytest.approx(0.88, abs=5e-3)


def test_interval_of_alpha_of_feldt_woodruff_and_salih() -> None:
    """The example of Feldt, Woodruff & Salih (1987): 41 persons, 26 items, alpha .790, 90 %; formulas 6 and 7, p. 95.

    The limits are recomputed by these: with F to two decimals, 1.41 and 0.66, (.704, .861), with exact F (.705, .862).
    """
    assert_allclose(alpha_interval(0.790, n_persons=41, n_items=26, level=0.9), [0.704, 0.861], atol=1.1e-3)
    assert_allclose(
        alpha_interval(0.790, n_persons=41, n_items=26, level=0.9), [0.705, 0.862], atol=THREE_DECIMALS
    )


def test_one_factor_of_the_ability_covariances() -> None:
    """R, `factanal(factors = 1, covmat = ability.cov)`: six tests, 112 persons (Smith & Stanley, 1983).

    Data and output are those of the example of `ability.cov` in R's own reference output (datasets-Ex.Rout.save).

    R reports the likelihood ratio with Bartlett's correction, ``n - 1 - (2 p + 5) / 6 - 2 k / 3`` times F.
    """
    rows = (
        (24.641,),
        (5.991, 6.700),
        (33.520, 18.137, 149.831),
        (6.023, 1.782, 19.424, 12.711),
        (20.755, 4.936, 31.430, 4.757, 52.604),
        (29.701, 7.204, 50.753, 9.075, 66.762, 135.292),
    )
    covariance = np.zeros((6, 6))
    for at, row in enumerate(rows):
        covariance[at, : at + 1] = covariance[: at + 1, at] = row
    deviation = np.sqrt(np.diag(covariance))

    found = fit_one_factor(covariance)

    assert_allclose(
        found.loadings / deviation, [0.682, 0.384, 0.502, 0.300, 0.877, 0.849], atol=THREE_DECIMALS
    )
    unique = found.uniquenesses / deviation**2
    assert_allclose(unique, [0.535, 0.853, 0.748, 0.910, 0.232, 0.280], atol=THREE_DECIMALS)
    assert found.discrepancy * (111 - 17 / 6 - 2 / 3) == pytest.approx(75.18, abs=5e-3)
    assert found.degrees_of_freedom == 9


def test_hanson_brennan_on_act_mathematics() -> None:
    """BBClassify 1.0.0 (Haakstad, 2025), output for the file act288m with one cut at 24 and true cut 0.6.

    Four moments leave the range, so that the upper limit is held at 1. The printed table of true by observed
    categories is read as transposed: only so do its margins agree with those of its table of two forms.
    """
    found = hanson_brennan(np.arange(41), [24], n_items=40, weights=ACT_288M)

    fit = found.true_scores
    assert fit is not None
    assert fit.n_moments == 3
    assert_allclose(
        [fit.alpha, fit.beta, fit.lower, fit.upper], [0.52378, 1.62569, 0.22317, 1.0], atol=FIVE_DECIMALS
    )
    assert_allclose([fit.mean, fit.variance], [0.41247, 0.03531], atol=FIVE_DECIMALS)
    assert_allclose(found.true_by_observed.T, [[0.78247, 0.01778], [0.03795, 0.16180]], atol=FIVE_DECIMALS)
    assert_allclose(found.form_by_form, [[0.76127, 0.03898], [0.03898, 0.16076]], atol=FIVE_DECIMALS)
    assert found.accuracy == pytest.approx(0.94427, abs=FIVE_DECIMALS)
    assert found.consistency == pytest.approx(0.92203, abs=2 * FIVE_DECIMALS)
    assert found.chance == pytest.approx(0.68030, abs=2 * FIVE_DECIMALS)
    assert found.kappa == pytest.approx(0.75612, abs=4 * FIVE_DECIMALS)


def test_livingston_lewis_on_act_mathematics() -> None:
    """BBClassify 1.0.0, act288m, reliability 0.873, true cuts 0.55 and 0.60 of 40.

    The input asks for observed cuts 23 and 25, which does not reproduce the printed tables; cuts 22 and 24, the true
    ones on an effective length of 40, do. That the program models both cuts there is inferred from its margins.
    """
    found = livingston_lewis(np.arange(41), [22, 24], reliability=0.873, highest=40, weights=ACT_288M)

    assert found.true_scores is not None
    assert found.true_scores.length == 40
    decisions = [[0.73124, 0.02566, 0.01802], [0.01452, 0.01105, 0.01992], [0.00674, 0.01104, 0.16180]]
    forms = [[0.70700, 0.02297, 0.02253], [0.02297, 0.00834, 0.01645], [0.02253, 0.01645, 0.16076]]
    assert_allclose(found.true_by_observed, decisions, atol=FIVE_DECIMALS)
    assert_allclose(found.form_by_form, forms, atol=FIVE_DECIMALS)
    assert found.accuracy == pytest.approx(0.90409, abs=FIVE_DECIMALS)
    assert_allclose(found.accuracy_at, [0.93505, 0.94427], atol=FIVE_DECIMALS)
    assert found.consistency == pytest.approx(0.87610, abs=2 * FIVE_DECIMALS)
    assert found.chance == pytest.approx(0.60843, abs=3 * FIVE_DECIMALS)
    assert found.kappa == pytest.approx(0.68358, abs=4 * FIVE_DECIMALS)


def test_moments_of_act_mathematics_form_x() -> None:
    """Kolen & Brennan (2004), Test Equating, Scaling, and Linking, 2nd ed., table 2.5, p. 50: 4,329 persons, 40 items.

    The moments agree with the counts to the four decimals printed.

    Their skewness and kurtosis are the ratios of moments with divisor n, as here; so is their standard deviation.
    """
    found = summarise_scores(np.arange(41), highest=40, weights=FORM_X)

    assert found.n_persons == 4329
    assert found.mean == pytest.approx(19.8524, abs=FOUR_DECIMALS)
    assert found.standard_deviation * np.sqrt(4328 / 4329) == pytest.approx(8.2116, abs=FOUR_DECIMALS)
    assert found.skewness == pytest.approx(0.3753, abs=FOUR_DECIMALS)
    assert found.kurtosis == pytest.approx(2.3024, abs=FOUR_DECIMALS)
