"""Assemble parallel forms from synthetic pools and print time, deviation and gap.

Run as ``python -m tests.benchmarks.bench_assembly [pool] [forms] [length] [seed]``; without arguments it runs
2,000 × 6 × 100. About 100 rules: 12 units with sub-units, five types with marks, difficulty bands, X/Y/Z,
crossings of unit with importance and difficulty, time; 200 enemy pairs; information
targets at five abilities.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from exam_engine.assembly import (
    Assembled,
    Between,
    Count,
    Enemies,
    InformationTarget,
    Is,
    PerValue,
    Pool,
    Specification,
    Sum,
    assemble,
)
from exam_engine.assembly.specification import Rule, Where

THETA = (-2.0, -1.0, 0.0, 1.0, 2.0)
UNITS = 12
MARKS = np.array([1.0, 2.0, 2.0, 3.0, 5.0])


def make_pool(size: int, rng: np.random.Generator) -> Pool:
    """Return a calibrated pool of ``size`` items."""
    unit = rng.choice(UNITS, size, p=rng.dirichlet(np.full(UNITS, 12.0)))
    kind = rng.choice(5, size, p=[0.5, 0.15, 0.12, 0.15, 0.08])
    marks = MARKS[kind]
    return Pool(
        ids=[f"i{k}" for k in range(size)],
        numeric={
            "marks": marks,
            "seconds": np.maximum(20, np.round(12 * marks * rng.lognormal(0, 0.25, size)) * 5),
            "difficulty": np.round(rng.normal(0, 1, size), 3),
        },
        categorical={
            "unit": [f"u{u}" for u in unit],
            "sub": [f"u{u}.{s}" for u, s in zip(unit, rng.integers(3, size=size), strict=True)],
            "type": [f"t{k}" for k in kind],
            "importance": rng.choice(["X", "Y", "Z"], size, p=[0.5, 0.3, 0.2]).tolist(),
            "point": [f"p{p}" for p in rng.integers(size // 3, size=size)],
        },
        a=rng.lognormal(0.1, 0.3, size),
        b=rng.normal(0, 1, size),
        c=np.where(kind == 0, rng.beta(5, 17, size), 0.0),
    )


def make_specification(pool: Pool, length: int, rng: np.random.Generator) -> Specification:
    """Return rules in proportion to the pool, with the information of a typical random form as target."""
    rules: list[Rule] = [Count(name="length", minimum=length, maximum=length, structural=True)]

    def band(name: str, where: Where, slack: float) -> None:
        mask = np.ones(pool.size, dtype=bool)
        for condition in where:
            if isinstance(condition, Is):
                mask &= np.isin(pool.texts(condition.attribute), condition.values)
            else:
                values = pool.numbers(condition.attribute)
                mask &= (values >= condition.low) & (values <= condition.high)
        share = mask.mean() * length
        low, high = max(0, int(np.floor(share - slack))), int(np.ceil(share + slack))
        rules.append(Count(name=name, where=where, minimum=low, maximum=high))

    for attribute, slack in (("unit", 1), ("sub", 1), ("type", 1), ("importance", 2)):
        for value in np.unique(pool.texts(attribute)):
            band(f"{attribute} {value}", (Is(attribute, str(value)),), slack)
    for name, low, high in (("easy", -9.0, -0.6), ("medium", -0.599, 0.599), ("hard", 0.6, 9.0)):
        band(name, (Between("difficulty", low, high),), 2)
        for u in range(UNITS):
            band(f"{name} u{u}", (Is("unit", f"u{u}"), Between("difficulty", low, high)), 3)
    for u in range(UNITS):
        band(f"X u{u}", (Is("unit", f"u{u}"), Is("importance", "X")), 2)
    marks = float(round(pool.numbers("marks").mean() * length))
    seconds = float(pool.numbers("seconds").mean() * length)
    rules.append(Sum(name="total marks", attribute="marks", minimum=marks, maximum=marks, structural=True))
    rules.append(Sum(name="time", attribute="seconds", minimum=0.97 * seconds, maximum=1.03 * seconds))
    rules.append(PerValue(name="one per point", attribute="point"))
    pairs = rng.choice(pool.size, (200, 2), replace=False) if pool.size >= 400 else np.zeros((0, 2), int)
    rules.append(Enemies(name="enemies", groups=tuple((pool.ids[i], pool.ids[j]) for i, j in pairs)))
    goal = pool.information(THETA).mean(axis=1) * length
    targets = [
        InformationTarget(name=f"θ {t:g}", theta=t, goal=float(g)) for t, g in zip(THETA, goal, strict=True)
    ]
    return Specification(rules, targets)


def run(size: int, forms: int, length: int, seed: int) -> Assembled:
    """Assemble once and print a line; an AssertionError when no forms were found."""
    rng = np.random.default_rng(seed)
    pool = make_pool(size, rng)
    specification = make_specification(pool, length, rng)
    cpu, wall = time.process_time(), time.perf_counter()
    answer = assemble(pool, specification, forms=forms, seed=seed)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    assert isinstance(answer, Assembled), answer
    assert answer.verification.ok
    print(
        f"{size} × {forms} × {length} seed {seed}: {len(specification.rules)} rules, CPU {cpu:.1f} s, "
        f"wall {wall:.1f} s, worst deviation {answer.deviation:.3%}, "
        f"bound {answer.bound:.3%}, work {answer.run.work}"
    )
    return answer


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    run(*(given + [2000, 6, 100, 1][len(given) :]))
