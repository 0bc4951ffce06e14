"""Arrangement 编排: rooms, seats, forms and tickets in one step."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.sittings import store
from exam_engine.sittings.arranging import Place, RoomPlan, arrange
from exam_engine.sittings.models import Plan, Registration, Room, Seat, Sitting
from exam_engine.sittings.numbers import TICKET_SERIALS, numbered, ticket_prefix
from exam_engine.sittings.rules import (
    Component,
    NobodyToArrange,
    PlanStatus,
    RegistrationStatus,
    ReviewUnfinished,
    SeatsMissing,
    SittingFrozen,
    SittingStatus,
    SittingWithoutPaper,
    Way,
)
from exam_engine.sittings.service.accommodating import effective
from exam_engine.sittings.service.individual import deal_forms
from exam_engine.sittings.service.plans import find_plan, site_of
from exam_engine.sittings.service.records import RegistrationView, note_event, view_registrations
from exam_engine.sittings.service.times import find_sitting
from itembank.base import audit
from itembank.base.errors import NotFound
from itembank.people import service as people
from itembank.people.rules import Actor


@dataclass(frozen=True)
class Arranged:
    """What an arrangement did: candidates seated, tickets newly numbered, candidates left without a seat."""

    seated: int
    tickets: int
    left: int


@dataclass(frozen=True)
class SeatView:
    """One seat with its room, its candidate and the number of the form (from 1)."""

    seat: Seat
    room: Room
    candidate: RegistrationView
    form: int | None


def arrange_sitting(
    session: Session,
    *,
    actor: Actor,
    sitting_id: UUID,
    room_ids: Sequence[UUID],
    now: datetime,
    only_as_many_as_fit: bool = False,
    seed: int | None = None,
) -> Arranged:
    """Give every approved candidate of the component a seat, a form and a ticket number.

    A draft is arranged anew each time; tickets once numbered stay, and so do individual forms once dealt out.
    Candidates with a seat in another sitting of the same component keep it.

    Parameters
    ----------
    room_ids : sequence
        The rooms in the order in which they are filled.
    only_as_many_as_fit : bool
        Seat those who registered first and leave the rest for another sitting.
    seed : int, optional
        Drawn at random when not given, and kept with the sitting.

    Raises FormsUsedUp, SeatsMissing, NobodyToArrange, ReviewUnfinished, SittingWithoutPaper, SittingFrozen or NotFound.
    """
    sitting = find_sitting(session, sitting_id)
    if sitting.status is not SittingStatus.DRAFT:
        raise SittingFrozen
    plan = find_plan(session, sitting.plan_id)
    papers = store.papers(session, sitting.id)
    if sitting.component is Component.THEORY and sitting.way is not Way.INDIVIDUAL and not papers:
        raise SittingWithoutPaper
    waiting = store.status_counts(session, [plan.id]).get(plan.id, {}).get(RegistrationStatus.CLAIMED, 0)
    if waiting:
        raise ReviewUnfinished(count=waiting)
    had = {seat.registration_id: seat.form_number or 0 for seat in store.seats(session, sitting.id)}
    store.drop_seats(session, sitting.id)
    candidates = list(store.unseated(session, plan.id, sitting.component))
    if not candidates:
        raise NobodyToArrange
    rooms = _rooms(session, sitting, room_ids)
    capacity = sum(room.seats for room in rooms)
    if len(candidates) > capacity and not only_as_many_as_fit:
        raise SeatsMissing(candidates=len(candidates), seats=capacity)
    taken, left = candidates[:capacity], len(candidates) - min(capacity, len(candidates))
    sitting.arrangement_seed = secrets.randbelow(2**31) if seed is None else seed
    dealt = [] if sitting.way is Way.INDIVIDUAL else [row.paper_id for row in papers]
    places = arrange(taken, rooms, forms=len(dealt), seed=sitting.arrangement_seed)
    _seat(session, sitting, places, dealt)
    if sitting.way is Way.INDIVIDUAL and papers:
        deal_forms(session, sitting, papers[0].paper_id, had)
    tickets = _number_tickets(session, actor, plan, [place.candidate for place in places], now)
    plan.status = PlanStatus.ARRANGED
    audit.record(
        session,
        actor=actor,
        action="sitting.arranged",
        subject=("sitting", sitting.id),
        institution_id=sitting.institution_id,
        detail={"seed": sitting.arrangement_seed, "seated": len(places), "rooms": len(rooms), "left": left},
    )
    session.flush()
    return Arranged(len(places), tickets, left)


def _rooms(session: Session, sitting: Sitting, room_ids: Sequence[UUID]) -> list[RoomPlan[UUID]]:
    found = {room.id: room for room in store.rooms(session, room_ids)}
    rooms = [found[room_id] for room_id in dict.fromkeys(room_ids) if room_id in found]
    if len(rooms) != len(set(room_ids)) or any(r.institution_id != sitting.institution_id for r in rooms):
        raise NotFound
    return [RoomPlan(room.id, room.capacity, room.seats_per_row) for room in rooms]


def _seat(
    session: Session, sitting: Sitting, places: Sequence[Place[UUID, UUID]], paper_ids: Sequence[UUID]
) -> None:
    applies = effective(session, [place.candidate for place in places])
    session.add_all(
        Seat(
            institution_id=sitting.institution_id,
            sitting_id=sitting.id,
            registration_id=place.candidate,
            room_id=place.room,
            number=place.seat,
            paper_id=None if place.form is None else paper_ids[place.form],
            accommodations=applies(place.candidate, sitting.id).as_json() or None,
        )
        for place in places
    )
    session.flush()


def _number_tickets(
    session: Session, actor: Actor, plan: Plan, registration_ids: Sequence[UUID], now: datetime
) -> int:
    rows = {row.id: row for row in store.registrations_by_id(session, registration_ids)}
    fresh = [rows[key] for key in registration_ids if rows[key].ticket_number is None]
    if not fresh:
        return 0
    institution = people.find_institution(session, plan.institution_id)
    prefix = ticket_prefix(plan.examined_on, institution.province_code, site_of(institution))
    first = store.next_serials(session, prefix, len(fresh))
    for serial, row in enumerate(fresh, first):
        row.ticket_number = numbered(prefix, serial, last=TICKET_SERIALS)
        note_event(session, actor=actor, registration=row, kind="ticket", new=row.ticket_number, now=now)
    return len(fresh)


def list_seats(session: Session, sitting_id: UUID, room_id: UUID | None = None) -> list[SeatView]:
    """Return the seats of a sitting, or of one of its rooms, by room and number."""
    rows = store.seats(session, sitting_id, room_id)
    forms = {row.paper_id: row.position for row in store.papers(session, sitting_id)}
    rooms = {room.id: room for room in store.rooms(session)}
    candidates = view_registrations(session, [row.registration_id for row in rows])
    return [
        SeatView(
            row,
            rooms[row.room_id],
            candidates[row.registration_id],
            row.form_number or (forms.get(row.paper_id) if row.paper_id else None),
        )
        for row in rows
    ]


def seat_counts(session: Session, sitting_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many candidates have a seat, by sitting."""
    return store.seat_counts(session, sitting_ids)


def seat_of(session: Session, sitting_id: UUID, registration_id: UUID) -> Seat:
    """Return a candidate's seat in a sitting; raises NotFound."""
    found = store.seat(session, sitting_id, registration_id)
    if found is None:
        raise NotFound
    return found


def sittings_of(session: Session, registration_id: UUID) -> Sequence[tuple[Sitting, Seat]]:
    """Return the sittings in which a candidate has a seat, by start."""
    return store.seats_of(session, registration_id)


def unseated_candidates(session: Session, plan_id: UUID, component: Component) -> int:
    """How many approved candidates of a plan have no seat for a component."""
    return len(store.unseated(session, plan_id, component))


def ticketed(session: Session, plan_id: UUID) -> Sequence[Registration]:
    """Registrations of a plan that have a ticket, by ticket number."""
    return store.ticketed(session, plan_id)
