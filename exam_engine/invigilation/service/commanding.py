"""What an invigilator does to one candidate, a room or all: time, pause, collection, words, another seat."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery import service as delivery
from exam_engine.delivery.rules import check_reason
from exam_engine.delivery.service import Deed
from exam_engine.invigilation import store
from exam_engine.invigilation.models import RoomMessage
from exam_engine.invigilation.rules import (
    HeldByIncident,
    MessageEmpty,
    NobodyThere,
    SeatOutsideRoom,
    SeatTaken,
)
from exam_engine.invigilation.service.recording import running_sitting
from exam_engine.sittings import service as sittings
from exam_engine.sittings.models import Seat
from exam_engine.sittings.service import IssuedCode
from itembank.base import audit
from itembank.people.rules import Actor


@dataclass(frozen=True)
class Commanded:
    """To how many attempts something was done, and how many were left out because an incident holds them."""

    done: int
    held: int = 0


def command(
    session: Session,
    *,
    actor: Actor,
    sitting_id: UUID,
    deed: Deed,
    room_id: UUID | None = None,
    registration_id: UUID | None = None,
    minutes: int = 0,
    reason: str = "",
) -> Commanded:
    """Extend, pause, resume or end the attempts under way of one candidate, of a room, or of the whole sitting.

    Whoever has not begun is not touched: who begins later has the ordinary time. What an undecided incident holds is
    not resumed.

    Raises NobodyThere, HeldByIncident, ReasonMissing, ExtraTimeWrong, SittingNotRunning or NotFound.
    """
    running_sitting(session, sitting_id)
    attempts = store.open_attempts(session, sitting_id, room_id=room_id, registration_id=registration_id)
    held, stopped = _held(session, sitting_id, attempts, deed)
    done = stopped + delivery.control_attempts(
        session,
        actor=actor,
        attempt_ids=[attempt for key, attempt in attempts.items() if key not in held],
        deed=deed,
        minutes=minutes,
        reason=reason,
    )
    left = len(held) if deed is Deed.RESUME else 0
    if not done:
        raise HeldByIncident(count=left) if left else NobodyThere
    return Commanded(done, left)


def _held(
    session: Session, sitting_id: UUID, attempts: Collection[UUID], deed: Deed
) -> tuple[set[UUID | None], int]:
    """Return whose clock an undecided incident stops, after the attempts were locked, and how many of them now pause.

    Their clocks are neither stopped nor started here. But the incident says from now on whether it alone holds them:
    after a pause the withdrawal does not start the clock, after a resumption it does.
    """
    if deed not in (Deed.PAUSE, Deed.RESUME):
        return set(), 0
    incidents = [row for row in store.undecided(session, sitting_id) if row.registration_id in attempts]
    alone = {row.registration_id for row in incidents if row.holds}
    for row in incidents:
        row.holds = deed is Deed.RESUME
    return {row.registration_id for row in incidents}, len(alone) if deed is Deed.PAUSE else 0


def send_message(
    session: Session,
    *,
    actor: Actor,
    sitting_id: UUID,
    text: str,
    now: datetime,
    room_id: UUID | None = None,
    registration_id: UUID | None = None,
) -> RoomMessage:
    """Tell one candidate, a room, or everybody something; it is kept with the sitting.

    Raises MessageEmpty, SittingNotRunning or NotFound.
    """
    sitting = running_sitting(session, sitting_id)
    if not text.strip():
        raise MessageEmpty
    if room_id is not None:
        sittings.find_room(session, room_id)
    if registration_id is not None:
        sittings.seat_of(session, sitting_id, registration_id)
    message = RoomMessage(
        institution_id=sitting.institution_id,
        sitting_id=sitting_id,
        room_id=room_id,
        registration_id=registration_id,
        text=text.strip()[:400],
        sent_by=str(actor),
        sent_at=now,
    )
    session.add(message)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="message.sent",
        subject=("sitting", sitting_id),
        institution_id=sitting.institution_id,
        detail={"message": message.id, "room": room_id, "registration": registration_id},
    )
    return message


def messages(session: Session, sitting_id: UUID) -> Sequence[RoomMessage]:
    """Return what was said in a sitting, in order."""
    return store.messages(session, sitting_id)


def messages_of(session: Session, attempt_id: UUID) -> Sequence[RoomMessage]:
    """Return what the candidate of an attempt was told, in order."""
    return store.messages_of(session, attempt_id)


def messages_to(session: Session, sitting_id: UUID, registration_id: UUID) -> Sequence[RoomMessage]:
    """Return what a candidate was told, in order, also before the start; nothing to who has no seat there."""
    return store.messages_to(session, sitting_id, registration_id)


def messages_since(session: Session, since: datetime) -> Sequence[RoomMessage]:
    """Return what was said in all sittings from an instant on, in order."""
    return store.messages_since(session, since)


def rooms_of_attempts(session: Session, sitting_id: UUID) -> dict[UUID, tuple[UUID, int]]:
    """Return by attempt under way in a sitting the room where its candidate has a seat, and the epoch."""
    return store.rooms_of_attempts(session, sitting_id)


def move_seat(
    session: Session,
    *,
    actor: Actor,
    sitting_id: UUID,
    registration_id: UUID,
    room_id: UUID,
    number: int,
    reason: str,
    now: datetime,
) -> Seat:
    """Give a candidate another seat of the same or another room; attempt, answers and attendance go along.

    Any seat within the room's capacity that nobody has is a reserve.

    Raises SeatTaken, SeatOutsideRoom, ReasonMissing, SittingNotRunning or NotFound.
    """
    sitting = running_sitting(session, sitting_id)
    reason = check_reason(reason)
    seat, room = sittings.seat_of(session, sitting_id, registration_id), sittings.find_room(session, room_id)
    if room.institution_id != sitting.institution_id or not 1 <= number <= room.capacity:
        raise SeatOutsideRoom(room=room.name, capacity=room.capacity, number=number)
    if store.seat_at(session, sitting_id, room_id, number) is not None:
        raise SeatTaken(room=room.name, number=number)
    before = f"{sittings.find_room(session, seat.room_id).name} {seat.number}"
    seat.room_id, seat.number = room.id, number
    sittings.note_event(
        session,
        actor=actor,
        registration=sittings.find_registration(session, registration_id),
        kind="moved",
        field="seat",
        old=before,
        new=f"{room.name} {number}",
        reason=reason,
        now=now,
    )
    audit.record(
        session,
        actor=actor,
        action="seat.moved",
        subject=("registration", registration_id),
        institution_id=sitting.institution_id,
        detail={"sitting": sitting_id, "from": before, "to": f"{room.name} {number}", "reason": reason},
    )
    session.flush()
    return seat


def replace_ticket(
    session: Session,
    *,
    actor: Actor,
    sitting_id: UUID,
    registration_id: UUID,
    reason: str,
    now: datetime,
    room_id: UUID | None = None,
    number: int | None = None,
) -> IssuedCode:
    """Give a candidate a new entry code, and with ``number`` another seat, in one go; the former code opens nothing.

    Raises SeatTaken, SeatOutsideRoom, ReasonMissing, TicketMissing, SittingNotRunning or NotFound.
    """
    sitting = running_sitting(session, sitting_id)
    seat, reason = sittings.seat_of(session, sitting_id, registration_id), check_reason(reason)
    room_id = room_id or seat.room_id
    if number is not None and (room_id, number) != (seat.room_id, seat.number):
        move_seat(
            session,
            actor=actor,
            sitting_id=sitting_id,
            registration_id=registration_id,
            room_id=room_id,
            number=number,
            reason=reason,
            now=now,
        )
    (code,) = sittings.issue_entry_codes(
        session, actor=actor, plan_id=sitting.plan_id, now=now, registration_ids=[registration_id]
    )
    audit.record(
        session,
        actor=actor,
        action="ticket.replaced",
        subject=("registration", registration_id),
        institution_id=sitting.institution_id,
        detail={"sitting": sitting_id, "moved": number is not None, "reason": reason},
    )
    return code
