"""Simulated abilities have the moments asked for."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.simulation.abilities import draw_empirical, draw_groups, draw_normal

N = 40_000


def test_groups_have_their_means_and_variances() -> None:
    persons = draw_groups([N, N], [0.0, 1.0], [1.0, 0.25], rng=np.random.default_rng(1))

    for group, mean, sd in ((0, 0.0, 1.0), (1, 1.0, 0.5)):
        theta = persons.theta[persons.group == group]
        assert theta.mean() == pytest.approx(mean, abs=5 * sd / np.sqrt(N))
        assert theta.std() == pytest.approx(sd, rel=5 / np.sqrt(2 * N))
    assert len(persons) == 2 * N


def test_an_empirical_density_keeps_its_moments() -> None:
    nodes = np.linspace(-3, 3, 25)
    weights = np.exp(-(nodes**2)) + 0.5 * np.exp(-2 * (nodes - 2) ** 2)
    mean = np.average(nodes, weights=weights)
    variance = np.average((nodes - mean) ** 2, weights=weights)

    persons = draw_empirical(N, nodes=nodes, weights=weights, rng=np.random.default_rng(1))

    assert persons.theta.mean() == pytest.approx(mean, abs=5 * np.sqrt(variance / N))
    # A cell spread evenly adds its width squared over 12.
    assert persons.theta.var() == pytest.approx(variance + 0.25**2 / 12, rel=0.04)
    assert np.unique(persons.theta).size > N / 2


def test_what_cannot_be_drawn_is_refused() -> None:
    rng = np.random.default_rng(1)

    with pytest.raises(ValueError, match="at least 1"):
        draw_normal(0, rng=rng)
    with pytest.raises(ValueError, match="variances"):
        draw_normal(1, rng=rng, variance=-1.0)
    with pytest.raises(ValueError, match="one value a group"):
        draw_groups([1, 2], [0.0], [1.0, 1.0], rng=rng)
    with pytest.raises(ValueError, match="positive sum"):
        draw_empirical(3, nodes=[0.0, 1.0], weights=[0.0, 0.0], rng=rng)
    with pytest.raises(ValueError, match="must rise"):
        draw_empirical(3, nodes=[1.0, 0.0], weights=[1.0, 1.0], rng=rng)
    with pytest.raises(ValueError, match="at least 1"):
        draw_empirical(0, nodes=[0.0], weights=[1.0], rng=rng)
