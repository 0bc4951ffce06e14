"""Values of fields: from what TOML holds to what a rule takes, or a refusal."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import TypeAlias, TypeVar, get_args

from exam_engine.assembly.language.place import Place, nearest, shown
from exam_engine.assembly.specification import Among, Between, Condition, Is, Paper, Scope, Where

Value = TypeVar("Value", str, float)

Reader: TypeAlias = Callable[[Place, str, object], object]

LARGEST = 1e12
"""Sums of larger numbers lose their digits."""

MOST_ITEMS = 1_000_000
"""Counts of items are not larger."""

LONGEST_NAME = 200

IDS = "ids"
"""The key of a filter that names items instead of an attribute."""


def whole(place: Place, field: str, value: object, *, least: int = 0) -> int:
    """Read a number of items."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MOST_ITEMS:
        raise place.wrong(field, value, f"a whole number from {least} to {MOST_ITEMS}, such as 10")
    return value


def whole_from_one(place: Place, field: str, value: object) -> int:
    """Read a number of items that is at least one."""
    return whole(place, field, value, least=1)


def number(place: Place, field: str, value: object) -> float:
    """Read a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        raise place.wrong(field, value, f"a number between -{LARGEST:g} and {LARGEST:g}, such as 0.5")
    return float(value)


def positive(place: Place, field: str, value: object) -> float:
    """Read a number above zero."""
    if (found := number(place, field, value)) <= 0:
        raise place.wrong(field, value, "above 0")
    return found


def numbers(place: Place, field: str, value: object) -> tuple[float, ...]:
    """Read a number, or a list of different ones."""
    listed = value if isinstance(value, list) else [value]
    if not listed:
        raise place.refusal(field, "the list is empty")
    return _different(place, field, tuple(number(place, field, one) for one in listed))


def positives(place: Place, field: str, value: object) -> tuple[float, ...]:
    """Read a list of numbers above zero."""
    if not isinstance(value, list) or not value:
        raise place.wrong(field, value, "a list of numbers above 0, such as [1, 2, 1]")
    return tuple(positive(place, field, one) for one in value)


def share(place: Place, field: str, value: object) -> float:
    """Read a part of a whole."""
    if not 0 <= (found := number(place, field, value)) <= 1:
        raise place.wrong(field, value, "between 0 and 1: write a quarter as 0.25")
    return found


def flag(place: Place, field: str, value: object) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise place.wrong(field, value, "true or false")
    return value


def scope(place: Place, field: str, value: object) -> str:
    """Read over what is counted."""
    known = get_args(Scope)
    if not isinstance(value, str) or value not in known:
        raise place.refusal(field, f"{shown(value)} is unknown: {nearest(str(value), known)}")
    return value


def name(place: Place, field: str, value: object) -> str:
    """Read a name: one line that is not empty."""
    if (
        not isinstance(value, str)
        or not value.strip()
        or len(value) > LONGEST_NAME
        or not value.isprintable()
    ):
        raise place.wrong(
            field, value, f'one line of text of 1 to {LONGEST_NAME} characters, such as "marks"'
        )
    return value


def names(place: Place, field: str, value: object) -> tuple[str, ...]:
    """Read a list of different names."""
    if not isinstance(value, list) or not value:
        empty = isinstance(value, list)
        raise (
            place.refusal(field, "the list is empty")
            if empty
            else place.wrong(field, value, 'a list of texts, such as ["i1", "i2"]')
        )
    return _different(place, field, tuple(name(place, field, one) for one in value))


def groups(place: Place, field: str, value: object) -> tuple[tuple[str, ...], ...]:
    """Read groups of at least two names."""
    if not isinstance(value, list) or not value or not all(isinstance(one, list) for one in value):
        raise place.wrong(field, value, 'a list of groups, such as [["i1", "i2"], ["i3", "i4", "i5"]]')
    found = tuple(names(place, f"{field}[{at}]", one) for at, one in enumerate(value, start=1))
    for at, group in enumerate(found, start=1):
        if len(group) < 2:
            raise place.refusal(f"{field}[{at}]", f'"{group[0]}" alone is no group: name at least two items')
    return found


def papers(place: Place, field: str, value: object) -> tuple[Paper, ...]:
    """Read earlier papers: a table from names to lists of ids."""
    if not isinstance(value, dict) or not value:
        raise place.wrong(field, value, 'a table of earlier papers, such as { "spring" = ["i1", "i2"] }')
    return tuple(
        (name(place, field, paper), names(place, f"{field}.{paper}", ids)) for paper, ids in value.items()
    )


def where(place: Place, field: str, value: object) -> Where:
    """Read a filter: a table whose conditions all hold, or several such tables in a list."""
    listed = value if isinstance(value, list) else [value]
    tables = [one for one in listed if isinstance(one, dict)]
    if len(tables) < len(listed):
        raise place.wrong(
            field, value, 'a filter, such as { type = "single", difficulty = { from = -1, to = 1 } }'
        )
    if not tables or not all(tables):
        raise place.refusal(field, "the filter is empty: leave it out to select every item")
    return tuple(_condition(place, field, key, one) for table in tables for key, one in table.items())


def _condition(place: Place, field: str, key: str, value: object) -> Condition:
    field = f"{field}.{key}"
    if not key:
        raise place.refusal(field, "a condition needs the name of an attribute")
    if key == IDS:
        return Among(*names(place, field, value))
    if isinstance(value, str):
        return Is(key, value)
    if isinstance(value, list):
        return Is(key, *_values(place, field, value))
    if isinstance(value, dict):
        return _range(place, field, key, value)
    if isinstance(value, bool):
        raise place.wrong(field, value, "a text, a list of texts, a number or a range { from = -1, to = 1 }")
    low = number(place, field, value)
    return Between(key, low, low)


def _values(place: Place, field: str, value: list[object]) -> tuple[str, ...]:
    if not value:
        raise place.refusal(field, "the list is empty: no item could be selected")
    texts = []
    for one in value:
        if not isinstance(one, str):
            raise place.wrong(field, one, 'a text, such as "3"; numbers are selected as { from = 1, to = 3 }')
        texts.append(one)
    return _different(place, field, tuple(texts))


def _range(place: Place, field: str, key: str, value: dict[str, object]) -> Between:
    for word in value:
        if word not in ("from", "to"):
            raise place.refusal(f"{field}.{word}", f"unknown: {nearest(word, ('from', 'to'))}")
    if not value:
        raise place.refusal(field, "the range is empty: give from, to or both")
    low, high = (
        number(place, f"{field}.{word}", value[word]) if word in value else none
        for word, none in (("from", -math.inf), ("to", math.inf))
    )
    if low > high:
        raise place.refusal(field, f"from {low:g} is above to {high:g}")
    return Between(key, low, high)


def _different(place: Place, field: str, found: Sequence[Value]) -> tuple[Value, ...]:
    seen: set[Hashable] = set()
    for one in found:
        if one in seen:
            raise place.refusal(field, f"{shown(one)} is named twice")
        seen.add(one)
    return tuple(found)
