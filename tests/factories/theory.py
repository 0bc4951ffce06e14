"""A published theory sitting over sealed papers, with seated candidates."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.filing import service as filing
from exam_engine.papers import service as paper_service
from exam_engine.sittings import service as sittings
from exam_engine.sittings.models import Plan, Room, Sitting
from exam_engine.sittings.rules import Component, Way
from itembank.people.models import Institution
from itembank.people.rules import Actor, Role
from itembank.taxonomy import service as taxonomy
from tests.factories.papers import CODE, LEVEL, actor_of, make_bank, make_blueprint, make_sealed_papers
from tests.factories.sittings import (
    NOW,
    approve,
    centre_officer,
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
    with open_session() as session:
        plan, sitting, room = _prepared(session, institution, starts=starts, count=count, minutes=minutes)
        actor = officer_of(institution)
        sittings.set_papers(session, actor=actor, sitting_id=sitting.id, paper_ids=papers)
        _arrange(session, actor, sitting, room)
        found = _published(session, actor, plan, sitting, room, starts)
        assert {seat.form for seat in sittings.list_seats(session, sitting.id)} == set(range(1, forms + 1))
        return found


@dataclass(frozen=True)
class Individual:
    """A draft sitting with seats and no papers yet, whose candidates are to get forms of their own."""

    plan_id: UUID
    sitting_id: UUID
    room_id: UUID
    blueprint_id: UUID
    officer: Actor
    second: Actor

    def draw(self, open_session: OpenSession, **drawing: object) -> UUID:
        """Have forms drawn; return the collection."""
        with open_session() as session:
            asked = sittings.request_forms(
                session,
                actor=self.officer,
                sitting_id=self.sitting_id,
                blueprint_id=self.blueprint_id,
                drawing=drawing,
                seed=1,
                now=NOW,
                queue=False,
            ).id
        paper_service.perform_drawing(open_session, asked, actor=self.officer, now=lambda: NOW)
        with open_session() as session:
            paper = paper_service.collection_of(session, asked)
            assert paper is not None
            return paper.id

    def seal(self, open_session: OpenSession, paper_id: UUID) -> None:
        """Approve and seal as somebody else."""
        with open_session() as session:
            paper_service.approve_paper(session, actor=self.second, paper_id=paper_id, now=NOW)
            paper_service.seal_paper(session, actor=self.second, paper_id=paper_id, now=NOW)

    def publish(self, open_session: OpenSession, starts: datetime) -> Theory:
        """Publish the sitting, whose forms are dealt out."""
        with open_session() as session:
            plan, sitting = (
                sittings.find_plan(session, self.plan_id),
                sittings.find_sitting(session, self.sitting_id),
            )
            room = sittings.find_room(session, self.room_id)
            return _published(session, self.officer, plan, sitting, room, starts)


def make_individual(
    open_session: OpenSession, institution: Institution, *, starts: datetime, count: int = 3
) -> Individual:
    """Return a sitting of 千人千卷 before its forms are drawn."""
    with open_session() as session:
        manager = actor_of(session, institution, Role.PAPER_MANAGER, username="paper-manager")
        second = actor_of(session, institution, Role.REVIEWER, username="paper-reviewer")
        occupation = make_bank(session, institution)
        blueprint = make_blueprint(session, institution, occupation, actor=manager)
        plan, sitting, room = _prepared(session, institution, starts=starts, count=count)
        actor = officer_of(institution)
        sittings.set_way(session, actor=actor, sitting_id=sitting.id, way=Way.INDIVIDUAL)
        _arrange(session, actor, sitting, room)
        return Individual(plan.id, sitting.id, room.id, blueprint.id, actor, second)


def _prepared(
    session: Session, institution: Institution, *, starts: datetime, count: int, minutes: int = 90
) -> tuple[Plan, Sitting, Room]:
    actor = officer_of(institution)
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
    return plan, sitting, make_room(session, actor, capacity=count, name="第1考场")


def _arrange(session: Session, actor: Actor, sitting: Sitting, room: Room) -> None:
    sittings.arrange_sitting(session, actor=actor, sitting_id=sitting.id, room_ids=[room.id], now=NOW, seed=1)


def _published(
    session: Session, actor: Actor, plan: Plan, sitting: Sitting, room: Room, starts: datetime
) -> Theory:
    sittings.publish_sitting(session, actor=actor, sitting_id=sitting.id, now=starts - timedelta(minutes=60))
    codes = sittings.issue_entry_codes(session, actor=actor, plan_id=plan.id, now=NOW)
    seats = sittings.list_seats(session, sitting.id)
    return Theory(
        plan.id,
        sitting.id,
        room.id,
        [seat.seat.registration_id for seat in seats],
        {code.ticket_number: code.entry_code for code in codes},
        plan.institution_id,
    )
