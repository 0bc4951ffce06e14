"""Waiting room, start, and taking over from another device."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from exam_engine.delivery import store
from exam_engine.delivery.models import Answer, Attempt
from exam_engine.delivery.paper import PLAIN_ORDER
from exam_engine.delivery.rules import (
    AttemptClosed,
    AttemptPaused,
    AttemptUnknown,
    EntryBarred,
    SectionClosed,
    TakenOver,
    is_overdue,
    opening_delay,
    remaining_seconds,
)
from exam_engine.delivery.service.stepping import (
    Standing,
    advance,
    catch_up,
    first_step,
    standing,
    state_of,
)
from exam_engine.delivery.steps.rules import LastStep, StepUnknown, is_repeated, left_at
from exam_engine.delivery.store import Place
from exam_engine.delivery.tokens import AttemptToken, issue
from exam_engine.sittings.accommodations import Accommodations
from exam_engine.sittings.models import Registration, Sitting
from exam_engine.sittings.rules import RegistrationStatus, SittingStatus, Terms
from itembank.base import audit
from itembank.base.db import database_now, keyring_of
from itembank.base.errors import Conflict
from itembank.base.ids import new_id
from itembank.people.rules import Actor


class Stage(StrEnum):
    """Where a candidate stands with one sitting."""

    EARLY = "early"
    READY = "ready"
    WORKING = "working"
    HANDED_IN = "handed_in"
    CLOSED = "closed"
    BARRED = "barred"


@dataclass(frozen=True)
class Waiting:
    """What the waiting room shows of one sitting."""

    place: Place
    terms: Terms
    stage: Stage
    starts_in_seconds: float
    attempt: Attempt | None

    @property
    def starts_in(self) -> str:
        """Seconds until the page opens its start button."""
        delay = opening_delay(self.place.registration.id) if self.starts_in_seconds else 0.0
        return f"{self.starts_in_seconds + delay:.1f}"


@dataclass(frozen=True)
class Opened:
    """An attempt opened on a device: what its page needs to go on."""

    attempt: Attempt
    token: str
    remaining: float
    answers: Sequence[Answer]
    standing: Standing | None = None
    """Where the attempt stands among its steps, if it has any."""


def terms_of(sitting: Sitting) -> Terms:
    """Return the terms that were frozen when the sitting was published."""
    if sitting.rules is None:
        raise EntryBarred
    return Terms.from_json(sitting.rules)


def waiting_room(session: Session, *, actor: Actor) -> list[Waiting]:
    """Return the theory sittings of the candidate who acts, with what can be done now."""
    assert actor.id is not None
    now = database_now(session)
    return [_waiting(session, place, now) for place in store.places(session, actor.id)]


def _waiting(session: Session, place: Place, now: datetime) -> Waiting:
    terms = terms_of(place.sitting)
    attempt = store.attempt_at(session, place.sitting.id, place.registration.id)
    seconds = max(0.0, (terms.starts_at - now).total_seconds())
    return Waiting(place, terms, _stage(session, place, terms, attempt, now), seconds, attempt)


def _stage(session: Session, place: Place, terms: Terms, attempt: Attempt | None, now: datetime) -> Stage:
    if attempt is not None:
        return Stage.HANDED_IN if is_over(session, attempt) else Stage.WORKING
    if _is_barred(session, place):
        return Stage.BARRED
    if now < terms.starts_at:
        return Stage.EARLY
    try:
        terms.check_start(now)
    except Conflict:
        return Stage.CLOSED
    return Stage.CLOSED if place.sitting.status is SittingStatus.CLOSED else Stage.READY


def _is_barred(session: Session, place: Place) -> bool:
    return (
        place.registration.status is not RegistrationStatus.APPROVED
        or place.seat.paper_id is None
        or store.is_barred(session, place.sitting.id, place.registration.id)
    )


def start(session: Session, *, actor: Actor, sitting_id: UUID) -> Attempt:
    """Begin the candidate's attempt; asked again, return the one that was begun.

    Raises AttemptUnknown without a seat, EntryBarred, or what ``Terms.check_start`` raises before the start,
    after late entry and after the end.
    """
    assert actor.id is not None
    place = next(iter(store.places(session, actor.id, sitting_id)), None)
    if place is None:
        raise AttemptUnknown
    store.share_seat(session, place.seat)
    begun = store.attempt_at(session, sitting_id, actor.id)
    if begun is not None:
        return begun
    now = database_now(session)
    terms = terms_of(place.sitting)
    if _is_barred(session, place) or place.sitting.status is not SittingStatus.PUBLISHED:
        raise EntryBarred
    terms.check_start(now)
    assert place.seat.paper_id is not None
    given = Accommodations.from_json(place.seat.accommodations)
    extra = given.extra_time(terms.limit_minutes)
    attempt = Attempt(
        id=new_id(),
        epoch=1,
        institution_id=place.sitting.institution_id,
        sitting_id=sitting_id,
        registration_id=actor.id,
        paper_id=place.seat.paper_id,
        form=place.seat.form,
        seed=PLAIN_ORDER if given.plain_order else secrets.randbits(62),
        started_at=now,
        due_at=terms.due_at(now, extra),
        extra_seconds=round(extra.total_seconds()),
    )
    step = first_step(session, attempt, terms, extra_minutes=given.extra_of(terms.limit_minutes))
    try:
        with session.begin_nested():
            session.add(attempt)
            if step is not None:
                session.add(step)
    except IntegrityError:  # a second click was quicker
        begun = store.attempt_at(session, sitting_id, actor.id)
        assert begun is not None
        return begun
    audit.record(
        session,
        actor=actor,
        action="attempt.started",
        subject=("attempt", attempt.id),
        institution_id=attempt.institution_id,
        detail={
            "sitting": sitting_id,
            "paper": attempt.paper_id,
            "due_at": attempt.due_at.isoformat(),
            **({"places": attempt.form} if terms.way.grows else {}),
        },
    )
    return attempt


def own_attempt(session: Session, *, actor: Actor, attempt_id: UUID, lock: bool = False) -> Attempt:
    """Return the attempt of the candidate who acts; raises AttemptUnknown for anybody else's."""
    attempt = store.attempt(session, attempt_id, lock=lock)
    if attempt is None or attempt.registration_id != actor.id:
        raise AttemptUnknown
    return attempt


def is_over(session: Session, attempt: Attempt) -> bool:
    """Tell whether an attempt is handed in, or will be by the server because its time and grace are over."""
    return attempt.submitted_at is not None or is_overdue(state_of(attempt), now=database_now(session))


def place_of(session: Session, attempt: Attempt) -> Place:
    """Return where the candidate of an attempt sits."""
    return store.places(session, attempt.registration_id, attempt.sitting_id)[0]


def still_working(session: Session, *, ticket_number: str) -> Registration | None:
    """Return the registration of a ticket that has extra time beyond the common end left, or None.

    For the entrance, after ticket and entry code were found right but the sitting is over for everybody else.
    """
    for registration, attempt in store.working_by_ticket(session, ticket_number):
        if not is_over(session, attempt):
            return registration
    return None


def take_over(session: Session, *, actor: Actor) -> None:
    """Let this device be the only one that may write; called when the candidate logs in."""
    assert actor.id is not None
    for attempt in store.open_attempts(session, actor.id):
        _raise_epoch(session, actor, attempt)


def open_attempt(session: Session, *, actor: Actor, attempt_id: UUID) -> Opened:
    """Open the attempt on this device: it takes over, and gets a token, the answers and the remaining time.

    Raises AttemptUnknown, or AttemptClosed once it is handed in or its time is over.
    """
    attempt = own_attempt(session, actor=actor, attempt_id=attempt_id, lock=True)
    now = database_now(session)
    catch_up(session, attempt, now)
    if is_over(session, attempt):
        raise AttemptClosed
    _raise_epoch(session, actor, attempt)
    return _opened(session, attempt, now)


def _opened(session: Session, attempt: Attempt, now: datetime) -> Opened:
    now_at = standing(session, attempt)
    has_form = attempt.form is not None or now_at is not None
    token = issue(
        keyring_of(session),
        AttemptToken(attempt.id, attempt.registration_id, attempt.paper_id, attempt.epoch, has_form),
        now=now,
    )
    remaining = remaining_seconds(due_at=attempt.due_at, paused_at=attempt.paused_at, now=now)
    return Opened(attempt, token, remaining, store.answers(session, attempt.id), now_at)


def go_on(session: Session, *, actor: Actor, attempt_id: UUID, number: int, epoch: int) -> Opened:
    """Leave step ``number`` for the next one, for good; asked again, return the one that was begun.

    The step stays what it was when none follows: then the paper can be handed in.

    Raises AttemptUnknown, AttemptClosed, TakenOver, SectionClosed, AttemptPaused, StepUnknown, or LastStep for an
    attempt without steps.
    """
    attempt = own_attempt(session, actor=actor, attempt_id=attempt_id, lock=True)
    now = database_now(session)
    if attempt.ends_at is None:
        raise LastStep
    catch_up(session, attempt, now)
    if is_over(session, attempt):
        raise AttemptClosed
    if number > attempt.step:
        raise StepUnknown
    if is_repeated(number=number, epoch=epoch, step=attempt.step, present_epoch=attempt.epoch):
        return _opened(session, attempt, now)
    if epoch != attempt.epoch:
        raise SectionClosed if epoch < attempt.step_epoch else TakenOver
    if number < attempt.step:
        raise StepUnknown
    if attempt.paused_at is not None:
        raise AttemptPaused
    at = left_at(now=now, due_at=attempt.due_at)
    if at >= attempt.ends_at:
        raise AttemptClosed
    if not attempt.last_step:
        advance(session, actor=actor, attempt=attempt, at=at)
    return _opened(session, attempt, now)


def _raise_epoch(session: Session, actor: Actor, attempt: Attempt) -> None:
    attempt.epoch += 1
    audit.record(
        session,
        actor=actor,
        action="attempt.opened",
        subject=("attempt", attempt.id),
        institution_id=attempt.institution_id,
        detail={"epoch": attempt.epoch},
    )
