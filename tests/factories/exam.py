"""A sitting with real sealed papers, candidates with tickets and entry codes: what the candidates' pages need."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from exam_engine.papers import service as papers
from exam_engine.papers.content import SealedPaper
from exam_engine.sittings import service as sittings
from exam_engine.sittings.models import Sitting
from itembank.base.db import Database, Scope, database_now
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM
from tests.factories.delivery import Candidate, make_candidate, make_sitting
from tests.factories.papers import make_sealed_papers


@dataclass
class ExamWorld:
    """A sitting that began a minute ago unless told otherwise; candidates are added by name."""

    database: Database
    institution: Institution
    paper: SealedPaper
    sitting: Sitting
    codes: dict[UUID, str] = field(default_factory=dict)

    @classmethod
    def make(
        cls, database: Database, institution: Institution, *, begins_in_minutes: float = -1, **terms: Any
    ) -> ExamWorld:
        paper_id = make_sealed_papers(
            lambda: database.session(scope=Scope.everything()), institution, forms=1
        )[0]
        with database.session(scope=Scope.everything()) as session:
            paper = papers.open_sealed(session, paper_id)
        return cls.with_paper(database, institution, paper, begins_in_minutes=begins_in_minutes, **terms)

    @classmethod
    def with_paper(
        cls,
        database: Database,
        institution: Institution,
        paper: SealedPaper,
        *,
        begins_in_minutes: float = -1,
        **terms: int,
    ) -> ExamWorld:
        """Return a sitting with a paper that is there already."""
        with database.session(scope=Scope.everything()) as session:
            starts_at: datetime = database_now(session) + timedelta(minutes=begins_in_minutes)
            sitting = make_sitting(session, institution_id=institution.id, starts_at=starts_at, **terms)
            return cls(database, institution, paper, sitting)

    def candidate(self, name: str = "王小明", *, form: list[int] | None = None) -> Candidate:
        """Return a candidate with a ticket and an entry code, who gets the whole paper or a form of it."""
        with self.database.session(scope=Scope.everything()) as session:
            found = make_candidate(session, self.sitting, paper_id=self.paper.paper_id, form=form, name=name)
        with self.database.session(scope=Scope.everything()) as session:
            [issued] = sittings.issue_entry_codes(
                session,
                actor=SYSTEM,
                plan_id=self.sitting.plan_id,
                registration_ids=[found.registration.id],
                now=self.database.clock.now(),
            )
        self.codes[found.registration.id] = issued.entry_code
        return found

    def entry(self, candidate: Candidate) -> dict[str, str]:
        """Return what the candidate types at the entrance."""
        ticket = candidate.registration.ticket_number or ""
        return {"ticket_number": ticket, "entry_code": self.codes[candidate.registration.id]}
