"""Whatever rules are put together: no item twice, no enemies, lengths, areas and abilities within bounds."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_engine.psychometrics.adaptive.content import Priorities, RandomShares, TargetShares
from exam_engine.psychometrics.adaptive.design import AdaptiveDesign, Start, Stopping
from exam_engine.psychometrics.adaptive.estimation import Estimator
from exam_engine.psychometrics.adaptive.exposure import Eligibility, MaximumRate, SympsonHetter
from exam_engine.psychometrics.adaptive.pool import Pool
from exam_engine.psychometrics.adaptive.selection import (
    AtRandom,
    ExpectedVariance,
    KullbackLeibler,
    MatchDifficulty,
    MaximumInformation,
    Progressive,
    Stratified,
    Weight,
    WeightedInformation,
    strata,
)
from exam_engine.psychometrics.adaptive.simulate import simulate_adaptive
from exam_engine.psychometrics.adaptive.stopping import (
    GainBelow,
    InformationBelow,
    RatioTest,
    StandardErrorBelow,
)
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.simulation.parameters import draw_items

RNG = np.random.default_rng(12)
ITEMS = Items.concatenate(
    [draw_items(8, model=kind, rng=RNG, n_categories=3) for kind in ("2pl", "3pl", "gpcm", "graded")]
)
POOL = Pool.of(ITEMS, area=np.arange(32) % 3, enemies=[(0, 9, 20), (4, 5)])
LONGEST = 9

SELECTIONS = (
    MaximumInformation(),
    WeightedInformation(),
    WeightedInformation(Weight.LIKELIHOOD),
    ExpectedVariance(),
    KullbackLeibler(),
    KullbackLeibler(Weight.POSTERIOR),
    Progressive(acceleration=1.0),
    AtRandom(),
    MatchDifficulty(),
    Stratified(strata(ITEMS, 3)),
)
CONTENTS = (
    None,
    TargetShares((0.4, 0.3, 0.3)),
    RandomShares((0.4, 0.3, 0.3)),
    Priorities((2, 2, 2), (4, 4, 4)),
)
EXPOSURES = (None, Eligibility(0.5), MaximumRate(0.4), SympsonHetter(np.full(32, 0.6)))
RULES = (StandardErrorBelow(0.35), InformationBelow(0.3), GainBelow(0.02), RatioTest((0.0,)))


@given(
    selection=st.sampled_from(SELECTIONS),
    content=st.sampled_from(CONTENTS),
    exposure=st.sampled_from(EXPOSURES),
    rules=st.lists(st.sampled_from(RULES), max_size=2, unique=True),
    interim=st.sampled_from(list(Estimator)),
    final=st.sampled_from(list(Estimator)),
    width=st.sampled_from([(1,), (5, 3, 1), (40,)]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=20)
def test_invariants(selection, content, exposure, rules, interim, final, width, seed) -> None:
    if isinstance(content, Priorities) and not selection.is_positive:
        return
    design = AdaptiveDesign(
        POOL,
        Stopping(LONGEST, shortest=3, rules=tuple(rules)),
        selection=selection,
        interim=interim,
        final=final,
        content=content,
        exposure=exposure,
        randomesque=width,
        start=Start(spread=0.5),
    )
    rng = np.random.default_rng(seed)

    run = simulate_adaptive(design, rng.normal(0, 1.5, 12), rng=rng, cohort=6)

    assert np.all((run.n_items >= 3) & (run.n_items <= LONGEST))
    assert np.isfinite(run.theta).all()
    assert np.all((np.abs(run.theta) <= design.bound) & (run.se > 0))
    assert np.all(run.reason >= 0)
    for person in range(12):
        met = run.items[person, : run.n_items[person]]
        assert np.all(run.items[person, run.n_items[person] :] == -1)
        assert np.unique(met).size == met.size
        assert not POOL.enemies[np.ix_(met, met)].any()
        assert np.all(run.scores[person, : met.size] <= ITEMS.highest[met])
        if isinstance(content, Priorities):
            assert np.all(np.bincount(POOL.area[met], minlength=3) <= 4)
    if not run.lifted.any() and isinstance(exposure, MaximumRate):
        assert run.record.rate.max() <= 0.4 + 1 / 12
