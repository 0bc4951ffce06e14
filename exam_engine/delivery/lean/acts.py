"""What is done for the candidates of a batch, one function a kind of request.

Each leaves ``answer`` empty where anything is out of the ordinary: wrong code, not admitted, too early, too late,
somebody else's, several sittings. The ordinary road then decides, with all its refusals.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from exam_engine.delivery import rules
from exam_engine.delivery.lean import stepping, store
from exam_engine.delivery.lean.requests import (
    Advance,
    Enter,
    Given,
    HandedIn,
    HandIn,
    Open,
    Opened,
    Read,
    Request,
    Sheet,
    Start,
    Wait,
    WaitingPlace,
    Who,
)
from exam_engine.delivery.paper import PLAIN_ORDER
from exam_engine.delivery.rules import AttemptState
from exam_engine.delivery.service.entering import Stage
from exam_engine.delivery.service.stepping import Standing
from exam_engine.delivery.steps import rules as steps
from exam_engine.delivery.tokens import AttemptToken, issue
from exam_engine.sittings.accommodations import Accommodations
from exam_engine.sittings.rules import RegistrationStatus, SittingStatus, Terms
from itembank.base import audit
from itembank.base.db import Database, connection_now
from itembank.base.errors import Conflict
from itembank.base.ids import new_id
from itembank.people import service as people


class Flush:
    """A transaction under way: its connection and the audit records to write at its end."""

    def __init__(self, connection: Any, database: Database) -> None:
        self.connection, self.database, self.keyring = connection, database, database.keyring
        self.records: list[audit.Record] = []

    def now(self) -> datetime:
        """Return the database's time; after a lock, ask again."""
        return connection_now(self.connection, self.database.clock)

    def record(
        self, actor: str, institution_id: UUID, action: str, subject: tuple[str, UUID], **detail: object
    ) -> None:
        """Keep a record for the chain."""
        facts = {name: str(value) if isinstance(value, UUID) else value for name, value in detail.items()}
        at = self.database.clock.now()
        named = (subject[0], str(subject[1]))
        self.records.append(audit.Record(actor, institution_id, action, named, at, facts))


def enter(flush: Flush, requests: Sequence[Enter]) -> None:
    """Log candidates in whose code is right and one of whose sittings is open; each device takes over."""
    now = flush.now()
    known = store.entries(flush.connection, [request.ticket_number for request in requests])
    admitted: list[tuple[Enter, Any]] = []
    for request in requests:
        rows = known.get(request.ticket_number, [])
        if (
            rows
            and hmac.compare_digest(rows[0].entry_code_hash or "", request.code_hash)
            and rows[0].status is RegistrationStatus.APPROVED
            and any(row.opens_at <= now < row.ends_at for row in rows)
        ):
            admitted.append((request, rows[0]))
    if not admitted:
        return
    who = [(row.id, row.institution_id) for _, row in admitted]
    tokens = people.open_candidate_sessions(flush.connection, who, now=now)
    for (request, row), token in zip(admitted, tokens, strict=True):
        subject = ("registration", row.id)
        flush.record(f"candidate:{row.id}", row.institution_id, "candidate.entered", subject)
        request.answer = token
    _raise_epochs(flush, store.working(flush.connection, [row.id for _, row in admitted]))


def _raise_epochs(flush: Flush, attempts: Sequence[Any]) -> None:
    store.change(flush.connection, [{"id": row.id, "epoch": row.epoch + 1} for row in attempts])
    for row in attempts:
        actor = f"candidate:{row.registration_id}"
        flush.record(actor, row.institution_id, "attempt.opened", ("attempt", row.id), epoch=row.epoch + 1)


_terms: dict[UUID, Terms] = {}
"""Terms of published sittings, which never change again."""


def _terms_of(sitting_id: UUID, stored: Mapping[str, Any]) -> Terms:
    found = _terms.get(sitting_id)
    if found is None:
        if len(_terms) > 1000:
            _terms.clear()
        found = _terms[sitting_id] = Terms.from_json(stored)
    return found


def wait(flush: Flush, requests: Sequence[Wait]) -> None:
    """Show the waiting room to whoever has one sitting that is not over."""
    now = flush.now()
    found = store.places(flush.connection, [request.session_digest for request in requests], now)
    for request in requests:
        rows = found.get(request.session_digest, [])
        if len(rows) == 1 and rows[0].rules and rows[0].paper_id and not rows[0].seb_missing:
            request.answer = _waiting_place(flush, rows[0], now)


def _waiting_place(flush: Flush, row: Any, now: datetime) -> WaitingPlace | None:
    terms = _terms_of(row.sitting_id, row.rules)
    stage = _stage(row, terms, now)
    if stage is None:
        return None
    seconds = max(0.0, (terms.starts_at - now).total_seconds())
    return WaitingPlace(
        who=_who(flush, row),
        room_name=row.room_name,
        has_photo=row.photo_ref is not None,
        sitting_id=row.sitting_id,
        paper_id=row.paper_id,
        terms=terms,
        stage=stage,
        starts_in_seconds=seconds + (rules.opening_delay(row.registration_id) if seconds else 0.0),
        attempt_id=row.attempt_id,
        accommodations=row.accommodations,
        form=row.form,
    )


def _who(flush: Flush, row: Any) -> Who:
    name = people.name_in(flush.keyring, row.person_id, row.sealed)
    return Who(name, row.ticket_number, row.seat_number, row.plan_name)


def _stage(row: Any, terms: Terms, now: datetime) -> Stage | None:
    if row.attempt_id is not None:
        state = _state(row, row.attempt_id)
        over = state.submitted_at is not None or rules.is_overdue(state, now=now)
        return None if over else Stage.WORKING
    if row.bar_id is not None or row.status is not RegistrationStatus.APPROVED:
        return None
    if now < terms.starts_at:
        return Stage.EARLY
    return Stage.READY if _may_start(row, terms, now) else None


def _may_start(row: Any, terms: Terms, now: datetime) -> bool:
    if row.sitting_status is not SittingStatus.PUBLISHED:
        return False
    try:
        terms.check_start(now)
    except Conflict:
        return False
    return True


def start(flush: Flush, requests: Sequence[Start]) -> None:
    """Begin attempts; whoever has one already gets that."""
    now = flush.now()
    found = store.places(flush.connection, [request.session_digest for request in requests], now)
    beginning: list[tuple[Start, Any, dict[str, Any]]] = []
    first: list[dict[str, Any]] = []
    for request in requests:
        rows = found.get(request.session_digest, [])
        row = next((row for row in rows if row.sitting_id == request.sitting_id), None)
        if row is None or not row.rules or not row.paper_id or row.seb_missing:
            continue
        if row.attempt_id is not None:
            request.answer = row.attempt_id
        elif _stage(row, terms := _terms_of(row.sitting_id, row.rules), now) is Stage.READY:
            new = _new_attempt(row, now)
            if terms.has_steps:
                step = stepping.first_step(new, terms, Accommodations.from_json(row.accommodations))
                if step is None:
                    continue
                first.append(step)
            beginning.append((request, row, new))
    if not beginning:
        return
    begun = _begin(flush, [new for _, _, new in beginning])
    ours = [new for _, row, new in beginning if begun[row.sitting_id, row.registration_id] == new["id"]]
    gone = store.take_back_barred(flush.connection, ours)
    looked = {new["id"]: row.accommodations for _, row, new in beginning}
    gone |= store.take_back_changed(
        flush.connection, {new["id"]: looked[new["id"]] for new in ours if new["id"] not in gone}
    )
    stay = {new["id"] for new in ours} - gone
    store.begin_steps(flush.connection, [step for step in first if step["attempt_id"] in stay])
    for request, row, new in beginning:
        if new["id"] in gone:
            continue
        request.answer = begun[row.sitting_id, row.registration_id]
        if request.answer == new["id"]:  # else a second click was quicker, at another process
            flush.record(
                f"candidate:{row.registration_id}",
                row.institution_id,
                "attempt.started",
                ("attempt", new["id"]),
                sitting=row.sitting_id,
                paper=row.paper_id,
                due_at=new["due_at"].isoformat(),
                **({"places": new["form"]} if _terms_of(row.sitting_id, row.rules).way.grows else {}),
            )


def _begin(flush: Flush, attempts: Sequence[dict[str, Any]]) -> dict[tuple[UUID, UUID], UUID]:
    """Insert new attempts as ``store.begin`` does, those with steps apart: one statement names the same columns."""
    begun: dict[tuple[UUID, UUID], UUID] = {}
    for having in (False, True):
        rows = [new for new in attempts if ("ends_at" in new) is having]
        if rows:
            begun |= store.begin(flush.connection, rows)
    return begun


def _new_attempt(row: Any, now: datetime) -> dict[str, Any]:
    terms = _terms_of(row.sitting_id, row.rules)
    given = Accommodations.from_json(row.accommodations)
    extra = given.extra_time(terms.limit_minutes)
    return {
        "id": new_id(),
        "institution_id": row.institution_id,
        "sitting_id": row.sitting_id,
        "registration_id": row.registration_id,
        "paper_id": row.paper_id,
        "form": row.form,
        "seed": PLAIN_ORDER if given.plain_order else secrets.randbits(62),
        "epoch": 1,
        "started_at": now,
        "due_at": terms.due_at(now, extra),
        "extra_seconds": round(extra.total_seconds()),
        "forced": False,
        "terminated_reason": "",
        "receipt": "",
    }


_Found = dict[tuple[UUID, str], Any]


def _attempts(
    flush: Flush, requests: Sequence[Read | Open | Advance | HandIn], *, lock: bool
) -> tuple[_Found, datetime]:
    """Return the attempts asked for by their own candidates, and the time, which is read after the lock."""
    ids = [request.attempt_id for request in requests]
    digests = [request.session_digest for request in requests]
    found = store.attempts(flush.connection, ids, digests, flush.now(), lock=lock)
    return found, flush.now()


def _state(row: Any, attempt_id: UUID) -> AttemptState:
    return AttemptState(
        attempt_id, row.epoch, row.due_at, row.submitted_at, row.paused_at, row.step_epoch, bool(row.goes_on)
    )


def _is_over(row: Any, now: datetime) -> bool:
    return row.submitted_at is not None or rules.is_overdue(_state(row, row.id), now=now)


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
        and not rules.is_step_over(_state(row, row.id), now=now)
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
            _who(flush, head),
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
    _raise_epochs(flush, list(rows.values()))
    answers = store.answers(flush.connection, rows)
    for request in requests:
        row = rows.get(request.attempt_id)
        if row is not None:
            state = replace(_state(row, row.id), epoch=row.epoch + 1)
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
    terms = {row.sitting_id: _terms_of(row.sitting_id, row.rules) for row in going.values()}
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
            request.answer = _opened(flush, row, _state(row, row.id), (), standing, now)


def foresee(flush: Flush, requests: Sequence[Advance]) -> None:
    """Let courses work the next steps out for answers as they stand, without locking anything."""
    found, now = _attempts(flush, requests, lock=False)
    asked = [(each, row) for each in requests if (row := found.get((each.attempt_id, each.session_digest)))]
    rows = [row for row in _going(asked).values() if stepping.needs_answers(row)]
    terms = {row.sitting_id: _terms_of(row.sitting_id, row.rules) for row in rows}
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
        elif rules.is_overdue(_state(row, row.id), now=now):
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
        rules.check_hand_in(_terms_of(row.sitting_id, row.rules), due_at=row.due_at, now=now)
    except Conflict:
        return False
    return True


Act = Callable[[Flush, Sequence[Any]], None]

ACTS: Mapping[type[Request], Act] = {
    Enter: enter,
    Wait: wait,
    Start: start,
    Read: read,
    Open: open_here,
    Given: given,
    Advance: advance,
    HandIn: hand_in,
}
