"""Linking two calibrations through common items, models mixed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.linking.curves import Direction, Grid
from exam_engine.psychometrics.linking.link import (
    Link,
    Linker,
    LinkWarning,
    Method,
    draw_links,
    link,
    with_anchor_errors,
)
from exam_engine.psychometrics.linking.parameters import drawn_items, free_parameters, with_parameters

NAN = np.nan
ALL = [method for method in Method if method is not Method.IDENTITY]
CURVES = [Method.HAEBARA, Method.STOCKING_LORD]


def mixed() -> Items:
    """Seven items of every model."""
    return Items.concatenate(
        [
            Items.dichotomous([1.2, 0.8, 1.0], [0.3, -0.5, 1.0], c=[0.0, 0.2, 0.15], u=[1.0, 1.0, 0.95]),
            Items.partial_credit([0.9, 1.0], [[-0.5, 0.4, 1.0], [0.2, NAN, NAN]]),
            Items.graded([1.5], [[-1.0, 0.0, 1.5]]),
            Items.nominal([[0.5, 1.0, -0.3]], [[0.2, -0.4, 0.1]]),
        ]
    )


def disturbed(items: Items, size: float, seed: int) -> Items:
    covariance = np.eye(free_parameters(items).size) * size**2
    return next(drawn_items(items, covariance, rng=np.random.default_rng(seed), replications=1))


@pytest.mark.parametrize("method", [each for each in ALL if each is not Method.MEAN])
@given(scale=st.floats(0.5, 2.0), shift=st.floats(-2, 2))
@settings(max_examples=5)
def test_a_known_line_is_found(method: Method, scale: float, shift: float) -> None:
    old = mixed()
    new = old.rescaled(1 / scale, -shift / scale)

    found = link(new, old, linker=Linker(method))

    assert found.transformation.scale == pytest.approx(scale, abs=1e-7)
    assert found.transformation.shift == pytest.approx(shift, abs=1e-7)
    assert found.converged
    back = found.transformation.items(new)
    assert free_parameters(back) == pytest.approx(free_parameters(old), abs=1e-6)


def test_rasch_links_by_the_mean_alone() -> None:
    old = Items.dichotomous([1.0, 1.0], [0.0, 1.0])

    found = link(Items.dichotomous([1.0, 1.0], [0.1, 1.5]), old, linker=Linker(Method.MEAN))

    assert (found.transformation.scale, found.transformation.shift) == (1.0, pytest.approx(-0.3))


def test_a_fixed_link_changes_nothing_and_has_no_error() -> None:
    items = mixed()

    found = link(items, items, linker=Linker(Method.IDENTITY))

    assert found.transformation.abilities([0.5]) == pytest.approx([0.5])
    assert found.transformation.error_at([0.5]) == pytest.approx([0.0])


@pytest.mark.parametrize("method", CURVES)
@pytest.mark.parametrize("direction", list(Direction))
def test_curves_agree_with_a_naive_search(method: Method, direction: Direction) -> None:
    old = mixed()
    new = disturbed(old.rescaled(0.9, 0.2), 0.1, 3)
    grid = Grid.of([-2.0, -0.5, 0.3, 1.7], [1.0, 2.0, 3.0, 1.0])

    def apart(one: Items, other: Items, theta: float) -> float:
        if method is Method.STOCKING_LORD:
            return (one.expected_score(theta).sum() - other.expected_score(theta).sum()) ** 2
        return float(((one.probability(theta) - other.probability(theta)) ** 2).sum())

    def objective(point: np.ndarray) -> float:
        scale, shift = point
        total = 0.0
        for node, weight in zip(grid.nodes, grid.weights, strict=True):
            total += weight * apart(old, new.rescaled(scale, shift), node)
            if direction is Direction.SYMMETRIC:
                total += weight * apart(new, old.rescaled(1 / scale, -shift / scale), node)
        return total

    best = minimize(objective, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-14})
    found = Linker(method, direction, grid, grid).fit(new, old)

    assert [found.scale, found.shift] == pytest.approx(best.x, abs=1e-5)
    assert found.objective == pytest.approx(objective(np.array([found.scale, found.shift])), rel=1e-9)
    assert found.objective <= best.fun * (1 + 1e-9)


@pytest.mark.parametrize("method", ALL)
def test_delta_errors_agree_with_the_bootstrap(method: Method) -> None:
    old = Items.dichotomous(np.linspace(0.7, 1.6, 6), np.linspace(-1.5, 1.5, 6))
    new = old.rescaled(0.8, 0.5)
    noise = np.diag(np.tile([0.06**2, 0.08**2], 6))

    found = link(new, old, linker=Linker(method), covariance_new=noise, covariance_old=noise)
    draws = draw_links(
        new,
        old,
        rng=np.random.default_rng(11),
        replications=150,
        linker=Linker(method),
        covariance_new=noise,
        covariance_old=noise,
    )

    line = found.transformation
    spread = draws.std(axis=0, ddof=1)
    # 150 replications: a standard deviation has a Monte Carlo error of 5.8 %; three of them.
    assert line.shift_error == pytest.approx(spread[1], rel=0.18)
    if method is not Method.MEAN:
        assert line.scale_error == pytest.approx(spread[0], rel=0.18)


def test_errors_need_both_covariances() -> None:
    items = Items.dichotomous([1.0, 1.0], [0.0, 1.0])

    with pytest.raises(ValueError, match="both"):
        link(items, items, covariance_new=np.eye(4))
    with pytest.raises(ValueError, match="4 × 4"):
        link(items, items, covariance_new=np.eye(3), covariance_old=np.eye(3))


def test_without_covariances_errors_are_named_unknown() -> None:
    items = Items.dichotomous([1.0, 1.0], [0.0, 1.0])

    line = link(items, items).transformation

    assert not line.has_errors
    assert np.isnan(line.scale_error)


def test_the_jackknife_is_the_spread_over_anchors_left_out() -> None:
    old = Items.dichotomous([1.0, 1.2, 0.9, 1.1], [-1.0, 0.0, 0.5, 1.5])
    new = Items.dichotomous([1.1, 1.1, 0.9, 1.0], [-1.1, 0.2, 0.4, 1.5])
    shifts = []
    for at in range(4):
        others = [each for each in range(4) if each != at]
        shifts.append(link(new.take(others), old.take(others)).transformation.shift)

    found = link(new, old)

    expected = 3 / 4 * np.sum((np.array(shifts) - np.mean(shifts)) ** 2)
    assert found.anchor_covariance[1, 1] == pytest.approx(expected, rel=1e-4)


def test_warnings_are_named() -> None:
    old = Items.concatenate(
        [Items.dichotomous([1.0, 1.0], [0.0, 1.0], c=[0.0, 0.3]), Items.nominal([[1.0]], [[0.0]])]
    )
    new = Items.concatenate(
        [Items.dichotomous([1.0, 1.0], [0.0, 1.0], c=[0.0, 0.1]), Items.nominal([[1.0]], [[0.0]])]
    )

    found = link(new, old, linker=Linker(Method.MEAN_SIGMA))

    assert found.warnings == (
        LinkWarning.FEW_ANCHORS,
        LinkWarning.NOMINAL_PASSED_OVER,
        LinkWarning.ASYMPTOTES_DIFFER,
    )


def test_curves_that_cannot_meet_are_no_link() -> None:
    old, new = Items.dichotomous([1.0], [0.5]), Items.dichotomous([-1.0], [3.0])

    found = link(new, old, linker=Linker(Method.HAEBARA))

    assert not found.converged
    assert LinkWarning.NOT_CONVERGED in found.warnings
    assert LinkWarning.OPPOSITE_SLOPES in found.warnings


def test_sets_that_are_not_the_same_items_are_refused() -> None:
    one = Items.dichotomous([1.0, 1.0], [0.0, 1.0])

    with pytest.raises(ValueError, match="2 new ones, 1 old"):
        link(one, one.take([0]))
    with pytest.raises(ValueError, match=r"by position: \[1\]"):
        link(one, Items.concatenate([one.take([0]), Items.graded([1.0], [[0.0, 1.0]])]))


def test_methods_refuse_what_they_cannot_use() -> None:
    alike = Items.dichotomous([1.0, 1.0], [0.5, 0.5])
    nominal = Items.nominal([[1.0]], [[0.0]])

    with pytest.raises(ValueError, match="different difficulty"):
        link(alike, alike, linker=Linker(Method.MEAN_SIGMA))
    with pytest.raises(ValueError, match="different difficulty"):
        rounded = Items.dichotomous(
            [1.1, 0.7, 1.3], np.full(3, 0.1)
        )  # -(-a b) / a is not b to the last digit
        link(rounded, rounded, linker=Linker(Method.MEAN_SIGMA))
    with pytest.raises(ValueError, match="by their curves"):
        link(nominal, nominal, linker=Linker(Method.MEAN_MEAN))
    with pytest.raises(ValueError, match="positive discriminations"):
        link(
            Items.dichotomous([-1.0], [0.0]),
            Items.dichotomous([1.0], [0.0]),
            linker=Linker(Method.GEOMETRIC_MEAN),
        )


def test_a_single_anchor_links_but_its_jackknife_is_unknown() -> None:
    one = Items.dichotomous([1.0], [0.0])

    found = link(one.rescaled(1.0, 0.4), one, linker=Linker(Method.MEAN_MEAN))

    assert isinstance(found, Link)
    assert found.transformation.shift == pytest.approx(-0.4)
    assert np.isnan(found.anchor_covariance).all()


def test_anchor_errors_add() -> None:
    old = Items.dichotomous([1.0, 1.2, 0.9], [-1.0, 0.0, 1.5])
    new = Items.dichotomous([1.1, 1.1, 0.9], [-1.1, 0.2, 1.5])
    noise = np.eye(6) * 0.01

    plain = link(new, old, covariance_new=noise, covariance_old=noise)

    both = with_anchor_errors(plain).transformation.covariance
    assert both == pytest.approx(plain.transformation.covariance + plain.anchor_covariance)


def test_parameters_survive_the_way_through_a_vector() -> None:
    items = mixed()

    again = with_parameters(items, free_parameters(items))

    assert again.probability([-1.0, 0.0, 2.0]) == pytest.approx(items.probability([-1.0, 0.0, 2.0]))
    with pytest.raises(ValueError, match="parameters are needed"):
        with_parameters(items, np.zeros(2))


def test_grids_refuse_what_is_no_weight() -> None:
    with pytest.raises(ValueError, match="not negative"):
        Grid.of([0.0, 1.0], [1.0, -0.5])
    with pytest.raises(ValueError, match="positive sum"):
        Grid.of([0.0, 1.0], [0.0, 0.0])
