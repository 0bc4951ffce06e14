"""A published theory sitting over sealed papers, with seated candidates."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.filing import service as filing
from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import Component
from itembank.people.models import Institution
from itembank.people.rules import Actor, Role
from itembank.taxonomy import service as taxonomy
from tests.factories.papers import CODE, LEVEL, make_sealed_papers
from tests.factories.sittings import (
    NOW,
    approve,
    centre_officer,
    ids,
    make_room,
    make_sitting,
    make_terms,
    officer_of,
    register,
)

OpenSession = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True)
class Theory:
    """What was made: ids, the candidates in the order of their seats, and ticket → entry code."""

    plan_id: UUID
    sitting_id: UUID
    room_id: UUID
    candidates: list[UUID]
    codes: dict[str, str]
    institution_id: UUID

    def actor(self, number: int) -> Actor:
        """Return the candidate of a seat (from 1) as the one who acts."""
        return Actor(
            "candidate", self.candidates[number - 1], self.institution_id, frozenset({Role.CANDIDATE})
        )


def make_theory(
    open_session: OpenSession,
    institution: Institution,
    *,
    starts: datetime,
    count: int = 4,
    forms: int = 2,
    minutes: int = 90,
) -> Theory:
    papers = make_sealed_papers(open_session, institution, forms=forms)
    actor = officer_of(institution)
    with open_session() as session:
        occupation = taxonomy.occupation_by_code(session, CODE)
        filing.file_scope(
            session,
            actor=centre_officer(session, institution),
            institution_id=institution.id,
            occupation_id=occupation.id,
            levels=[LEVEL.value],
            number="备〔2026〕009号",
            valid_from=date(2020, 1, 1),
            valid_until=date(2099, 12, 31),
            now=NOW,
        )
        draft = sittings.PlanDraft(
            "人工智能训练师三级认定",
            occupation.id,
            LEVEL.value,
            starts.date(),
            frozenset({Component.THEORY}),
        )
        plan = sittings.create_plan(session, actor=actor, draft=draft, now=NOW)
        cells = {"职业名称": occupation.name, "级别": LEVEL.label}
        rows = register(session, plan, actor, count, dict.fromkeys(range(1, count + 1), cells))
        approve(session, plan, actor, rows)
        terms = make_terms(starts, minutes)
        sitting = make_sitting(session, plan, actor, component=Component.THEORY, terms=terms)
        room = make_room(session, actor, capacity=count, name="第1考场")
        sittings.set_papers(session, actor=actor, sitting_id=sitting.id, paper_ids=papers)
        sittings.arrange_sitting(
            session, actor=actor, sitting_id=sitting.id, room_ids=[room.id], now=NOW, seed=1
        )
        sittings.publish_sitting(
            session, actor=actor, sitting_id=sitting.id, now=starts - timedelta(minutes=60)
        )
        codes = sittings.issue_entry_codes(session, actor=actor, plan_id=plan.id, now=NOW)
        seats = sittings.list_seats(session, sitting.id)
        assert {seat.form for seat in seats} == set(range(1, forms + 1))
        candidates = [seat.seat.registration_id for seat in seats]
        assert set(candidates) == set(ids(rows))
        return Theory(
            plan.id,
            sitting.id,
            room.id,
            candidates,
            {code.ticket_number: code.entry_code for code in codes},
            institution.id,
        )
