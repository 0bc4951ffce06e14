"""Blueprints are read from TOML, JSON or the editor, and what is wrong in one is named by place and field. No I/O."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from exam_engine.papers.blueprint.refusals import (
    BlueprintUnreadable,
    FieldMissing,
    FieldUnknown,
    FieldWrong,
    GoalTwice,
    OnlyWhenShared,
    RowContradicts,
    RowNameTwice,
    RowWithoutAmount,
    RowWithoutSelection,
    SectionsMissing,
    SectionTwice,
    TotalDiffers,
)
from exam_engine.papers.blueprint.spec import DEPTHS, BlueprintSpec, Row
from itembank.base.errors import Invalid

MAX_NAME = 80


def read_blueprint(data: Mapping[str, Any]) -> BlueprintSpec:
    """Return the blueprint that ``data`` describes.

    Raises the first of the refusals that problems_of returns.
    """
    spec, problems = _read(data)
    if spec is None:
        raise problems[0] from None
    return spec


def problems_of(data: Mapping[str, Any]) -> list[Invalid]:
    """Return everything that is wrong in ``data``; each refusal names the place and the field."""
    return _read(data)[1]


def _read(data: Mapping[str, Any]) -> tuple[BlueprintSpec | None, list[Invalid]]:
    try:
        spec = BlueprintSpec.model_validate(data)
    except ValidationError as error:
        return None, [_refusal(problem) for problem in error.errors()]
    problems = list(_misfits(spec))
    return (None if problems else spec), problems


@dataclass(frozen=True)
class BlueprintFile:
    """A blueprint file: for which occupation and level, under which name."""

    name: str
    occupation: str
    level: str
    spec: BlueprintSpec


def read_toml(text: str) -> BlueprintFile:
    """Return what a TOML file says.

    Raises BlueprintUnreadable, or what read_blueprint raises.
    """
    try:
        data = tomllib.loads(text, parse_float=_number)
    except (ValueError, RecursionError) as error:  # whatever it is, it is not TOML that means something
        raise BlueprintUnreadable(reason=str(error)) from None
    head = {}
    for field in ("name", "occupation", "level"):
        value = data.pop(field, None)
        if value is None or not str(value).strip():
            raise FieldMissing(place="blueprint", field=field)
        head[field] = str(value).strip()
    return BlueprintFile(check_name(head["name"]), head["occupation"], head["level"], read_blueprint(data))


def write_toml(file: BlueprintFile) -> str:
    """Return the TOML text that read_toml reads back."""
    head = {"name": file.name, "occupation": file.occupation, "level": file.level}
    data = file.spec.model_dump(mode="json", exclude_defaults=True)
    tables = {k: v for k, v in data.items() if isinstance(v, list) and v and isinstance(v[0], dict)}
    lines = [f"{name} = {_toml(value)}" for name, value in (head | data).items() if name not in tables]
    for name, rows in tables.items():
        for row in rows:
            lines += ["", f"[[{name}]]", *(f"{k} = {_toml(v)}" for k, v in row.items() if v is not None)]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items() if v is not None) + " }"
    # JSON strings, numbers, booleans and arrays are TOML too.
    return json.dumps(value, ensure_ascii=False)


def check_name(name: str) -> str:
    """Return a blueprint's name trimmed; raises FieldMissing or FieldWrong."""
    name = name.strip()
    if not name:
        raise FieldMissing(place="blueprint", field="name")
    if len(name) > MAX_NAME or not name.isprintable():
        raise FieldWrong(
            place="blueprint", field="name", value=repr(name)[:80], expected=f"length ≤ {MAX_NAME}"
        )
    return name


def check_blueprint(spec: BlueprintSpec) -> None:
    """Raise the refusal that applies when the parts of a blueprint do not fit each other."""
    for problem in _misfits(spec):
        raise problem


def _misfits(spec: BlueprintSpec) -> Iterator[Invalid]:
    kinds = [section.type for section in spec.sections]
    for number, kind in enumerate(kinds, start=1):
        if kinds.index(kind) < number - 1:
            yield SectionTwice(kind=kind, place=f"sections[{number}]", field="type")
    total = sum((section.count * section.marks for section in spec.sections), Decimal(0))
    if total != spec.total_marks:
        yield TotalDiffers(
            total=_plain(total), stated=_plain(spec.total_marks), place="blueprint", field="total_marks"
        )
    names = [row.name for row in spec.rows]
    for number, row in enumerate(spec.rows, start=1):
        if names.index(row.name) < number - 1:
            yield RowNameTwice(name=row.name, place=f"rows[{number}]", field="name")
        yield from _row_misfits(spec, row, f"rows[{number}]")
    for field in ("max_use", "max_common"):
        if getattr(spec, field) is not None and not spec.share_items:
            yield OnlyWhenShared(place="blueprint", field=field)
    for field, targets in (("information", spec.information), ("curve", spec.curve)):
        thetas = [target.theta for target in targets]
        for number, theta in enumerate(thetas, start=1):
            if thetas.index(theta) < number - 1:
                yield GoalTwice(place=f"{field}[{number}]", field="theta", theta=f"{theta:g}")
    for number, point in enumerate(spec.curve, start=1):
        if point.goal > float(spec.total_marks):
            yield _wrong(f"curve[{number}]", "goal", f"{point.goal:g}", f"≤ {_plain(spec.total_marks)}")
    if spec.min_points is not None and spec.min_points > spec.length:
        yield _wrong("blueprint", "min_points", str(spec.min_points), f"≤ {spec.length}")


def _row_misfits(spec: BlueprintSpec, row: Row, place: str) -> Iterator[Invalid]:
    kinds = [section.type for section in spec.sections]
    if not any((row.node, row.category, row.importance, row.difficulty, row.type)):
        yield RowWithoutSelection(name=row.name, place=place, field="node")
    if row.minimum is None and row.maximum is None and row.share is None and row.points is None:
        yield RowWithoutAmount(name=row.name, place=place, field="minimum")
    if row.type is not None and row.type not in kinds:
        yield _wrong(place, "type", row.type, " | ".join(kinds))
    if row.node and row.node.count("-") >= DEPTHS:
        yield _wrong(place, "node", row.node, "A | A-B | A-B-C")
    if row.difficulty and not (1 <= row.difficulty[0] <= row.difficulty[1] <= 5):
        yield _wrong(place, "difficulty", "–".join(str(d) for d in row.difficulty), "1–5")
    low, high = spec.bounds_of(row)
    if high is not None and low > high:
        yield RowContradicts(name=row.name, minimum=low, maximum=high, place=place, field="minimum")
    most = spec.length if high is None else high
    if row.points is not None and row.points > most:
        yield _wrong(place, "points", str(row.points), f"≤ {most}")


def _wrong(place: str, field: str, value: str, expected: str) -> FieldWrong:
    return FieldWrong(place=place, field=field, value=value, expected=expected)


def _number(text: str) -> Decimal:
    return Decimal(text)


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _refusal(problem: Any) -> Invalid:
    *path, field = problem["loc"] or ("blueprint",)
    place = ""
    for part in path:
        # Authors count rows from 1.
        place += f"[{part + 1}]" if isinstance(part, int) else (f".{part}" if place else str(part))
    if isinstance(field, int):
        place, field = place or "blueprint", f"{field + 1}"
    place = place or "blueprint"
    if field == "sections" and problem["type"] == "too_short":
        return SectionsMissing(place=place, field=field)
    if problem["type"] == "missing" or problem["input"] == "":
        return FieldMissing(place=place, field=field)
    if problem["type"] == "extra_forbidden":
        return FieldUnknown(place=place, field=field)
    return FieldWrong(
        place=place, field=field, value=repr(problem["input"])[:80], expected=_expected(problem)
    )


def _expected(problem: Any) -> str:
    facts = problem.get("ctx") or {}
    signs = {
        "ge": "≥",
        "gt": ">",
        "le": "≤",
        "lt": "<",
        "decimal_places": "decimals ≤",
        "min_length": "length ≥",
    }
    known = [f"{sign} {facts[name]}" for name, sign in signs.items() if name in facts]
    if "expected" in facts:
        known.append(str(facts["expected"]))
    kinds = {
        "int": "1, 2, 3…",
        "decimal": "0.5, 1, 2.5…",
        "float": "0.5, 1, 2.5…",
        "tuple": "[…]",
        "string": '"…"',
        "bool": "true | false",
        "date": "2026-05-01",
    }
    known += [sign for kind, sign in kinds.items() if problem["type"].startswith(kind + "_") and not known]
    return ", ".join(known) or str(problem["type"])
