"""Rooms of an institution, and who is on duty in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.sittings import store
from exam_engine.sittings.models import Room, RoomStaff, Sitting
from exam_engine.sittings.rules import Duty, RoomNameTaken, RuleOutOfRange, SittingFrozen, SittingStatus
from exam_engine.sittings.staffing import StaffingGap, staffing_gaps
from itembank.base import audit
from itembank.base.errors import Forbidden, NotFound
from itembank.people import service as people
from itembank.people.rules import Actor

MAX_CAPACITY = 500


def create_room(
    session: Session, *, actor: Actor, name: str, capacity: int, seats_per_row: int = 6, place: str = ""
) -> Room:
    """Add a room to the actor's institution. Raises RoomNameTaken or RuleOutOfRange."""
    if actor.institution_id is None:
        raise Forbidden
    _check(capacity, seats_per_row)
    name = name.strip()
    if store.room_named(session, actor.institution_id, name):
        raise RoomNameTaken(name=name)
    room = Room(
        institution_id=actor.institution_id,
        name=name,
        place=place.strip(),
        capacity=capacity,
        seats_per_row=seats_per_row,
    )
    session.add(room)
    session.flush()
    _audit(session, actor, room, "room.created")
    return room


def _check(capacity: int, seats_per_row: int) -> None:
    for field, value, most in (("capacity", capacity, MAX_CAPACITY), ("seats_per_row", seats_per_row, 30)):
        if not 1 <= value <= most:
            raise RuleOutOfRange(field=field, value=value, least=1, most=most)


def change_room(
    session: Session,
    *,
    actor: Actor,
    room_id: UUID,
    capacity: int,
    seats_per_row: int,
    place: str,
    is_active: bool,
) -> Room:
    """Change a room; seats already given stay. Raises NotFound or RuleOutOfRange."""
    _check(capacity, seats_per_row)
    room = find_room(session, room_id)
    room.capacity, room.seats_per_row = capacity, seats_per_row
    room.place, room.is_active = place.strip(), is_active
    _audit(session, actor, room, "room.changed")
    session.flush()
    return room


def _audit(session: Session, actor: Actor, room: Room, action: str) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        subject=("room", room.id),
        institution_id=room.institution_id,
        detail={"name": room.name, "capacity": room.capacity, "active": room.is_active},
    )


def find_room(session: Session, room_id: UUID) -> Room:
    """Return a room; raises NotFound."""
    room = store.room(session, room_id)
    if room is None:
        raise NotFound
    return room


def list_rooms(session: Session, *, active: bool = False) -> list[Room]:
    """Rooms within the session's scope, by name."""
    return [room for room in store.rooms(session) if room.is_active or not active]


def assign_staff(
    session: Session, *, actor: Actor, sitting_id: UUID, room_id: UUID, user_id: UUID, duty: Duty
) -> None:
    """Put a colleague on duty in a room; doing it again changes the duty.

    Raises NotFound, also for somebody who does not work here, or SittingFrozen once it is closed.
    """
    sitting, room = _open_sitting(session, sitting_id), find_room(session, room_id)
    if user_id not in {user.id for user, _ in people.members(session, sitting.institution_id)}:
        raise NotFound
    store.drop_staff(session, sitting.id, room.id, user_id)
    session.add(
        RoomStaff(
            institution_id=sitting.institution_id,
            sitting_id=sitting.id,
            room_id=room.id,
            user_id=user_id,
            duty=duty,
        )
    )
    audit.record(
        session,
        actor=actor,
        action="room_staff.assigned",
        subject=("sitting", sitting.id),
        institution_id=sitting.institution_id,
        detail={"room": room.name, "user": user_id, "duty": duty.value},
    )
    session.flush()


def release_staff(session: Session, *, actor: Actor, sitting_id: UUID, room_id: UUID, user_id: UUID) -> None:
    """Take somebody off duty."""
    sitting, room = _open_sitting(session, sitting_id), find_room(session, room_id)
    store.drop_staff(session, sitting.id, room.id, user_id)
    audit.record(
        session,
        actor=actor,
        action="room_staff.released",
        subject=("sitting", sitting.id),
        institution_id=sitting.institution_id,
        detail={"room": room.name, "user": user_id},
    )


def _open_sitting(session: Session, sitting_id: UUID) -> Sitting:
    sitting = store.sitting(session, sitting_id)
    if sitting is None:
        raise NotFound
    if sitting.status is SittingStatus.CLOSED:
        raise SittingFrozen
    return sitting


def list_staff(session: Session, sitting_id: UUID) -> Sequence[RoomStaff]:
    """Who is on duty in a sitting."""
    return store.staff(session, sitting_id)


def staffing(session: Session, sitting: Sitting) -> dict[UUID, tuple[StaffingGap, ...]]:
    """Return the shortages of staff by room, for the rooms in use."""
    taken = Counter(seat.room_id for seat in store.seats(session, sitting.id))
    duties: dict[UUID, Counter[Duty]] = {}
    for row in store.staff(session, sitting.id):
        duties.setdefault(row.room_id, Counter())[row.duty] += 1
    found = {
        room: staffing_gaps(sitting.component, count, duties.get(room, Counter()))
        for room, count in taken.items()
    }
    return {room: gaps for room, gaps in found.items() if gaps}
