"""Assemble parallel forms from synthetic pools and print time, deviation, difference between forms and gap.

Run as ``python -m tests.benchmarks.bench_assembly [pool] [forms] [length] [seed ...]``; without arguments it runs
2,000 × 6 × 100 with seed 1. More than 105 rules: 12 units with sub-units, five types with marks, difficulty bands,
X/Y/Z, crossings of unit with importance and difficulty, time; 200 enemy pairs; 50 sets of items, half of them used
whole or not at all, the others with at least two items; targets for the information and for the characteristic curve
at five abilities. One thread: ``OPENBLAS_NUM_THREADS=1``.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from exam_engine.assembly import (
    Assembled,
    Between,
    Count,
    CurveTarget,
    Distinct,
    Enemies,
    InformationTarget,
    Is,
    PerValue,
    Pool,
    Sets,
    Specification,
    Sum,
    assemble,
)
from exam_engine.assembly.compile import select
from exam_engine.assembly.specification import Rule, Target, Where

THETA = (-2.0, -1.0, 0.0, 1.0, 2.0)
UNITS = 12
SETS = 50
TILT = 0.3
"""How much more informative than a form drawn by chance the targets are."""
MARKS = np.array([1.0, 2.0, 2.0, 3.0, 5.0])


def make_pool(size: int, rng: np.random.Generator) -> Pool:
    """Return a calibrated pool of ``size`` items."""
    unit = rng.choice(UNITS, size, p=rng.dirichlet(np.full(UNITS, 12.0)))
    kind = rng.choice(5, size, p=[0.5, 0.15, 0.12, 0.15, 0.08])
    marks = MARKS[kind]
    case, use = np.full(size, "", dtype="<U4"), np.full(size, "", dtype="<U5")
    order = iter(rng.permutation(size).tolist())
    for k in range(SETS):
        together = [next(order) for _ in range(int(rng.integers(4, 7)))]
        case[together], use[together] = f"s{k}", "whole" if k % 2 else "part"
        unit[together] = unit[together[0]]
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
            "set": case.tolist(),
            "use": use.tolist(),
            "point": [f"p{p}" for p in rng.integers(size // 3, size=size)],
        },
        a=rng.lognormal(0.1, 0.3, size),
        b=rng.normal(0, 1, size),
        c=np.where(kind == 0, rng.beta(5, 17, size), 0.0),
    )


def make_specification(pool: Pool, length: int, rng: np.random.Generator) -> Specification:
    """Return rules in proportion to the pool, with the curves of an average form of better items as targets."""
    rules: list[Rule] = [Count(name="length", minimum=length, maximum=length, structural=True)]

    def band(name: str, where: Where, slack: float) -> None:
        share = select(pool, where).mean() * length
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
    rules += [
        Sets(name="whole sets", attribute="set", where=(Is("use", "whole"),)),
        Sets(name="parts of sets", attribute="set", minimum=2, where=(Is("use", "part"),)),
        Distinct(name="sets", attribute="set", maximum=4),
    ]
    return Specification(rules, _targets(pool, length))


def _targets(pool: Pool, length: int) -> list[Target]:
    information = pool.information(THETA)
    liking = np.exp(TILT * information.mean(axis=0) / information.mean())
    form = length * liking / liking.sum()
    targets: list[Target] = []
    for k, theta in enumerate(THETA):
        score = pool.probability([theta])[0] * pool.numbers("marks")
        goal = float(information[k] @ form)
        targets.append(InformationTarget(name=f"information at {theta:g}", theta=theta, goal=goal))
        goal = float(score @ form)
        targets.append(CurveTarget(name=f"score at {theta:g}", theta=theta, goal=goal, marks="marks"))
    return targets


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
    values: dict[str, list[float]] = {}
    for check in answer.verification.targets:
        values.setdefault(check.target, []).append(check.actual / check.goal)
    apart = max(max(one) - min(one) for one in values.values())
    print(
        f"{size} × {forms} × {length} seed {seed}: {len(specification.rules)} rules, CPU {cpu:.1f} s, "
        f"wall {wall:.1f} s, worst deviation {answer.deviation:.3%} (bound {answer.bound:.3%}), "
        f"forms differ by {apart:.3%}, work {answer.run.work}",
        flush=True,
    )
    return answer


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    size, forms, length = (given + [2000, 6, 100][len(given) :])[:3]
    for seed in given[3:] or [1]:
        run(size, forms, length, seed)
