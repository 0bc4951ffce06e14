"""Reading and saving a candidate's answers within a request; the exam page itself saves through the writer."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery import store
from exam_engine.delivery.models import Answer, Attempt
from exam_engine.delivery.rules import Answerable, AnswerRow, check_response, refusal
from exam_engine.delivery.saving.store import write_answers
from exam_engine.delivery.service.entering import own_attempt
from exam_engine.delivery.service.stepping import state_of
from itembank.base.db import database_now
from itembank.people.rules import Actor


def saved_answers(session: Session, attempt: Attempt) -> dict[UUID, Answer]:
    """Return the latest answers of an attempt by item."""
    return {answer.item_id: answer for answer in store.answers(session, attempt.id)}


def save_form(
    session: Session,
    *,
    actor: Actor,
    attempt_id: UUID,
    epoch: int,
    form: Answerable,
    responses: Mapping[UUID, list[str]],
) -> int:
    """Save what a page without script sent; return how many answers changed.

    Raises what ``rules.refusal`` and ``rules.check_response`` say; nothing is saved then.
    """
    attempt = own_attempt(session, actor=actor, attempt_id=attempt_id, lock=True)
    now = database_now(session)
    refused = refusal(state_of(attempt), epoch=epoch, now=now)
    if refused is not None:
        raise refused
    held = saved_answers(session, attempt)
    rows: list[AnswerRow] = []
    for item_id, response in responses.items():
        chosen = check_response(form, item_id, response)
        before = held.get(item_id)
        if chosen == (before.response if before else []):
            continue
        revision = before.revision + 1 if before and before.epoch == epoch else 1
        flagged = before.flagged if before else False
        rows.append(AnswerRow(attempt_id, item_id, epoch, revision, chosen, flagged))
    if rows:
        write_answers(session.connection(), store.newest(rows), saved_at=now)
        session.expire_all()
    return len(rows)
