"""Attendance, incidents, and when a sitting can be closed. No I/O."""

from __future__ import annotations

from enum import StrEnum

from itembank.base.errors import Conflict, Forbidden, Invalid


class AttendanceState(StrEnum):
    """Whether a candidate came."""

    PRESENT = "present"
    ABSENT = "absent"


class IncidentKind(StrEnum):
    """What happened. Cheating voids the component (舞弊: a state, not a score)."""

    CHEATING = "cheating"
    IDENTICAL_PAPERS = "identical_papers"
    DISRUPTION = "disruption"
    IDENTITY = "identity"
    EQUIPMENT = "equipment"
    ILLNESS = "illness"
    OTHER = "other"


VOIDING = frozenset({IncidentKind.CHEATING, IncidentKind.IDENTICAL_PAPERS})
"""Kinds that are treated as cheating; identical papers 雷同 are too (published rules on violations)."""


class SittingNotRunning(Conflict):
    """Attendance and incidents belong to a published sitting that is not closed."""

    code = "sitting_not_running"
    message = "This sitting is not published, or is closed already. Nothing more can be recorded."


class SittingNotOver(Conflict):
    """A sitting is closed after its common end."""

    code = "sitting_not_over"
    message = "The sitting can be closed after its common end at {ends}."


class AttemptsOpen(Conflict):
    """Candidates are still answering."""

    code = "attempts_open"
    message = "{count} candidates have not handed in yet. Wait for the hand-in or end their attempts first."


class RoomRecordMissing(Conflict):
    """A sitting cannot be closed while a room has no record."""

    code = "room_record_missing"
    message = "The room record is missing for: {rooms}. A sitting cannot be closed without it."


class MonitoringMissing(Invalid):
    """甘138 五(三): video, or other supervision with a full trace."""

    code = "monitoring_missing"
    message = (
        "Enter the reference of the video recording, or the substitute measure together with its reason."
    )


class AttendanceMissing(Conflict):
    """Without attempts on this system, attendance must be taken by hand."""

    code = "attendance_missing"
    message = "Attendance has not been taken for {count} candidates: {names}."


class PresentButNoAttempt(Conflict):
    """A candidate began, so cannot be absent."""

    code = "absent_but_started"
    message = "{name} has begun the examination and cannot be marked absent."


class IncidentNoteMissing(Invalid):
    """An incident needs a description."""

    code = "incident_note_missing"
    message = "Describe what happened: the record is the ground of the decision."


class IncidentWithoutCandidate(Invalid):
    """Cheating is recorded against a candidate."""

    code = "incident_without_candidate"
    message = "Choose the candidate: this kind of incident voids a candidate's component."


class IncidentWithdrawn(Conflict):
    """The incident has been withdrawn before."""

    code = "incident_withdrawn"
    message = "This incident has already been withdrawn."


class SecondPersonNeeded(Forbidden):
    """Two people void a component: one records what happened, another confirms."""

    code = "second_person_needed_to_void"
    message = "You recorded this incident; somebody else must confirm that it voids the component."


class ThirdPersonNeeded(Forbidden):
    """What two people decided, neither of them takes back alone."""

    code = "third_person_needed_to_withdraw"
    message = (
        "You recorded or confirmed this incident; somebody else must withdraw what two people have decided."
    )


class NothingToConfirm(Conflict):
    """The incident was confirmed or withdrawn before, or is of a kind that voids nothing."""

    code = "nothing_to_confirm"
    message = "This incident does not wait for a confirmation."


class VoidingUndecided(Conflict):
    """A sitting is closed when everybody knows whose component is void."""

    code = "voiding_undecided"
    message = (
        "Incidents that void a component wait for a second person: {names}. Confirm or withdraw them first."
    )


class HeldByIncident(Conflict):
    """Only the decision about an incident ends what it holds."""

    code = "held_by_incident"
    message = (
        "Nothing was resumed: {count} attempts are held by an incident that waits for a second person. "
        "Confirm or withdraw the incident."
    )


class NobodyThere(Conflict):
    """There is no attempt under way that this could be done to."""

    code = "nobody_under_way"
    message = (
        "Nothing was changed: none of the chosen candidates has an attempt for which this can be done now."
    )


class SeatTaken(Conflict):
    """Somebody sits there."""

    code = "seat_taken"
    message = "Seat {number} in {room} is taken. Choose a free one."


class SeatOutsideRoom(Invalid):
    """The room has no such seat."""

    code = "seat_outside_room"
    message = "{room} has the seats 1 to {capacity}; {number} was asked for."


class MessageEmpty(Invalid):
    """A message needs words."""

    code = "message_empty"
    message = "Write what the candidates are to be told."


def check_monitoring(video_reference: str, substitute: str, substitute_reason: str) -> None:
    """Raise MonitoringMissing unless there is a video reference, or a substitute with its reason."""
    if not video_reference.strip() and not (substitute.strip() and substitute_reason.strip()):
        raise MonitoringMissing
