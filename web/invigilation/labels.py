"""Words for what happens in the rooms."""

from __future__ import annotations

import json

from exam_engine.delivery.rules import EventKind
from exam_engine.delivery.seb.rules import Shown
from exam_engine.delivery.service import Deed
from exam_engine.invigilation.rules import IncidentKind
from exam_engine.invigilation.service import SeatState
from exam_engine.sittings.accommodations import Accommodations
from exam_engine.sittings.rules import Component, SittingStatus
from web.i18n import N_, Translate

SEAT_STATES: dict[SeatState, tuple[str, str]] = {
    SeatState.NOT_LOGGED_IN: (N_("Not logged in"), "neutral"),
    SeatState.WAITING: (N_("Logged in, waiting"), "info"),
    SeatState.ANSWERING: (N_("Answering"), "info"),
    SeatState.PAUSED: (N_("Paused"), "warn"),
    SeatState.RESTING: (N_("Rest break"), "neutral"),
    SeatState.HANDED_IN: (N_("Handed in"), "good"),
    SeatState.FORCED: (N_("Paper collected"), "good"),
    SeatState.TERMINATED: (N_("Ended by the invigilator"), "bad"),
    SeatState.PRESENT: (N_("Present"), "good"),
    SeatState.ABSENT: (N_("Absent"), "warn"),
}
SEAT_ICONS: dict[SeatState, str] = {
    SeatState.NOT_LOGGED_IN: "○",
    SeatState.WAITING: "◔",
    SeatState.ANSWERING: "✎",
    SeatState.PAUSED: "‖",
    SeatState.RESTING: "◐",
    SeatState.HANDED_IN: "✓",
    SeatState.FORCED: "✓",
    SeatState.TERMINATED: "✕",
    SeatState.PRESENT: "●",
    SeatState.ABSENT: "—",
}
SEAT_WORDS: dict[SeatState, str] = {
    SeatState.NOT_LOGGED_IN: N_("Not in"),
    SeatState.WAITING: N_("Waits"),
    SeatState.ANSWERING: N_("Writes"),
    SeatState.PAUSED: N_("Held"),
    SeatState.RESTING: N_("Rests"),
    SeatState.HANDED_IN: N_("Done"),
    SeatState.FORCED: N_("Collected"),
    SeatState.TERMINATED: N_("Ended"),
    SeatState.PRESENT: N_("Present"),
    SeatState.ABSENT: N_("Absent"),
}
"""For rooms of many seats."""
DONE_TO_ONE: dict[Deed, str] = {
    Deed.EXTEND: N_("{name} has {minutes} minutes more."),
    Deed.PAUSE: N_("The attempt of {name} is paused."),
    Deed.RESUME: N_("{name} can go on."),
    Deed.SUBMIT: N_("The paper of {name} was collected."),
    Deed.TERMINATE: N_("The attempt of {name} was ended."),
}
DONE_TO_MANY: dict[Deed, str] = {
    Deed.EXTEND: N_("{count} candidates have {minutes} minutes more."),
    Deed.PAUSE: N_("{count} candidates are paused."),
    Deed.RESUME: N_("{count} candidates can go on."),
    Deed.SUBMIT: N_("The papers of {count} candidates were collected."),
    Deed.TERMINATE: N_("The attempts of {count} candidates were ended."),
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
EVENTS: dict[EventKind, str] = {
    EventKind.FOCUS_LOST: N_("The page lost the focus"),
    EventKind.FOCUS_BACK: N_("The page has the focus again"),
    EventKind.FULLSCREEN_LEFT: N_("Full screen was left"),
    EventKind.PASTE: N_("Something was pasted"),
    EventKind.SECOND_DISPLAY: N_("A second display is there"),
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

BROWSERS: dict[Shown, str] = {Shown.SEB: N_("in SEB"), Shown.LET_IN: N_("without SEB"), Shown.MISSING: ""}
"""For the seats of a sitting that uses the Safe Exam Browser."""
BROWSER_SIGNS: dict[Shown, str] = {Shown.SEB: N_("S"), Shown.LET_IN: N_("N"), Shown.MISSING: ""}
"""For rooms of many seats."""


def needs_words(given: Accommodations, limit_minutes: int, translate: Translate) -> str:
    """Return in short what somebody was given; empty for nearly everybody."""
    extra = given.extra_of(limit_minutes)
    said = (
        (extra > 0, translate(N_("+{n} min"), n=extra)),
        (given.breaks > 0, translate(N_("{n} breaks"), n=given.breaks)),
        (given.print_size > 0, translate(N_("large print"))),
        (given.contrast, translate(N_("high contrast"))),
        (given.plain_order, translate(N_("order of the paper"))),
    )
    return " · ".join(words for applies, words in said if applies)


DENSE_SEATS = 60
"""A room of more seats than this is drawn small, so that it fits a screen of 1366 × 768."""


def live_words(translate: Translate, *, dense: bool) -> str:
    """Return as JSON what the console's script says: states (word, tone, icon, word for counts) and sentences."""
    words = SEAT_WORDS if dense else {state: label for state, (label, _) in SEAT_STATES.items()}
    signs = BROWSER_SIGNS if dense else BROWSERS
    states = {
        state.value: [translate(words[state]), tone, SEAT_ICONS[state], translate(label)]
        for state, (label, tone) in SEAT_STATES.items()
    }
    said = {
        "answered": translate(N_("answered {answered}/{items}")),
        "part": translate(N_("part {n}")),
        "rest": translate(N_("{minutes} min") if dense else N_("break: {minutes} min left")),
        "left": translate(N_("{minutes} min left")),
        "line": translate(N_("{answered} done")) if dense else "",
        "quiet": translate(N_("quiet")) if dense else "",
        "browsers": {shown.value: translate(word) if word else "" for shown, word in BROWSERS.items()},
        "signs": {shown.value: translate(word) if word else "" for shown, word in signs.items()},
        "age": translate(N_("Updated {seconds} s ago")),
        "saved": translate(N_("Last saved {time}, page opened {times} times")),
        "gone": translate(N_("Connection lost: this picture of the room is no longer fresh.")),
        "login": translate(N_("Your login has ended. Log in again to go on watching.")),
    }
    return json.dumps({"states": states, "said": said}, ensure_ascii=False)
