"""The exact check of targets: item by item, with other formulas than those that assembled."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from exam_engine.assembly.checks import ROUNDING, matching
from exam_engine.assembly.pool import Pool
from exam_engine.assembly.raw import curves, information
from exam_engine.assembly.result import TargetCheck
from exam_engine.assembly.targets import (
    CurveTarget,
    InformationTarget,
    Maximin,
    Maximise,
    MeanTarget,
    Minimise,
    Near,
    Reference,
    ScoreTarget,
    Target,
)


@dataclass(frozen=True)
class Aspiration:
    """What was found to be possible for a row of a target without a goal of its own, and the unit of its deviation."""

    value: float
    scale: float


def check_target(
    pool: Pool, target: Target, number: int, form: Sequence[int], possible: Mapping[str, Aspiration]
) -> Iterator[TargetCheck]:
    """Yield the checks of a target in one form; ``possible`` holds, by name, what was found for wishes."""
    if isinstance(target, Near):
        actual = _actual(pool, target, form)
        off = abs(actual - target.goal)
        allow = ROUNDING * max(1.0, abs(target.goal))
        ok = target.tolerance is None or off <= target.tolerance + allow
        deviation = off / (target.scale or abs(target.goal) or 1.0)
        yield TargetCheck(target.name, number, actual, target.goal, deviation, ok, target.priority)
    elif isinstance(target, Reference):
        yield from _check_reference(pool, target, number, form)
    elif isinstance(target, Maximin):
        for theta in target.theta:
            actual = math.fsum(information(pool, k, theta) for k in form)
            yield _check_wish(
                f"{target.name} (θ = {theta:g})", 1.0, actual, number, target.priority, possible
            )
    else:
        actual = math.fsum(_part(pool, target, k) for k in matching(pool, target.where, form))
        sign = -1.0 if isinstance(target, Minimise) else 1.0
        yield _check_wish(target.name, sign, actual, number, target.priority, possible)


def _actual(pool: Pool, target: Near, form: Sequence[int]) -> float:
    if isinstance(target, InformationTarget):
        return math.fsum(information(pool, k, target.theta) for k in form)
    if isinstance(target, CurveTarget):
        return math.fsum(_marks(pool, target.marks, k, target.theta) for k in form)
    if isinstance(target, ScoreTarget):
        p = pool.numbers(target.p)
        marks = None if target.marks is None else pool.numbers(target.marks)
        return math.fsum(float(p[k]) * (1.0 if marks is None else float(marks[k])) for k in form)
    values = pool.numbers(target.attribute)
    total = math.fsum(float(values[k]) for k in form)
    return total / target.length if isinstance(target, MeanTarget) else total


def _part(pool: Pool, target: Maximise | Minimise, k: int) -> float:
    if target.theta:
        return math.fsum(information(pool, k, theta) for theta in target.theta)
    return 1.0 if target.attribute is None else float(pool.numbers(target.attribute)[k])


def _check_wish(
    label: str, sign: float, actual: float, number: int, priority: int, possible: Mapping[str, Aspiration]
) -> TargetCheck:
    found = possible.get(label)
    if found is None:
        return TargetCheck(label, number, actual, None, 0.0, True, priority)
    short = max(0.0, sign * (found.value - actual)) / found.scale
    return TargetCheck(label, number, actual, found.value, short, True, priority)


def _check_reference(
    pool: Pool, target: Reference, number: int, form: Sequence[int]
) -> Iterator[TargetCheck]:
    model = [pool.positions[name] for name in target.ids]
    for theta in target.theta:
        sums: list[tuple[str, list[float]]] = []
        if target.information:
            both = [math.fsum(information(pool, k, theta) for k in one) for one in (form, model)]
            sums.append(("information", both))
        if target.curve:
            both = [math.fsum(_marks(pool, target.marks, k, theta) for k in one) for one in (form, model)]
            sums.append(("score", both))
        for word, (actual, goal) in sums:
            label, off = f"{target.name}: {word} (θ = {theta:g})", abs(actual - goal)
            yield TargetCheck(label, number, actual, goal, off / (abs(goal) or 1.0), True, target.priority)


def _marks(pool: Pool, marks: str | None, k: int, theta: float) -> float:
    score = sum(value * chance for value, (chance, _) in enumerate(curves(pool, k, theta)))
    if marks is None:
        return score
    return score / float(pool.highest[k]) * float(pool.numbers(marks)[k])
