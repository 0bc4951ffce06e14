"""The blueprint editor: form fields ↔ blueprint. Rows are numbered fields, so it works without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from exam_engine.papers.blueprint import MAX_ROWS, BlueprintSpec, check_name, problems_of, read_blueprint
from exam_engine.papers.rules import MINUTES, TOTAL_MARKS
from itembank.base.errors import ExamError
from web.forms import FormData
from web.papers.forms import TYPES

ROW_FIELDS = (
    "name",
    "node",
    "category",
    "type",
    "importance",
    "difficulty_low",
    "difficulty_high",
    "minimum",
    "maximum",
    "share",
    "tolerance",
    "points",
    "weight",
)
PLAIN_FIELDS = (
    "total_marks",
    "minutes",
    "max_per_point",
    "min_points",
    "max_use",
    "max_common",
    "unused_since",
    "unused_papers",
    "most_used",
)
"""Fields of the head that are one field of the blueprint."""
PAIRS = {
    "mean_difficulty": {"goal": "mean_goal", "tolerance": "mean_tolerance"},
    "mean_p": {"goal": "mean_p_goal", "tolerance": "mean_p_tolerance"},
    "earlier": {"maximum": "earlier_maximum", "papers": "earlier_papers"},
}
"""Tables of the blueprint that are two fields of the head each."""
TOOL_FIELDS = ("planned", "spread_type", "spread_total", "cut", "paper", "paste")
"""What the editor's tools are given; no part of the blueprint."""
HEAD_FIELDS = (
    *PLAIN_FIELDS,
    *(name for pair in PAIRS.values() for name in pair.values()),
    "enemies",
    "include",
    "exclude",
    *TOOL_FIELDS,
)
TARGET_FIELDS = ("theta", "information", "information_tolerance", "curve", "curve_tolerance")
TARGET_ROWS = 20
SHOWN_TARGETS = 6
PLANNED = "2"
"""Forms for which the supply is judged until somebody says another number."""
_SEPARATORS = re.compile(r"[\s,，、;；]+")


@dataclass
class Editor:
    """What the editor shows: text as typed, row by row."""

    name: str = ""
    head: dict[str, str] = field(default_factory=lambda: dict.fromkeys(HEAD_FIELDS, ""))
    sections: dict[str, dict[str, str]] = field(default_factory=dict)
    rows: list[dict[str, str]] = field(default_factory=list)
    targets: list[dict[str, str]] = field(default_factory=list)
    equal: list[str] = field(default_factory=list)
    share_items: bool = False

    def spec(self) -> BlueprintSpec:
        """Return the blueprint; raises a refusal of papers.blueprint that names place and field."""
        return read_blueprint(self.as_data())

    def problems(self) -> dict[str, ExamError]:
        """Return what is wrong, by the name of the input beside which it is to be said."""
        found: dict[str, ExamError] = {}
        try:
            check_name(self.name)
        except ExamError as nameless:
            found["name"] = nameless
        for problem in problems_of(self.as_data()):
            place, part = str(problem.facts.get("place", "")), str(problem.facts.get("field", ""))
            found.setdefault(self._input(place, part), problem)
        return found

    def as_data(self) -> dict[str, Any]:
        """Return the fields as blueprint data; empty ones are left out."""
        data: dict[str, Any] = {
            "sections": [{"type": kind, **_filled(self.sections[kind])} for kind in self._kinds()],
            "rows": [_row_data(row) for row in self.rows],
            "equal": self.equal,
            "share_items": self.share_items,
            "enemies": [names for line in self._lines("enemies") if (names := _names(line))],
            "include": _names(self.head["include"]),
            "exclude": _names(self.head["exclude"]),
        }
        for kind in ("information", "curve"):
            data[kind] = [
                _filled({"theta": t["theta"], "goal": t[kind], "tolerance": t[kind + "_tolerance"]})
                for _, t in self._targets(kind)
            ]
        data |= _filled({name: self.head[name] for name in PLAIN_FIELDS})
        for name, parts in PAIRS.items():
            if pair := _filled({part: self.head[source] for part, source in parts.items()}):
                data[name] = pair
        return data

    def add_row(self, **values: str) -> dict[str, str] | None:
        """Append a row and return it; None when there are as many as a blueprint may have."""
        if len(self.rows) >= MAX_ROWS:
            return None
        row = dict.fromkeys(ROW_FIELDS, "") | values
        row["name"] = self.free_name(row["name"])
        self.rows.append(row)
        return row

    def free_name(self, name: str) -> str:
        """Return a name that no row has, at most 80 characters: the name itself, else with a number."""
        name, taken = name[:80], {row["name"] for row in self.rows}
        numbers = (f"{name[:74]} ({n})" for n in range(2, MAX_ROWS + 2))
        return name if not name or name not in taken else next(n for n in numbers if n not in taken)

    def _kinds(self) -> list[str]:
        return [k for k in TYPES if _filled(self.sections.get(k, {})).get("count", "0") != "0"]

    def _targets(self, kind: str) -> list[tuple[int, dict[str, str]]]:
        """Targets of a kind with their line; a line with an ability alone lacks its information."""
        return [
            (n, target)
            for n, target in enumerate(self.targets)
            if target[kind]
            or target[kind + "_tolerance"]
            or (kind == "information" and target["theta"] and not target["curve"])
        ]

    def _lines(self, name: str) -> list[str]:
        return [line for line in self.head[name].splitlines() if line.strip()]

    def _input(self, place: str, part: str) -> str:
        """Return the input that stands for a place and field of the blueprint."""
        table, _, rest = place.partition("[")
        number = int(rest.partition("]")[0]) - 1 if rest else 0
        inner = place.rpartition(".")[2] if "]." in place else ""
        if table == "rows":
            if inner == "difficulty" or part == "difficulty":
                part = "difficulty_high" if part == "2" else "difficulty_low"
            return f"row-{number}-{part}"
        if table == "sections" and (kinds := self._kinds()):
            return f"{kinds[number]}-{'count' if part == 'type' else part}"
        if table in ("information", "curve"):
            line = self._targets(table)[number][0]
            names = {"theta": "theta", "goal": table, "tolerance": table + "_tolerance"}
            return f"target-{line}-{names.get(part, table)}"
        if table in PAIRS:
            return PAIRS[table].get(part, next(iter(PAIRS[table].values())))
        if part == "sections":
            return f"{TYPES[0]}-count"
        return table if table in HEAD_FIELDS else part


def empty_editor() -> Editor:
    """Return an editor for a new blueprint: one section is asked for."""
    return Editor(
        head=dict.fromkeys(HEAD_FIELDS, "")
        | {
            "total_marks": _plain(TOTAL_MARKS),
            "minutes": str(MINUTES),
            "max_per_point": "1",
            "planned": PLANNED,
        },
        sections={kind: {"count": "", "marks": ""} for kind in TYPES},
        targets=_padded([]),
    )


def read_editor(data: FormData) -> Editor:
    """Return the editor as it was sent."""
    numbers = sorted({n for text in data.texts("row") if (n := whole(text)) is not None})[:MAX_ROWS]
    targets = [
        {part: data.text(f"target-{n}-{part}").strip() for part in TARGET_FIELDS} for n in range(TARGET_ROWS)
    ]
    return Editor(
        name=data.text("name").strip(),
        head={name: data.text(name).strip() for name in HEAD_FIELDS if name != "paste"}
        | {"paste": data.text("paste")},
        sections={
            kind: {part: data.text(f"{kind}-{part}").strip() for part in ("count", "marks")} for kind in TYPES
        },
        rows=[{part: data.text(f"row-{n}-{part}").strip() for part in ROW_FIELDS} for n in numbers],
        targets=_padded([target for target in targets if any(target.values())]),
        equal=data.texts("equal"),
        share_items=bool(data.text("share_items")),
    )


def editor_of(name: str, spec: BlueprintSpec) -> Editor:
    """Return the editor of a stored blueprint."""
    head = dict.fromkeys(HEAD_FIELDS, "") | {"planned": PLANNED}
    head |= {field: text_of(getattr(spec, field)) for field in PLAIN_FIELDS}
    for table, parts in PAIRS.items():
        pair = getattr(spec, table)
        head |= {source: text_of(getattr(pair, part)) if pair else "" for part, source in parts.items()}
    head |= {
        "enemies": "\n".join(", ".join(group) for group in spec.enemies),
        "include": ", ".join(spec.include),
        "exclude": ", ".join(spec.exclude),
    }
    sections = {kind: {"count": "", "marks": ""} for kind in TYPES}
    sections |= {s.type: {"count": str(s.count), "marks": _plain(s.marks)} for s in spec.sections}
    rows = []
    for row in spec.rows:
        low, high = row.difficulty or (None, None)
        values = {part: text_of(getattr(row, part, None)) for part in ROW_FIELDS}
        values |= {"difficulty_low": text_of(low), "difficulty_high": text_of(high)}
        rows.append(values | ({"tolerance": ""} if row.share is None else {}))
    targets: dict[float, dict[str, str]] = {}
    for kind in ("information", "curve"):
        for point in getattr(spec, kind):
            line = targets.setdefault(
                point.theta, dict.fromkeys(TARGET_FIELDS, "") | {"theta": f"{point.theta:g}"}
            )
            line |= {kind: f"{point.goal:g}", kind + "_tolerance": text_of(point.tolerance)}
    lines = [targets[theta] for theta in sorted(targets)]
    return Editor(name, head, sections, rows, _padded(lines), list(spec.equal), spec.share_items)


def whole(text: str) -> int | None:
    """Return a count as typed, full-width digits too; None for anything else."""
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) <= 6 else None


def fraction(text: str) -> Decimal | None:
    """Return a number as typed; None for anything else and for what is too large to be meant."""
    try:
        value = Decimal(text.strip()[:12])
    except ArithmeticError:
        return None
    return value if value.is_finite() and abs(value) < 1_000_000 else None


def text_of(value: object) -> str:
    """Return a value of a blueprint as the editor shows it."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return _plain(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


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


def _padded(targets: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    lines = min(TARGET_ROWS, max(SHOWN_TARGETS, len(targets) + 1))
    blank: Iterable[dict[str, str]] = (dict.fromkeys(TARGET_FIELDS, "") for _ in range(lines - len(targets)))
    return [*targets, *blank]


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")
