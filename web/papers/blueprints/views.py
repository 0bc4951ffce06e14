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
from exam_engine.papers.blueprint.spec import count_bounds
from exam_engine.papers.rules import MAX_FORMS, PaperStatus
from exam_engine.papers.service.blueprints import Supply
from exam_engine.papers.supply import Ask, Limits, Shortcoming, Stock, asked_of_nodes, shortcomings_of
from itembank.base.errors import NotFound
from itembank.taxonomy.rules import Level, read_level
from web.deps import Context
from web.forms import FormData
from web.i18n import N_, Translate
from web.papers import labels
from web.papers.blueprints.editor import Editor, fraction, whole
from web.papers.forms import TYPES

_MOST_MARKS = 1_000_000
"""What is typed beyond this is a slip; saving refuses it by name."""

SHORTCOMINGS = {
    "supply": N_("Asks for {asked}; the bank supplies at most {available}."),
    "forms": N_("Asks for {asked}; over {forms} forms the bank supplies at most {available} each."),
    "points": N_("Asks for {asked} different points; the bank covers {available}."),
    "above": N_("What stands below asks for {asked} together; only {available} are left to it here."),
    "few": N_("What stands below gives at most {asked} together; {available} are asked for here."),
}
TOTALS = {
    "above": N_("The rows of the outline ask for {asked} items together; the paper has {available}."),
    "few": N_("The rows of the outline give at most {asked} items together; the paper has {available}."),
}
SECTIONS = {
    "above": N_("Rows of this type ask for {asked} items together; the section has {available}."),
}


PER_POINT = N_("{said} Of one assessment point a form takes at most {most}.")
MARKS = N_("The sections add up to {total} marks; the paper has {stated}.")


@dataclass(frozen=True)
class OutlineRow:
    """A node with the active items below it by type, and how the rows of the editor use it."""

    node: Node
    has_children: bool
    counts: tuple[int, ...]
    total: int
    points: int
    importance: str


@dataclass(frozen=True)
class SupplyView:
    """What the editor says of the supply; places are ``row-0``, ``section-single_choice``, ``node-A-B``, ``total``."""

    counts: dict[str, int]
    warnings: dict[str, str]
    asked: dict[str, int]
    """Below each node, and on the empty path over the whole outline."""
    most: dict[str, int]
    """Items below each node that a form can hold."""
    needs: dict[str, str]
    """What each row comes to in whole items: ``4``, ``3–5``."""
    items: int
    marks: str

    def as_json(self) -> dict[str, Any]:
        """Return it for the script of the page."""
        asked = {f"asked-{path}": count for path, count in self.asked.items()}
        most = {f"most-{path}": count for path, count in self.most.items()}
        values = {**self.counts, **asked, **most, **self.needs, "items": self.items, "marks": self.marks}
        return {"values": values, "warnings": self.warnings}


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


def outline_rows(bank: Supply, stock: Stock) -> list[OutlineRow]:
    """Return the outline with the number of active items below each node."""
    paths = [node.path for node in bank.nodes]
    parents = {path.rpartition("-")[0] for path in paths}
    rows = []
    for node in bank.nodes:
        below = stock.of("node", node.path)
        counts = tuple(len(below & stock.of("type", kind)) for kind in TYPES)
        balance = ":".join(str(len(below & stock.of("importance", x))) for x in "XYZ")
        rows.append(
            OutlineRow(
                node,
                node.path in parents,
                counts,
                len(below),
                stock.points(below),
                balance,
            )
        )
    return rows


def limits_of(editor: Editor) -> Limits:
    """Return what forms leave of the bank, as far as it is typed."""
    forms = min(max(whole(editor.head["planned"]) or 1, 1), MAX_FORMS)
    uses = whole(editor.head["max_use"]) or None if editor.share_items else 1
    return Limits(whole(editor.head["max_per_point"]) or None, forms, uses)


def supply_view(editor: Editor, bank: Supply, stock: Stock, _: Translate) -> SupplyView:
    """Return what the pool supplies at most for each section and row of the editor, and what asks for more.

    A row that is not complete yet has no count.
    """
    limits = limits_of(editor)
    one = Limits(limits.per_point, 1)
    sections = {kind: whole(part["count"]) or 0 for kind, part in editor.sections.items()}
    asks = {n: ask for n, row in enumerate(editor.rows) if (ask := _ask(row, sections)) is not None}
    counts = {f"section-{kind}": stock.most(stock.of("type", kind), one) for kind in TYPES}
    counts |= {f"row-{n}": stock.most(stock.matching(ask.row), one) for n, ask in asks.items()}
    paths = [node.path for node in bank.nodes]
    wanted = {kind: count for kind, count in sections.items() if count}
    found = shortcomings_of(stock, asks, wanted, paths, limits)
    asked = asked_of_nodes(asks, paths)
    asked[""] = sum(asked[node.path] for node in bank.nodes if node.depth == 1)
    warnings = {s.place: _sentence(s, limits, _) for s in reversed(found)}
    stated, marks = editor.head["total_marks"], _marks(editor)
    if sum(sections.values()) and fraction(stated) != fraction(marks):
        warnings["marks"] = _(MARKS, total=marks, stated=stated[:12] or "—")
    return SupplyView(
        counts,
        warnings,
        asked,
        {path: stock.most(stock.of("node", path), limits) for path in paths},
        {f"need-{n}": labels.amount_text(ask.low, ask.high) for n, ask in asks.items()},
        sum(sections.values()),
        marks,
    )


def _sentence(found: Shortcoming, limits: Limits, _: Translate) -> str:
    words = SHORTCOMINGS
    if found.place == "total":
        words = TOTALS
    elif found.place.startswith("section-") and found.kind in SECTIONS:
        words = SECTIONS
    said = _(words[found.kind], asked=found.asked, available=found.available, forms=limits.forms)
    if limits.per_point and found.kind in ("supply", "forms"):
        said = _(PER_POINT, said=said, most=limits.per_point)
    return said


def _ask(row: Mapping[str, str], sections: Mapping[str, int]) -> Ask | None:
    """A row of the editor as far as it can be counted, or None while its selection is not complete."""
    data: dict[str, Any] = {
        k: v for k, v in row.items() if v and k in ("node", "category", "importance", "type")
    }
    low, high = whole(row["difficulty_low"]), whole(row["difficulty_high"])
    if low is not None or high is not None:
        data["difficulty"] = (high if low is None else low, low if high is None else high)
    if not data or not 1 <= data.get("difficulty", (1, 5))[0] <= data.get("difficulty", (1, 5))[1] <= 5:
        return None
    amounts = {part: whole(row[part]) for part in ("minimum", "maximum", "points")}
    amounts |= {part: fraction(row[part]) for part in ("share", "tolerance")}  # type: ignore[misc]
    try:
        found = Row.model_validate(
            {"name": "row", **data, **{k: v for k, v in amounts.items() if v is not None}}
        )
    except ValueError:
        try:
            found = Row.model_validate({"name": "row", **data})
        except ValueError:
            return None
    base = sum(count for kind, count in sections.items() if found.type in (None, kind))
    return Ask(found, *count_bounds(found, base))


def _marks(editor: Editor) -> str:
    total = Decimal(0)
    for part in editor.sections.values():
        total += (whole(part["count"]) or 0) * (fraction(part["marks"]) or Decimal(0))
    return format(total.normalize(), "f") if 0 < total < _MOST_MARKS else "0"


def error_texts(problems: Mapping[str, Any], _: Translate) -> dict[str, str]:
    """Return refusals in the reader's words, by the input beside which they stand."""
    return {name: _(p.message, **labels.error_facts(p.facts, _)) for name, p in problems.items()}


def sealed_papers(ctx: Context, occupation_id: UUID, level: Level) -> list[tuple[str, str]]:
    """Return id and number of the sealed papers of an occupation and level, newest first."""
    found = papers.list_papers(ctx.session, statuses=[PaperStatus.SEALED])
    return [(str(p.id), p.label) for p in found if (p.occupation_id, p.level) == (occupation_id, level.value)]
