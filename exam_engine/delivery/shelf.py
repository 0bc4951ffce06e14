"""Candidates' papers, opened once per process: a sealed paper never changes, and no key is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery.paper import OwnForm, as_bits, form_of
from exam_engine.delivery.rules import Choice
from exam_engine.papers.content import CandidatePaper

MOST = 64
"""Papers kept; a paper of 200 items takes some hundred kilobytes."""

MOST_FORMS = 20_000
"""Forms of single candidates kept: a few hundred bytes each."""

ReadPaper = Callable[[Session, UUID], CandidatePaper]


class Shelf:
    """The papers in use, what may be answered to their items, and what single candidates were given of them."""

    def __init__(self, read: ReadPaper) -> None:
        self._read = read
        self._papers: dict[UUID, CandidatePaper] = {}
        self._choices: dict[UUID, Mapping[UUID, Choice]] = {}
        self._places: dict[UUID, Mapping[UUID, int]] = {}
        self._given: dict[UUID, tuple[int, int]] = {}
        """Epoch and form of attempts, the latest used last. A form never changes within an epoch."""
        self._opening, self._giving = threading.Lock(), threading.Lock()

    def paper(self, session: Session, paper_id: UUID) -> CandidatePaper:
        """Return a paper, opening it when it is asked for the first time."""
        found = self._papers.get(paper_id)
        if found is None:
            session.connection()  # whoever waits below has one already, so that nobody waits for a connection there
            with self._opening:
                found = self._papers.get(paper_id) or self._open(session, paper_id)
        return found

    def _open(self, session: Session, paper_id: UUID) -> CandidatePaper:
        found = self._read(session, paper_id)
        while len(self._papers) >= MOST:
            oldest = next(iter(self._papers))
            for kept in (self._papers, self._choices, self._places):
                kept.pop(oldest, None)
        self._choices[paper_id] = choices = form_of(found)
        self._places[paper_id] = {item: place for place, item in enumerate(choices)}
        self._papers[paper_id] = found
        return found

    def form(self, paper_id: UUID) -> Mapping[UUID, Choice] | None:
        """Return what may be answered on the whole paper, if it is open already; never waits."""
        return self._choices.get(paper_id)

    def give(self, attempt_id: UUID, epoch: int, form: Sequence[int]) -> None:
        """Remember what a candidate may answer under an epoch."""
        bits = as_bits(form)
        with self._giving:
            self._given.pop(attempt_id, None)
            self._given[attempt_id] = epoch, bits
            while len(self._given) > MOST_FORMS:
                del self._given[next(iter(self._given))]

    def own_form(self, paper_id: UUID, attempt_id: UUID, epoch: int) -> OwnForm | None:
        """Return what may be answered on the candidate's own form; None unless it and the paper are known here.

        A form of a later epoch is told as well: nothing is saved under an earlier one any more.
        """
        choices, places = self._choices.get(paper_id), self._places.get(paper_id)
        if choices is None or places is None:
            return None
        with self._giving:
            known = self._given.pop(attempt_id, None)
            if known is not None:
                self._given[attempt_id] = known
        return None if known is None or known[0] < epoch else OwnForm(choices, places, known[1])
