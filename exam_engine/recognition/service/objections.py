"""Objections to a notice: filed by anybody, investigated, decided; until then nothing is issued."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.recognition import store
from exam_engine.recognition.models import NoticeEntry, Objection
from exam_engine.recognition.rules import (
    OPEN_OBJECTIONS,
    ApprovalState,
    ObjectionDecided,
    ObjectionStatus,
    check_decision,
    check_objection_in_time,
)
from exam_engine.recognition.service.notice import find_notice
from exam_engine.sittings.models import Plan
from itembank.base import audit
from itembank.base.db import keyring_of
from itembank.base.errors import Invalid, NotFound
from itembank.people.rules import Actor

_PURPOSE = "objection"
_REFERENCE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
REFERENCE_LENGTH = 12


class GroundMissing(Invalid):
    """An objection says what is objected to."""

    code = "objection_ground_missing"
    message = "Say in a few words what you object to: at least {least} characters."


class EntryUnknown(Invalid):
    """The line is not in this notice."""

    code = "objection_entry_unknown"
    message = "This notice has no line {position}."


LEAST_GROUND = 5


@dataclass(frozen=True)
class ObjectionView:
    """An objection as staff see it, with what was sealed."""

    objection: Objection
    plan: Plan
    entry: NoticeEntry | None
    ground: str
    objector: str
    telephone: str
    finding: str


def file_objection(
    session: Session,
    *,
    actor: Actor,
    slug: str,
    position: int | None,
    ground: str,
    objector: str = "",
    telephone: str = "",
    now: datetime,
) -> Objection:
    """File an objection to one line of a notice, or to the whole of it.

    Raises
    ------
    NoticeOver
        If the period has passed.
    GroundMissing, EntryUnknown
        If it says nothing, or names a line that is not there.
    """
    view = find_notice(session, slug)
    check_objection_in_time(view.notice.last_day, now=now, authority=view.authority)
    if len(ground.strip()) < LEAST_GROUND:
        raise GroundMissing(least=LEAST_GROUND)
    entry = next((each for each in view.entries if each.position == position), None)
    if position is not None and entry is None:
        raise EntryUnknown(position=position)
    reference = "".join(secrets.choice(_REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))
    facts = {
        "ground": ground.strip(),
        "objector": objector.strip(),
        "telephone": telephone.strip(),
        "finding": "",
    }
    objection = Objection(
        institution_id=view.notice.institution_id,
        notice_id=view.notice.id,
        plan_id=view.notice.plan_id,
        entry_id=entry.id if entry else None,
        reference=reference,
        filed_by=str(actor),
        sealed=_seal(session, reference, facts),
        status=ObjectionStatus.FILED,
        filed_at=now,
    )
    session.add(objection)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="objection.filed",
        subject=("objection", objection.id),
        institution_id=objection.institution_id,
        detail={"plan": str(objection.plan_id), "line": position},
    )
    return objection


def _seal(session: Session, reference: str, facts: dict[str, str]) -> bytes:
    plain = json.dumps(facts, ensure_ascii=False).encode()
    return keyring_of(session).seal(plain, purpose=_PURPOSE, context=f"objection/{reference}")


def _open(session: Session, objection: Objection) -> dict[str, str]:
    context = f"objection/{objection.reference}"
    opened: dict[str, str] = json.loads(
        keyring_of(session).open(objection.sealed, purpose=_PURPOSE, context=context)
    )
    return opened


def begin_investigation(session: Session, *, actor: Actor, objection_id: UUID, now: datetime) -> Objection:
    """Record who investigates an objection, and since when."""
    objection = _find(session, objection_id)
    if objection.status not in OPEN_OBJECTIONS:
        raise ObjectionDecided
    if objection.status is ObjectionStatus.FILED:
        objection.status = ObjectionStatus.INVESTIGATING
        objection.investigated_by, objection.investigated_at = str(actor), now
        _record(session, actor, objection, "objection.investigation_begun")
    return objection


def decide_objection(
    session: Session, *, actor: Actor, objection_id: UUID, upheld: bool, finding: str, now: datetime
) -> Objection:
    """Decide an objection on written findings.

    Upheld against one person it annuls that person's recognition; upheld against the whole notice it returns
    every recognition of the plan that still waits. Dismissed, it lets the approval go on.

    Raises
    ------
    NotInvestigated, FindingMissing, ObjectionDecided
    """
    objection = _find(session, objection_id)
    check_decision(objection.status, finding=finding)
    objection.sealed = _seal(
        session, objection.reference, {**_open(session, objection), "finding": finding.strip()}
    )
    objection.status = ObjectionStatus.UPHELD if upheld else ObjectionStatus.DISMISSED
    objection.decided_by, objection.decided_at = str(actor), now
    if upheld:
        _apply(session, objection)
    session.flush()
    _record(session, actor, objection, "objection.decided")
    return objection


def _apply(session: Session, objection: Objection) -> None:
    if objection.entry_id is None:
        for each in store.decisions(session, objection.plan_id):
            if each.state in (ApprovalState.WAITING, ApprovalState.APPROVED):
                each.state = ApprovalState.RETURNED
        return
    entry = store.entry(session, objection.entry_id)
    decision = store.decision_of(session, entry.registration_id) if entry else None
    if decision is not None:
        decision.state = ApprovalState.ANNULLED


def _record(session: Session, actor: Actor, objection: Objection, action: str) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        subject=("objection", objection.id),
        institution_id=objection.institution_id,
        detail={"status": str(objection.status)},
    )


def _find(session: Session, objection_id: UUID) -> Objection:
    objection = store.objection(session, objection_id)
    if objection is None:
        raise NotFound
    return objection


def _views(session: Session, objections: Sequence[Objection]) -> list[ObjectionView]:
    plans = store.plans(session, list({each.plan_id for each in objections}))
    entries = store.entries_by_id(session, [each.entry_id for each in objections if each.entry_id])
    views = []
    for each in objections:
        facts = _open(session, each)
        entry = entries.get(each.entry_id) if each.entry_id else None
        views.append(
            ObjectionView(
                each,
                plans[each.plan_id],
                entry,
                facts["ground"],
                facts["objector"],
                facts["telephone"],
                facts["finding"],
            )
        )
    return views


def list_objections(session: Session, *, plan_id: UUID | None = None) -> list[ObjectionView]:
    """Return the objections in reach, newest first."""
    return _views(session, store.objections(session, plan_id=plan_id))


def read_objection(session: Session, objection_id: UUID) -> ObjectionView:
    """Return one objection; raises NotFound."""
    return _views(session, [_find(session, objection_id)])[0]


def open_objections(session: Session) -> int:
    """Return how many objections in reach are not decided."""
    return store.count_open_objections(session)


def status_by_reference(session: Session, reference: str) -> Objection | None:
    """Return the objection with this reference, for the objector who kept it."""
    return store.objection_by_reference(session, reference.strip().upper())
