"""All SQL of sittings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from exam_engine.sittings.models import (
    Accommodation,
    EntryConditionRow,
    Photo,
    Plan,
    Registration,
    RegistrationEvent,
    RegistrationUpload,
    Room,
    RoomStaff,
    Seat,
    Serial,
    Sitting,
    SittingPaper,
)
from exam_engine.sittings.rules import Component, RegistrationStatus

_CHUNK = 500
"""SQLite and PostgreSQL both bound the parameters of a statement."""


def next_serials(session: Session, prefix: str, count: int = 1) -> int:
    """Take ``count`` serials after a prefix and return the first; others wait until this transaction ends."""
    row = session.get(Serial, prefix, with_for_update=True)
    if row is None:
        try:
            with session.begin_nested():
                session.add(Serial(prefix=prefix, last=0))
        except IntegrityError:  # another transaction made it first; its lock is waited for below
            pass
        row = session.scalars(
            select(Serial)
            .where(Serial.prefix == prefix)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()
    first = row.last + 1
    row.last += count
    session.flush()
    return first


def plan(session: Session, plan_id: UUID) -> Plan | None:
    return session.get(Plan, plan_id)


def plans(session: Session) -> Sequence[Plan]:
    return session.scalars(select(Plan).order_by(Plan.examined_on.desc(), Plan.id.desc())).all()


def sitting(session: Session, sitting_id: UUID) -> Sitting | None:
    return session.get(Sitting, sitting_id)


def sittings(session: Session, plan_id: UUID | None = None) -> Sequence[Sitting]:
    query = select(Sitting).order_by(Sitting.starts_at, Sitting.id)
    return session.scalars(query.where(Sitting.plan_id == plan_id) if plan_id else query).all()


def papers(session: Session, sitting_id: UUID) -> Sequence[SittingPaper]:
    query = select(SittingPaper).where(SittingPaper.sitting_id == sitting_id).order_by(SittingPaper.position)
    return session.scalars(query).all()


def drop_papers(session: Session, sitting_id: UUID) -> None:
    session.execute(delete(SittingPaper).where(SittingPaper.sitting_id == sitting_id))


def rooms(session: Session, room_ids: Iterable[UUID] | None = None) -> Sequence[Room]:
    query = select(Room).order_by(Room.name)
    if room_ids is not None:
        query = query.where(Room.id.in_(list(room_ids)))
    return session.scalars(query).all()


def room(session: Session, room_id: UUID) -> Room | None:
    return session.get(Room, room_id)


def room_named(session: Session, institution_id: UUID, name: str) -> Room | None:
    query = select(Room).where(Room.institution_id == institution_id, Room.name == name)
    return session.scalars(query).one_or_none()


def staff(session: Session, sitting_id: UUID) -> Sequence[RoomStaff]:
    query = select(RoomStaff).where(RoomStaff.sitting_id == sitting_id).order_by(RoomStaff.id)
    return session.scalars(query).all()


def drop_staff(session: Session, sitting_id: UUID, room_id: UUID, user_id: UUID) -> None:
    session.execute(
        delete(RoomStaff).where(
            RoomStaff.sitting_id == sitting_id,
            RoomStaff.room_id == room_id,
            RoomStaff.user_id == user_id,
        )
    )


def seats(session: Session, sitting_id: UUID, room_id: UUID | None = None) -> Sequence[Seat]:
    query = (
        select(Seat)
        .join(Room, Room.id == Seat.room_id)
        .where(Seat.sitting_id == sitting_id)
        .order_by(Room.name, Seat.number)
    )
    return session.scalars(query.where(Seat.room_id == room_id) if room_id else query).all()


def seat(session: Session, sitting_id: UUID, registration_id: UUID) -> Seat | None:
    query = select(Seat).where(Seat.sitting_id == sitting_id, Seat.registration_id == registration_id)
    return session.scalars(query).one_or_none()


def seats_of(session: Session, registration_id: UUID) -> Sequence[tuple[Sitting, Seat]]:
    query = (
        select(Sitting, Seat)
        .join(Seat, Seat.sitting_id == Sitting.id)
        .where(Seat.registration_id == registration_id)
        .order_by(Sitting.starts_at)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def drop_seats(session: Session, sitting_id: UUID) -> None:
    session.execute(delete(Seat).where(Seat.sitting_id == sitting_id))


def seats_without_form(session: Session, sitting_id: UUID) -> int:
    query = select(func.count(Seat.id)).where(Seat.sitting_id == sitting_id, Seat.form_number.is_(None))
    return session.scalars(query).one()


def seat_counts(session: Session, sitting_ids: Sequence[UUID]) -> dict[UUID, int]:
    query = (
        select(Seat.sitting_id, func.count())
        .where(Seat.sitting_id.in_(list(sitting_ids)))
        .group_by(Seat.sitting_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def unseated(session: Session, plan_id: UUID, component: Component) -> Sequence[UUID]:
    """Approved registrations without a seat in any sitting of the component, in the order they came."""
    seated = (
        select(Seat.registration_id)
        .join(Sitting, Sitting.id == Seat.sitting_id)
        .where(Sitting.plan_id == plan_id, Sitting.component == component)
    )
    query = (
        select(Registration.id)
        .where(
            Registration.plan_id == plan_id,
            Registration.status == RegistrationStatus.APPROVED,
            Registration.id.not_in(seated),
        )
        .order_by(Registration.row_number, Registration.id)
    )
    return session.scalars(query).all()


def registration(session: Session, registration_id: UUID) -> Registration | None:
    return session.get(Registration, registration_id)


def registrations_by_id(session: Session, ids: Sequence[UUID]) -> Sequence[Registration]:
    found: list[Registration] = []
    for start in range(0, len(ids), _CHUNK):
        chunk = list(ids[start : start + _CHUNK])
        found += session.scalars(select(Registration).where(Registration.id.in_(chunk)))
    return found


def registration_of(session: Session, plan_id: UUID, person_id: UUID) -> Registration | None:
    query = select(Registration).where(Registration.plan_id == plan_id, Registration.person_id == person_id)
    return session.scalars(query).one_or_none()


def registration_by_ticket(session: Session, ticket_number: str) -> Registration | None:
    return session.scalars(
        select(Registration).where(Registration.ticket_number == ticket_number)
    ).one_or_none()


def _chosen(
    plan_id: UUID,
    *,
    status: RegistrationStatus | None,
    name_index: str | None,
    person_ids: Sequence[UUID] | None,
    ticket: str,
    without_photo: bool,
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Registration.plan_id == plan_id]
    if status is not None:
        conditions.append(Registration.status == status)
    matches: list[ColumnElement[bool]] = []
    if name_index is not None:
        matches.append(Registration.name_index == name_index)
    if person_ids is not None:
        matches.append(Registration.person_id.in_(list(person_ids)[:_CHUNK]))
    if ticket:
        matches.append(Registration.ticket_number.startswith(ticket, autoescape=True))
    if matches:
        conditions.append(or_(*matches))
    if without_photo:
        conditions.append(Registration.photo_ref.is_(None))
    return conditions


def registrations(
    session: Session, plan_id: UUID, *, limit: int | None = None, offset: int = 0, **chosen: Any
) -> tuple[Sequence[Registration], int]:
    """Return one page of a plan's registrations as chosen, and how many there are in all."""
    conditions = _chosen(plan_id, **chosen)
    total = session.execute(select(func.count()).select_from(Registration).where(*conditions)).scalar_one()
    query = (
        select(Registration)
        .where(*conditions)
        .order_by(Registration.row_number, Registration.id)
        .offset(offset)
    )
    return session.scalars(query.limit(limit) if limit else query).all(), total


def registrations_of_plan(session: Session, plan_id: UUID) -> Sequence[Registration]:
    query = select(Registration).where(Registration.plan_id == plan_id)
    return session.scalars(query.order_by(Registration.row_number, Registration.id)).all()


def person_ids(session: Session, plan_id: UUID) -> Sequence[UUID]:
    return session.scalars(select(Registration.person_id).where(Registration.plan_id == plan_id)).all()


def status_counts(session: Session, plan_ids: Sequence[UUID]) -> dict[UUID, dict[RegistrationStatus, int]]:
    query = (
        select(Registration.plan_id, Registration.status, func.count())
        .where(Registration.plan_id.in_(list(plan_ids)))
        .group_by(Registration.plan_id, Registration.status)
    )
    counts: dict[UUID, dict[RegistrationStatus, int]] = {}
    for plan_id, status, count in session.execute(query):
        counts.setdefault(plan_id, {})[status] = count
    return counts


def claimed(session: Session, plan_id: UUID) -> Sequence[UUID]:
    query = select(Registration.id).where(
        Registration.plan_id == plan_id, Registration.status == RegistrationStatus.CLAIMED
    )
    return session.scalars(query).all()


def waiting_for_review(session: Session) -> Sequence[tuple[UUID, int]]:
    query = (
        select(Registration.plan_id, func.count())
        .where(Registration.status == RegistrationStatus.CLAIMED)
        .group_by(Registration.plan_id)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def ticketed(session: Session, plan_id: UUID) -> Sequence[Registration]:
    query = (
        select(Registration)
        .where(Registration.plan_id == plan_id, Registration.ticket_number.is_not(None))
        .order_by(Registration.ticket_number)
    )
    return session.scalars(query).all()


def events(session: Session, registration_id: UUID) -> Sequence[RegistrationEvent]:
    query = select(RegistrationEvent).where(RegistrationEvent.registration_id == registration_id)
    return session.scalars(query.order_by(RegistrationEvent.at, RegistrationEvent.id)).all()


def upload(session: Session, upload_id: UUID) -> RegistrationUpload | None:
    return session.get(RegistrationUpload, upload_id)


def drop_uploads(session: Session, plan_id: UUID) -> None:
    session.execute(delete(RegistrationUpload).where(RegistrationUpload.plan_id == plan_id))


def photo(session: Session, photo_id: UUID) -> Photo | None:
    return session.get(Photo, photo_id)


def drop_photos(session: Session, registration_id: UUID) -> None:
    session.execute(delete(Photo).where(Photo.registration_id == registration_id))


def configured_conditions(
    session: Session, *, authority_ids: Sequence[UUID], occupation_id: UUID | None, level: int | None = None
) -> Sequence[EntryConditionRow]:
    query = select(EntryConditionRow).where(EntryConditionRow.authority_id.in_(list(authority_ids)))
    if level is not None:
        query = query.where(EntryConditionRow.level == level)
    if occupation_id is not None:
        query = query.where(
            or_(EntryConditionRow.occupation_id == occupation_id, EntryConditionRow.occupation_id.is_(None))
        )
    return session.scalars(
        query.order_by(EntryConditionRow.level.desc(), EntryConditionRow.ordinal, EntryConditionRow.id)
    ).all()


def accommodation(session: Session, accommodation_id: UUID) -> Accommodation | None:
    return session.scalars(select(Accommodation).where(Accommodation.id == accommodation_id)).one_or_none()


def standing_accommodation(
    session: Session, registration_id: UUID, sitting_id: UUID | None
) -> Accommodation | None:
    query = select(Accommodation).where(
        Accommodation.registration_id == registration_id, Accommodation.withdrawn_at.is_(None)
    )
    here = Accommodation.sitting_id
    query = query.where(here.is_(None) if sitting_id is None else here == sitting_id)
    return session.scalars(query).one_or_none()


def accommodations(session: Session, plan_id: UUID) -> Sequence[Accommodation]:
    """Return the standing accommodations of a plan, as they were given."""
    query = (
        select(Accommodation)
        .join(Registration, Registration.id == Accommodation.registration_id)
        .where(Registration.plan_id == plan_id, Accommodation.withdrawn_at.is_(None))
    )
    return session.scalars(query.order_by(Accommodation.given_at, Accommodation.id)).all()


def accommodations_of(session: Session, registration_ids: Sequence[UUID]) -> list[Accommodation]:
    """Return the standing accommodations of some candidates."""
    found: list[Accommodation] = []
    for start in range(0, len(registration_ids), _CHUNK):
        query = select(Accommodation).where(
            Accommodation.registration_id.in_(list(registration_ids[start : start + _CHUNK])),
            Accommodation.withdrawn_at.is_(None),
        )
        found += session.scalars(query.order_by(Accommodation.id))
    return found


def accommodated_seats(
    session: Session, registration_ids: Sequence[UUID]
) -> dict[UUID, list[tuple[Sitting, Seat]]]:
    """Return the seats of some candidates with their sittings, by candidate."""
    found: dict[UUID, list[tuple[Sitting, Seat]]] = {}
    for start in range(0, len(registration_ids), _CHUNK):
        query = (
            select(Sitting, Seat)
            .join(Seat, Seat.sitting_id == Sitting.id)
            .where(Seat.registration_id.in_(list(registration_ids[start : start + _CHUNK])))
            .order_by(Sitting.starts_at, Sitting.id)
        )
        for sitting, seat in session.execute(query):
            found.setdefault(seat.registration_id, []).append((sitting, seat))
    return found
