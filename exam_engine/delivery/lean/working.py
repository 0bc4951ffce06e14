"""From the page to the receipt, one function a kind of request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from exam_engine.delivery import rules
from exam_engine.delivery.lean import stepping, store
from exam_engine.delivery.lean.flush import Flush, raise_epochs, state_of, terms_of, who_is
from exam_engine.delivery.lean.requests import Advance, Given, HandedIn, HandIn, Open, Opened, Read, Sheet
from exam_engine.delivery.rules import AttemptState
from exam_engine.delivery.service.stepping import Standing
from exam_engine.delivery.steps import rules as steps
from exam_engine.delivery.tokens import AttemptToken, issue
from itembank.base.errors import Conflict

_Found = dict[tuple[UUID, str], Any]


def _attempts(
    flush: Flush, requests: Sequence[Read | Open | Advance | HandIn], *, lock: bool
) -> tuple[_Found, datetime]:
    """Return the attempts asked for by their own candidates, and the time, which is read after the lock."""
    ids = [request.attempt_id for request in requests]
    digests = [request.session_digest for request in requests]
    found = store.attempts(flush.connection, ids, digests, flush.now(), lock=lock)
    return found, flush.now()


def _is_over(row: Any, now: datetime) -> bool:
    return row.submitted_at is not None or rules.is_overdue(state_of(row, row.id), now=now)


def _under_way(
    flush: Flush, requests: Sequence[Open | Advance]
) -> tuple[dict[UUID, Any], Mapping[UUID, Standing], datetime]:
    """Return, locked, the attempts asked for whose step has time left, and where those with steps stand."""
    found, now = _attempts(flush, requests, lock=True)
    rows = {
        request.attempt_id: row
        for request in requests
        if (row := found.get((request.attempt_id, request.session_digest)))
        and _goes_on(row, now)
        and not rules.is_step_over(state_of(row, row.id), now=now)
    }
    places = stepping.standings(flush.connection, list(rows.values()))
    return {key: row for key, row in rows.items() if row.ends_at is None or key in places}, places, now


def _goes_on(row: Any, now: datetime) -> bool:
    return not row.seb_missing and not _is_over(row, now)


def read(flush: Flush, requests: Sequence[Read]) -> None:
    """Fetch what the examination page shows of attempts under way."""
    found, now = _attempts(flush, requests, lock=False)
    rows = {
        request.attempt_id: row
        for request in requests
        if (row := found.get((request.attempt_id, request.session_digest)))
        and _goes_on(row, now)
        and row.paused_at is None  # it may be a break
    }
    heads = store.heads(flush.connection, list(rows)) if rows else {}
    answers = store.answers(flush.connection, rows) if rows else {}
    places = stepping.standings(flush.connection, list(rows.values()))
    for request in requests:
        row, head = rows.get(request.attempt_id), heads.get(request.attempt_id)
        if row is None or head is None or row.token_digest != request.session_digest:
            continue
        standing = places.get(row.id)
        if standing is None and row.ends_at is not None:
            continue
        chosen = {item: response for item, _, _, response, _ in answers.get(row.id, ()) if response}
        form = standing.places if standing else row.form
        request.answer = Sheet(
            row.id,
            row.paper_id,
            row.seed,
            row.epoch,
            row.due_at,
            who_is(flush, head),
            chosen,
            head.accommodations,
            form,
            standing,
        )


def open_here(flush: Flush, requests: Sequence[Open]) -> None:
    """Open attempts under way on the devices that ask, which take over."""
    rows, places, now = _under_way(flush, requests)
    if not rows:
        return
    raise_epochs(flush, list(rows.values()))
    answers = store.answers(flush.connection, rows)
    for request in requests:
        row = rows.get(request.attempt_id)
        if row is not None:
            state = replace(state_of(row, row.id), epoch=row.epoch + 1)
            request.answer = _opened(flush, row, state, answers.get(row.id, ()), places.get(row.id), now)


def _opened(
    flush: Flush,
    row: Any,
    state: AttemptState,
    answers: Iterable[tuple[Any, ...]],
    standing: Standing | None,
    now: datetime,
) -> Opened:
    form = standing.places if standing else row.form
    token = AttemptToken(row.id, row.registration_id, row.paper_id, state.epoch, form is not None)
    remaining = rules.remaining_seconds(due_at=state.due_at, paused_at=state.paused_at, now=now)
    kept = [
        (item, epoch, number, response, bool(flagged)) for item, epoch, number, response, flagged in answers
    ]
    return Opened(issue(flush.keyring, token, now=now), state, remaining, kept, form, standing)


def advance(flush: Flush, requests: Sequence[Advance]) -> None:
    """Let attempts go on to their next step; whoever asks again is told of the one that was begun."""
    rows, places, now = _under_way(flush, requests)
    asked = [(request, row) for request in requests if (row := rows.get(request.attempt_id)) is not None]
    going = _going(asked)
    terms = {row.sitting_id: terms_of(row.sitting_id, row.rules) for row in going.values()}
    following = stepping.next_steps(flush.connection, list(going.values()), terms, now)
    stepping.enter(flush.connection, [(going[key], begun) for key, begun in following.items()])
    for request, row in asked:
        begun, standing = following.get(row.id), places.get(row.id)
        if begun is not None:
            epoch, standing = row.epoch + 1, stepping.stands(row, begun, standing)
            state = AttemptState(row.id, epoch, begun.due_at, None, None, epoch)
            facts = steps.facts_of(begun.step, number=begun.number, epoch=epoch, due_at=begun.due_at)
            actor = f"candidate:{row.registration_id}"
            flush.record(actor, row.institution_id, "attempt.went_on", ("attempt", row.id), **facts)
            request.answer = _opened(flush, row, state, (), standing, now)
        elif steps.is_repeated(
            number=request.number, epoch=request.epoch, step=row.step, present_epoch=row.epoch
        ):
            request.answer = _opened(flush, row, state_of(row, row.id), (), standing, now)


def foresee(flush: Flush, requests: Sequence[Advance]) -> None:
    """Let courses work the next steps out for answers as they stand, without locking anything."""
    found, now = _attempts(flush, requests, lock=False)
    asked = [(each, row) for each in requests if (row := found.get((each.attempt_id, each.session_digest)))]
    rows = [row for row in _going(asked).values() if stepping.needs_answers(row)]
    terms = {row.sitting_id: terms_of(row.sitting_id, row.rules) for row in rows}
    stepping.next_steps(flush.connection, rows, terms, now)


def _going(asked: Iterable[tuple[Advance, Any]]) -> dict[UUID, Any]:
    """Return by attempt the rows of those whose page stands where the attempt does, and which may go on."""
    return {
        row.id: row
        for request, row in asked
        if (row.step, row.epoch) == (request.number, request.epoch)
        and row.ends_at is not None
        and row.paused_at is None
        and not row.last_step
    }


def given(flush: Flush, requests: Sequence[Given]) -> None:
    """Tell what was given to candidates whom this process does not know yet."""
    found = store.given(flush.connection, [request.attempt_id for request in requests])
    for request in requests:
        request.answer = found.get(request.attempt_id, (0, ()))


def hand_in(flush: Flush, requests: Sequence[HandIn]) -> None:
    """Hand in; what was handed in before keeps its receipt, and what is overdue is the server's."""
    found, now = _attempts(flush, requests, lock=True)
    closing: list[tuple[HandIn, Any, bool]] = []
    for request in requests:
        row = found.get((request.attempt_id, request.session_digest))
        if row is None:
            continue
        if row.submitted_at is not None:
            request.answer = HandedIn(row.receipt, already=True)
        elif rules.is_overdue(state_of(row, row.id), now=now):
            closing.append((request, row, True))
        elif (
            row.epoch == request.epoch and row.paused_at is None and row.last_step and _may_hand_in(row, now)
        ):
            closing.append((request, row, False))
    if not closing:
        return
    answers = store.answers(flush.connection, [row.id for _, row, _ in closing])
    changes = []
    for request, row, forced in closing:
        sent = [answer[:4] for answer in answers.get(row.id, ())]
        receipt = rules.receipt(row.id, sent)
        at = row.due_at if forced else min(now, row.due_at)
        changes.append(
            {"id": row.id, "submitted_at": at, "forced": forced, "paused_at": None, "receipt": receipt}
        )
        flush.record(
            "system" if forced else f"candidate:{row.registration_id}",
            row.institution_id,
            "attempt.handed_in",
            ("attempt", row.id),
            forced=forced,
            receipt=receipt,
            answered=sum(bool(answer[3]) for answer in sent),
        )
        request.answer = HandedIn(receipt, already=forced)
    store.change(flush.connection, changes)


def _may_hand_in(row: Any, now: datetime) -> bool:
    try:
        rules.check_hand_in(terms_of(row.sitting_id, row.rules), due_at=row.due_at, now=now)
    except Conflict:
        return False
    return True
