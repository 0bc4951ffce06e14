"""Assemble parallel forms from synthetic pools and print time, deviation, difference between forms and gap.

Run as ``python -m tests.benchmarks.bench_assembly [pool] [forms] [length] [seed ...]``; without arguments it runs
every size with seeds 1 to 3. 106 rules: 12 units with sub-units, five types with marks, total marks and time,
difficulty bands, X/Y/Z, cognition, crossings of unit with importance, difficulty and marks; 200 enemy pairs; 50 sets of
items, half of them used whole or not at all, the others with at least two items; targets for the information and for
the characteristic curve at five abilities. One thread: ``OPENBLAS_NUM_THREADS=1``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import numpy as np

from exam_engine.assembly import (
    Assembled,
    Between,
    Count,
    CurveTarget,
    Distinct,
    Enemies,
    Infeasible,
    InformationTarget,
    Is,
    Maximise,
    PerValue,
    Pool,
    Sets,
    Specification,
    Sum,
    assemble,
)
from exam_engine.assembly.between import use_limits
from exam_engine.assembly.bound import average_form, settle
from exam_engine.assembly.compile import compile_program
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.select import select
from exam_engine.assembly.solver import Work
from exam_engine.assembly.specification import Rule, Target, Where

THETA = (-2.0, -1.0, 0.0, 1.0, 2.0)
SIZES = (
    (500, 2, 80),
    (500, 4, 80),
    (2000, 6, 100),
    (2000, 10, 100),
    (10000, 10, 120),
    (10000, 50, 100),
    (50000, 50, 160),
)
UNITS = 12
SETS = 50
SPARE = 0.95
"""Part of the pool's use that the average form behind the targets takes."""
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
            "cognition": rng.choice(["know", "apply", "analyse"], size, p=[0.35, 0.45, 0.2]).tolist(),
            "importance": rng.choice(["X", "Y", "Z"], size, p=[0.5, 0.3, 0.2]).tolist(),
            "set": case.tolist(),
            "use": use.tolist(),
            "point": [f"p{p}" for p in rng.integers(size // 3, size=size)],
        },
        a=rng.lognormal(0.1, 0.3, size),
        b=rng.normal(0, 1, size),
        c=np.where(kind == 0, rng.beta(5, 17, size), 0.0),
    )


def make_specification(
    pool: Pool, length: int, rng: np.random.Generator, forms: int | None = None
) -> Specification:
    """Return rules in proportion to the pool, with the curves of a form of better items as targets.

    With ``forms`` it is one of those that so many forms could be on average, keeping every rule.
    """
    rules: list[Rule] = [Count(name="length", minimum=length, maximum=length, structural=True)]

    def band(name: str, where: Where, slack: float) -> None:
        share = select(pool, where).mean() * length
        low, high = max(0, int(np.floor(share - slack))), int(np.ceil(share + slack))
        rules.append(Count(name=name, where=where, minimum=low, maximum=high))

    for attribute, slack in (("unit", 1), ("sub", 1), ("type", 1), ("importance", 2), ("cognition", 2)):
        for value in np.unique(pool.texts(attribute)):
            band(f"{attribute} {value}", (Is(attribute, str(value)),), slack)
    for name, low, high in (("easy", -9.0, -0.6), ("medium", -0.599, 0.599), ("hard", 0.6, 9.0)):
        band(name, (Between("difficulty", low, high),), 2)
    all_marks = pool.numbers("marks")
    for u in range(UNITS):
        unit = Is("unit", f"u{u}")
        in_unit = select(pool, (unit,))
        many, worth = in_unit.mean() * length, float(all_marks[in_unit].sum() / pool.size * length)
        rules += [
            Count(name=f"X u{u}", where=(unit, Is("importance", "X")), minimum=int(0.35 * many)),
            Count(
                name=f"hard u{u}",
                where=(unit, Between("difficulty", 0.6)),
                maximum=int(np.ceil(0.45 * many)) + 1,
            ),
            Sum(
                name=f"marks u{u}",
                attribute="marks",
                where=(unit,),
                minimum=float(np.floor(0.75 * worth)),
                maximum=float(np.ceil(1.25 * worth)),
            ),
        ]
    marks = float(round(all_marks.mean() * length))
    seconds = float(pool.numbers("seconds").mean() * length)
    rules.append(Sum(name="total marks", attribute="marks", minimum=marks, maximum=marks, structural=True))
    rules.append(Sum(name="time", attribute="seconds", minimum=0.97 * seconds, maximum=1.03 * seconds))
    rules.append(PerValue(name="two per point", attribute="point", maximum=2))
    pairs = rng.choice(pool.size, (200, 2), replace=False) if pool.size >= 400 else np.zeros((0, 2), int)
    rules.append(Enemies(name="enemies", groups=tuple((pool.ids[i], pool.ids[j]) for i, j in pairs)))
    rules += [
        Sets(name="whole sets", attribute="set", where=(Is("use", "whole"),)),
        Sets(name="parts of sets", attribute="set", minimum=2, where=(Is("use", "part"),)),
        Distinct(name="sets", attribute="set", maximum=4),
    ]
    form = None if forms is None else _between(pool, rules, forms, rng)
    return Specification(rules, _targets(pool, _better(pool, length) if form is None else form))


def _better(pool: Pool, length: int) -> FloatArray:
    """Return shares of items, better ones larger."""
    information = pool.information(THETA).mean(axis=0)
    liking: FloatArray = np.exp(TILT * information / information.mean())
    return length * liking / liking.sum()


def _between(pool: Pool, rules: Sequence[Rule], forms: int, rng: np.random.Generator) -> FloatArray | None:
    """Return what lies between the most informative average form and one by chance; None when there is none."""
    plain = compile_program(pool, Specification(rules))
    wanted = compile_program(pool, Specification(rules, [Maximise(name="information", theta=THETA)]))
    limits = SPARE * use_limits(plain, forms)
    by_chance = average_form(plain, plain.rows, limits, forms, rng, Work(100)).x
    _, best = settle(wanted, limits, forms, Work(100))
    if by_chance is None or best is None or best.x is None:
        return None
    middle: FloatArray = (by_chance + best.x)[: pool.size] / 2
    return middle


def _targets(pool: Pool, form: FloatArray) -> list[Target]:
    information = pool.information(THETA)
    targets: list[Target] = []
    for k, theta in enumerate(THETA):
        score = pool.probability([theta])[0] * pool.numbers("marks")
        goal = float(information[k] @ form)
        targets.append(InformationTarget(name=f"information at {theta:g}", theta=theta, goal=goal))
        goal = float(score @ form)
        targets.append(CurveTarget(name=f"score at {theta:g}", theta=theta, goal=goal, marks="marks"))
    return targets


def run(size: int, forms: int, length: int, seed: int) -> Assembled | Infeasible:
    """Assemble once and print a line; an AssertionError when forms were neither found nor excluded."""
    rng = np.random.default_rng(seed)
    pool = make_pool(size, rng)
    specification = make_specification(pool, length, rng, forms)
    cpu, wall = time.process_time(), time.perf_counter()
    answer = assemble(pool, specification, forms=forms, seed=seed)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    if isinstance(answer, Infeasible):
        clash = ", ".join(answer.clash)
        print(f"{size} × {forms} × {length} seed {seed}: CPU {cpu:.1f} s, impossible: {clash}", flush=True)
        return answer
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
    for size, forms, length in [tuple(given[:3])] if given else SIZES:
        for seed in given[3:] or [1, 2, 3]:
            run(size, forms, length, seed)
