"""Closing a sitting: everybody settled, every room recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery import service as delivery
from exam_engine.delivery.service import AttemptStage
from exam_engine.invigilation import store
from exam_engine.invigilation.models import Attendance
from exam_engine.invigilation.rules import (
    AttemptsOpen,
    AttendanceMissing,
    AttendanceState,
    RoomRecordMissing,
    SittingNotOver,
    VoidingUndecided,
)
from exam_engine.invigilation.service.recording import keep_attendance, running_sitting
from exam_engine.sittings import service as sittings
from exam_engine.sittings.models import Sitting
from exam_engine.sittings.rules import Component, SittingStatus, at_the_site
from itembank.base import audit
from itembank.people.rules import Actor

NAMES_SHOWN = 5


def close_sitting(session: Session, *, actor: Actor, sitting_id: UUID, now: datetime) -> Sitting:
    """Close a sitting after its common end, or earlier once everybody has handed in or is marked absent.

    Whoever began is present; whoever never began a theory examination is absent. Other components have no
    attempts here, so attendance must have been taken.

    Raises VoidingUndecided, LateFilesUndecided, SittingNotOver, AttemptsOpen, AttendanceMissing, RoomRecordMissing,
    SittingNotRunning or NotFound.
    """
    sitting = running_sitting(session, sitting_id)
    seats = sittings.list_seats(session, sitting_id)
    delivery.hand_in_overdue(session)
    names = {seat.seat.registration_id: seat.candidate.person.name for seat in seats}
    if undecided := store.undecided(session, sitting_id):
        held = dict.fromkeys(names[row.registration_id] for row in undecided if row.registration_id in names)
        raise VoidingUndecided(names="、".join(held))
    delivery.check_files_decided(session, [sitting_id])
    attempts = {row.registration_id: row for row in delivery.attempt_states(session, sitting_id)}
    attendance = store.attendance(session, sitting_id)
    seated = [seat.seat.registration_id for seat in seats]
    unsettled = [key for key in seated if key not in attempts and key not in attendance]
    ends_at = sittings.terms_of(sitting).ends_at
    is_theory = sitting.component is Component.THEORY
    waiting = [key for key in seated if key not in attempts and not _is_absent(attendance, key)]
    if now < ends_at and (not is_theory or waiting):
        raise SittingNotOver(ends=at_the_site(ends_at))
    open_attempts = [a for a in attempts.values() if a.stage in (AttemptStage.WORKING, AttemptStage.PAUSED)]
    if open_attempts:
        raise AttemptsOpen(count=len(open_attempts))
    if unsettled and not is_theory:
        shown = "、".join(names[key] for key in unsettled[:NAMES_SHOWN])
        raise AttendanceMissing(count=len(unsettled), names=shown)
    records = store.records(session, sitting_id)
    missing = dict.fromkeys(seat.room.name for seat in seats if seat.room.id not in records)
    if missing:
        raise RoomRecordMissing(rooms="、".join(missing))
    for key in seated:
        state = AttendanceState.PRESENT if key in attempts else AttendanceState.ABSENT
        if is_theory and (key not in attendance or attendance[key].state is not state):
            keep_attendance(session, actor, sitting, key, state, now)
    sitting.status, sitting.closed_at = SittingStatus.CLOSED, now
    audit.record(
        session,
        actor=actor,
        action="sitting.closed",
        subject=("sitting", sitting.id),
        institution_id=sitting.institution_id,
        detail={"seated": len(seated), "began": len(attempts)},
    )
    session.flush()
    return sitting


def _is_absent(attendance: Mapping[UUID, Attendance], key: UUID) -> bool:
    row = attendance.get(key)
    return row is not None and row.state is AttendanceState.ABSENT
