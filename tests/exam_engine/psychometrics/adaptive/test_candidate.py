"""One candidate, step by step: the same as in lock-step, and recoverable from the history."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.adaptive.candidate import Candidate, answered, begin, next_item, outcome
from exam_engine.psychometrics.adaptive.content import TargetShares
from exam_engine.psychometrics.adaptive.design import AdaptiveDesign, Start, Stopping
from exam_engine.psychometrics.adaptive.estimation import Estimator, Prior
from exam_engine.psychometrics.adaptive.exposure import ExposureRecord, MaximumRate, SympsonHetter
from exam_engine.psychometrics.adaptive.pool import Pool
from exam_engine.psychometrics.adaptive.simulate import simulate_adaptive
from exam_engine.psychometrics.adaptive.stopping import ChangeBelow, Interval, Reason, TimeUsed
from exam_engine.psychometrics.simulation.responses import draw_responses
from tests.exam_engine.psychometrics.adaptive.pools import mixed_items, pool_2pl


def walk(design: AdaptiveDesign, responses: np.ndarray, candidate: Candidate) -> tuple[Candidate, Reason]:
    """Take one candidate through the test."""
    rng = np.random.default_rng(0)
    while True:
        step = next_item(design, candidate, rng=rng)
        if step.item is None:
            assert step.reason is not None
            return candidate, step.reason
        candidate = answered(design, candidate, item=step.item, score=int(responses[step.item]), seconds=10)


@pytest.mark.parametrize("how", list(Estimator))
def test_stepping_gives_what_lock_step_gives(how: Estimator) -> None:
    pool = Pool.of(mixed_items(), area=np.arange(12) % 2, enemies=[(0, 3), (5, 6, 7)])
    design = AdaptiveDesign(
        pool,
        Stopping(6, shortest=3, rules=(ChangeBelow(0.05), Interval((0.0,), level=0.8))),
        interim=how,
        final=how,
        prior=Prior(0.2, 1.5),
        content=TargetShares((0.5, 0.5)),
    )
    rng = np.random.default_rng(6)
    responses = draw_responses(pool.items, rng.standard_normal(25), rng=rng)

    run = simulate_adaptive(design, responses=responses, rng=rng)

    for person, row in enumerate(responses):
        candidate, reason = walk(design, row, begin(design, rng=rng))
        result = outcome(design, candidate)
        length = run.n_items[person]
        assert candidate.items == tuple(run.items[person, :length].tolist())
        assert [result.theta, result.se] == pytest.approx([run.theta[person], run.se[person]], abs=1e-9)
        assert result.n_items == length
        assert result.fell_back == run.fell_back[person]
        assert result.grid_is_fine
        assert (-1 if result.decision is None else result.decision) == run.decision[person]
        assert run.reason[person] == list(Reason).index(reason)


def test_enemies_never_meet() -> None:
    pool = Pool.of(pool_2pl(20).items, enemies=[(0, 1, 2, 3, 4), (4, 5, 6), tuple(range(7, 20))])
    design = AdaptiveDesign(pool, Stopping(20))

    run = simulate_adaptive(design, np.linspace(-2, 2, 40), rng=np.random.default_rng(1))

    assert run.share_ended_by(Reason.NO_ITEM_LEFT) == 1.0
    for row in run.items:
        met = row[row >= 0]
        assert not pool.enemies[np.ix_(met, met)].any()
        assert met.size <= 3


def test_a_test_may_begin_with_given_items_at_a_given_ability() -> None:
    pool = pool_2pl(30)
    design = AdaptiveDesign(pool, Stopping(5), start=Start(items=(7, 3)))
    high = AdaptiveDesign(pool, Stopping(5), start=Start(theta=2.0, spread=0.5))
    rng = np.random.default_rng(1)

    run = simulate_adaptive(design, np.zeros(5), rng=rng)

    assert np.all(run.items[:, :2] == [7, 3])
    first = [begin(high, rng=rng).first_theta for _ in range(50)]
    assert 1.5 <= min(first) < 1.7 < 2.3 < max(first) <= 2.5
    step = next_item(high, begin(high, rng=rng), rng=rng)
    assert step.theta >= 1.5


def test_a_candidate_may_have_a_prior_of_their_own() -> None:
    design, rng = AdaptiveDesign(pool_2pl(30), Stopping(5)), np.random.default_rng(1)

    own = begin(design, rng=rng, prior_mean=1.5)
    run = simulate_adaptive(design, np.zeros(1), rng=rng, prior_mean=[1.5])

    assert own.first_theta == own.prior_mean == 1.5
    assert next_item(design, own, rng=rng).item == run.items[0, 0]
    assert next_item(design, own, rng=rng).item != next_item(design, begin(design, rng=rng), rng=rng).item


def test_exposure_is_drawn_at_the_start_and_kept() -> None:
    pool, rng = pool_2pl(10), np.random.default_rng(1)
    chance = np.full(10, 0.5)
    chance[:2] = 1.0
    design = AdaptiveDesign(pool, Stopping(5), exposure=SympsonHetter(chance))
    capped = AdaptiveDesign(pool, Stopping(5), exposure=MaximumRate(0.5))
    record = ExposureRecord(99.0, np.full(10, 90.0), np.full(10, 99.0), 0.0)

    candidate = begin(design, rng=rng)
    full = begin(capped, rng=rng, record=record)

    assert candidate.eligible is not None
    assert candidate.eligible[:2].all()
    first = next_item(design, candidate, rng=rng).item
    assert candidate.eligible[first]
    assert next_item(capped, full, rng=rng).lifted
    with pytest.raises(ValueError, match="10 items"):
        begin(capped, rng=rng, record=ExposureRecord.empty(3))


def test_time_ends_a_test_and_the_answer_under_way_counts() -> None:
    design = AdaptiveDesign(pool_2pl(10), Stopping(10, rules=(TimeUsed(25.0),)))

    candidate, reason = walk(design, np.ones(10), begin(design, rng=np.random.default_rng(1)))

    assert reason is Reason.TIME
    assert candidate.seconds == 30.0
    assert outcome(design, candidate).decision is None


def test_answers_that_cannot_be_are_refused() -> None:
    design, rng = AdaptiveDesign(pool_2pl(4), Stopping(2)), np.random.default_rng(1)
    candidate = begin(design, rng=rng)

    with pytest.raises(ValueError, match="nothing was answered"):
        outcome(design, candidate)
    with pytest.raises(ValueError, match="below 4"):
        answered(design, candidate, item=4, score=0)
    with pytest.raises(ValueError, match="0 to 1"):
        answered(design, candidate, item=0, score=2)
    with pytest.raises(ValueError, match="seconds"):
        answered(design, candidate, item=0, score=1, seconds=-1.0)
    with pytest.raises(ValueError, match="not answered before"):
        answered(design, answered(design, candidate, item=0, score=1), item=0, score=1)
    with pytest.raises(ValueError, match="prior_mean"):
        begin(design, rng=rng, prior_mean=6.0)


def test_designs_that_cannot_be_are_refused() -> None:
    pool = Pool.of(pool_2pl(4).items, enemies=[(0, 1)])

    with pytest.raises(ValueError, match="the pool only 4"):
        AdaptiveDesign(pool, Stopping(5))
    with pytest.raises(ValueError, match="widen bound"):
        AdaptiveDesign(pool, Stopping(2), prior=Prior(2.0, 9.0))
    with pytest.raises(ValueError, match="n_nodes"):
        AdaptiveDesign(pool, Stopping(2), n_nodes=3)
    with pytest.raises(ValueError, match="randomesque"):
        AdaptiveDesign(pool, Stopping(2), randomesque=())
    with pytest.raises(ValueError, match="positions below 4"):
        AdaptiveDesign(pool, Stopping(2), start=Start(items=(4,)))
    with pytest.raises(ValueError, match="more first items"):
        AdaptiveDesign(pool, Stopping(1), start=Start(items=(0, 2)))
    with pytest.raises(ValueError, match="enemies"):
        AdaptiveDesign(pool, Stopping(2), start=Start(items=(0, 1)))
    with pytest.raises(ValueError, match="differ"):
        Start(items=(1, 1))
    with pytest.raises(ValueError, match="spread"):
        Start(spread=-1.0)
