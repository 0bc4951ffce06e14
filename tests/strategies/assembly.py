"""Small assembly problems in which every kind of rule and target that the language knows may occur."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from hypothesis import strategies as st

from exam_engine.assembly import (
    Among,
    Anchor,
    Between,
    Count,
    CurveTarget,
    Distinct,
    Earlier,
    Enemies,
    Exclude,
    If,
    Include,
    InformationTarget,
    Is,
    Maximin,
    Maximise,
    MeanTarget,
    Minimise,
    Overlap,
    Parallel,
    PerValue,
    Pool,
    Reference,
    ScoreTarget,
    Sets,
    Share,
    Specification,
    Sum,
    SumTarget,
    Use,
)
from exam_engine.assembly.specification import Near, Rule, Target
from exam_engine.psychometrics.irt.items import Items

U, CASE = (Is("unit", "u"),), (Is("case", "c"),)
Value = TypeVar("Value")


@dataclass(frozen=True)
class Problem:
    """A pool, the same as CSV text, what is asked, and of how many forms."""

    pool: Pool
    text: str
    specification: Specification
    forms: int


class Draws:
    """Choices by chance: of a problem nothing could be left out that a reader would miss, so that a seed will do."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``."""
        return int(self.rng.integers(low, high + 1))

    def one(self, *values: Value) -> Value:
        """Return one of the values."""
        return values[self.whole(0, len(values) - 1)]

    def some(self, parts: Sequence[Value], most: int) -> list[Value]:
        """Return up to ``most`` of the parts, in their order."""
        chosen = self.rng.permutation(len(parts))[: self.whole(0, most)]
        return [parts[k] for k in sorted(chosen.tolist())]

    def shuffled(self, parts: Sequence[Value]) -> list[Value]:
        """Return the parts in any order."""
        return [parts[k] for k in self.rng.permutation(len(parts)).tolist()]


def pool_of(draws: Draws, most: int) -> tuple[Pool, str]:
    """Return a pool of 4 to ``most`` items, polytomous ones among them, and its CSV text."""
    n = draws.whole(4, most)

    def column(*values: Value) -> list[Value]:
        return [draws.one(*values) for _ in range(n)]

    numeric = {
        "marks": column(1.0, 2.0, 3.0),
        "left": column(0.0, 1.0, 2.0, 3.0),
        "cost": column(-1.5, 0.0, 0.25, 2.0),
        "p": column(0.1, 0.35, 0.5, 0.9),
    }
    labels = {"unit": column("u", "v"), "case": column("", "c", "d")}
    models = column("3pl", "3pl", "gpcm", "graded")
    a, b, scaling = column(0.5, 1.0, 1.7), column(-1.0, 0.0, 0.3, 2.0), draws.one(1.0, 1.7)
    names = [f"i{k}" for k in range(n)]
    items = Items.concatenate([_item(*one) for one in zip(models, a, b, strict=True)])
    pool = Pool(ids=names, numeric=numeric, categorical=labels, items=items, scaling=scaling)
    rows = [
        [name, model, scaling, slope, *((at, "", "", 0.2) if model == "3pl" else ("", at, at + 1, ""))]
        for name, model, slope, at in zip(names, models, a, b, strict=True)
    ]
    rows = [[*row, *more] for row, *more in zip(rows, *numeric.values(), *labels.values(), strict=True)]
    return pool, _csv(["id", "model", "scaling", "a", "b", "b1", "b2", "c", *numeric, *labels], rows)


def _item(model: str, a: float, b: float) -> Items:
    if model == "3pl":
        return Items.dichotomous([a], [b], c=0.2)
    make = Items.graded if model == "graded" else Items.partial_credit
    return make([a], [[b, b + 1]])


def _csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue()


def rules(draws: Draws, pool: Pool, forms: int) -> list[Rule]:
    """Return a rule of every kind, with bounds of which some can be met and some cannot."""
    number, ids, by, some = draws.whole, draws.shuffled(pool.ids), draws.one(None, "marks"), draws.whole(0, 4)
    return [
        Count(name="u", where=U, minimum=some, maximum=some + number(0, 1)),
        Sum(name="marks", attribute="marks", minimum=number(4, 8), maximum=8.0),
        Sum(name="cost", attribute="cost", where=(Between("marks", 2),), maximum=number(-2, 2)),
        Share(name="share", where=U, attribute=by, minimum=0.4, maximum=0.6),
        Share(name="share of", where=U, of=(Between("marks", high=2),), maximum=0.5),
        Distinct(name="cases", attribute="case", minimum=number(0, 2), maximum=2),
        Sets(name="whole", attribute="case"),
        Sets(name="parts", attribute="case", minimum=2, maximum=2),
        If(name="if", given=CASE, where=U, minimum=number(1, 3)),
        If(name="if not", given=U, where=CASE, maximum=number(0, 1)),
        PerValue(name="per case", attribute="case"),
        Enemies(name="enemies", groups=(tuple(ids[:3]), tuple(ids[2:4]))),
        Include(name="in", ids=tuple(ids[: number(1, 2)])),
        Exclude(name="out", ids=tuple(ids[-number(1, 3) :])),
        Parallel(name="parallel", by=draws.one(("unit",), ("unit", "case"))),
        Earlier(name="last year", papers=(("a", (ids[0], ids[1], "gone")),), maximum=0),
        Earlier(name="before", papers=(("a", tuple(ids[:3])), ("b", (ids[3],))), share=0.5),
        Overlap(name="pairs", maximum=number(0, 1)),
        Overlap(name="pairs of u", where=U, minimum=1, anchors=draws.one(True, False)),
        Anchor(name="common", where=(Among(*ids[:4]),), minimum=1, maximum=2),
        Use(name="scarce", attribute="left"),
        Use(name="rare u", where=U, maximum=number(0, 2)),
        Count(name="all u", where=U, scope="all", minimum=number(0, 3 * forms)),
        Sum(name="all cost", attribute="cost", scope="all", maximum=number(-1, 3)),
        Sum(name="different", attribute="marks", scope="pool", minimum=float(number(4, 14))),
        Count(name="few", scope="pool", maximum=number(2, 6)),
    ]


def soft_rules(draws: Draws) -> list[Rule]:
    """Return a soft rule of every kind that can be soft."""
    some, by = draws.whole(0, 4), draws.one(None, "marks")
    rules = [
        Count(name="soft u", where=U, minimum=some, maximum=some),
        Sum(name="soft marks", attribute="marks", minimum=5.0, maximum=5.5),
        Share(name="soft share", where=U, attribute=by, minimum=0.6, maximum=0.7),
        Distinct(name="soft cases", attribute="case", minimum=draws.whole(0, 2), maximum=2),
        Distinct(name="soft units", attribute="unit", maximum=1),
    ]
    return [replace(rule, weight=draws.one(0.1, 0.5, 1.0), priority=draws.whole(1, 2)) for rule in rules]


def targets(draws: Draws, pool: Pool) -> list[Target]:
    """Return a target of every kind."""
    theta, marks, some = draws.one(-0.5, 0.5), draws.one(None, "marks"), tuple(draws.shuffled(pool.ids)[:3])
    near: list[Near] = [
        InformationTarget(name="information", theta=theta, goal=draws.one(0.5, 1.0)),
        CurveTarget(name="curve", theta=theta, marks=marks, goal=draws.one(1.0, 4.0)),
        SumTarget(name="goal", attribute="marks", goal=draws.one(5.0, 6.0)),
        MeanTarget(name="mean", attribute="p", length=3, goal=draws.one(0.4, 0.6)),
        ScoreTarget(name="score", p="p", marks=marks, goal=draws.one(1.5, 3.0)),
    ]
    wishes: list[Target] = [
        Maximise(name="most", theta=(0.0, 1.0), where=U),
        Maximise(name="largest", attribute="cost"),
        Minimise(name="least", attribute="cost"),
        Minimise(name="fewest", where=CASE),
        Maximin(name="wide", theta=(-1.0, 0.5), weights=(1.0, 2.0)),
        Reference(name="as before", ids=some, theta=(0.0,), marks=marks),
    ]
    tolerances = [draws.one(None, None, 0.1 * one.goal, 0.3 * one.goal) for one in near]
    goals = [
        replace(one, tolerance=tolerance, scale=draws.one(None, 2.0))
        for one, tolerance in zip(near, tolerances, strict=True)
    ]
    return [replace(one, priority=draws.whole(1, 2)) for one in (*goals, *wishes)]


def problem_of(seed: int, *, wanting: bool, most: int = 6) -> Problem:
    """Return a length with some other rules of one to three forms; with targets and soft rules where ``wanting``."""
    draws = Draws(seed)
    forms = draws.whole(1, 3)
    pool, text = pool_of(draws, most if forms < 3 else most - 1)
    length = draws.whole(1, 3 if wanting else 4)
    named = [
        Count(name="length", minimum=length, maximum=length, structural=True),
        *draws.some(rules(draws, pool, forms), 2 if wanting else 4),
    ]
    specification = Specification(
        [*named, *draws.some(soft_rules(draws), 2)] if wanting else named,
        draws.some(targets(draws, pool), 3) if wanting else (),
        max_use=draws.one(1, 2, None, None),
        slack=draws.one(0.003, 0.0, 0.2),
    )
    return Problem(pool, text, specification, forms)


def problems(*, wanting: bool) -> st.SearchStrategy[Problem]:
    """Return problems of all seeds."""
    return st.integers(0, 2**32 - 1).map(lambda seed: problem_of(seed, wanting=wanting))
