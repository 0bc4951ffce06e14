"""Bringing a file into the bank."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from itembank.base import audit
from itembank.base.ids import new_id
from itembank.interchange.findings import Finding
from itembank.interchange.formats import Format, parse
from itembank.interchange.models import ImportBatch
from itembank.interchange.report import (
    ImportReport,
    ParsedQuestion,
    Rejected,
)
from itembank.interchange.service.rows import draft_of, rows_of, seal
from itembank.items import service as items
from itembank.items.models import Item
from itembank.items.rules import (
    MIDDLE_DIFFICULTY,
    ItemContent,
    ItemDraft,
    ItemType,
    Option,
    content_problems,
    identity,
    tidy,
)
from itembank.people.rules import Actor
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import read_level
from itembank.taxonomy.service import OutlineMissing, OutlineTree, PointAmbiguous, PointUnknown


@dataclass(frozen=True)
class Imported:
    """What an import did: the stored batch, and the report with the bank's own refusals in it."""

    batch: ImportBatch
    report: ImportReport


@dataclass(frozen=True)
class Target:
    """Where imported questions go."""

    occupation_id: UUID
    level: int
    source: str


def content_of(question: ParsedQuestion) -> ItemContent:
    """Return a parsed question as content of the bank."""
    options = tuple(Option(option.label, option.text) for option in question.options)
    return tidy(
        ItemContent(ItemType(question.type), question.stem, options, question.key, question.explanation)
    )


def import_file(
    session: Session,
    *,
    actor: Actor,
    data: bytes,
    filename: str,
    occupation_id: UUID,
    level: int,
    now: datetime,
    format: Format = "auto",
    mapping: bytes | None = None,
    source: str = "",
) -> Imported:
    """Bring a file's questions into the bank as drafts and keep the report, all in one transaction.

    Raises FileRefused, NotFound or LevelWrong; then nothing has been kept.
    """
    occupation = taxonomy.find_occupation(session, occupation_id)
    target = Target(occupation.id, int(read_level(level)), (source or filename).strip()[:120])
    report = parse(data, format=format, mapping=mapping)
    return keep_report(session, actor=actor, report=report, filename=filename, target=target, now=now)


def keep_report(
    session: Session, *, actor: Actor, report: ImportReport, filename: str, target: Target, now: datetime
) -> Imported:
    """Store what a file held: its good questions as items, every question as a row."""
    assert actor.institution_id is not None
    report, points = place_items(session, _refuse_known(session, report), target)
    made = create_questions(session, actor, report.items, points, target, now)
    batch = ImportBatch(
        id=new_id(),
        institution_id=actor.institution_id,
        occupation_id=target.occupation_id,
        level=target.level,
        format=report.format,
        filename=filename.strip()[:200],
        source=target.source,
        found=report.found,
        created_by=actor.id if actor.kind == "user" else None,
        created_at=now,
    )
    notes = [[note.place.finding().as_json(), note.finding.as_json()] for note in report.notes]
    general = [finding.as_json() for finding in report.general]
    batch.sealed = seal(session, f"import_batch/{batch.id}", {"notes": notes, "general": general})
    session.add(batch)
    session.flush()
    session.add_all(rows_of(session, batch, report, made))
    audit.record(
        session,
        actor=actor,
        action="import.done",
        subject=("import_batch", batch.id),
        institution_id=batch.institution_id,
        detail={
            "format": report.format,
            "found": report.found,
            "imported": report.imported,
            "rejected": len(report.rejected),
        },
    )
    session.flush()
    return Imported(batch, report)


def _refuse_known(session: Session, report: ImportReport) -> ImportReport:
    """Move questions that the bank has already, or cannot keep, from the imported to the rejected."""
    contents = [content_of(question) for question in report.items]
    known = items.duplicates(session, contents)
    numbers = {item.id: item.number for item in items.find_items(session, list(set(known.values())))}
    kept, refused = [], []
    for position, (question, content) in enumerate(zip(report.items, contents, strict=True)):
        problems = content_problems(content)
        if position in known:
            reason = Finding.of("duplicate", item=numbers[known[position]])
        elif problems:
            reason = Finding.of("content", problem=str(problems[0]))
        else:
            kept.append(question)
            continue
        refused.append(Rejected(question.place, reason, question.raw, question.number, draft_of(question)))
    return replace(report, items=tuple(kept), rejected=(*report.rejected, *refused))


def place_items(
    session: Session, report: ImportReport, target: Target
) -> tuple[ImportReport, list[UUID | None]]:
    """Return the points that the questions' codes name; a code that names none is a warning."""
    if not any(question.point_code for question in report.items):
        return report, [None] * len(report.items)
    tree: OutlineTree | None = None
    try:
        outline = taxonomy.outline_in_use(session, occupation_id=target.occupation_id, level=target.level)
        tree = taxonomy.outline_tree(session, outline.id)
    except OutlineMissing:
        pass  # every code is then unknown, and each question says so
    found: list[ParsedQuestion] = []
    points: list[UUID | None] = []
    for question in report.items:
        point = _point(tree, question.point_code)
        if question.point_code and point is None:
            warning = Finding.of("point_unknown", point=question.point_code)
            question = replace(question, warnings=(*question.warnings, warning))
        found.append(question)
        points.append(point)
    return replace(report, items=tuple(found)), points


def _point(tree: OutlineTree | None, code: str) -> UUID | None:
    if tree is None or not code:
        return None
    try:
        return tree.find_point(code).id
    except (PointUnknown, PointAmbiguous):
        return None


def create_questions(
    session: Session,
    actor: Actor,
    questions: Sequence[ParsedQuestion],
    points: Sequence[UUID | None],
    target: Target,
    now: datetime,
) -> list[Item]:
    """Create the items; the same question twice in a file becomes a group of which one may appear."""
    drafts = [
        ItemDraft(
            content=content_of(question),
            occupation_id=target.occupation_id,
            level=target.level,
            point_id=point,
            difficulty=question.difficulty or MIDDLE_DIFFICULTY,
            importance=question.importance,
            source=target.source,
            reference=question.reference or (str(question.number) if question.number else None),
            category=question.category or None,
        )
        for question, point in zip(questions, points, strict=True)
    ]
    made = items.create_items(session, actor=actor, drafts=drafts, now=now, how="imported")
    twins: dict[str, list[Item]] = defaultdict(list)
    for item, draft in zip(made, drafts, strict=True):
        twins[identity(draft.content)].append(item)
    groups = [
        ("–".join(str(item.number) for item in same), [item.id for item in same])
        for same in twins.values()
        if len(same) > 1
    ]
    if groups:
        items.create_enemy_groups(session, actor=actor, groups=groups, now=now)
    return made
