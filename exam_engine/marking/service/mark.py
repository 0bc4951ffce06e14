"""Automatic marking: the answers of a sitting against the keys in its sealed papers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery import service as delivery
from exam_engine.delivery.growing.trace import Scoring, Trace
from exam_engine.delivery.growing.version import engine_version
from exam_engine.delivery.service import AttemptResponses
from exam_engine.jobs import service as jobs
from exam_engine.jobs.models import Job
from exam_engine.jobs.runner import JobContext
from exam_engine.marking import store
from exam_engine.marking.models import AttemptMark, ItemMark, MarkingRun
from exam_engine.marking.rules import DEFAULT_MULTIPLE, MARK_UNIT, MultipleMarking, mark_choice, to_hundred
from exam_engine.papers import service as papers
from exam_engine.papers.content import SealedPaper
from exam_engine.papers.growing import grows
from exam_engine.sittings import service as sittings
from exam_engine.sittings.models import Registration, Sitting
from exam_engine.sittings.rules import Component
from itembank.base import audit
from itembank.base.errors import Conflict, NotFound
from itembank.base.ids import new_id
from itembank.people.rules import Actor


class NotAutomatic(Conflict):
    """This component is scored by examiners."""

    code = "not_automatic"
    message = "This component is scored by examiners, not by a key."


class MarkedTooEarly(Conflict):
    """Candidates may still be answering."""

    code = "marked_too_early"
    message = "The sitting is not over yet. Mark it after its end."


class AttemptsUnderWay(Conflict):
    """Some attempts have not been handed in."""

    code = "attempts_under_way"
    message = "{count} attempts have not been handed in yet. Mark the sitting when all are in."


def find_theory_sitting(session: Session, sitting_id: UUID, *, lock: bool = False) -> Sitting:
    """Return a sitting that is marked by key; raises NotFound or NotAutomatic."""
    sitting = store.sitting(session, sitting_id, lock=lock)
    if sitting is None:
        raise NotFound
    if sitting.component is not Component.THEORY:
        raise NotAutomatic
    return sitting


def list_sittings(session: Session) -> Sequence[Sitting]:
    """Return all sittings in reach, the latest first."""
    return store.sittings(session)


def sittings_to_mark(session: Session, *, now: datetime) -> int:
    """Return how many theory sittings in reach are over, were sat and have not been marked."""
    return store.count_unmarked(session, now)


def candidates_of(session: Session, sitting: Sitting) -> Sequence[Registration]:
    """Return the candidates who have a seat in a sitting."""
    return store.candidates(session, sitting)


MARKED_AT_ONCE, GROWING_AT_ONCE = 1_000, 20
"""Attempts that are marked while the officer waits (some seconds), and of adaptive or two-stage tests, of which one
that was cut off takes a tenth of a second; more go to the queue."""

JOB_KIND = "marking.mark"


def request_marking(session: Session, sitting_id: UUID, *, actor: Actor, now: datetime) -> MarkingRun | Job:
    """Mark a sitting now, or file a job when it has many attempts.

    Raises what ``mark_sitting`` raises.
    """
    sitting = find_theory_sitting(session, sitting_id)
    count = store.count_attempts(session, sitting_id)
    most = GROWING_AT_ONCE if sittings.terms_of(sitting).way.grows else MARKED_AT_ONCE
    if count <= most:
        return mark_sitting(session, sitting_id, actor=actor, now=now)
    _check_over(session, sitting, now)
    return jobs.submit(
        session,
        actor=actor,
        kind=JOB_KIND,
        payload={"sitting": str(sitting_id)},
        institution_id=sitting.institution_id,
        now=now,
    )


def run_marking_job(context: JobContext) -> dict[str, Any]:
    """Mark a sitting as a job; one transaction, so that a run is there whole or not at all.

    What takes long is worked out before it: on SQLite an examination under way would wait for the transaction.
    """
    sitting_id = UUID(context.payload["sitting"])
    with context.session(writes=False) as session:
        scorings = scorings_of(session, sitting_id)
    with context.session() as session:
        run = mark_sitting(
            session, sitting_id, actor=context.actor, now=context.database.clock.now(), scorings=scorings
        )
        return {"url": f"/marking/theory/{sitting_id}", "run": run.number, "attempts": run.attempts}


def scorings_of(session: Session, sitting_id: UUID) -> dict[UUID, Scoring]:
    """Return by paper what scores tests that grow, with the rest of those that were cut off worked out already."""
    attempts = delivery.responses(session, sitting_id)
    opened = {key: papers.open_sealed(session, key) for key in {attempt.paper_id for attempt in attempts}}
    found = {key: Scoring(paper) for key, paper in opened.items() if grows(paper.collection)}
    for attempt in attempts:
        if attempt.paper_id in found and not attempt.is_over:
            trace_of(found[attempt.paper_id], attempt)
    return found


def _check_over(session: Session, sitting: Sitting, now: datetime) -> None:
    if now < sitting.ends_at:
        raise MarkedTooEarly
    if count := store.open_attempts(session, sitting.id):
        raise AttemptsUnderWay(count=count)


def mark_sitting(
    session: Session,
    sitting_id: UUID,
    *,
    actor: Actor,
    now: datetime,
    multiple: MultipleMarking = DEFAULT_MULTIPLE,
    scorings: Mapping[UUID, Scoring] | None = None,
) -> MarkingRun:
    """Mark every attempt of a sitting and return the run; marking again is a new run beside the old ones.

    ``scorings`` are those of ``scorings_of``, if they are there already.

    Raises
    ------
    MarkedTooEarly, AttemptsUnderWay
        If somebody may still be answering.
    """
    # The lock makes two people's runs follow each other, so that their numbers do.
    sitting = find_theory_sitting(session, sitting_id, lock=True)
    _check_over(session, sitting, now)
    attempts = delivery.responses(session, sitting_id)
    opened = {
        paper_id: papers.open_sealed(session, paper_id)
        for paper_id in sorted({attempt.paper_id for attempt in attempts})
    }
    previous = store.latest_run(session, sitting_id)
    run = MarkingRun(
        institution_id=sitting.institution_id,
        sitting_id=sitting_id,
        number=previous.number + 1 if previous else 1,
        key_digest=_key_digest(opened),
        multiple=multiple,
        attempts=len(attempts),
        marked_by=str(actor),
        marked_at=now,
    )
    session.add(run)
    session.flush()
    ready = dict(scorings or {})
    ready |= {k: Scoring(paper) for k, paper in opened.items() if k not in ready and grows(paper.collection)}
    for attempt in attempts:
        paper = opened[attempt.paper_id]
        found = trace_of(ready[paper.paper_id], attempt) if paper.paper_id in ready else None
        _mark_attempt(session, run, attempt, paper, found, multiple)
        if found is not None:
            _record_trace(session, actor, run, attempt, paper, found)
    audit.record(
        session,
        actor=actor,
        action="sitting.marked",
        subject=("sitting", sitting_id),
        institution_id=sitting.institution_id,
        detail={"run": run.number, "attempts": run.attempts, "key_digest": run.key_digest},
    )
    return run


def _mark_attempt(
    session: Session,
    run: MarkingRun,
    attempt: AttemptResponses,
    paper: SealedPaper,
    found: Trace | None,
    multiple: MultipleMarking,
) -> None:
    mark_id = new_id()
    rows: list[dict[str, Any]] = []
    for entry in paper.given(attempt.form):
        response = attempt.responses.get(entry.item_id)
        earned = mark_choice(entry.content.key, response, marks=entry.marks, multiple=multiple)
        rows.append(
            {
                "id": new_id(),
                "institution_id": run.institution_id,
                "attempt_mark_id": mark_id,
                "item_id": entry.item_id,
                "version_id": entry.version_id,
                "response": response,
                "marks": earned,
                "maximum": entry.marks,
            }
        )
    session.add(
        AttemptMark(
            id=mark_id,
            institution_id=run.institution_id,
            run_id=run.id,
            attempt_id=attempt.attempt_id,
            registration_id=attempt.registration_id,
            answered=sum(bool(row["response"]) for row in rows),
            earned=sum((row["marks"] for row in rows), Decimal(0)),
            total=sum((row["maximum"] for row in rows), Decimal(0)),
            **({} if found is None else _measured(found)),
        )
    )
    session.flush()
    store.add_item_marks(session, rows)


def trace_of(scoring: Scoring, attempt: AttemptResponses) -> Trace:
    """Return how an attempt at a growing test came to its ability.

    Its items are as hard as its candidate is able, so the marks earned on them say little.
    """
    form = attempt.form or ()  # in the order in which they were given
    return scoring.trace(form, attempt.responses, seed=attempt.seed, is_over=attempt.is_over)


def _measured(found: Trace) -> dict[str, Any]:
    return {
        "score": two_places(found.mark.percent),
        "score_se": two_places(found.mark.se),
        "theta": found.ability.theta,
        "theta_se": found.ability.se,
    }


def _record_trace(
    session: Session,
    actor: Actor,
    run: MarkingRun,
    attempt: AttemptResponses,
    paper: SealedPaper,
    found: Trace,
) -> None:
    """Record from what a score follows: answers and keys stand in the marks of the run, parameters in the seal."""
    audit.record(
        session,
        actor=actor,
        action="attempt.measured",
        subject=("attempt", attempt.attempt_id),
        institution_id=run.institution_id,
        detail={
            "run": run.number,
            "paper": paper.digest,
            **found.as_facts(),
            "score": str(two_places(found.mark.percent)),
            "score_se": str(two_places(found.mark.se)),
            "engine": engine_version(),
        },
    )


def two_places(value: float) -> Decimal:
    """Return a score as it is kept."""
    return Decimal(repr(value)).quantize(MARK_UNIT, ROUND_HALF_UP)


def score_of(mark: AttemptMark) -> Decimal:
    """Return the score out of 100: as measured, or the marks earned of those that could be."""
    return to_hundred(mark.earned, mark.total) if mark.score is None else mark.score


def _key_digest(opened: Mapping[UUID, SealedPaper]) -> str:
    digest = hashlib.sha256()
    for paper_id, paper in sorted(opened.items()):
        for entry in paper.entries:
            key = ",".join(sorted(entry.content.key))
            digest.update(f"{paper_id} {entry.item_id} {entry.version_id} {key} {entry.marks}\n".encode())
    return digest.hexdigest()


def list_runs(session: Session, sitting_id: UUID) -> Sequence[MarkingRun]:
    """Return the runs of a sitting, newest first."""
    return store.runs(session, sitting_id)


def read_attempt_marks(session: Session, run_id: UUID) -> Sequence[AttemptMark]:
    """Return what every attempt earned in a run."""
    return store.attempt_marks(session, run_id)


def read_item_marks(session: Session, attempt_mark_id: UUID) -> Sequence[ItemMark]:
    """Return what every answer of one attempt earned."""
    return store.item_marks(session, attempt_mark_id)


def latest_scores(session: Session, sitting_id: UUID) -> tuple[MarkingRun | None, dict[UUID, Decimal]]:
    """Return the newest run and, by registration, the score out of 100."""
    run = store.latest_run(session, sitting_id)
    if run is None:
        return None, {}
    marks = store.attempt_marks(session, run.id)
    return run, {mark.registration_id: score_of(mark) for mark in marks}
