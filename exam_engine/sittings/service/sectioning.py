"""Rules of sections: own times, no way back, rest breaks, for all papers of a sitting alike."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.papers import service as papers
from exam_engine.sittings import store
from exam_engine.sittings.models import Sitting
from exam_engine.sittings.rules import SittingWithoutPaper
from exam_engine.sittings.sections import (
    SectionsDiffer,
    SectionTerms,
    check_sections,
    sections_from_json,
)


@dataclass(frozen=True)
class PaperSection:
    """One section that all papers of a sitting have, with what is laid down for it."""

    terms: SectionTerms
    items: tuple[int, int]
    """Least and most items that a paper has in it."""


def paper_sections(session: Session, sitting: Sitting) -> list[PaperSection]:
    """Return the sections of a sitting's papers; raises SittingWithoutPaper, or SectionsDiffer when they differ."""
    found = _sections_of(session, sitting.id)
    if not found:
        raise SittingWithoutPaper
    kinds = [kind for kind, _ in found[0][1]]
    for label, sections in found[1:]:
        check_same(label, [kind for kind, _ in sections], kinds)
    kept = sections_from_json(sitting.sections)
    if [section.type for section in kept] != kinds:
        kept = tuple(SectionTerms(kind) for kind in kinds)
    counts = [[size for _, size in sections] for _, sections in found]
    return [
        PaperSection(section, (min(sizes), max(sizes)))
        for section, sizes in zip(kept, zip(*counts, strict=True), strict=True)
    ]


def check_paper_sections(session: Session, sitting: Sitting) -> None:
    """Raise SectionsDiffer unless the papers have the sections for which rules were laid down."""
    if sitting.sections:
        check_sections(sections_from_json(sitting.sections), limit_minutes=sitting.limit_minutes)
        kinds = [section["type"] for section in sitting.sections]
        for label, sections in _sections_of(session, sitting.id):
            check_same(label, [kind for kind, _ in sections], kinds)


def check_same(label: str, found: list[str], expected: list[str]) -> None:
    """Raise SectionsDiffer unless a paper has the sections that are expected."""
    if found != expected:
        raise SectionsDiffer(label=label, found=", ".join(found), expected=", ".join(expected))


def _sections_of(session: Session, sitting_id: UUID) -> list[tuple[str, list[tuple[str, int]]]]:
    """Return label, and type and size of each section, of the papers of a sitting."""
    views = [papers.candidate_view(session, row.paper_id) for row in store.papers(session, sitting_id)]
    return [
        (view.label, [(section.type.value, len(section.entries)) for section in view.sections])
        for view in views
    ]
