"""Equating against the published examples of Kolen and Brennan.

Kolen & Brennan, 2014, Test Equating, Scaling, and Linking, 3rd ed.: ACT Mathematics for random groups (chapter 2), and
the 36-item forms with 12 internal common items for nonequivalent groups (chapter 4). Tolerances are a unit of the last
printed digit.
"""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.linking.common_items import synthetic_moments, tucker
from exam_engine.psychometrics.linking.equating import EquatingMethod, EquatingWarning
from exam_engine.psychometrics.linking.equipercentile import equipercentile
from exam_engine.psychometrics.linking.frequencies import Frequencies
from exam_engine.psychometrics.linking.linear import linear_equating, mean_equating
from exam_engine.psychometrics.linking.score_moments import JointMoments
from tests.reference.act_mathematics import EQUIVALENTS, FORM_X, FORM_Y

X = Frequencies(np.array(FORM_X, dtype=np.float64))
Y = Frequencies(np.array(FORM_Y, dtype=np.float64))

COMMON_X = JointMoments.normal(
    n=1655, highest=36, mean=15.8205, sd=6.5278, anchor_mean=5.1063, anchor_sd=2.3760, covariance=13.4088
)
COMMON_Y = JointMoments.normal(
    n=1638, highest=36, mean=18.6728, sd=6.8784, anchor_mean=5.8626, anchor_sd=2.4515, covariance=14.7603
)


def test_the_published_moments_are_those_of_the_counts() -> None:
    assert (X.n, Y.n) == (4329, 4152)
    assert [X.mean, X.variance**0.5] == pytest.approx([19.8524, 8.2116], abs=5e-5)
    assert [Y.mean, Y.variance**0.5] == pytest.approx([18.9798, 8.9393], abs=5e-5)


def test_equipercentile_equivalents_of_act_mathematics() -> None:
    found = equipercentile(X, Y)

    assert found.equivalents == pytest.approx(EQUIVALENTS, abs=5.1e-5)
    assert found.warnings == (EquatingWarning.NO_ERRORS_IN_TAILS,)


def test_linear_equating_of_act_mathematics() -> None:
    found = linear_equating(X, Y)

    assert found.slope == pytest.approx(8.9393 / 8.2116, abs=2e-5)
    assert found.intercept == pytest.approx(-2.6319, abs=5e-4)
    assert mean_equating(X, Y).intercept == pytest.approx(18.9798 - 19.8524, abs=1e-4)


def test_tucker_on_the_common_item_example() -> None:
    """Published for the whole weight on the group with Form X; moments are printed to four digits."""
    found = tucker(COMMON_X, COMMON_Y, weight_new=1.0)
    facts = synthetic_moments(COMMON_X, COMMON_Y, method=EquatingMethod.TUCKER, weight_new=1.0)

    assert [facts.gamma_new, facts.gamma_old] == pytest.approx([2.3752, 2.4560], abs=1e-4)
    assert [facts.mean_old, facts.sd_old] == pytest.approx([16.8153, 6.7167], abs=1e-4)
    assert [found.slope, found.intercept] == pytest.approx([1.0289, 0.5370], abs=1e-4)
