"""Time shadow tests and see what they measure: ``OPENBLAS_NUM_THREADS=1 python -m tests.benchmarks.bench_shadow``.

For pools of 1,000, 2,000 and 3,000 items under some 60 rules (units, sub-units, types, importance, time, one item a
point, 100 enemy pairs, sets of items used whole or with at least two items, one to three sets): milliseconds of CPU a
pick, how often a programme had to be solved, the gap to the proven bound, rules broken. Then ability as recovered by
tests of 40 items: shadow tests, with and without limits of exposure, against one fixed form under the same rules.
"""

from __future__ import annotations

import math
import sys
import time
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from exam_engine.assembly import (
    Count,
    Distinct,
    Enemies,
    Is,
    PerValue,
    Pool,
    Sets,
    Specification,
    Sum,
    verify,
)
from exam_engine.assembly.adaptive import Posterior, ShadowTest, prepare
from exam_engine.assembly.adaptive.exposure import ExposureByAbility
from exam_engine.assembly.select import select
from exam_engine.assembly.specification import Rule, Where
from exam_engine.psychometrics.adaptive.exposure import Eligibility
from tests.benchmarks.bench_assembly import make_pool

LENGTH, LIMIT = 40, 0.25
CUTS = (-1.0, 0.0, 1.0)
NODES = np.linspace(-5.0, 5.0, 81)

FloatArray = npt.NDArray[np.float64]


def blueprint(pool: Pool, length: int, rng: np.random.Generator) -> Specification:
    """Return some 60 rules in proportion to the pool, none about difficulty."""
    rules: list[Rule] = [Count(name="length", minimum=length, maximum=length, structural=True)]
    for attribute in ("unit", "sub", "type", "importance"):
        for value in np.unique(pool.texts(attribute)):
            where: Where = (Is(attribute, str(value)),)
            share = float(select(pool, where).mean()) * length
            low, high = max(0, math.floor(share - 1)), math.ceil(share + 1)
            rules.append(Count(name=f"{attribute} {value}", where=where, minimum=low, maximum=high))
    seconds = 1.02 * float(pool.numbers("seconds").mean()) * length
    pairs = rng.choice(pool.size, (100, 2), replace=False)
    rules += [
        Sum(name="time", attribute="seconds", maximum=seconds),
        PerValue(name="one per point", attribute="point"),
        Enemies(name="enemies", groups=tuple((pool.ids[i], pool.ids[j]) for i, j in pairs)),
        Sets(name="whole sets", attribute="set", where=(Is("use", "whole"),)),
        Sets(name="parts of sets", attribute="set", minimum=2, where=(Is("use", "part"),)),
        Distinct(name="sets", attribute="set", minimum=1, maximum=3),
    ]
    return Specification(rules)


@dataclass
class Cohort:
    """What a run of candidates gave."""

    error: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    gap: list[float] = field(default_factory=list)
    solved: int = 0
    lifted: int = 0
    broken: int = 0
    seen: FloatArray = field(default_factory=lambda: np.zeros(0))


def run(
    test: ShadowTest, theta: FloatArray, rng: np.random.Generator, *, limit: float | None = None
) -> Cohort:
    """Give shadow tests to candidates of known ability, one after the other, with a standard normal prior."""
    pool, chance, found = test.pool, test.pool.probability(NODES), Cohort(seen=np.zeros(test.pool.size))
    exposure = None if limit is None else Eligibility(limit, fading=0.999)
    records = ExposureByAbility.empty(pool.size, CUTS)
    for ability in theta:
        truth = pool.probability([ability])[0]
        shadow, log, lifted = test.start, -(NODES**2) / 2, False
        eligible = None if exposure is None else records.draw(exposure, rng)
        estimate = 0.0
        while not test.is_complete(shadow):
            weights = np.exp(log - log.max())
            weights /= weights.sum()
            estimate = float(weights @ NODES)
            admitted = None if eligible is None else eligible[records.interval(estimate)]
            start = time.process_time()
            pick = test.next_item(shadow, Posterior(NODES, weights), rng=rng, eligible=admitted)
            found.milliseconds.append(1e3 * (time.process_time() - start))
            found.gap.append(1.0 - pick.information / pick.bound)
            found.solved += pick.solved
            lifted |= pick.lifted
            shadow, item = pick.shadow, pool.positions[pick.item]
            log = log + np.log(chance[:, item] if rng.random() < truth[item] else 1.0 - chance[:, item])
        weights = np.exp(log - log.max())
        estimate = float(weights @ NODES / weights.sum())
        found.error.append(estimate - ability)
        found.broken += not verify(pool, test.specification, [shadow.items]).ok
        found.lifted += lifted
        seen = np.isin(np.arange(pool.size), [pool.positions[name] for name in shadow.items])
        found.seen += seen
        if exposure is not None and eligible is not None:
            records = records.updated(estimate, seen, eligible, lifted=lifted, fading=exposure.fading)
    return found


def fixed(test: ShadowTest, theta: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the errors of one form for all: the one that tells most on average over the candidates."""
    weights = np.exp(-(NODES**2) / 2)
    best = prepare(test.pool, test.specification, ability=Posterior(NODES, weights / weights.sum()))
    assert isinstance(best, ShadowTest)
    form = np.flatnonzero(best.start.form[: test.pool.size])
    right = rng.random((len(theta), len(form))) < test.pool.probability(theta)[:, form]
    chance = test.pool.probability(NODES)[:, form]
    log = right @ np.log(chance).T + ~right @ np.log(1.0 - chance).T - NODES**2 / 2
    posterior = np.exp(log - log.max(axis=1, keepdims=True))
    return np.asarray((posterior @ NODES) / posterior.sum(axis=1) - theta)


def say(name: str, error: npt.ArrayLike, more: str = "") -> None:
    """Print bias and root mean square error."""
    e = np.asarray(error)
    print(f"  {name:34} bias {e.mean():+.3f}, RMSE {np.sqrt((e**2).mean()):.3f}{more}", flush=True)


def main() -> None:
    """Run everything and print; the first argument is the number of candidates (100)."""
    persons = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    for size in (1_000, 2_000, 3_000):
        rng = np.random.default_rng(size)
        pool = make_pool(size, rng)
        specification = blueprint(pool, LENGTH, rng)
        start = time.process_time()
        test = prepare(pool, specification)
        assert isinstance(test, ShadowTest), test
        print(
            f"\n{size:,} items, {len(specification.rules)} rules ({test.program.rows.count:,} rows), {LENGTH} items, "
            f"{persons} candidates; prepared in {time.process_time() - start:.2f} s"
        )
        theta = rng.standard_normal(persons)
        for name, limit in (("shadow tests", None), (f"shadow tests, exposure <= {LIMIT}", LIMIT)):
            found = run(test, theta, rng, limit=limit)
            ms, gap = np.array(found.milliseconds), np.array(found.gap)
            rate = found.seen / persons
            say(name, found.error, f", tests that break a rule {found.broken}")
            print(
                f"    ms a pick: median {np.median(ms):.1f}, 95 % {np.quantile(ms, 0.95):.1f}, 99 % "
                f"{np.quantile(ms, 0.99):.1f}; solved {found.solved / len(ms):.0%}; gap mean {gap.mean():.2%}, "
                f"most {gap.max():.2%}; exposure highest {rate.max():.2f}, items seen {np.mean(rate > 0):.0%}, "
                f"eligibility lifted for {found.lifted}",
                flush=True,
            )
        say("one fixed form, same rules", fixed(test, theta, rng))


if __name__ == "__main__":
    main()
