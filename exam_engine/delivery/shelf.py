"""Candidates' papers, opened once per process: a sealed paper never changes, and no key is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery.paper import form_of
from exam_engine.delivery.rules import Choice
from exam_engine.papers.content import CandidatePaper

MOST = 64
"""Papers kept; a paper of 200 items takes some hundred kilobytes."""

ReadPaper = Callable[[Session, UUID], CandidatePaper]


class Shelf:
    """The papers in use, and what may be answered to their items."""

    def __init__(self, read: ReadPaper) -> None:
        self._read = read
        self._papers: dict[UUID, CandidatePaper] = {}
        self._forms: dict[UUID, Mapping[UUID, Choice]] = {}

    def paper(self, session: Session, paper_id: UUID) -> CandidatePaper:
        """Return a paper, opening it when it is asked for the first time."""
        found = self._papers.get(paper_id)
        if found is None:
            found = self._read(session, paper_id)
            while len(self._papers) >= MOST:
                oldest = next(iter(self._papers))
                self._papers.pop(oldest, None)
                self._forms.pop(oldest, None)
            self._papers[paper_id] = found
            self._forms[paper_id] = form_of(found)
        return found

    def form(self, paper_id: UUID) -> Mapping[UUID, Choice] | None:
        """Return what may be answered, if the paper is open already; never waits."""
        return self._forms.get(paper_id)
