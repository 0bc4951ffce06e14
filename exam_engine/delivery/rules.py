"""When an attempt may begin, accept an answer and be handed in; what an answer may be. No I/O."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from exam_engine.sittings.rules import Terms
from itembank.base.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable

SAVE_GRACE = timedelta(seconds=10)
"""An answer in flight when time ran out still counts if it lands within this."""

MAX_ANSWERS_PER_SAVE = 400
MAX_REVISION = 2**53 - 1
"""What a browser can count exactly."""


class AttemptUnknown(NotFound):
    """There is no such attempt, or it is not this candidate's."""

    code = "attempt_unknown"
    message = "This attempt does not exist."


class NotYourAttempt(Forbidden):
    """The token belongs to another attempt, or is not one of this site's."""

    code = "not_your_attempt"
    message = "This is not your attempt. Log in again with your own ticket number."


class TokenExpired(Forbidden):
    """The page was opened longer ago than any examination takes."""

    code = "token_expired"
    message = "This page was opened too long ago. Open the examination again; your answers are kept."


class AttemptClosed(Conflict):
    """The attempt is submitted, or its time and grace are over."""

    code = "attempt_closed"
    message = "This attempt is closed: it was handed in or its time is over. The answer was not accepted."


class TakenOver(Conflict):
    """Another device has opened the attempt since."""

    code = "taken_over"
    message = "This attempt was opened on another device, which has taken over. This page can only be read."


class SectionClosed(Conflict):
    """The part of the examination to which the answer belongs was left, or its time and grace are over."""

    code = "section_closed"
    message = "This part of the examination is over and takes no more answers. Go on with the next one."


class AttemptPaused(Conflict):
    """The invigilator has paused the attempt."""

    code = "attempt_paused"
    message = "The invigilator has paused this attempt. Your time stands still; please wait."


class ItemNotOnPaper(Invalid):
    """The answer is to an item that this attempt's paper does not hold."""

    code = "item_not_on_paper"
    message = "This question is not on your paper. The answer was not accepted."


class ResponseWrong(Invalid):
    """The answer is not one that this question can have."""

    code = "response_wrong"
    message = "This answer does not fit the question. Choose again."


class AnswerNotStorable(Invalid):
    """The database refused this one answer; the others of its batch were kept."""

    code = "answer_not_storable"
    message = "This answer could not be stored. Choose again, and tell the invigilator if it happens twice."


class SaveUnreadable(Invalid):
    """The body of a save is not the documented JSON."""

    code = "save_unreadable"
    message = "The answers sent could not be read."


class TooManyWaiting(Unavailable):
    """More answers wait than this server takes at once; the page sends again by itself."""

    code = "too_many_waiting"
    message = "The server is busy. Keep working: your answers stay on this machine and are sent again."


class DatabaseAway(Unavailable):
    """The database did not take the answers; the page sends again by itself."""

    code = "database_away"
    message = (
        "Answers cannot be stored at the moment. Keep working: they stay on this machine and are sent again."
    )


ACCEPTING_LOSS = "a power cut may lose answers"
"""What somebody must write to serve an examination from a database that does not wait for the disk."""


class DatabaseMayLose(Conflict):
    """The database acknowledges before the disk has it."""

    code = "database_may_lose"
    message = (
        "The database can lose acknowledged answers in a power cut: {settings}. Switch this on, or, where nothing is "
        "at stake, set EXAM_ENGINE_ACCEPT_LOSS to “{words}”."
    )


class NoBreakLeft(Conflict):
    """The candidate was given no break, or has taken all of them."""

    code = "no_break_left"
    message = "You have no break left. Ask the invigilator if you need one."


class EntryBarred(Forbidden):
    """The registration or the sitting does not allow this candidate to begin."""

    code = "entry_barred"
    message = "You are not admitted to this examination. Please ask the invigilator."


class ExtraTimeWrong(Invalid):
    """Extra time is given in whole minutes, within reason."""

    code = "extra_time_wrong"
    message = "Extra time must be between 1 and {most} minutes; {minutes} was asked for."


class ReasonMissing(Invalid):
    """A change to somebody's examination needs its reason."""

    code = "attempt_reason_missing"
    message = "State the reason: it is kept in the record of the examination."


class EventsUnreadable(Invalid):
    """The body of a report is not the documented JSON."""

    code = "events_unreadable"
    message = "The report of the page could not be read."


class EventKind(StrEnum):
    """What a candidate's page reports of itself."""

    FOCUS_LOST = "focus_lost"
    FOCUS_BACK = "focus_back"
    FULLSCREEN_LEFT = "fullscreen_left"
    PASTE = "paste"
    SECOND_DISPLAY = "second_display"


MAX_EVENTS_PER_EPOCH = 500
"""Evidence of one page of an attempt; one that reports more has told enough."""

MAX_EXTRA_MINUTES = 240


@dataclass(frozen=True)
class Choice:
    """What may be answered to one item: its type and original option labels."""

    type: str
    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer to be written."""

    attempt_id: UUID
    item_id: UUID
    epoch: int
    revision: int
    response: list[str]
    flagged: bool

    @property
    def key(self) -> tuple[UUID, UUID]:
        """What the latest answer is kept by."""
        return self.attempt_id, self.item_id


@dataclass(frozen=True, slots=True)
class AttemptState:
    """The row that decides whether an answer is taken."""

    id: UUID
    epoch: int
    due_at: datetime
    submitted_at: datetime | None
    paused_at: datetime | None
    step_epoch: int = 0
    """Epoch with which the present step began; an older one is of a step that was left."""
    goes_on: bool = False
    """Another step follows when the time of the present one is over."""


OPENING_SPREAD_SECONDS = 3.0
"""Waiting pages open their start button within this time, so that a whole site does not press it at once."""


def opening_delay(registration_id: UUID) -> float:
    """Return by how many seconds a candidate's page waits longer: always the same, evenly spread."""
    return registration_id.int % 3000 / 3000 * OPENING_SPREAD_SECONDS


def check_open(
    *,
    submitted_at: datetime | None,
    due_at: datetime,
    now: datetime,
    paused_at: datetime | None = None,
) -> None:
    """Raise AttemptClosed or AttemptPaused unless an answer may be saved at ``now``."""
    if submitted_at is not None:
        raise AttemptClosed
    if paused_at is not None:
        raise AttemptPaused
    if now > due_at + SAVE_GRACE:
        raise AttemptClosed


def refusal(state: AttemptState | None, *, epoch: int, now: datetime) -> type[Conflict | Forbidden] | None:
    """Return why an attempt takes no answer of ``epoch`` at ``now``, or None when it does."""
    if state is None:
        return NotYourAttempt
    # Closed is said before taken over: a page that may not write should know that nobody may.
    if state.submitted_at is not None:
        return AttemptClosed
    if state.epoch != epoch:
        return SectionClosed if epoch < state.step_epoch else TakenOver
    try:
        check_open(submitted_at=None, due_at=state.due_at, now=now, paused_at=state.paused_at)
    except AttemptPaused:
        return AttemptPaused
    except AttemptClosed:
        return SectionClosed if state.goes_on else AttemptClosed
    return None


def remaining_seconds(*, due_at: datetime, paused_at: datetime | None, now: datetime) -> float:
    """Return how much time is left, never negative; a pause stops the clock."""
    return max(0.0, (due_at - (paused_at or now)).total_seconds())


def is_overdue(state: AttemptState, *, now: datetime) -> bool:
    """Tell whether the server hands the attempt in by itself."""
    return not state.goes_on and _is_past(state, now)


def is_step_over(state: AttemptState, *, now: datetime) -> bool:
    """Tell whether the server goes on to the next step by itself."""
    return state.goes_on and _is_past(state, now)


def _is_past(state: AttemptState, now: datetime) -> bool:
    return state.submitted_at is None and state.paused_at is None and now > state.due_at + SAVE_GRACE


def check_hand_in(terms: Terms, *, due_at: datetime, now: datetime) -> None:
    """Raise SubmittedTooEarly before the earliest hand-in; whoever's own time is over may always hand in."""
    if now < due_at:
        terms.check_submit(now)


def check_extra_minutes(minutes: int) -> None:
    """Raise ExtraTimeWrong unless that much extra time can be given at once."""
    if not 1 <= minutes <= MAX_EXTRA_MINUTES:
        raise ExtraTimeWrong(minutes=minutes, most=MAX_EXTRA_MINUTES)


def check_reason(reason: str) -> str:
    """Return the reason without blanks around it; raises ReasonMissing when there is none."""
    if not reason.strip():
        raise ReasonMissing
    return reason.strip()


class Answerable(Protocol):
    """Tells what may be answered to an item; a mapping does."""

    def get(self, item_id: UUID, /) -> Choice | None:
        """Return it, or None for an item that was not given."""
        ...


def check_response(form: Answerable, item_id: UUID, response: Collection[str]) -> list[str]:
    """Return the response as it is stored: a sorted list of original option labels, empty for none.

    Raises ItemNotOnPaper, or ResponseWrong for labels that the item does not have, repeated labels, or more
    than one label where one is to be chosen.
    """
    choice = form.get(item_id)
    if choice is None:
        raise ItemNotOnPaper
    chosen = set(response)
    if len(chosen) != len(response) or not chosen <= choice.labels:
        raise ResponseWrong
    if len(chosen) > 1 and choice.type != "multiple_choice":
        raise ResponseWrong
    return sorted(chosen)


def is_newer(epoch: int, revision: int, than: tuple[int, int] | None) -> bool:
    """Tell whether an answer replaces a stored one: order is (epoch, revision)."""
    return than is None or (epoch, revision) > than


def receipt(attempt_id: UUID, answers: Iterable[tuple[UUID, int, int, list[str]]]) -> str:
    """Return the digest of what was received: items with epoch, revision and response, in item order."""
    rows = sorted(
        [item.hex, epoch, revision, response] for item, epoch, revision, response in answers if response
    )
    content: dict[str, Any] = {"attempt": attempt_id.hex, "answers": rows}
    return hashlib.sha256(json.dumps(content, separators=(",", ":"), sort_keys=True).encode()).hexdigest()
