"""Words for what happens in the rooms."""

from __future__ import annotations

from exam_engine.invigilation.rules import IncidentKind
from exam_engine.invigilation.service import SeatState
from exam_engine.sittings.rules import Component, SittingStatus
from web.i18n import N_

SEAT_STATES: dict[SeatState, tuple[str, str]] = {
    SeatState.NOT_LOGGED_IN: (N_("Not logged in"), "neutral"),
    SeatState.WAITING: (N_("Logged in, waiting"), "info"),
    SeatState.ANSWERING: (N_("Answering"), "info"),
    SeatState.PAUSED: (N_("Paused"), "warn"),
    SeatState.HANDED_IN: (N_("Handed in"), "good"),
    SeatState.FORCED: (N_("Handed in by the server"), "good"),
    SeatState.TERMINATED: (N_("Ended by the invigilator"), "bad"),
    SeatState.PRESENT: (N_("Present"), "good"),
    SeatState.ABSENT: (N_("Absent"), "warn"),
}
INCIDENTS: dict[IncidentKind, str] = {
    IncidentKind.CHEATING: N_("Cheating"),
    IncidentKind.IDENTICAL_PAPERS: N_("Identical papers"),
    IncidentKind.DISRUPTION: N_("Disruption"),
    IncidentKind.IDENTITY: N_("Identity in doubt"),
    IncidentKind.EQUIPMENT: N_("Equipment failure"),
    IncidentKind.ILLNESS: N_("Illness"),
    IncidentKind.OTHER: N_("Other incident"),
}
COMPONENTS: dict[Component, str] = {
    Component.THEORY: N_("Theory examination"),
    Component.PRACTICAL: N_("Practical assessment"),
    Component.REVIEW: N_("Comprehensive review"),
}
STATUSES: dict[SittingStatus, tuple[str, str]] = {
    SittingStatus.DRAFT: (N_("In preparation"), "neutral"),
    SittingStatus.PUBLISHED: (N_("Published"), "good"),
    SittingStatus.CLOSED: (N_("Sitting closed"), "neutral"),
}
