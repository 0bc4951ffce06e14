"""What the pages of blueprints show, worked out from services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from exam_engine.papers import service as papers
from exam_engine.papers.bank import Node
from exam_engine.papers.blueprint import Row
from exam_engine.papers.compile import BankItem, matches
from exam_engine.papers.service.blueprints import Supply
from itembank.base.errors import NotFound
from itembank.taxonomy.rules import Level, read_level
from web.deps import Context
from web.forms import FormData
from web.papers.forms import TYPES, Editor, whole

_MOST_MARKS = 1_000_000
"""What is typed beyond this is a slip; saving refuses it by name."""


@dataclass(frozen=True)
class OutlineRow:
    """A node with the active items below it, by type."""

    node: Node
    counts: tuple[int, ...]
    total: int
    importance: str


def institution_of(ctx: Context) -> UUID:
    """Return the institution for which the actor works; NotFound when there is none."""
    if ctx.actor.institution_id is None:
        raise NotFound
    return ctx.actor.institution_id


def place_of(data: FormData) -> tuple[UUID, Level]:
    """Return occupation and level that the editor was opened for."""
    try:
        return UUID(data.text("occupation_id")), read_level(data.text("level"))
    except ValueError:
        raise NotFound from None


def outline_rows(bank: Supply) -> list[OutlineRow]:
    """Return the outline with the number of active items below each node."""
    rows = []
    for node in bank.nodes:
        below = [item for item in bank.items if node.path in item.nodes]
        counts = tuple(sum(item.type == kind for item in below) for kind in TYPES)
        balance = ":".join(str(sum(item.importance == x for item in below)) for x in "XYZ")
        rows.append(OutlineRow(node, counts, len(below), balance))
    return rows


def supply_counts(
    ctx: Context, editor: Editor, occupation_id: UUID, level: Level, bank: Supply | None = None
) -> dict[str, Any]:
    """Return what the pool supplies at most for each section and row of the editor, and the marks so far.

    A row that is not complete yet has no count.
    """
    bank = bank or papers.supply(ctx.session, occupation_id=occupation_id, level=level, spec=None)
    most = whole(editor.head.get("max_per_point", "")) or None
    counts: dict[str, int] = {
        f"section-{kind}": _supply([i for i in bank.items if i.type == kind], most) for kind in TYPES
    }
    for number, row in enumerate(editor.rows):
        chosen = _selection(row)
        if chosen is not None:
            counts[f"row-{number}"] = _supply([i for i in bank.items if matches(chosen, i)], most)
    return {"counts": counts, "marks": _marks(editor), "items": _items(editor)}


def _selection(row: Mapping[str, str]) -> Row | None:
    """A row of the editor as a row of a blueprint, or None while its selection is not complete."""
    data: dict[str, Any] = {
        k: v for k, v in row.items() if v and k in ("node", "category", "importance", "type")
    }
    low, high = whole(row["difficulty_low"]), whole(row["difficulty_high"])
    if low is not None or high is not None:
        data["difficulty"] = (high if low is None else low, low if high is None else high)
    if not data:
        return None
    try:
        return Row.model_validate({"name": "row", **data})
    except ValueError:
        return None


def _supply(items: list[BankItem], most: int | None) -> int:
    if most is None:
        return len(items)
    counts: dict[str, int] = {}
    for item in items:
        if item.point:
            counts[item.point] = min(counts.get(item.point, 0) + 1, most)
    return sum(counts.values()) + sum(not item.point for item in items)


def _items(editor: Editor) -> int:
    return sum(whole(part.get("count", "")) or 0 for part in editor.sections.values())


def _marks(editor: Editor) -> str:
    total = Decimal(0)
    for part in editor.sections.values():
        try:
            total += (whole(part.get("count", "")) or 0) * Decimal(part.get("marks", "")[:8] or 0)
        except ArithmeticError:
            continue
    return format(total.normalize(), "f") if total.is_finite() and 0 < total < _MOST_MARKS else "0"
