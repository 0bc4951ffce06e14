"""Published figures for the distributions behind the forensic indices.

Sources stand at each test. ω, GBT, M4 and the K family are checked against loops over their definitions where they
are tested; their authors publish simulations, not worked examples.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import gammaln

from exam_engine.psychometrics.corrections import Correction, adjusted_p_values
from exam_engine.psychometrics.forensics.ability import Curves, weighted_likelihood
from exam_engine.psychometrics.forensics.binomial import binomial_tail
from exam_engine.psychometrics.forensics.jumps import gains
from exam_engine.psychometrics.forensics.wrong_to_right import usual_changes
from exam_engine.psychometrics.irt.items import Items

THROMBOLYSIS = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
    0.7590, 1.0000,
]  # fmt: skip

BOYS_OF_TWELVE = [3, 24, 104, 286, 670, 1033, 1343, 1112, 829, 478, 181, 45, 7]

ANSCOMBE_3 = (
    [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0],
    [7.46, 6.77, 12.74, 7.11, 7.81, 8.84, 6.08, 5.39, 8.15, 6.42, 5.73],
)


def test_benjamini_and_hochberg_reject_four_where_bonferroni_rejects_three() -> None:
    """The 15 comparisons of a trial of thrombolysis (Neuhaus and others, 1992, Journal of the American College of
    Cardiology 19, 885–891) in Benjamini & Hochberg (1995, Journal of the Royal Statistical Society B 57, 289–300):
    their procedure rejects four at 0.05, Bonferroni's and Hochberg's, and with it Holm's, three."""
    rejected = {
        how: int(np.sum(adjusted_p_values(THROMBOLYSIS, correction=how) <= 0.05)) for how in Correction
    }

    assert rejected == {"none": 9, "bonferroni": 3, "holm": 3, "benjamini_hochberg": 4}


def test_boys_among_twelve_children_are_beta_binomial() -> None:
    """The first twelve children of 6,115 families of thirteen in Saxony, counted by Geissler, 1876–1885 (Lindsey &
    Altham, 1998, Applied Statistics 47, 149–157).

    Maximum likelihood gives the shapes 34.09558 and 31.5715 and the log-likelihood −12,492.9 (Wikipedia,
    "Beta-binomial distribution"). The likelihood is so flat along both shapes that optimisers stop 0.01 apart:
    tolerance 0.03 for the shapes, half a unit of the last decimal for the likelihood and for the mean.
    """
    boys = np.repeat(np.arange(13), BOYS_OF_TWELVE)

    usual = usual_changes(boys, np.full(boys.size, 12))

    ways = gammaln(13) - gammaln(boys + 1) - gammaln(13 - boys)
    assert boys.size == 6_115
    assert_allclose(usual.shapes, [34.09558, 31.5715], atol=0.03)
    assert usual.rate == pytest.approx(34.09558 / (34.09558 + 31.5715), abs=5e-5)
    assert usual.log_likelihood + ways.sum() == pytest.approx(-12_492.9, abs=0.05)


def test_the_outlier_of_anscombes_third_set() -> None:
    """Anscombe (1973, The American Statistician 27, 17–21): line 3.00 + 0.500 x. The externally studentised residual,
    ``rstudent(lm(y3 ~ x3))[3]`` in R, is 1203.539 by its formula. Tolerance half a unit of the last decimal.
    """
    result = gains(*ANSCOMBE_3)

    assert result.line.intercept == pytest.approx(3.00, abs=0.005)
    assert result.line.slope == pytest.approx(0.500, abs=0.0005)
    assert result.residual_t[2] == pytest.approx(1203.539, abs=0.0005)
    assert np.flatnonzero(result.is_flagged).tolist() == [2]


def test_warms_ability_of_a_perfect_score_in_closed_form() -> None:
    """Warm (1989, Psychometrika 54, 427–450): with k equal Rasch items all right, ``k (1 - P) + (1 - 2 P) / 2 = 0``,
    so ``θ = log(2 k + 1)``. Tolerance: a parabola between nodes 0.05 apart.
    """
    for k in (5, 20, 60):
        curves = Curves.of(Items.dichotomous([1.0] * k, [0.0] * k))

        theta, _ = weighted_likelihood(curves, np.ones((1, k), dtype=np.int8))

        assert theta[0] == pytest.approx(np.log(2 * k + 1), abs=1e-3)


def test_a_sum_of_events_with_rising_chances_in_closed_form() -> None:
    """With chances ``1 / i`` for ``i = 1 … n`` the number of events is that of the cycles of a random permutation: the
    chance of exactly k is the unsigned Stirling number of the first kind over n! (Feller, 1945, Bulletin of the
    American Mathematical Society 51, 800–832). For n = 6: 120, 274, 225, 85, 15, 1 of 720.
    """
    cycles = np.array([120, 274, 225, 85, 15, 1]) / 720.0

    tail = binomial_tail(np.tile(1.0 / np.arange(1, 7)[:, None], 6), np.arange(1, 7))

    assert_allclose(tail, np.cumsum(cycles[::-1])[::-1], rtol=1e-12)
