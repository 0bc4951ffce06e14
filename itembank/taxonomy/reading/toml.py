"""Outlines from TOML."""

from __future__ import annotations

import tomllib
from typing import Any

from itembank.taxonomy.reading import values
from itembank.taxonomy.reading.values import OutlineFileUnreadable, PlaceMissing, PlaceWrong
from itembank.taxonomy.rules import DEPTHS, Function, OutlineSource, Point, Scope, split_occupation_code


def read_toml(filename: str, content: bytes) -> OutlineSource:
    try:
        table = tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise OutlineFileUnreadable(name=filename[:80]) from error
    occupation = table.get("occupation")
    if not isinstance(occupation, dict):
        raise PlaceMissing(place="occupation")
    parts = [str(occupation.get(name, "")) for name in ("major", "middle", "minor", "detail")]
    return OutlineSource(
        title=values.read_text(table.get("title"), "title", 200),
        version=values.read_text(table.get("version"), "version", 40),
        level=values.read_level(table.get("level"), "level"),
        occupation=split_occupation_code("-".join(parts)),
        scopes=_toml_scopes(table.get("scopes"), "scopes", 1),
        functions=_toml_functions(table.get("functions", [])),
    )


def _tables(value: object, place: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise PlaceMissing(place=place)
    return value


def _toml_functions(value: object) -> tuple[Function, ...]:
    return tuple(
        Function(
            values.read_text(entry.get("name"), f"functions[{n}].name", 120),
            values.read_weight(entry.get("theory"), f"functions[{n}].theory"),
            values.read_weight(entry.get("skill", 0), f"functions[{n}].skill"),
        )
        for n, entry in enumerate(_tables(value, "functions"), 1)
    )


def _toml_scopes(value: object, place: str, depth: int) -> tuple[Scope, ...]:
    if depth > DEPTHS:
        raise PlaceWrong(place=place, value="scopes", expected=f"≤ {DEPTHS}")
    scopes = []
    for n, entry in enumerate(_tables(value, place), 1):
        at = f"{place}[{n}]"
        below, points = entry.get("scopes"), entry.get("points")
        if (below is None) == (points is None):
            raise PlaceWrong(place=at, value="scopes, points", expected="scopes | points")
        scopes.append(
            Scope(
                values.read_code(entry.get("code"), f"{at}.code"),
                values.read_text(entry.get("name"), f"{at}.name", 120),
                values.read_weight(entry.get("weight"), f"{at}.weight"),
                values.read_counts(entry.get("stated"), f"{at}.stated"),
                _toml_scopes(below, f"{at}.scopes", depth + 1) if below is not None else (),
                _toml_points(points, f"{at}.points") if points is not None else (),
            )
        )
    if not scopes:
        raise PlaceMissing(place=place)
    return tuple(scopes)


def _toml_points(value: object, place: str) -> tuple[Point, ...]:
    return tuple(
        Point(
            values.read_code(entry.get("code"), f"{place}[{n}].code"),
            values.read_text(entry.get("name"), f"{place}[{n}].name", 200),
            values.read_importance(entry.get("importance"), f"{place}[{n}].importance"),
        )
        for n, entry in enumerate(_tables(value, place), 1)
    )
