"""Accuracy, exposure and error rates of adaptive tests, rule by rule."""

from __future__ import annotations

import numpy as np

from exam_engine.psychometrics.adaptive.content import Priorities, RandomShares, TargetShares
from exam_engine.psychometrics.adaptive.design import AdaptiveDesign, Stopping
from exam_engine.psychometrics.adaptive.estimation import Estimator
from exam_engine.psychometrics.adaptive.exposure import Eligibility, MaximumRate
from exam_engine.psychometrics.adaptive.pool import Pool
from exam_engine.psychometrics.adaptive.selection import (
    AtRandom,
    ExpectedVariance,
    KullbackLeibler,
    MatchDifficulty,
    Progressive,
    Stratified,
    WeightedInformation,
    strata,
)
from exam_engine.psychometrics.adaptive.simulate import simulate_adaptive
from exam_engine.psychometrics.adaptive.stopping import Interval, RatioTest, StandardErrorBelow
from exam_engine.psychometrics.adaptive.study import Study, study
from exam_engine.psychometrics.adaptive.sympson_hetter import calibrate_sympson_hetter
from exam_engine.psychometrics.simulation.parameters import draw_items
from tests.benchmarks.recovery.tables import Figure, table

POOL, LENGTH, COHORT, LIMIT = 400, 20, 50, 0.2
HEAD = (
    "rules",
    "items",
    "bias",
    "RMSE",
    "mean standard error",
    "95 % intervals hold, %",
    "highest exposure",
    "overlap",
)
CUT, ZONE, ERROR = 0.0, 0.3, 0.05
CLASS_HEAD = ("rule", "true ability", "items", "placed in the wrong class, %")


def report(*, replications: int, seed: int) -> str:
    """Return two tables: estimation by 20 times ``replications`` persons, classification at the ends of the zone."""
    rng = np.random.default_rng([seed, 5])
    pool = Pool.of(draw_items(POOL, model="2pl", rng=rng), area=np.arange(POOL) % 4)
    theta = rng.standard_normal(20 * replications)
    rows = [row_of(name, run_study(design, theta, rng)) for name, design in designs(pool, rng).items()]
    return table(HEAD, rows) + "\n\n" + table(CLASS_HEAD, classification(pool, 10 * replications, rng))


def designs(pool: Pool, rng: np.random.Generator) -> dict[str, AdaptiveDesign]:
    """Return the tests that are compared."""
    stop = Stopping(LENGTH)
    plain = AdaptiveDesign(pool, stop)
    hetter = calibrate_sympson_hetter(plain, rng.standard_normal(2_000), limit=LIMIT, rng=rng)
    return {
        "items at random": AdaptiveDesign(pool, stop, selection=AtRandom()),
        "maximum information, EAP": plain,
        "…, MAP": AdaptiveDesign(pool, stop, interim=Estimator.MAP, final=Estimator.MAP),
        "…, MLE": AdaptiveDesign(pool, stop, interim=Estimator.MLE, final=Estimator.MLE),
        "…, WLE": AdaptiveDesign(pool, stop, interim=Estimator.WLE, final=Estimator.WLE),
        "posterior-weighted information": AdaptiveDesign(pool, stop, selection=WeightedInformation()),
        "expected posterior variance": AdaptiveDesign(pool, stop, selection=ExpectedVariance()),
        "Kullback–Leibler": AdaptiveDesign(pool, stop, selection=KullbackLeibler()),
        "matching difficulty": AdaptiveDesign(pool, stop, selection=MatchDifficulty()),
        "a-stratified, 4 strata": AdaptiveDesign(
            pool, stop, selection=Stratified(strata(pool.items, 4, blocks=25))
        ),
        "progressive": AdaptiveDesign(pool, stop, selection=Progressive()),
        "randomesque 5": AdaptiveDesign(pool, stop, randomesque=(5,)),
        f"Sympson–Hetter at {LIMIT}": AdaptiveDesign(pool, stop, exposure=hetter.control),
        f"eligibility at {LIMIT}": AdaptiveDesign(pool, stop, exposure=Eligibility(LIMIT, fading=0.998)),
        f"maximum rate {LIMIT}": AdaptiveDesign(pool, stop, exposure=MaximumRate(LIMIT)),
        "target shares of 4 areas": AdaptiveDesign(pool, stop, content=TargetShares((0.25,) * 4)),
        "random shares of 4 areas": AdaptiveDesign(pool, stop, content=RandomShares((0.25,) * 4)),
        "priority index of 4 areas": AdaptiveDesign(pool, stop, content=Priorities((4,) * 4, (8,) * 4)),
        "until the standard error is 0.3": AdaptiveDesign(
            pool, Stopping(60, rules=(StandardErrorBelow(0.3),)), final=Estimator.WLE
        ),
    }


def run_study(design: AdaptiveDesign, theta: np.ndarray, rng: np.random.Generator) -> Study:
    """Simulate in small cohorts where exposure is counted."""
    cohort = 500 if design.exposure is None else COHORT
    return study(design, simulate_adaptive(design, theta, rng=rng, cohort=cohort))


def row_of(name: str, found: Study) -> list[str]:
    """Return the cells of a test."""
    all_ = found.overall
    return [
        name,
        f"{all_.mean_items:.1f}",
        Figure(all_.bias, all_.bias_error).text(),
        Figure(all_.rmse, all_.rmse_error).text(),
        f"{all_.mean_se:.3f}",
        Figure(all_.coverage, all_.coverage_error).per_cent(),
        f"{found.usage.highest:.2f}",
        f"{found.usage.overlap:.2f}",
    ]


def classification(pool: Pool, n: int, rng: np.random.Generator) -> list[list[str]]:
    """Return error rates of classification for persons at the ends of the zone of indifference."""
    rules = {
        "sequential ratio test": RatioTest((CUT,), ZONE, ERROR, ERROR),
        "generalised ratio test": RatioTest((CUT,), ZONE, ERROR, ERROR, generalised=True),
        "95 % interval": Interval((CUT,)),
    }
    rows = []
    for name, rule in rules.items():
        design = AdaptiveDesign(pool, Stopping(200, rules=(rule,)), final=Estimator.WLE)
        for theta in (CUT - ZONE, CUT + ZONE):
            run = simulate_adaptive(design, np.full(n, theta), rng=rng)
            placed = np.where(run.decision >= 0, run.decision, run.theta >= CUT)
            wrong = Figure.of((placed != (theta >= CUT)).astype(np.float64))
            where = f"{theta:+.1f}".replace("-", "−")
            rows.append([name, where, f"{run.n_items.mean():.1f}", wrong.per_cent()])
    return rows
