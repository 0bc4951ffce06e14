"""Steps on the lean road: the first one at the start, where attempts stand, and going on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from exam_engine.delivery.lean import store
from exam_engine.delivery.paper import PLAIN_ORDER
from exam_engine.delivery.service.stepping import Standing
from exam_engine.delivery.steps import rules
from exam_engine.delivery.steps.courses import ready_course
from exam_engine.delivery.steps.rules import Begun, SoFar
from exam_engine.sittings.accommodations import Accommodations
from exam_engine.sittings.rules import Terms

Row = Any


def first_step(new: dict[str, Any], terms: Terms, given: Accommodations) -> dict[str, Any] | None:
    """Let a new attempt begin with its first step, which is returned; None when this process does not know it yet."""
    course = ready_course(new["sitting_id"], new["paper_id"])
    form = [] if terms.way.grows else new["form"]
    if course is None:
        return None
    if new["seed"] != PLAIN_ORDER:
        new["seed"] = course.seed(new["seed"])
    step = course.next(SoFar(new["seed"], _places(form)))
    if step is None:
        return None
    begun = rules.begin(
        step,
        number=0,
        at=new["started_at"],
        ends_at=new["due_at"],
        limit_minutes=terms.limit_minutes,
        extra_minutes=given.extra_of(terms.limit_minutes),
    )
    new |= {
        "ends_at": new["due_at"],
        "due_at": begun.due_at,
        "last_step": step.last,
        "form": rules.grown(form, step.places),
    }
    return _row(new["id"], begun)


def standings(connection: Any, rows: Sequence[Row]) -> Mapping[UUID, Standing]:
    """Return where the attempts stand that have steps, except those whose course this process does not know yet."""
    stepped = {row.id: row for row in rows if row.ends_at is not None}
    return {
        key: standing
        for key, begun in store.steps(connection, list(stepped)).items()
        if (standing := _standing(stepped[key], begun)) is not None
    }


def _standing(row: Row, begun: Sequence[Row]) -> Standing | None:
    course = ready_course(row.sitting_id, row.paper_id)
    if course is None:
        return None
    present = begun[row.step]
    beyond = (row.ends_at - row.due_at).total_seconds()
    count = course.count(row.form)
    breaks = sum(former.kind == rules.StepKind.BREAK for former in begun[: row.step])
    places = tuple(present.places)
    before = tuple(tuple(former.places) for former in begun[: row.step])
    return Standing(present.number, present.kind, places, row.last_step, count, beyond, breaks, before)


def next_steps(
    connection: Any, rows: Sequence[Row], terms: Mapping[UUID, Terms], now: datetime
) -> dict[UUID, Begun]:
    """Return by attempt the step that follows, for those of which this process can tell it and which have time.

    Parameters
    ----------
    terms : mapping
        By sitting.
    """
    if not rows:
        return {}
    begun = store.steps(connection, [row.id for row in rows])
    accommodations = store.accommodations(connection, [row.id for row in rows])
    asking = [row.id for row in rows if needs_answers(row)]
    answers = store.answers(connection, asking) if asking else {}
    found: dict[UUID, Begun] = {}
    for row in rows:
        course = ready_course(row.sitting_id, row.paper_id)
        at = rules.left_at(now=now, due_at=row.due_at)
        if course is None or at >= row.ends_at:
            continue
        given = tuple((step.kind, tuple(step.places)) for step in begun[row.id])
        responses = {answer[0]: answer[3] for answer in answers.get(row.id, ())}
        step = course.next(SoFar(row.seed, _places(row.form), given, responses))
        if step is not None:
            limit = terms[row.sitting_id].limit_minutes
            found[row.id] = rules.begin(
                step,
                number=row.step + 1,
                at=at,
                ends_at=row.ends_at,
                limit_minutes=limit,
                extra_minutes=Accommodations.from_json(accommodations.get(row.id)).extra_of(limit),
            )
    return found


def needs_answers(row: Row) -> bool:
    """Tell whether the next step of an attempt follows from its answers; no where this process cannot tell it."""
    course = ready_course(row.sitting_id, row.paper_id)
    return course is not None and course.needs_answers


def enter(connection: Any, moved: Sequence[tuple[Row, Begun]]) -> None:
    """Let locked attempts leave their steps and begin the next."""
    if not moved:
        return
    store.leave_steps(
        connection,
        [
            {"attempt": row.id, "step": row.step, "at": begun.begun_at, "due": row.due_at}
            for row, begun in moved
        ],
    )
    store.begin_steps(connection, [_row(row.id, begun) for row, begun in moved])
    store.change(
        connection,
        [
            {
                "id": row.id,
                "epoch": row.epoch + 1,
                "step_epoch": row.epoch + 1,
                "step": begun.number,
                "due_at": begun.due_at,
                "last_step": begun.step.last,
                "form": rules.grown(row.form, begun.step.places),
            }
            for row, begun in moved
        ],
    )


def stands(row: Row, begun: Begun, left: Standing | None) -> Standing | None:
    """Return where an attempt stands that has just gone on from where it stood."""
    course = ready_course(row.sitting_id, row.paper_id)
    if course is None or left is None:
        return None
    breaks = left.breaks_before + (left.kind == rules.StepKind.BREAK)
    step, beyond = begun.step, (row.ends_at - begun.due_at).total_seconds()
    before, count = (*left.before, tuple(left.places)), course.count(row.form)
    return Standing(begun.number, step.kind, step.places, step.last, count, beyond, breaks, before)


def _row(attempt_id: UUID, begun: Begun) -> dict[str, Any]:
    return {
        "attempt_id": attempt_id,
        "number": begun.number,
        "kind": begun.step.kind,
        "places": list(begun.step.places),
        "begun_at": begun.begun_at,
        "due_at": begun.due_at,
    }


def _places(form: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if form is None else tuple(form)
