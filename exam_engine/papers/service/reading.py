"""Read papers: drafts for review, sealed ones for those who may open them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.papers import store
from exam_engine.papers.content import (
    CandidatePaper,
    KeyEntry,
    SealedEntry,
    SealedPaper,
    digest_of,
    in_sections,
    keys_of,
    read_bytes,
    without_keys,
)
from exam_engine.papers.models import Paper, PaperEntry, PaperEvent
from exam_engine.papers.rules import SEAL_PURPOSE, PaperAltered, PaperNotSealed, PaperStatus, PaperUnknown
from itembank.base.db import keyring_of
from itembank.items import service as items
from itembank.items.rules import ItemStatus, ItemType


def find_paper(session: Session, paper_id: UUID) -> Paper:
    """Return a paper's record; raises PaperUnknown."""
    found = store.paper(session, paper_id)
    if found is None:
        raise PaperUnknown
    return found


def count_sealed(session: Session, *, occupation_id: UUID, level: int) -> int:
    """Return how many sealed papers of an occupation and level the use of items is counted in."""
    return store.count_sealed(session, occupation_id, level)


def list_papers(session: Session, *, statuses: Sequence[PaperStatus] = ()) -> Sequence[Paper]:
    """Papers in any of the states (all when none is given), newest first."""
    return store.papers(session, statuses=statuses)


def preview_draft(session: Session, paper_id: UUID) -> SealedPaper:
    """Return a draft's or approved paper's content as it would be sealed, for the second person's review.

    Raises PaperUnknown.
    """
    paper = find_paper(session, paper_id)
    rows = store.entries(session, paper_id)
    contents = items.read_contents(session, [row.version_id for row in rows])
    entries = [
        SealedEntry(row.item_id, row.version_id, ItemType(row.type), row.marks, contents[row.version_id])
        for row in rows
    ]
    total = sum((entry.marks for entry in entries), start=paper.total_marks * 0)
    return SealedPaper(
        paper.id, paper.label, paper.minutes, total, in_sections(entries), collection=paper.collection
    )


def open_sealed(session: Session, paper_id: UUID) -> SealedPaper:
    """Decrypt a sealed paper and check its digest. It holds the keys.

    For delivery, marking and statistics of sittings that are over; for standard setting, whose judges see the keys only
    where their leader decided so.

    Raises PaperUnknown, PaperNotSealed, SealBroken, or PaperAltered when digest and content differ.
    """
    paper = find_paper(session, paper_id)
    if paper.status is not PaperStatus.SEALED or paper.sealed is None:
        raise PaperNotSealed(label=paper.label)
    content = keyring_of(session).open(paper.sealed, purpose=SEAL_PURPOSE, context=seal_context(paper.id))
    opened = read_bytes(content)
    if digest_of(content) != paper.digest or opened.paper_id != paper.id:
        raise PaperAltered(label=paper.label)
    return replace(opened, digest=paper.digest)


def candidate_view(session: Session, paper_id: UUID) -> CandidatePaper:
    """Return a sealed paper without keys; raises what open_sealed raises."""
    return without_keys(open_sealed(session, paper_id))


def answer_key(session: Session, paper_id: UUID) -> Mapping[UUID, KeyEntry]:
    """Return the keys and marks of a sealed paper by item; raises what open_sealed raises."""
    return keys_of(open_sealed(session, paper_id))


def paper_history(session: Session, paper_id: UUID) -> Sequence[PaperEvent]:
    """Return what happened to a paper since it was assembled, in order."""
    return store.events(session, paper_id)


def paper_entries(session: Session, paper_id: UUID) -> Sequence[PaperEntry]:
    """Return which items stand where in a paper, without their content."""
    return store.entries(session, paper_id)


def verify_sealed(session: Session, paper_id: UUID) -> str:
    """Decrypt a sealed paper, recompute its digest and return it; raises what open_sealed raises."""
    return open_sealed(session, paper_id).digest


def seal_context(paper_id: UUID) -> str:
    """What a sealed paper is bound to: it does not open in the place of another."""
    return f"paper/{paper_id}"


@dataclass(frozen=True)
class Exposure:
    """How often an item of an assembly is used: in forms here, in papers sealed before, and when last."""

    item_id: UUID
    number: int
    type: str
    forms: int
    sealed: int
    last_used_at: datetime | None


def exposure(session: Session, assembly_id: UUID) -> list[Exposure]:
    """Return the use of each item in the forms that were not put aside, the most used first.

    Uses by sealed forms of this assembly are not counted as before.
    """
    here: Counter[UUID] = Counter()
    kinds: dict[UUID, str] = {}
    own: Counter[UUID] = Counter()
    assembly = store.assembly(session, assembly_id)
    released = bool(((assembly and assembly.request) or {}).get("released"))
    for paper in store.papers(session, assembly_id=assembly_id):
        if paper.status is PaperStatus.DISCARDED:
            continue
        for entry in store.entries(session, paper.id):
            here[entry.item_id] += 1
            own[entry.item_id] += paper.status is PaperStatus.SEALED and not released
            kinds[entry.item_id] = entry.type
    found = store.items_of(session, list(here))
    rows = [
        Exposure(
            item_id,
            found[item_id].number,
            kinds[item_id],
            count,
            max(0, found[item_id].used - own[item_id]),
            found[item_id].last_used_at,
        )
        for item_id, count in here.items()
        if item_id in found
    ]
    return sorted(rows, key=lambda row: (-row.forms, -row.sealed, row.number))


@dataclass(frozen=True)
class EntryView:
    """An item of a paper with its number; ``state`` is current, changed (there is a newer version) or withdrawn."""

    position: int
    item_id: UUID
    number: int
    is_locked: bool
    state: str
    category: str
    difficulty: int | None


def entry_views(session: Session, paper_id: UUID) -> list[EntryView]:
    """Return the items of a paper with what became of them since."""
    rows = store.entries(session, paper_id)
    found = store.items_of(session, [row.item_id for row in rows])

    def state(row: PaperEntry) -> str:
        item = found.get(row.item_id)
        if item is None or item.status is not ItemStatus.ACTIVE:
            return "withdrawn"
        return "current" if item.current_version_id == row.version_id else "changed"

    def view(row: PaperEntry) -> EntryView:
        item = found.get(row.item_id)
        return EntryView(
            row.position,
            row.item_id,
            item.number if item else 0,
            row.is_locked,
            state(row),
            (item.category or "") if item else "",
            item.difficulty if item else None,
        )

    return [view(row) for row in rows]


def item_numbers(session: Session, item_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return what people call items."""
    return {item_id: item.number for item_id, item in store.items_of(session, item_ids).items()}


PAGE = 50


@dataclass(frozen=True)
class PaperFilter:
    """What is looked for among papers."""

    status: PaperStatus | None = None
    occupation_id: UUID | None = None
    level: int | None = None
    text: str = ""


def search_papers(session: Session, wanted: PaperFilter, page: int = 1) -> tuple[Sequence[Paper], int]:
    """Return a page of papers, newest first, and how many there are in all; ``text`` is a part of the number."""
    return store.search_papers(
        session,
        status=wanted.status,
        occupation_id=wanted.occupation_id,
        level=wanted.level,
        text=wanted.text.strip()[:60],
        offset=(page - 1) * PAGE,
        limit=PAGE,
    )
