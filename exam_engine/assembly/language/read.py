"""TOML text → specification."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exam_engine.assembly.language.kinds import EXACTLY, RULES, TARGETS, Kind
from exam_engine.assembly.language.place import Place, SpecificationRefused, nearest, shown
from exam_engine.assembly.language.sequence import SequenceTable, read_sequence
from exam_engine.assembly.language.values import name, number, whole_from_one
from exam_engine.assembly.specification import Rule, Specification, Target

UNLIMITED = "unlimited"
"""``max_use`` of items that may appear in every form."""

LARGEST_SEED = 2**63 - 1

MANY_DOTS = re.compile(r"""(?<![\w.-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){64}""")
"""A dotted key of more parts than any specification has: the time of reading it grows with their square."""

TOP = ("forms", "seed", "max_use", "sharing_name", "slack", "rule", "target", "sequence")


@dataclass(frozen=True)
class SpecificationFile:
    """What a specification file says.

    Attributes
    ----------
    specification : Specification
    forms : int or None
        Number of forms, where the file names it.
    seed : int or None
    sequence : SequenceTable or None
        The printed order, where the file asks for one.
    """

    specification: Specification
    forms: int | None = None
    seed: int | None = None
    sequence: SequenceTable | None = None


def read_specification(text: str) -> SpecificationFile:
    """Return what a specification file says.

    Parameters
    ----------
    text : str
        TOML; docs/assembly.md lists tables and fields.

    Raises
    ------
    SpecificationRefused
        A ValueError that names table, number, rule, field and value, and what would be right.

    Examples
    --------
    >>> file = read_specification('''
    ... forms = 2
    ... [[rule]]
    ... kind = "count"
    ... name = "length"
    ... exactly = 40
    ... ''')
    >>> file.specification.rules[0].minimum, file.forms
    (40, 2)
    """
    deep = MANY_DOTS.search(text)
    if deep is not None:
        line = text.count("\n", 0, deep.start()) + 1
        raise SpecificationRefused(f"line {line}", "", "a key of more than 64 parts: no rule has one")
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise SpecificationRefused("", "", f"this is not TOML: {error}") from None
    top = Place()
    for key in data:
        if key not in TOP:
            raise top.refusal(key, f"unknown: {nearest(key, TOP)}")
    forms = whole_from_one(top, "forms", data["forms"]) if "forms" in data else None
    seed = _seed(top, data["seed"]) if "seed" in data else None
    settings = _settings(top, data)
    taken = {settings.get("sharing_name", Specification.sharing_name): "sharing_name"}
    rules: list[Rule] = [_read(*one, RULES, taken) for one in _tables(data, "rule")]
    targets: list[Target] = [_read(*one, TARGETS, taken) for one in _tables(data, "target")]
    if not rules and not targets:
        raise top.refusal("rule", "there is no [[rule]] and no [[target]]: nothing is asked for")
    sequence = read_sequence(data["sequence"]) if "sequence" in data else None
    return SpecificationFile(Specification(rules, targets, **settings), forms, seed, sequence)


def _settings(top: Place, data: Mapping[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if "max_use" in data:
        value = data["max_use"]
        if isinstance(value, str) and value != UNLIMITED:
            raise top.wrong("max_use", value, f'a whole number from 1, or "{UNLIMITED}"')
        settings["max_use"] = None if value == UNLIMITED else whole_from_one(top, "max_use", value)
    if "sharing_name" in data:
        settings["sharing_name"] = name(top, "sharing_name", data["sharing_name"])
    if "slack" in data:
        slack = number(top, "slack", data["slack"])
        if slack < 0:
            raise top.wrong("slack", data["slack"], "a number from 0, such as 0.003")
        settings["slack"] = slack
    return settings


def _seed(top: Place, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_SEED:
        raise top.wrong("seed", value, "a whole number from 0, such as 1")
    return value


def _tables(data: Mapping[str, Any], table: str) -> list[tuple[Place, dict[str, Any]]]:
    found = data.get(table, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Place().refusal(table, f"write each {table} as a table under its own line [[{table}]]")
    return [(Place(table, at), one) for at, one in enumerate(found, start=1)]


def _read(place: Place, table: dict[str, Any], kinds: Mapping[str, Kind], taken: dict[str, str]) -> Any:
    """Return the rule or target of a table; ``taken`` holds the names so far and where they stand."""
    if "name" not in table:
        raise place.refusal("name", "is missing: explanations and the report use it")
    called = name(place, "name", table["name"])
    place = Place(place.table, place.number, called)
    if called in taken:
        raise place.refusal("name", f"{taken[called]} has the same name; names tell rules apart")
    taken[called] = f"{place.table} {place.number}"
    kind = _kind(place, table, kinds)
    values = _fields(place, table, kind)
    made: Any = kind.make(name=called, **values)
    try:
        Specification(
            *(([made], []) if place.table == "rule" else ([], [made])), sharing_name=f"not {called}"
        )
    except ValueError as error:
        reason = str(error).removeprefix(f"{place.table} {called!r}").lstrip(": ")
        raise place.refusal("", reason) from None
    return made


def _kind(place: Place, table: Mapping[str, Any], kinds: Mapping[str, Kind]) -> Kind:
    word = table.get("kind")
    if word is None:
        raise place.refusal("kind", f"is missing: one of {', '.join(kinds)}")
    if not isinstance(word, str) or word not in kinds:
        raise place.refusal("kind", f"{shown(word)} is unknown: {nearest(str(word), kinds)}")
    return kinds[word]


def _fields(place: Place, table: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
    values: dict[str, Any] = {key: () for key in ("where", "papers") if key in kind.fields}
    for field, value in table.items():
        if field in ("name", "kind"):
            continue
        if field not in kind.fields:
            raise place.refusal(
                field, f'unknown in kind "{table["kind"]}": {nearest(field, ("name", "kind", *kind.fields))}'
            )
        values[field] = kind.fields[field](place, field, value)
    for field in kind.needed:
        if field not in table:
            raise place.refusal(field, f'is missing: kind "{table["kind"]}" needs it')
    if kind.one_of and not any(field in values for field in kind.one_of):
        raise place.refusal("", f"nothing is asked for: give {', '.join(kind.one_of)}")
    if EXACTLY in values:
        if "minimum" in values or "maximum" in values:
            raise place.refusal(EXACTLY, "stands alone, without minimum and maximum")
        values["minimum"] = values["maximum"] = values.pop(EXACTLY)
    return values
