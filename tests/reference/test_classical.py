"""Classical test theory against published figures."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from exam_engine.psychometrics.ctt.coefficients import alpha_interval
from exam_engine.psychometrics.ctt.items import analyse_items
from exam_engine.psychometrics.ctt.one_factor import fit_one_factor
from exam_engine.psychometrics.ctt.reliability import reliability
from tests.reference.attitude import ATTITUDE
from tests.reference.lsat import LSAT6, LSAT7, matrix

THREE_DECIMALS = 5e-4
FOUR_DECIMALS = 5e-5


def persons(patterns: dict[str, int]) -> np.ndarray:
    rows, counts = matrix(patterns)
    return np.asarray(np.repeat(rows, counts.astype(int), axis=0))


def test_lsat6_alpha_and_item_correlations() -> None:
    """ltm 1.2, `descript(LSAT)`: alpha with and without each item, point-biserials included and excluded."""
    found = analyse_items(persons(LSAT6))

    assert found.alpha == pytest.approx(0.2950, abs=FOUR_DECIMALS)
    assert_allclose(found.alpha_without, [0.2754, 0.2376, 0.2168, 0.2459, 0.2663], atol=FOUR_DECIMALS)
    assert_allclose(found.point_biserial, [0.3620, 0.5668, 0.6184, 0.5344, 0.4354], atol=FOUR_DECIMALS)
    assert_allclose(
        found.corrected_point_biserial, [0.1128, 0.1532, 0.1728, 0.1444, 0.1216], atol=FOUR_DECIMALS
    )


def test_lsat7_alpha() -> None:
    """mirt 1.47, `itemstats(expand.table(LSAT7))`."""
    assert reliability(persons(LSAT7)).alpha == pytest.approx(0.453, abs=THREE_DECIMALS)


def test_attitude_alpha() -> None:
    """psych 2.x, `alpha(attitude)`: raw and standardised alpha, and alpha with each item dropped."""
    responses = np.array(ATTITUDE).T

    found = reliability(responses, highest=100)

    assert found.alpha == pytest.approx(0.843, abs=THREE_DECIMALS)
    assert found.alpha_standardised == pytest.approx(0.839, abs=THREE_DECIMALS)
    dropped = [0.810, 0.797, 0.828, 0.803, 0.795, 0.864, 0.840]
    assert_allclose(analyse_items(responses, highest=100).alpha_without, dropped, atol=THREE_DECIMALS)


def test_interval_of_alpha_of_feldt_woodruff_and_salih() -> None:
    """Feldt, Woodruff & Salih (1987), p. 95: 41 persons, 26 items, alpha .790, 90 %: (.704, .861).

    The article used values of F with two decimals; exact ones give .705 and .862, hence the tolerance.
    """
    assert_allclose(alpha_interval(0.790, n_persons=41, n_items=26, level=0.9), [0.704, 0.861], atol=1.1e-3)
    assert_allclose(
        alpha_interval(0.790, n_persons=41, n_items=26, level=0.9), [0.705, 0.862], atol=THREE_DECIMALS
    )


def test_one_factor_of_the_ability_covariances() -> None:
    """R 4 stats, `factanal(factors = 1, covmat = ability.cov)`: six tests, 112 persons (Smith & Stanley, 1983).

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
