"""Assemble multistage panels and print CPU time, deviation and routes: ``python -m tests.benchmarks.bench_panels``.

Pools of bench_assembly; designs 1-2, 1-3, 1-2-2 and 1-3-3. Every module has a length, at most four items a unit, sets
of at least two items, and goals of information at its ability and 0.7 to either side; every route has 12 units,
importance, one item a point and time; the panel 100 enemy pairs. Panels share no item. Arguments: number of items and
of panels, in pairs.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from exam_engine.assembly import (
    Count,
    Enemies,
    InformationTarget,
    Is,
    PerValue,
    Pool,
    Sets,
    Sum,
)
from exam_engine.assembly.adaptive import (
    Module,
    PanelDesign,
    Panels,
    assemble_panels,
    forks_by_information,
    route_shares,
)
from exam_engine.assembly.specification import Rule
from tests.benchmarks.bench_assembly import UNITS, make_pool

ABILITIES = {1: (0.0,), 2: (-0.7, 0.7), 3: (-1.0, 0.0, 1.0)}
DESIGNS = (((1, 20), (2, 20)), ((1, 20), (3, 20)), ((1, 15), (2, 15), (2, 15)), ((1, 15), (3, 15), (3, 15)))


def make_module(pool: Pool, name: str, length: int, theta: float) -> Module:
    """Return a module whose goals are what good items of the pool give."""
    rules: list[Rule] = [Count(name="length", minimum=length, maximum=length, structural=True)]
    rules += [Count(name=f"unit {u}", where=(Is("unit", f"u{u}"),), maximum=4) for u in range(UNITS)]
    rules.append(Sets(name="sets", attribute="set", minimum=2))
    good = np.argsort(pool.information([theta])[0])[-pool.size // 4 :]
    targets = [
        InformationTarget(
            name=f"information at {at:g}",
            theta=at,
            goal=0.9 * length * float(pool.information([at])[0, good].mean()),
        )
        for at in (theta - 0.7, theta, theta + 0.7)
    ]
    return Module(name=name, rules=rules, targets=targets)


def make_design(pool: Pool, stages: tuple[tuple[int, int], ...]) -> PanelDesign:
    """Return a design with as many modules a stage, of some length, as ``stages`` say."""
    length = sum(many for _, many in stages)
    route: list[Rule] = [
        Count(
            name=f"unit {u}",
            where=(Is("unit", f"u{u}"),),
            minimum=length // (2 * UNITS),
            maximum=2 * length // UNITS + 1,
        )
        for u in range(UNITS)
    ]
    seconds = 1.05 * float(pool.numbers("seconds").mean()) * length
    route += [
        Count(name="X", where=(Is("importance", "X"),), minimum=int(0.4 * length)),
        PerValue(name="one per point", attribute="point"),
        Sum(name="time", attribute="seconds", maximum=seconds),
    ]
    pairs = np.random.default_rng(3).choice(pool.size, (100, 2), replace=False)
    enemies = Enemies(name="enemies", groups=tuple((pool.ids[i], pool.ids[j]) for i, j in pairs))
    modules = [
        [make_module(pool, f"{s + 1}{'abc'[k]}", many, theta) for k, theta in enumerate(ABILITIES[count])]
        for s, (count, many) in enumerate(stages)
    ]
    return PanelDesign(stages=modules, every_route=route, rules=[enemies])


def run(size: int, panels: int) -> None:
    """Assemble panels of every design and print a line for each."""
    pool = make_pool(size, np.random.default_rng(1))
    for stages in DESIGNS:
        design = make_design(pool, stages)
        start = time.process_time()
        answer = assemble_panels(pool, design, panels=panels)
        seconds = time.process_time() - start
        assert isinstance(answer, Panels), answer
        assert answer.verification.ok
        first = answer.panels[0]
        shares = route_shares(pool, design, first, forks_by_information(pool, design, first))
        print(
            f"{size:,} items, {panels} panels {'-'.join(str(count) for count, _ in stages)}: CPU {seconds:.1f} s "
            f"({answer.way}), worst deviation {answer.deviation:.2%} (bound {answer.bound:.2%}), "
            f"{len(shares)} routes taken by {' '.join(f'{share:.0%}' for share in shares.values())}",
            flush=True,
        )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]] or [500, 1, 1000, 4, 3000, 6]
    for size, panels in zip(given[::2], given[1::2], strict=True):
        run(size, panels)
