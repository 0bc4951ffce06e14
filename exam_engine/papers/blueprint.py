"""What a blueprint says, and how it is read from TOML, JSON or the editor. No I/O.

The same fields everywhere; docs/blueprint.md describes them for authors.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from exam_engine.papers.rules import MINUTES, TOTAL_MARKS
from itembank.base.errors import Invalid

ItemKind = Literal["single_choice", "multiple_choice", "true_false"]
EqualBy = Literal["type", "category", "node1", "node2", "node3", "importance", "difficulty_level"]
Importance = Literal["X", "Y", "Z"]
DEPTHS = 3
"""An outline has three depths; its points hang below the third."""
MAX_ROWS = 200
MAX_NAME = 80
Text = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]*$", max_length=80)]
"""One line of plain text."""


class BlueprintUnreadable(Invalid):
    """The text is not TOML at all."""

    code = "blueprint_unreadable"
    message = "The blueprint cannot be read: {reason}"


class FieldMissing(Invalid):
    """A field that every blueprint needs is not there."""

    code = "blueprint_field_missing"
    message = "{place}: the field “{field}” is missing."


class FieldUnknown(Invalid):
    """A field that no blueprint has, probably a typing mistake."""

    code = "blueprint_field_unknown"
    message = "{place}: there is no field “{field}”."


class FieldWrong(Invalid):
    """A field holds a value that it cannot have."""

    code = "blueprint_field_wrong"
    message = "{place}: “{field}” is {value}, which does not fit ({expected})."


class TotalDiffers(Invalid):
    """Sections do not add up to the total."""

    code = "blueprint_total_differs"
    message = "The sections add up to {total} marks; the blueprint says {stated}."


class SectionTwice(Invalid):
    """Two sections of the same item type."""

    code = "blueprint_section_twice"
    message = "Two sections have the type {kind}; one section holds all items of a type."


class RowNameTwice(Invalid):
    """Two rows of one name could not be told apart in an explanation."""

    code = "blueprint_row_name_twice"
    message = "Two rows are called “{name}”; names tell rows apart."


class RowWithoutSelection(Invalid):
    """A row that selects everything."""

    code = "blueprint_row_without_selection"
    message = (
        "Row “{name}” selects nothing in particular: give a node, category, importance, difficulty or type."
    )


class RowWithoutAmount(Invalid):
    """A row that asks for nothing."""

    code = "blueprint_row_without_amount"
    message = "Row “{name}” asks for nothing: give a minimum, a maximum or a share."


class RowContradicts(Invalid):
    """A row's minimum is above its maximum."""

    code = "blueprint_row_contradicts"
    message = "Row “{name}”: the minimum {minimum} is above the maximum {maximum}."


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Section(_Part):
    """All items of one type, each worth the same."""

    type: ItemKind
    count: int = Field(ge=1, le=500)
    marks: Decimal = Field(gt=0, le=100, max_digits=6, decimal_places=2)


class Row(_Part):
    """An amount of items with certain attributes; several attributes hold at once (a crossing)."""

    name: Text = Field(min_length=1)
    node: Text | None = None
    """Code of a node of the outline, parts joined by hyphens: ``A-B``; its whole subtree counts."""
    category: Text | None = None
    importance: Importance | None = None
    difficulty: tuple[int, int] | None = None
    """From and to, 1 easiest … 5 hardest."""
    type: ItemKind | None = None
    minimum: int | None = Field(None, ge=0, le=500)
    maximum: int | None = Field(None, ge=0, le=500)
    share: Decimal | None = Field(None, ge=0, le=100)
    """Percentage of the items of the paper, or of the section when ``type`` is given."""
    tolerance: Decimal = Field(Decimal(0), ge=0, le=100)
    """Percentage points by which the share may be missed; whole items are always allowed for."""

    @model_validator(mode="before")
    @classmethod
    def _one_difficulty(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and isinstance(data.get("difficulty"), int):
            return {**data, "difficulty": (data["difficulty"], data["difficulty"])}
        return data


class InformationPoint(_Part):
    """Test information wanted at one ability."""

    theta: float = Field(ge=-6, le=6)
    goal: float = Field(gt=0, le=1000)
    tolerance: float | None = Field(None, gt=0)


class MeanDifficulty(_Part):
    """Mean of the difficulty levels 1–5, for a bank that is not calibrated."""

    goal: float = Field(ge=1, le=5)
    tolerance: float | None = Field(None, gt=0)


Group = Annotated[tuple[Text, ...], Field(min_length=2)]


class BlueprintSpec(_Part):
    """Everything a form must be. Marks are exact."""

    sections: tuple[Section, ...] = Field(min_length=1)
    total_marks: Decimal = Field(TOTAL_MARKS, gt=0, le=10_000, decimal_places=2)
    minutes: int = Field(MINUTES, ge=1, le=600)
    rows: tuple[Row, ...] = Field((), max_length=MAX_ROWS)
    max_per_point: int | None = Field(None, ge=1, le=500)
    equal: tuple[EqualBy, ...] = ()
    """Attributes whose combinations occur equally often in all forms."""
    share_items: bool = False
    enemies: tuple[Group, ...] = ()
    """Groups of items of which at most one may appear in a form: numbers, ``ref:`` and a foreign number, or ids."""
    include: tuple[Text, ...] = ()
    exclude: tuple[Text, ...] = ()
    information: tuple[InformationPoint, ...] = ()
    mean_difficulty: MeanDifficulty | None = None

    @property
    def length(self) -> int:
        """Number of items of a form."""
        return sum(section.count for section in self.sections)

    def marks_of(self, kind: str) -> Decimal:
        """Marks of one item of a type."""
        return next(section.marks for section in self.sections if section.type == kind)

    def bounds_of(self, row: Row) -> tuple[int, int | None]:
        """Return minimum and maximum count of a row, its share worked out on the items of paper or section."""
        low, high = row.minimum or 0, row.maximum
        if row.share is not None:
            base = sum(s.count for s in self.sections if row.type in (None, s.type))
            least = math.floor(base * (row.share - row.tolerance) / 100)
            most = math.ceil(base * (row.share + row.tolerance) / 100)
            low = max(low, least, 0)
            high = most if high is None else min(high, most)
        return low, high


def read_blueprint(data: Mapping[str, Any]) -> BlueprintSpec:
    """Return the blueprint that ``data`` describes.

    Raises one of the refusals of this module, naming the place and the field.
    """
    try:
        spec = BlueprintSpec.model_validate(data)
    except ValidationError as error:
        raise _refusal(error) from None
    check_blueprint(spec)
    return spec


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
    kinds = [section.type for section in spec.sections]
    for kind in kinds:
        if kinds.count(kind) > 1:
            raise SectionTwice(kind=kind)
    total = sum((section.count * section.marks for section in spec.sections), Decimal(0))
    if total != spec.total_marks:
        raise TotalDiffers(total=_plain(total), stated=_plain(spec.total_marks))
    names = [row.name for row in spec.rows]
    for number, row in enumerate(spec.rows, start=1):
        if names.count(row.name) > 1:
            raise RowNameTwice(name=row.name)
        if not any((row.node, row.category, row.importance, row.difficulty, row.type)):
            raise RowWithoutSelection(name=row.name)
        if row.minimum is None and row.maximum is None and row.share is None:
            raise RowWithoutAmount(name=row.name)
        if row.type is not None and row.type not in kinds:
            place = f"rows[{number}]"
            raise FieldWrong(place=place, field="type", value=row.type, expected=" | ".join(kinds))
        if row.node and row.node.count("-") >= DEPTHS:
            raise FieldWrong(
                place=f"rows[{number}]", field="node", value=row.node, expected="A | A-B | A-B-C"
            )
        if row.difficulty and not (1 <= row.difficulty[0] <= row.difficulty[1] <= 5):
            value = "–".join(str(d) for d in row.difficulty)
            raise FieldWrong(place=f"rows[{number}]", field="difficulty", value=value, expected="1–5")
        low, high = spec.bounds_of(row)
        if high is not None and low > high:
            raise RowContradicts(name=row.name, minimum=low, maximum=high)


def _number(text: str) -> Decimal:
    return Decimal(text)


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _refusal(error: ValidationError) -> Invalid:
    problem = error.errors()[0]
    *path, field = problem["loc"] or ("blueprint",)
    place = ""
    for part in path:
        # Authors count rows from 1.
        place += f"[{part + 1}]" if isinstance(part, int) else (f".{part}" if place else str(part))
    if isinstance(field, int):
        place, field = place or "blueprint", f"{field + 1}"
    place = place or "blueprint"
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
        "decimal": "0.5",
        "float": "0.5",
        "tuple": "[…]",
        "string": '"…"',
        "bool": "true | false",
    }
    known += [sign for kind, sign in kinds.items() if problem["type"].startswith(kind + "_") and not known]
    return ", ".join(known) or str(problem["type"])
