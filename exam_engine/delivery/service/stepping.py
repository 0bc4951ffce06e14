"""Going on from step to step: by the candidate, or by the server when the time of a step is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from exam_engine.delivery import store
from exam_engine.delivery.models import Attempt, AttemptStep
from exam_engine.delivery.paper import PLAIN_ORDER
from exam_engine.delivery.rules import AttemptState, is_step_over
from exam_engine.delivery.steps import rules
from exam_engine.delivery.steps.courses import course_of
from exam_engine.delivery.steps.rules import Course, SoFar, StepKind
from exam_engine.sittings import service as sittings
from exam_engine.sittings.accommodations import Accommodations
from exam_engine.sittings.rules import Terms
from itembank.base import audit
from itembank.people.rules import SYSTEM, Actor


@dataclass(frozen=True)
class Standing:
    """Where an attempt stands among its steps, as its page shows it."""

    number: int
    kind: StepKind
    places: Sequence[int]
    last: bool
    count: int | None
    """How many steps there are, breaks not counted, where that is known before the end."""
    beyond_seconds: float
    """How much longer the whole lasts than the step."""
    breaks_before: int = 0
    before: Sequence[Sequence[int]] = ()
    """Places of each step before this one: pages go on counting from there."""

    @property
    def questions_before(self) -> int:
        """How many questions the steps before held."""
        return sum(map(len, self.before))


def state_of(attempt: Attempt) -> AttemptState:
    """Return the part of an attempt that decides whether it takes answers."""
    return AttemptState(
        attempt.id,
        attempt.epoch,
        attempt.due_at,
        attempt.submitted_at,
        attempt.paused_at,
        attempt.step_epoch,
        rules.goes_on(last=attempt.last_step, due_at=attempt.due_at, ends_at=attempt.ends_at),
    )


def standing(session: Session, attempt: Attempt) -> Standing | None:
    """Return where an attempt stands, or None when it has no steps."""
    if attempt.ends_at is None:
        return None
    begun = store.steps(session, attempt.id)
    step = begun[attempt.step]
    return Standing(
        step.number,
        step.kind,
        tuple(step.places),
        attempt.last_step,
        _course(session, attempt).count(attempt.form),
        (attempt.ends_at - attempt.due_at).total_seconds(),
        sum(former.kind is StepKind.BREAK for former in begun[: attempt.step]),
        tuple(tuple(former.places) for former in begun[: attempt.step]),
    )


def places_of(session: Session, attempt: Attempt) -> Sequence[int] | None:
    """Return what the candidate may see and answer now, as places on the paper; None for the whole."""
    now = standing(session, attempt)
    return attempt.form if now is None else now.places


def first_step(session: Session, attempt: Attempt, terms: Terms, *, extra_minutes: int) -> AttemptStep | None:
    """Let a new attempt, whose ``due_at`` is that of the whole, begin with its first step; return it, or None."""
    if not terms.has_steps:
        return None
    if terms.way.grows:
        attempt.form = []
    course = course_of(session, attempt.sitting_id, attempt.paper_id, terms)
    if attempt.seed != PLAIN_ORDER:
        attempt.seed = course.seed(attempt.seed)
    step = course.next(SoFar(attempt.seed, _places(attempt.form)))
    if step is None:
        return None
    attempt.ends_at = attempt.due_at
    begun = rules.begin(
        step,
        number=0,
        at=attempt.started_at,
        ends_at=attempt.ends_at,
        limit_minutes=terms.limit_minutes,
        extra_minutes=extra_minutes,
    )
    return _enter(attempt, begun)


def advance(session: Session, *, actor: Actor, attempt: Attempt, at: datetime) -> bool:
    """Let a locked attempt leave its present step at ``at`` and begin the next; False when none follows.

    The epoch rises, so that what the page of the former step sends is told from then on that it is closed.
    """
    assert attempt.ends_at is not None
    begun = store.steps(session, attempt.id)
    terms = _terms(session, attempt)
    course = course_of(session, attempt.sitting_id, attempt.paper_id, terms)
    answers = {}
    if course.needs_answers:
        answers = {answer.item_id: answer.response for answer in store.answers(session, attempt.id)}
    given = tuple((step.kind, tuple(step.places)) for step in begun)
    step = course.next(SoFar(attempt.seed, _places(attempt.form), given, answers))
    if step is None:
        attempt.last_step = True
        session.flush()
        return False
    left = begun[-1]
    left.left_at, left.due_at = at, attempt.due_at
    seat = store.places(session, attempt.registration_id, attempt.sitting_id)[0].seat
    following = rules.begin(
        step,
        number=attempt.step + 1,
        at=at,
        ends_at=attempt.ends_at,
        limit_minutes=terms.limit_minutes,
        extra_minutes=Accommodations.from_json(seat.accommodations).extra_of(terms.limit_minutes),
    )
    session.add(_enter(attempt, following))
    attempt.epoch += 1
    attempt.step_epoch = attempt.epoch
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="attempt.went_on",
        subject=("attempt", attempt.id),
        institution_id=attempt.institution_id,
        detail=rules.facts_of(step, number=attempt.step, epoch=attempt.epoch, due_at=attempt.due_at),
    )
    return True


def catch_up(session: Session, attempt: Attempt, now: datetime) -> None:
    """Let a locked attempt leave the steps whose time and grace are over, each as of its deadline."""
    while is_step_over(state_of(attempt), now=now):
        advance(session, actor=SYSTEM, attempt=attempt, at=attempt.due_at)


def _enter(attempt: Attempt, begun: rules.Begun) -> AttemptStep:
    step = begun.step
    attempt.step, attempt.due_at, attempt.last_step = begun.number, begun.due_at, step.last
    attempt.form = rules.grown(attempt.form, step.places)
    return AttemptStep(
        attempt_id=attempt.id,
        number=begun.number,
        kind=step.kind,
        places=list(step.places),
        begun_at=begun.begun_at,
        due_at=begun.due_at,
    )


def _terms(session: Session, attempt: Attempt) -> Terms:
    return sittings.terms_of(sittings.find_sitting(session, attempt.sitting_id))


def _course(session: Session, attempt: Attempt) -> Course:
    return course_of(session, attempt.sitting_id, attempt.paper_id, _terms(session, attempt))


def _places(form: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if form is None else tuple(form)
