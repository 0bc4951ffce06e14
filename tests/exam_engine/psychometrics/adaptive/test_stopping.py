"""Stopping rules: each against its definition, sequential tests against their error rates."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.adaptive.design import AdaptiveDesign, Stopping
from exam_engine.psychometrics.adaptive.estimation import Evidence
from exam_engine.psychometrics.adaptive.pool import Curves, Pool
from exam_engine.psychometrics.adaptive.simulate import simulate_adaptive
from exam_engine.psychometrics.adaptive.stopping import (
    ChangeBelow,
    GainBelow,
    InformationBelow,
    Interval,
    RatioTest,
    Reason,
    Situation,
    StandardErrorBelow,
    TimeUsed,
)
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.simulation.parameters import draw_items
from tests.exam_engine.psychometrics.adaptive.pools import pool_2pl

NODES = np.linspace(-6, 6, 121)


def situation(scores: list[list[int]], *, theta: list[float], se: list[float]) -> Situation:
    """Return candidates who answered the first items of a pool of six."""
    items = Items.dichotomous([1.0, 1.2, 0.8, 1.5, 2.0, 0.5], [-1.0, 0.0, 1.0, 0.5, -0.5, 3.0])
    curves, given = Curves(Pool.of(items), NODES), np.array(scores, dtype=np.int8)
    n, length = given.shape
    answered = np.tile(np.arange(length), (n, 1))
    logs = curves.log_chance[answered * 2 + given].sum(axis=1)
    used = np.tile(np.arange(6) < length, (n, 1))
    ability = np.array(theta)
    evidence = Evidence(answered, given, logs, np.zeros(n), 1.0)
    seconds = np.linspace(50.0, 100.0, n)
    return Situation(curves, evidence, ability, np.array(se), ability - 0.1, seconds, used)


def test_simple_rules_follow_their_definition() -> None:
    at = situation([[1, 1, 0], [0, 0, 0]], theta=[0.2, -1.0], se=[0.30, 0.31])
    left = at.curves.pool.items.information(at.theta)[:, 3:].max(axis=1)

    assert StandardErrorBelow(0.30).is_met(at).tolist() == [True, False]
    assert at.best_left == pytest.approx(left)
    assert InformationBelow(left.mean()).is_met(at).tolist() == (left < left.mean()).tolist()
    gain = at.se - 1 / np.sqrt(1 / at.se**2 + left)
    assert GainBelow(gain.mean()).is_met(at).tolist() == (gain < gain.mean()).tolist()
    assert ChangeBelow(0.11).is_met(at).all()
    assert not ChangeBelow(0.09).is_met(at).any()
    assert TimeUsed(100.0).is_met(at).tolist() == [False, True]


def test_an_interval_decides_when_it_holds_no_cut() -> None:
    at = situation([[1], [1], [1], [1]], theta=[-2.0, 0.0, 1.1, 3.0], se=[0.3, 0.3, 0.3, 0.3])

    rule = Interval((-1.0, 2.0), level=0.95)

    assert rule.decide(at).tolist() == [0, 1, 1, 2]
    assert Interval((1.0,)).decide(at).tolist() == [0, 0, -1, 1]


def test_the_ratio_is_that_of_the_likelihoods() -> None:
    at = situation([[1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [1, 0, 1, 0, 1]], theta=[0, 0, 0], se=[1, 1, 1])
    items, scores = at.curves.pool.items, at.evidence.scores.astype(np.intp)

    for rule in (RatioTest((0.0,), 0.5, 0.1, 0.1), RatioTest((0.0,), 0.5, 0.1, 0.1, generalised=True)):
        expected = []
        for row in scores:
            fine = np.linspace(-6, 6, 12_001)
            logs = np.log(items.probability(fine)[:, np.arange(5), row]).sum(axis=1)
            low, high = (np.log(items.probability(x)[0, np.arange(5), row]).sum() for x in (-0.5, 0.5))
            if rule.generalised:
                low, high = logs[fine <= -0.5].max(), logs[fine >= 0.5].max()
            ratio = high - low
            expected.append(1 if ratio >= np.log(9) else 0 if ratio <= -np.log(9) else -1)
        assert rule.decide(at).tolist() == expected
    assert expected == [1, 0, -1]


@pytest.mark.parametrize("generalised", [False, True])
def test_a_sequential_test_keeps_its_error_rates_at_the_ends_of_its_zone(generalised: bool) -> None:
    items = draw_items(600, model="2pl", rng=np.random.default_rng(1))
    rule = RatioTest((0.0,), half_width=0.4, alpha=0.1, beta=0.1, generalised=generalised)
    design = AdaptiveDesign(Pool.of(items), Stopping(150, rules=(rule,)))
    n = 400

    run = simulate_adaptive(design, np.repeat([-0.4, 0.4], n), rng=np.random.default_rng(2))

    wrong = [np.mean(run.decision[:n] == 1), np.mean(run.decision[n:] == 0)]
    assert np.all(run.decision >= 0)
    # Wald's thresholds bound the error by about alpha; three Monte Carlo errors of slack. The generalised ratio
    # only approximates them.
    assert max(wrong) <= (0.13 if generalised else 0.1) + 3 * np.sqrt(0.09 / n)
    assert run.n_items.mean() < 40


def test_several_cuts_are_decided_together() -> None:
    items = draw_items(300, model="2pl", rng=np.random.default_rng(1))
    rules = (RatioTest((-1.0, 1.0), half_width=0.4),)
    design = AdaptiveDesign(Pool.of(items), Stopping(100, rules=rules))

    run = simulate_adaptive(design, np.repeat([-2.5, 0.0, 2.5], 50), rng=np.random.default_rng(2))

    assert run.decision.reshape(3, 50).mean(axis=1) == pytest.approx([0, 1, 2], abs=0.1)


def test_rules_wait_for_the_shortest_test_and_are_named() -> None:
    pool, rng = pool_2pl(60), np.random.default_rng(1)
    design = AdaptiveDesign(pool, Stopping(20, shortest=5, rules=(StandardErrorBelow(0.9),)))
    strict = AdaptiveDesign(pool, Stopping(20, rules=(StandardErrorBelow(0.01),)))

    easy, hard = (simulate_adaptive(each, np.zeros(30), rng=rng) for each in (design, strict))

    assert np.all(easy.n_items == 5)
    assert easy.share_ended_by(Reason.STANDARD_ERROR) == 1.0
    assert np.all(hard.n_items == 20)
    assert hard.share_ended_by(Reason.LONGEST) == 1.0


def test_what_is_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        StandardErrorBelow(0.0)
    with pytest.raises(ValueError, match=r"at least 0\.5 apart"):
        RatioTest((0.0, 0.3))
    with pytest.raises(ValueError, match="rise"):
        Interval((1.0, 0.0))
    with pytest.raises(ValueError, match="rise"):
        Interval(())
    with pytest.raises(ValueError, match="level"):
        Interval((0.0,), level=1.0)
    with pytest.raises(ValueError, match="alpha"):
        RatioTest((0.0,), alpha=0.6)
    with pytest.raises(ValueError, match="shortest"):
        Stopping(5, shortest=6)
