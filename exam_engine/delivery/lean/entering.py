"""From the entrance to the start, one function a kind of request."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from exam_engine.delivery import rules
from exam_engine.delivery.lean import stepping, store
from exam_engine.delivery.lean.flush import Flush, raise_epochs, state_of, terms_of, who_is
from exam_engine.delivery.lean.requests import Enter, Start, Wait, WaitingPlace
from exam_engine.delivery.paper import PLAIN_ORDER
from exam_engine.delivery.service.entering import Stage
from exam_engine.sittings.accommodations import Accommodations
from exam_engine.sittings.rules import RegistrationStatus, SittingStatus, Terms
from itembank.base.errors import Conflict
from itembank.base.ids import new_id
from itembank.people import service as people


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
    raise_epochs(flush, store.working(flush.connection, [row.id for _, row in admitted]))


def wait(flush: Flush, requests: Sequence[Wait]) -> None:
    """Show the waiting room to whoever has one sitting that is not over."""
    now = flush.now()
    found = store.places(flush.connection, [request.session_digest for request in requests], now)
    for request in requests:
        rows = found.get(request.session_digest, [])
        if len(rows) == 1 and rows[0].rules and rows[0].paper_id and not rows[0].seb_missing:
            request.answer = _waiting_place(flush, rows[0], now)


def _waiting_place(flush: Flush, row: Any, now: datetime) -> WaitingPlace | None:
    terms = terms_of(row.sitting_id, row.rules)
    stage = _stage(row, terms, now)
    if stage is None:
        return None
    seconds = max(0.0, (terms.starts_at - now).total_seconds())
    return WaitingPlace(
        who=who_is(flush, row),
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


def _stage(row: Any, terms: Terms, now: datetime) -> Stage | None:
    if row.attempt_id is not None:
        state = state_of(row, row.attempt_id)
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
        elif _stage(row, terms := terms_of(row.sitting_id, row.rules), now) is Stage.READY:
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
                **({"places": new["form"]} if terms_of(row.sitting_id, row.rules).way.grows else {}),
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
    terms = terms_of(row.sitting_id, row.rules)
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
