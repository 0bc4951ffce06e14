"""The kinds of rules and targets and their fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exam_engine.assembly.language.values import (
    Reader,
    flag,
    groups,
    name,
    names,
    number,
    numbers,
    papers,
    positive,
    positives,
    scope,
    share,
    where,
    whole,
    whole_from_one,
)
from exam_engine.assembly.specification import (
    Anchor,
    Count,
    CurveTarget,
    Distinct,
    Earlier,
    Enemies,
    Exclude,
    If,
    Include,
    InformationTarget,
    Maximin,
    Maximise,
    MeanTarget,
    Minimise,
    Overlap,
    Parallel,
    PerValue,
    Reference,
    Rule,
    ScoreTarget,
    Sets,
    Share,
    Sum,
    SumTarget,
    Target,
    Use,
)


@dataclass(frozen=True)
class Kind:
    """One kind of table: what it makes, its fields, those it needs, and those of which it needs one."""

    make: type[Rule] | type[Target]
    fields: Mapping[str, Reader]
    needed: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()


EXACTLY = "exactly"
"""Short for a minimum and a maximum of one value."""

_BOUNDS = ("minimum", "maximum")
_COUNTS: Mapping[str, Reader] = {"minimum": whole, "maximum": whole, EXACTLY: whole}
_SOFT: Mapping[str, Reader] = {"weight": positive, "priority": whole_from_one}
_PRIORITY: Mapping[str, Reader] = {"priority": whole_from_one}
_NEAR: Mapping[str, Reader] = {"goal": number, "tolerance": positive, "scale": positive, **_PRIORITY}
_MOST: Mapping[str, Reader] = {"attribute": name, "theta": numbers, "where": where, **_PRIORITY}

RULES: Mapping[str, Kind] = {
    "count": Kind(
        Count,
        {"where": where, **_COUNTS, "structural": flag, "scope": scope, **_SOFT},
        one_of=(*_BOUNDS, EXACTLY),
    ),
    "sum": Kind(
        Sum,
        {
            "attribute": name,
            "where": where,
            "minimum": number,
            "maximum": number,
            EXACTLY: number,
            "structural": flag,
            "scope": scope,
            **_SOFT,
        },
        ("attribute",),
        (*_BOUNDS, EXACTLY),
    ),
    "share": Kind(
        Share,
        {"where": where, "of": where, "attribute": name, "minimum": share, "maximum": share, **_SOFT},
        ("where",),
        _BOUNDS,
    ),
    "distinct": Kind(
        Distinct, {"attribute": name, "where": where, **_COUNTS, **_SOFT}, ("attribute",), (*_BOUNDS, EXACTLY)
    ),
    "sets": Kind(
        Sets,
        {"attribute": name, "where": where, "minimum": whole_from_one, "maximum": whole_from_one},
        ("attribute",),
    ),
    "if": Kind(If, {"given": where, "where": where, **_COUNTS}, ("given",), (*_BOUNDS, EXACTLY)),
    "per_value": Kind(
        PerValue, {"attribute": name, "where": where, "maximum": whole_from_one}, ("attribute",)
    ),
    "enemies": Kind(Enemies, {"groups": groups}, ("groups",)),
    "include": Kind(Include, {"ids": names}, ("ids",)),
    "exclude": Kind(Exclude, {"ids": names}, ("ids",)),
    "parallel": Kind(Parallel, {"by": names, "where": where}, ("by",)),
    "overlap": Kind(Overlap, {"where": where, **_COUNTS, "anchors": flag}, one_of=(*_BOUNDS, EXACTLY)),
    "anchor": Kind(Anchor, {"where": where, **_COUNTS}, ("where",), (*_BOUNDS, EXACTLY)),
    "use": Kind(Use, {"where": where, "maximum": whole, "attribute": name}, one_of=("maximum", "attribute")),
    "earlier": Kind(
        Earlier, {"papers": papers, "maximum": whole, "share": share}, one_of=("maximum", "share")
    ),
}

TARGETS: Mapping[str, Kind] = {
    "information": Kind(InformationTarget, {"theta": number, **_NEAR}, ("theta", "goal")),
    "curve": Kind(CurveTarget, {"theta": number, "marks": name, **_NEAR}, ("theta", "goal")),
    "sum": Kind(SumTarget, {"attribute": name, **_NEAR}, ("attribute", "goal")),
    "mean": Kind(
        MeanTarget, {"attribute": name, "length": whole_from_one, **_NEAR}, ("attribute", "length", "goal")
    ),
    "score": Kind(ScoreTarget, {"p": name, "marks": name, **_NEAR}, ("p", "goal")),
    "maximise": Kind(Maximise, _MOST),
    "minimise": Kind(Minimise, _MOST),
    "maximin": Kind(Maximin, {"theta": numbers, "weights": positives, **_PRIORITY}, ("theta",)),
    "reference": Kind(
        Reference,
        {"ids": names, "theta": numbers, "marks": name, "information": flag, "curve": flag, **_PRIORITY},
        ("ids", "theta"),
    ),
}
