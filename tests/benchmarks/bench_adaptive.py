"""Time adaptive tests and simulation: ``OPENBLAS_NUM_THREADS=1 python -m tests.benchmarks.bench_adaptive``.

Prints CPU seconds of whole calls. Where catsim can be imported, or ``--peer PYTHON`` names an interpreter that can, the
same test is simulated with it: maximum information, 20 items, the same pool.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from exam_engine.psychometrics.adaptive.candidate import answered, begin, next_item
from exam_engine.psychometrics.adaptive.content import Priorities, TargetShares
from exam_engine.psychometrics.adaptive.design import AdaptiveDesign, Stopping
from exam_engine.psychometrics.adaptive.estimation import Estimator
from exam_engine.psychometrics.adaptive.exposure import Eligibility
from exam_engine.psychometrics.adaptive.pool import Pool
from exam_engine.psychometrics.adaptive.selection import (
    ExpectedVariance,
    KullbackLeibler,
    MatchDifficulty,
    Progressive,
    Stratified,
    WeightedInformation,
    strata,
)
from exam_engine.psychometrics.adaptive.simulate import COHORT, simulate_adaptive
from exam_engine.psychometrics.adaptive.study import study
from exam_engine.psychometrics.adaptive.sympson_hetter import calibrate_sympson_hetter
from exam_engine.psychometrics.simulation.abilities import draw_normal
from exam_engine.psychometrics.simulation.designs import assign_at_random, linked_booklets
from exam_engine.psychometrics.simulation.parameters import draw_items
from exam_engine.psychometrics.simulation.responses import draw_responses

POOL, LENGTH, REPEATS = 1_000, 20, 3

CATSIM = """
import json, sys, time
import numpy as np
from catsim.estimation import NumericalSearchEstimator
from catsim.initialization import FixedPointInitializer
from catsim.item_bank import ItemBank
from catsim.selection import MaxInfoSelector
from catsim.simulation import Simulator
from catsim.stopping import TestLengthStopper
given = json.load(sys.stdin)
a, b, theta = (np.array(given[name]) for name in ("a", "b", "theta"))
bank = ItemBank(np.column_stack([a, b, np.zeros_like(a), np.ones_like(a)]))
stopper = TestLengthStopper(max_items=given["length"])
simulator = Simulator(
    bank, theta, FixedPointInitializer(0.0), MaxInfoSelector(), NumericalSearchEstimator(), stopper, seed=1
)
start = time.process_time()
simulator.simulate()
seconds = time.process_time() - start
error = np.array(simulator.latest_estimations) - theta
print(json.dumps({"seconds": seconds, "rmse": float(np.sqrt(np.mean(error**2)))}))
"""
"""Written for catsim 0.21."""


def best_of(call: Callable[[], object]) -> float:
    """Return the least CPU seconds of a few calls."""
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return min(seconds)


def time_simulation(rng: np.random.Generator) -> None:
    """Time the drawing of responses."""
    print("\nresponses                          CPU s")
    theta = draw_normal(20_000, rng=rng).theta
    for model in ("2pl", "3pl", "gpcm", "graded", "nominal"):
        items = draw_items(100, model=model, rng=rng)
        seconds = best_of(lambda items=items: draw_responses(items, theta, rng=rng))
        print(f"{model:8} 20,000 x 100            {seconds:8.3f}")
    bank, many = draw_items(1_000, model="2pl", rng=rng), draw_normal(50_000, rng=rng).theta
    design = assign_at_random(50_000, linked_booklets(1_000, n_booklets=100, size=100), rng=rng)
    seconds = best_of(lambda: draw_responses(bank, many, rng=rng, presented=design))
    print(f"2pl      50,000 x 1,000, 100 seen {seconds:8.3f}")


def time_peer(pool: Pool, theta: np.ndarray, python: str) -> None:
    """Simulate the same candidates with catsim, if it is there."""
    data = {"a": pool.items.a.tolist(), "b": pool.items.b.tolist(), "theta": theta.tolist(), "length": LENGTH}
    run = subprocess.run(
        [python, "-c", CATSIM], input=json.dumps(data), text=True, capture_output=True, check=False
    )
    if run.returncode:
        print(f"catsim   not timed: {run.stderr.strip().splitlines()[-1] if run.stderr else 'no output'}")
        return
    found = json.loads(run.stdout.strip().splitlines()[-1])
    print(f"catsim, {theta.size:6,} persons          {found['seconds']:10.3f}  {found['rmse']:6.3f}")


def time_rules(pool: Pool, theta: np.ndarray, rng: np.random.Generator) -> None:
    """Time a thousand candidates under each kind of rule."""
    cases: dict[str, dict[str, object]] = {
        "maximum information, EAP": {},
        "maximum information, MAP": {"interim": Estimator.MAP},
        "maximum information, MLE": {"interim": Estimator.MLE},
        "maximum information, WLE": {"interim": Estimator.WLE},
        "posterior-weighted information": {"selection": WeightedInformation()},
        "expected posterior variance": {"selection": ExpectedVariance()},
        "Kullback-Leibler": {"selection": KullbackLeibler()},
        "matching difficulty": {"selection": MatchDifficulty()},
        "a-stratified, 4 strata": {"selection": Stratified(strata(pool.items, 4, blocks=25))},
        "progressive": {"selection": Progressive()},
        "randomesque 5": {"randomesque": (5,)},
        "eligibility at 0.2": {"exposure": Eligibility(0.2)},
        "target shares of 4 areas": {"content": TargetShares((0.25,) * 4)},
        "priority index of 4 areas": {"content": Priorities((4,) * 4, (8,) * 4)},
    }
    print(f"\n{theta.size:,} persons, {LENGTH} of {POOL:,} items   CPU s    RMSE  highest exposure  overlap")
    for name, rules in cases.items():
        design = AdaptiveDesign(pool, Stopping(LENGTH), **rules)  # type: ignore[arg-type]
        cohort = 50 if "exposure" in rules else COHORT
        run = simulate_adaptive(design, theta, rng=rng, cohort=cohort)
        seconds = best_of(lambda d=design, c=cohort: simulate_adaptive(d, theta, rng=rng, cohort=c))
        report = study(design, run)
        used = report.usage
        print(
            f"{name:32} {seconds:8.3f}  {report.overall.rmse:6.3f}  {used.highest:16.3f}  {used.overlap:7.3f}"
        )


def time_steps(pool: Pool, rng: np.random.Generator) -> None:
    """Time one candidate's steps as delivery takes them."""
    design, walls = AdaptiveDesign(pool, Stopping(60)), []
    # Delivery keeps the design, and with it the curves, from one candidate to the next.
    next_item(design, answered(design, begin(design, rng=rng), item=0, score=1), rng=rng)
    for _ in range(20):
        candidate = begin(design, rng=rng)
        while True:
            start = time.process_time()
            step = next_item(design, candidate, rng=rng)
            walls.append(time.process_time() - start)
            if step.item is None:
                break
            candidate = answered(design, candidate, item=step.item, score=int(rng.random() < 0.5))
    low, high = np.quantile(np.array(walls) * 1e3, [0.5, 0.99])
    print(f"\nnext_item, {POOL:,} items, up to 60 answers, CPU: median {low:.2f} ms, 99 % {high:.2f} ms")


def main() -> None:
    """Run everything and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", default=sys.executable, help="Python that can import catsim")
    peer = parser.parse_args().peer
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    print(f"{os.cpu_count()} cores, {platform.machine()}, {versions}")
    rng = np.random.default_rng(20)
    items = draw_items(POOL, model="2pl", rng=rng)
    pool = Pool.of(items, area=np.arange(POOL) % 4)
    design = AdaptiveDesign(pool, Stopping(LENGTH))
    print("adaptive tests, 20 items            CPU s    RMSE")
    for n in (100, 1_000, 10_000):
        theta = rng.standard_normal(n)
        run = simulate_adaptive(design, theta, rng=rng)
        seconds = best_of(lambda theta=theta: simulate_adaptive(design, theta, rng=rng))
        print(f"here,   {n:6,} persons          {seconds:10.3f}  {study(design, run).overall.rmse:6.3f}")
        if n == 100:
            time_peer(pool, theta, peer)
    time_rules(pool, rng.standard_normal(1_000), rng)
    theta, start = rng.standard_normal(1_000), time.process_time()
    found = calibrate_sympson_hetter(design, theta, limit=0.2, rng=rng)
    seconds = time.process_time() - start
    print(
        f"\nSympson-Hetter at 0.2: {found.highest_rate.size} iterations of 1,000 persons, {seconds:.2f} s, "
        f"highest rate {found.highest_rate.min():.3f}"
    )
    time_steps(pool, rng)
    time_simulation(rng)


if __name__ == "__main__":
    main()
