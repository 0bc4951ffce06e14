"""An examination hall for load tests: a demonstration site with as many seated candidates as are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.sittings import service as sittings
from exam_engine.sittings.models import Plan
from exam_engine.sittings.rules import Component, Duty, Terms
from itembank.base.clock import ShiftedClock
from itembank.base.db import Scope
from itembank.taxonomy.models import Outline
from scripts.demo import Stages, build_bank
from scripts.demonstration import crowd, ground, plans
from scripts.demonstration.people import Candidate
from scripts.demonstration.world import ZONE, World
from scripts.site import Site

SEATS = 200
"""Candidates in a room."""

MOST = 50_000

EXAM_HOURS = 12
"""From the start to the common end: no load test is cut off by it."""


@dataclass(frozen=True)
class Ticket:
    """How a candidate comes in, and in which room the seat is."""

    number: str
    entry_code: str
    room: int


@dataclass(frozen=True)
class Hall:
    """A published sitting."""

    sitting_id: str
    rooms: tuple[str, ...]
    starts_at: datetime
    tickets: tuple[Ticket, ...]
    invigilator: tuple[str, str]
    """User name and password of the one who watches every room."""


def cast(count: int) -> tuple[Candidate, ...]:
    """Return invented candidates; citizen numbers have unused serials, five men and five women a day."""
    return tuple(
        Candidate(
            f"考生{number:05d}",
            "男" if number % 2 else "女",
            date(1980, 1, 1) + timedelta(days=number // 10),
            f"137{number:08d}",
            date(2010, 7, 1),
            990 + 2 * (number // 2 % 5) + number % 2,
        )
        for number in range(count)
    )


def prepare(site: Site, candidates: int, *, starts_in: timedelta) -> Hall:
    """Fill an empty site: bank, sealed papers, rooms of 200, registrations, seats and entry codes.

    Parameters
    ----------
    candidates : int
        1 to 50,000.
    starts_in : timedelta
        From the end of the preparation to the start of the examination.
    """
    if not 1 <= candidates <= MOST:
        raise ValueError(f"{candidates} candidates: give 1 to {MOST}")
    clock = ShiftedClock()
    site.database.clock = clock
    # The organisations are being made; no narrower scope exists yet.
    with site.database.session(scope=Scope.everything()) as session:
        laid = ground.lay(session, now=clock.now())
    world = World(site.database, clock, laid)
    outline, facts = build_bank(world, Stages(lambda _: None))
    plans.file_institution(world, outline)
    officer = world.actor("officer")
    with world.session() as session:
        plan = _plan(session, world, outline)
        crowd.register(world, session, plan, cast(candidates))
        rooms = [
            sittings.create_room(
                session,
                actor=officer,
                name=f"第{number}机房",
                capacity=SEATS,
                seats_per_row=20,
                place="考试楼",
            ).id
            for number in range(1, -(-candidates // SEATS) + 1)
        ]
    with world.session() as session:
        begin = world.now() + starts_in
        terms = Terms(
            begin - timedelta(hours=1),
            begin,
            begin + timedelta(hours=EXAM_HOURS),
            EXAM_HOURS * 60,
            late_minutes=EXAM_HOURS * 60,
            earliest_submit_minutes=0,
        )
        sitting_id = plans.publish(
            session,
            officer,
            plan.id,
            Component.THEORY,
            terms,
            [UUID(paper.id) for paper in facts.papers],
            rooms=rooms,
            now=world.now(),
        )
        watcher = world.actor("invigilator").id
        assert watcher is not None
        for room_id in rooms:
            sittings.assign_staff(
                session,
                actor=officer,
                sitting_id=sitting_id,
                room_id=room_id,
                user_id=watcher,
                duty=Duty.INVIGILATOR,
            )
    with world.session() as session:
        codes = sittings.issue_entry_codes(session, actor=officer, plan_id=plan.id, now=world.now())
        seated = {
            view.seat.registration_id: view.room.id for view in sittings.list_seats(session, sitting_id)
        }
    places = {room_id: number for number, room_id in enumerate(rooms)}
    tickets = tuple(
        Ticket(code.ticket_number, code.entry_code, places[seated[code.registration_id]]) for code in codes
    )
    watcher_login = "invigilator", world.ground.passwords["invigilator"]
    return Hall(str(sitting_id), tuple(map(str, rooms)), begin, tickets, watcher_login)


def _plan(session: Session, world: World, outline: Outline) -> Plan:
    day = world.now().astimezone(ZONE).date()
    draft = sittings.PlanDraft(
        "压力测试（演示）", outline.occupation_id, outline.level, day, frozenset({Component.THEORY})
    )
    return sittings.create_plan(session, actor=world.actor("officer"), draft=draft, now=world.now())
