"""Adaptive testing: selection, exposure, content, stopping; simulation of many candidates, steps of one.

Put a test together once, study it with simulated candidates, then deliver it with the same object:

>>> import numpy as np
>>> from exam_engine.psychometrics.adaptive.candidate import answered, begin, next_item
>>> from exam_engine.psychometrics.adaptive.content import TargetShares
>>> from exam_engine.psychometrics.adaptive.design import AdaptiveDesign, Stopping
>>> from exam_engine.psychometrics.adaptive.exposure import Eligibility
>>> from exam_engine.psychometrics.adaptive.pool import Pool
>>> from exam_engine.psychometrics.adaptive.simulate import simulate_adaptive
>>> from exam_engine.psychometrics.adaptive.stopping import StandardErrorBelow
>>> from exam_engine.psychometrics.adaptive.study import study
>>> from exam_engine.psychometrics.simulation.parameters import draw_items
>>> rng = np.random.default_rng(1)
>>> pool = Pool.of(draw_items(200, model="2pl", rng=rng), area=np.arange(200) % 2)
>>> design = AdaptiveDesign(
...     pool,
...     Stopping(longest=30, shortest=10, rules=(StandardErrorBelow(0.3),)),
...     content=TargetShares((0.6, 0.4)),
...     exposure=Eligibility(0.3),
... )
>>> report = study(design, simulate_adaptive(design, rng.standard_normal(500), rng=rng, cohort=50))
>>> report.overall.rmse < 0.35, report.overall.mean_items < 20, report.usage.highest < 0.5
(True, True, True)
>>> candidate = begin(design, rng=rng)
>>> step = next_item(design, candidate, rng=rng)
>>> candidate = answered(design, candidate, item=step.item, score=1, seconds=40.0)

Limits: one ability; items of one pool, each selected by itself (no testlets); exposure is controlled over all
candidates, not by ability. Item parameters are taken as known: with parameters from few persons the selection favours
the items whose slopes are overestimated, and standard errors come out too small.
"""
