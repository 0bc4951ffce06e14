"""Transformations in a row, their errors, and drift against a direct link."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.psychometrics.linking.chain import chain, chain_of_draws, scale_drift
from exam_engine.psychometrics.linking.sampling import ErrorSource
from exam_engine.psychometrics.linking.transformation import Transformation

ERROR = np.array([[0.0004, 0.0002], [0.0002, 0.0016]])
scales, shifts = st.floats(0.3, 3.0), st.floats(-3, 3)


def line(scale: float, shift: float) -> Transformation:
    return Transformation(scale, shift, ERROR)


@given(scales, shifts, scales, shifts, st.floats(-4, 4))
def test_a_chain_is_one_link_after_the_other(a: float, b: float, c: float, d: float, theta: float) -> None:
    total = chain([line(a, b), line(c, d)]).total

    assert total.abilities(theta) == pytest.approx(line(c, d).abilities(line(a, b).abilities(theta)))


@given(scales, shifts, st.floats(-4, 4))
def test_the_inverse_undoes(a: float, b: float, theta: float) -> None:
    there, back = line(a, b), line(a, b).inverse()

    assert back.abilities(there.abilities(theta)) == pytest.approx(theta, abs=1e-9)
    assert back.error_at(there.abilities(theta)) == pytest.approx(there.error_at(theta) / a, rel=1e-6)


def test_delta_errors_of_a_chain_agree_with_draws() -> None:
    rng = np.random.default_rng(2)
    links = [line(1.1, 0.2), line(0.9, -0.3), line(1.05, 0.1)]
    draws = [rng.multivariate_normal([each.scale, each.shift], ERROR, 20_000) for each in links]

    delta, drawn = chain(links), chain_of_draws(links, draws)

    assert (delta.errors_by, drawn.errors_by) == (ErrorSource.DELTA, ErrorSource.BOOTSTRAP)
    # Covariances from 20,000 draws are good to about 1 %, the linearisation to the square of 4 %.
    assert drawn.total.covariance == pytest.approx(delta.total.covariance, rel=0.05)
    assert [each.shift for each in drawn.cumulative] == [each.shift for each in delta.cumulative]


def test_errors_grow_along_a_chain() -> None:
    found = chain([line(1.0, 0.0)] * 4)

    errors = [each.shift_error for each in found.cumulative]
    assert errors == sorted(errors)
    assert errors[3] > 1.9 * errors[0]


def test_without_errors_a_chain_says_so() -> None:
    unknown = Transformation(1.0, 0.1, np.full((2, 2), np.nan))

    found = chain([unknown, line(1.0, 0.0)])
    drift = scale_drift(found.total, line(1.0, 0.0), [0.0])

    assert found.errors_by is ErrorSource.NOT_ASKED
    assert drift.difference == pytest.approx([0.1])
    assert not drift.has_errors
    assert np.isnan(drift.p_value).all()


def test_drift_against_a_direct_link() -> None:
    drift = scale_drift(line(1.02, 0.25), line(1.0, 0.1), [-1.0, 0.0, 1.0])

    assert drift.difference == pytest.approx([0.13, 0.15, 0.17])
    assert drift.largest == pytest.approx(0.17)
    assert drift.standard_error[1] == pytest.approx(np.sqrt(2 * 0.0016))
    assert drift.p_value[1] == pytest.approx(0.008, abs=1e-3)


def test_what_is_no_chain_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        chain([])
    with pytest.raises(ValueError, match="same number of replications"):
        chain_of_draws([line(1, 0), line(1, 0)], [np.ones((5, 2)), np.ones((4, 2))])
    with pytest.raises(ValueError, match="positive"):
        Transformation(-1.0, 0.0, ERROR)
    with pytest.raises(ValueError, match="finite"):
        scale_drift(line(1, 0), line(1, 0), [np.nan])
