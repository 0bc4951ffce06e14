"""Attendance, incidents and the room record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery import service as delivery
from exam_engine.delivery.service import Deed
from exam_engine.invigilation import store
from exam_engine.invigilation.models import Attendance, Incident, RoomRecord
from exam_engine.invigilation.rules import (
    VOIDING,
    AttendanceState,
    IncidentKind,
    IncidentNoteMissing,
    IncidentWithdrawn,
    IncidentWithoutCandidate,
    NothingToConfirm,
    PresentButNoAttempt,
    SecondPersonNeeded,
    SittingNotRunning,
    ThirdPersonNeeded,
    check_monitoring,
)
from exam_engine.sittings import service as sittings
from exam_engine.sittings.models import Sitting
from exam_engine.sittings.rules import ReasonNeeded, SittingStatus
from itembank.base import audit
from itembank.base.errors import NotFound
from itembank.people.rules import Actor


def running_sitting(session: Session, sitting_id: UUID) -> Sitting:
    """Return a published sitting that is not closed; raises SittingNotRunning or NotFound."""
    sitting = sittings.find_sitting(session, sitting_id)
    if sitting.status is not SittingStatus.PUBLISHED:
        raise SittingNotRunning
    return sitting


def take_attendance(
    session: Session,
    *,
    actor: Actor,
    sitting_id: UUID,
    registration_ids: Sequence[UUID],
    state: AttendanceState,
    now: datetime,
) -> int:
    """Record who came and who did not; a later record replaces the former. Returns how many changed.

    Raises PresentButNoAttempt for marking absent somebody who has begun, SittingNotRunning, or NotFound.
    """
    sitting = running_sitting(session, sitting_id)
    started = store.started(session, sitting_id)
    known = store.attendance(session, sitting_id)
    changed = 0
    for registration_id in dict.fromkeys(registration_ids):
        sittings.seat_of(session, sitting_id, registration_id)
        if state is AttendanceState.ABSENT and registration_id in started:
            name = sittings.view_registration(session, registration_id).person.name
            raise PresentButNoAttempt(name=name)
        former = known.get(registration_id)
        if former is None or former.state is not state:
            keep_attendance(session, actor, sitting, registration_id, state, now)
            changed += 1
    session.flush()
    return changed


def keep_attendance(
    session: Session,
    actor: Actor,
    sitting: Sitting,
    registration_id: UUID,
    state: AttendanceState,
    now: datetime,
) -> None:
    """Write one row of attendance, its event and its audit record."""
    store.drop_attendance(session, sitting.id, registration_id)
    session.add(
        Attendance(
            institution_id=sitting.institution_id,
            sitting_id=sitting.id,
            registration_id=registration_id,
            state=state,
            recorded_by=str(actor),
            recorded_at=now,
        )
    )
    registration = sittings.find_registration(session, registration_id)
    sittings.note_event(session, actor=actor, registration=registration, kind=state.value, now=now)
    audit.record(
        session,
        actor=actor,
        action=f"attendance.{state.value}",
        subject=("registration", registration_id),
        institution_id=sitting.institution_id,
        detail={"sitting": sitting.id},
    )


def record_incident(
    session: Session,
    *,
    actor: Actor,
    sitting_id: UUID,
    room_id: UUID | None,
    registration_id: UUID | None,
    kind: IncidentKind,
    note: str,
    now: datetime,
) -> Incident:
    """Record what happened.

    A kind that voids the component pauses an attempt under way, or keeps the candidate from beginning, until a second
    person confirms (``confirm_incident``) or somebody withdraws it; nothing is void before, and no time is lost.

    Raises IncidentNoteMissing, IncidentWithoutCandidate, SittingNotRunning or NotFound.
    """
    sitting = running_sitting(session, sitting_id)
    note = note.strip()[:1000]
    if not note:
        raise IncidentNoteMissing
    if registration_id is None and kind in VOIDING:
        raise IncidentWithoutCandidate
    if room_id is not None:
        sittings.find_room(session, room_id)
    incident = Incident(
        institution_id=sitting.institution_id,
        sitting_id=sitting.id,
        registration_id=registration_id,
        room_id=room_id,
        kind=kind,
        note=note,
        recorded_by=str(actor),
        recorded_at=now,
    )
    session.add(incident)
    session.flush()
    if registration_id is not None:
        sittings.seat_of(session, sitting_id, registration_id)
        registration = sittings.find_registration(session, registration_id)
        sittings.note_event(
            session,
            actor=actor,
            registration=registration,
            kind=f"incident_{kind.value}",
            reason=note,
            now=now,
        )
        if kind in VOIDING:
            incident.holds = _hold(session, actor, sitting, registration_id, note[:400])
            session.flush()
    audit.record(
        session,
        actor=actor,
        action="incident.recorded",
        subject=("incident", incident.id),
        institution_id=sitting.institution_id,
        detail={"sitting": sitting.id, "registration": registration_id, "kind": kind.value},
    )
    return incident


def _hold(session: Session, actor: Actor, sitting: Sitting, registration_id: UUID, reason: str) -> bool:
    """Stop the candidate's clock, or bar the entry; tell whether neither was so before."""
    attempt_id = _locked_attempt(session, sitting.id, registration_id)
    if attempt_id is not None:
        paused = delivery.control_attempts(
            session, actor=actor, attempt_ids=[attempt_id], deed=Deed.PAUSE, reason=reason
        )
        return paused > 0
    return delivery.bar_entry(
        session,
        actor=actor,
        institution_id=sitting.institution_id,
        sitting_id=sitting.id,
        registration_id=registration_id,
        reason=reason,
    )


def _locked_attempt(session: Session, sitting_id: UUID, registration_id: UUID) -> UUID | None:
    # Always the seat, then the attempt, then the incident: two who decide about one candidate wait for each other.
    store.lock_seat(session, sitting_id, registration_id)
    found = store.open_attempts(session, sitting_id, registration_id=registration_id)
    if not found:
        store.await_start(session, registration_id)
        found = store.open_attempts(session, sitting_id, registration_id=registration_id)
    return found.get(registration_id)


def _locked(session: Session, incident_id: UUID) -> tuple[Incident, UUID | None]:
    """Return an incident of a running sitting and the candidate's attempt under way, both locked."""
    incident, attempt_id = store.incident(session, incident_id), None
    if incident is None:
        raise NotFound
    running_sitting(session, incident.sitting_id)
    if incident.registration_id is not None:
        attempt_id = _locked_attempt(session, incident.sitting_id, incident.registration_id)
    store.incident(session, incident_id, lock=True)
    return incident, attempt_id


def confirm_incident(session: Session, *, actor: Actor, incident_id: UUID, now: datetime) -> Incident:
    """Let a recorded incident void the candidate's component; an attempt under way ends.

    Raises SecondPersonNeeded for whoever recorded it, NothingToConfirm, SittingNotRunning or NotFound.
    """
    incident, attempt_id = _locked(session, incident_id)
    if not incident.is_undecided or incident.registration_id is None:
        raise NothingToConfirm
    if actor.id is None or incident.recorded_by == str(actor):
        raise SecondPersonNeeded
    incident.confirmed_at, incident.confirmed_by = now, str(actor)
    if attempt_id is not None:
        delivery.control_attempts(
            session,
            actor=actor,
            attempt_ids=[attempt_id],
            deed=Deed.TERMINATE,
            reason=incident.note[:400],
        )
    registration = sittings.find_registration(session, incident.registration_id)
    sittings.note_event(
        session,
        actor=actor,
        registration=registration,
        kind="incident_confirmed",
        reason=incident.note,
        now=now,
    )
    audit.record(
        session,
        actor=actor,
        action="incident.confirmed",
        subject=("incident", incident.id),
        institution_id=incident.institution_id,
        detail={"registration": incident.registration_id, "kind": incident.kind.value},
    )
    session.flush()
    return incident


def _release(session: Session, actor: Actor, incident: Incident, attempt_id: UUID | None) -> None:
    """End what the withdrawn incident alone held; another one that stands holds it from now on."""
    if incident.registration_id is None or not incident.holds:
        return
    incident.holds = False
    others = store.standing(session, incident.sitting_id, incident.registration_id)
    if others:
        others[0].holds = True
        return
    if attempt_id is not None:
        delivery.control_attempts(session, actor=actor, attempt_ids=[attempt_id], deed=Deed.RESUME)
    delivery.lift_bar(
        session,
        actor=actor,
        sitting_id=incident.sitting_id,
        registration_id=incident.registration_id,
        reason=incident.withdrawal_reason,
    )


def incidents_to_decide(session: Session, actor: Actor) -> Sequence[Incident]:
    """Return the incidents that wait for the one who acts to confirm them, or to withdraw them."""
    return [incident for incident in store.undecided(session) if incident.recorded_by != str(actor)]


def withdraw_incident(
    session: Session, *, actor: Actor, incident_id: UUID, reason: str, now: datetime
) -> Incident:
    """Take an incident back with a reason; it stays on record.

    What it alone held goes on, with all of its time; what somebody else paused or barred, or another incident holds,
    stays so, and an attempt that was ended by the confirmation stays ended.

    Raises ThirdPersonNeeded once it was confirmed, ReasonNeeded, IncidentWithdrawn, SittingNotRunning or NotFound.
    """
    incident, attempt_id = _locked(session, incident_id)
    if incident.withdrawn_at is not None:
        raise IncidentWithdrawn
    decided_by = (incident.recorded_by, incident.confirmed_by)
    if incident.confirmed_at is not None and (actor.id is None or str(actor) in decided_by):
        raise ThirdPersonNeeded
    if not reason.strip():
        raise ReasonNeeded
    incident.withdrawn_at, incident.withdrawn_by = now, str(actor)
    incident.withdrawal_reason = reason.strip()[:400]
    session.flush()
    _release(session, actor, incident, attempt_id)
    if incident.registration_id is not None:
        registration = sittings.find_registration(session, incident.registration_id)
        sittings.note_event(
            session,
            actor=actor,
            registration=registration,
            kind="incident_withdrawn",
            reason=incident.withdrawal_reason,
            now=now,
        )
    audit.record(
        session,
        actor=actor,
        action="incident.withdrawn",
        subject=("incident", incident.id),
        institution_id=incident.institution_id,
        detail={"reason": incident.withdrawal_reason},
    )
    session.flush()
    return incident


def keep_room_record(
    session: Session,
    *,
    actor: Actor,
    sitting_id: UUID,
    room_id: UUID,
    video_reference: str,
    substitute: str,
    substitute_reason: str,
    notes: str,
    now: datetime,
) -> RoomRecord:
    """Keep the record of a room; writing it again replaces it until the sitting is closed.

    Raises MonitoringMissing, SittingNotRunning or NotFound.
    """
    sitting = running_sitting(session, sitting_id)
    room = sittings.find_room(session, room_id)
    check_monitoring(video_reference, substitute, substitute_reason)
    record = store.records(session, sitting_id).get(room_id)
    if record is None:
        record = RoomRecord(institution_id=sitting.institution_id, sitting_id=sitting_id, room_id=room.id)
        session.add(record)
    record.video_reference, record.notes = video_reference.strip()[:200], notes.strip()[:2000]
    record.substitute, record.substitute_reason = substitute.strip()[:400], substitute_reason.strip()[:400]
    record.recorded_by, record.recorded_at = str(actor), now
    audit.record(
        session,
        actor=actor,
        action="room_record.kept",
        subject=("sitting", sitting_id),
        institution_id=sitting.institution_id,
        detail={"room": room.name, "video": record.video_reference, "substitute": record.substitute},
    )
    session.flush()
    return record
