"""Whether a specification fits a pool: attributes, items and parameters that it names exist."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from exam_engine.assembly.compile import select
from exam_engine.assembly.language.place import Place, nearest, shown
from exam_engine.assembly.pool import NO_VALUE, Pool
from exam_engine.assembly.specification import (
    Among,
    Anchor,
    Between,
    Count,
    Distinct,
    Earlier,
    Enemies,
    Exclude,
    If,
    Include,
    Is,
    Overlap,
    Parallel,
    PerValue,
    Reference,
    Rule,
    Sets,
    Share,
    Specification,
    Sum,
    Target,
    Use,
    Where,
)
from exam_engine.assembly.targets import needs_parameters

Part = TypeVar("Part", Rule, Target)

FILTERS = ("where", "of", "given")


@dataclass(frozen=True)
class AttributeUse:
    """Where a specification uses an attribute for the first time, and as what."""

    place: Place
    field: str
    attribute: str
    is_numeric: bool


def used_attributes(specification: Specification) -> Mapping[str, AttributeUse]:
    """Return each attribute that the specification names, in its order.

    Raises
    ------
    SpecificationRefused
        If one is used as numbers here and as labels there.
    """
    found: dict[str, AttributeUse] = {}
    for use in _uses(specification):
        first = found.setdefault(use.attribute, use)
        if first.is_numeric != use.is_numeric:
            words = ("labels", "numbers")
            raise use.place.refusal(
                use.field,
                f'takes "{use.attribute}" as {words[use.is_numeric]}, {first.place} takes it as '
                f"{words[first.is_numeric]}: give the pool two columns",
            )
    return found


def check_fit(
    specification: Specification, pool: Pool, *, columns: Collection[str] | None = None
) -> tuple[str, ...]:
    """Check that what a specification names is in the pool.

    Parameters
    ----------
    specification : Specification
    pool : Pool
    columns : collection of str, optional
        Every name an attribute could have, where the pool was made with fewer.

    Returns
    -------
    tuple of str
        Remarks: values of filters that no item has.

    Raises
    ------
    SpecificationRefused
        For an unknown attribute or item, a filter that selects nothing although nothing is asked of it, a target
        that needs item parameters.
    """
    known = {*pool.numeric, *pool.categorical} if columns is None else columns
    for use in used_attributes(specification).values():
        if use.attribute not in known:
            raise use.place.refusal(
                use.field, f'the pool has no attribute "{use.attribute}": {nearest(use.attribute, known)}'
            )
        if use.attribute not in (pool.numeric if use.is_numeric else pool.categorical):
            held, asked = ("labels", "numbers") if use.is_numeric else ("numbers", "labels")
            raise use.place.refusal(use.field, f'"{use.attribute}" holds {held} in the pool, not {asked}')
    remarks: list[str] = []
    values = {name: frozenset(map(str, np.unique(pool.texts(name)))) for name in pool.categorical}
    for place, rule in _placed(specification.rules, "rule"):
        _check_items(place, rule, pool)
        remarks += _unknown_values(place, rule, values)
        remarks += _unknown_papers(place, rule, pool)
        _check_filters(place, rule, pool)
    for place, target in _placed(specification.targets, "target"):
        if needs_parameters(target) and not pool.is_calibrated:
            raise place.refusal("theta", "the pool has no item parameters: give it the columns a and b")
        _check_items(place, target, pool)
        remarks += _unknown_values(place, target, values)
        for field, where in _filters(target):
            if not select(pool, where).any():
                raise place.refusal(field, "the filter selects no item of the pool")
    return tuple(remarks)


def _placed(parts: Collection[Part], table: str) -> Iterator[tuple[Place, Part]]:
    for at, part in enumerate(parts, start=1):
        yield Place(table, at, part.name), part


def _uses(specification: Specification) -> Iterator[AttributeUse]:
    for place, rule in _placed(specification.rules, "rule"):
        for field, where in _filters(rule):
            for one in where:
                if not isinstance(one, Among):
                    is_numeric = isinstance(one, Between)
                    yield AttributeUse(place, f"{field}.{one.attribute}", one.attribute, is_numeric)
        if isinstance(rule, Parallel):
            for attribute in rule.by:
                yield AttributeUse(place, "by", attribute, False)
        elif isinstance(rule, Sum | Distinct | Sets | PerValue):
            yield AttributeUse(place, "attribute", rule.attribute, isinstance(rule, Sum))
        elif isinstance(rule, Share | Use) and rule.attribute is not None:
            yield AttributeUse(place, "attribute", rule.attribute, True)
    for place, target in _placed(specification.targets, "target"):
        for field, where in _filters(target):
            for one in where:
                if not isinstance(one, Among):
                    is_numeric = isinstance(one, Between)
                    yield AttributeUse(place, f"{field}.{one.attribute}", one.attribute, is_numeric)
        for field in ("attribute", "p", "marks"):
            named = getattr(target, field, None)
            if named is not None:
                yield AttributeUse(place, field, named, True)


def _filters(rule: Rule | Target) -> Iterator[tuple[str, Where]]:
    for field in FILTERS:
        if where := getattr(rule, field, ()):
            yield field, where


def _check_items(place: Place, rule: Rule | Target, pool: Pool) -> None:
    named: list[tuple[str, Collection[str]]] = [
        (f"{field}.ids", one.ids)
        for field, where in _filters(rule)
        for one in where
        if isinstance(one, Among)
    ]
    if isinstance(rule, Enemies):
        named += [(f"groups[{at}]", group) for at, group in enumerate(rule.groups, start=1)]
    elif isinstance(rule, Include | Exclude | Reference):
        named.append(("ids", rule.ids))
    for field, ids in named:
        for one in ids:
            if one not in pool.positions:
                raise place.refusal(field, f"the pool has no item {shown(one)}")


def _unknown_values(place: Place, rule: Rule | Target, known: Mapping[str, Collection[str]]) -> Iterator[str]:
    for field, where in _filters(rule):
        for one in where:
            if not isinstance(one, Is):
                continue
            held = known[one.attribute]
            for value in one.values:
                if value not in held:
                    close = nearest(value, filter(None, held))
                    yield f"{place}, {field}.{one.attribute}: no item has {shown(value)}; {close}"


def _unknown_papers(place: Place, rule: Rule, pool: Pool) -> Iterator[str]:
    """Remark on earlier papers whose items have left the pool: nothing can be in common with those."""
    for paper, ids in rule.papers if isinstance(rule, Earlier) else ():
        gone = sum(1 for one in ids if one not in pool.positions)
        if gone:
            yield f"{place}, papers: {gone} of {len(ids)} items of {shown(paper)} are not in the pool"


def _check_filters(place: Place, rule: Rule, pool: Pool) -> None:
    """Refuse a filter without items, unless the rule asks for some of them: then a shortage is the answer."""
    asks = isinstance(rule, Count | Sum | Share | Distinct | If | Overlap | Anchor) and rule.minimum > 0
    for field, where in _filters(rule):
        if asks and field == "where":
            continue
        within = (*rule.of, *where) if isinstance(rule, Share) else where
        if not select(pool, within).any():
            raise place.refusal(field, "the filter selects no item of the pool")
    if (
        isinstance(rule, Sets)
        and not (pool.texts(rule.attribute)[select(pool, rule.where)] != NO_VALUE).any()
    ):
        raise place.refusal("attribute", f'there are no sets: no item has a value of "{rule.attribute}"')
