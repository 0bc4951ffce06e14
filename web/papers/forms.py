"""The blueprint editor: form fields ↔ blueprint. Rows are numbered fields, so it works without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field

from exam_engine.papers.bank import Node
from exam_engine.papers.blueprint import MAX_ROWS, BlueprintSpec, read_blueprint
from exam_engine.papers.rules import MAX_FORMS, MINUTES, TOTAL_MARKS
from web.forms import FormData

TYPES = ("single_choice", "multiple_choice", "true_false")
ROW_FIELDS = (
    "name",
    "node",
    "category",
    "importance",
    "type",
    "difficulty_low",
    "difficulty_high",
    "minimum",
    "maximum",
    "share",
    "tolerance",
)
HEAD_FIELDS = (
    "total_marks",
    "minutes",
    "max_per_point",
    "enemies",
    "include",
    "exclude",
    "mean_goal",
    "mean_tolerance",
)
INFORMATION_FIELDS = ("theta", "goal", "tolerance")
INFORMATION_ROWS = 5
_SEPARATORS = re.compile(r"[\s,，、;；]+")


class AssembleForm(BaseModel):
    """How many forms, and from which seed."""

    forms: int = Field(2, ge=1, le=MAX_FORMS)
    seed: int | None = Field(None, ge=0, le=2**31 - 1)


@dataclass
class Editor:
    """What the editor shows: text as typed, row by row."""

    name: str = ""
    head: dict[str, str] = field(default_factory=dict)
    sections: dict[str, dict[str, str]] = field(default_factory=dict)
    rows: list[dict[str, str]] = field(default_factory=list)
    information: list[dict[str, str]] = field(default_factory=list)
    equal: list[str] = field(default_factory=list)
    share_items: bool = False

    def spec(self) -> BlueprintSpec:
        """Return the blueprint; raises a refusal of papers.blueprint that names place and field."""
        return read_blueprint(self.as_data())

    def as_data(self) -> dict[str, Any]:
        """Return the fields as blueprint data; empty ones are left out."""
        sections = [
            {"type": kind, **_filled(self.sections.get(kind, {}))}
            for kind in TYPES
            if _filled(self.sections.get(kind, {})).get("count", "0") != "0"
        ]
        data: dict[str, Any] = {
            "sections": sections,
            "rows": [_row_data(row) for row in self.rows],
            "equal": self.equal,
            "share_items": self.share_items,
            "information": [_filled(row) for row in self.information if _filled(row)],
            "enemies": [names for line in self._lines("enemies") if (names := _names(line))],
            "include": _names(self.head.get("include", "")),
            "exclude": _names(self.head.get("exclude", "")),
        }
        for name in ("total_marks", "minutes", "max_per_point"):
            if self.head.get(name, "").strip():
                data[name] = self.head[name].strip()
        mean = {
            "goal": self.head.get("mean_goal", "").strip(),
            "tolerance": self.head.get("mean_tolerance", "").strip(),
        }
        if mean["goal"]:
            data["mean_difficulty"] = _filled(mean)
        return data

    def add_row(self) -> None:
        """Append an empty row."""
        if len(self.rows) < MAX_ROWS:
            self.rows.append(dict.fromkeys(ROW_FIELDS, ""))

    def fill_from(self, nodes: Sequence[Node], depth: int) -> None:
        """Append a row for each node of a depth that has none yet, with its weight as share."""
        there = {row["node"] for row in self.rows}
        for node in nodes:
            if node.depth == depth and node.path not in there and len(self.rows) < MAX_ROWS:
                row = dict.fromkeys(ROW_FIELDS, "")
                row |= {"name": f"{node.path} {node.name}"[:80], "node": node.path}
                row |= {"share": _plain(node.weight), "tolerance": "1"}
                self.rows.append(row)

    def _lines(self, name: str) -> list[str]:
        return [line for line in self.head.get(name, "").splitlines() if line.strip()]


def empty_editor() -> Editor:
    """Return an editor for a new blueprint: one section is asked for."""
    return Editor(
        head=dict.fromkeys(HEAD_FIELDS, "")
        | {"total_marks": _plain(TOTAL_MARKS), "minutes": str(MINUTES), "max_per_point": "1"},
        sections={kind: {"count": "", "marks": ""} for kind in TYPES},
        information=_padded([]),
    )


def read_editor(data: FormData) -> Editor:
    """Return the editor as it was sent."""
    numbers = sorted({n for text in data.texts("row") if (n := whole(text)) is not None})[:MAX_ROWS]
    return Editor(
        name=data.text("name").strip(),
        head={name: data.text(name) for name in HEAD_FIELDS},
        sections={
            kind: {part: data.text(f"{kind}-{part}").strip() for part in ("count", "marks")} for kind in TYPES
        },
        rows=[{part: data.text(f"row-{n}-{part}").strip() for part in ROW_FIELDS} for n in numbers],
        information=[
            {part: data.text(f"information-{n}-{part}").strip() for part in INFORMATION_FIELDS}
            for n in range(INFORMATION_ROWS)
        ],
        equal=data.texts("equal"),
        share_items=bool(data.text("share_items")),
    )


def editor_of(name: str, spec: BlueprintSpec) -> Editor:
    """Return the editor of a stored blueprint."""
    head = {
        "total_marks": _plain(spec.total_marks),
        "minutes": str(spec.minutes),
        "max_per_point": _text(spec.max_per_point),
        "enemies": "\n".join(", ".join(group) for group in spec.enemies),
        "include": ", ".join(spec.include),
        "exclude": ", ".join(spec.exclude),
        "mean_goal": _text(spec.mean_difficulty.goal if spec.mean_difficulty else None),
        "mean_tolerance": _text(spec.mean_difficulty.tolerance if spec.mean_difficulty else None),
    }
    sections = {kind: {"count": "", "marks": ""} for kind in TYPES}
    sections |= {s.type: {"count": str(s.count), "marks": _plain(s.marks)} for s in spec.sections}
    rows = [
        {
            "name": row.name,
            "node": row.node or "",
            "category": row.category or "",
            "importance": row.importance or "",
            "type": row.type or "",
            "difficulty_low": _text(row.difficulty[0] if row.difficulty else None),
            "difficulty_high": _text(row.difficulty[1] if row.difficulty else None),
            "minimum": _text(row.minimum),
            "maximum": _text(row.maximum),
            "share": _text(row.share),
            "tolerance": _text(row.tolerance) if row.share is not None else "",
        }
        for row in spec.rows
    ]
    information = [
        {"theta": f"{p.theta:g}", "goal": f"{p.goal:g}", "tolerance": _text(p.tolerance)}
        for p in spec.information
    ]
    return Editor(name, head, sections, rows, _padded(information), list(spec.equal), spec.share_items)


def whole(text: str) -> int | None:
    """Return a count as typed, full-width digits too; None for anything else."""
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) <= 6 else None


def _row_data(row: Mapping[str, str]) -> dict[str, Any]:
    data: dict[str, Any] = _filled(row)
    low, high = data.pop("difficulty_low", None), data.pop("difficulty_high", None)
    if low or high:
        data["difficulty"] = (low or high, high or low)
    data.setdefault("name", "")
    return data


def _filled(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value.strip() for name, value in values.items() if value.strip()}


def _names(text: str) -> list[str]:
    return [name for name in _SEPARATORS.split(text.strip()) if name]


def _padded(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    blank = [dict.fromkeys(INFORMATION_FIELDS, "") for _ in range(INFORMATION_ROWS - len(rows))]
    return [*rows, *blank]


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _text(value: object) -> str:
    if value is None:
        return ""
    return (
        _plain(value)
        if isinstance(value, Decimal)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
