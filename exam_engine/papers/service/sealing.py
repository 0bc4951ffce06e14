"""Approval and sealing by a second person."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.papers import store
from exam_engine.papers.content import canonical_bytes, digest_of
from exam_engine.papers.models import Paper
from exam_engine.papers.rules import (
    SEAL_PURPOSE,
    ItemsChanged,
    PaperStatus,
    PaperUnknown,
    check_marks,
    check_second_person,
    check_status,
)
from exam_engine.papers.service.blueprints import find_blueprint, spec_of
from exam_engine.papers.service.reading import preview_draft, seal_context
from itembank.base import audit
from itembank.base.db import keyring_of
from itembank.items import service as items
from itembank.items.rules import ItemStatus
from itembank.people.rules import Actor


def approve_paper(session: Session, *, actor: Actor, paper_id: UUID, now: datetime) -> Paper:
    """Approve a draft as somebody other than its requester.

    Raises OwnPaper, PaperNotDraft, ItemsChanged or MarksWrong.
    """
    paper = _second_person(session, actor, paper_id, PaperStatus.DRAFT)
    _check_content(session, paper)
    paper.status, paper.approved_by, paper.approved_at = PaperStatus.APPROVED, actor.id, now
    _record(session, actor, paper, "paper.approved")
    return paper


def seal_paper(session: Session, *, actor: Actor, paper_id: UUID, now: datetime) -> Paper:
    """Freeze and encrypt an approved paper and keep the digest of its content.

    Raises OwnPaper, PaperNotDraft, ItemsChanged or MarksWrong.
    """
    paper = _second_person(session, actor, paper_id, PaperStatus.APPROVED)
    _check_content(session, paper)
    content = canonical_bytes(preview_draft(session, paper.id))
    paper.sealed = keyring_of(session).seal(content, purpose=SEAL_PURPOSE, context=seal_context(paper.id))
    paper.digest = digest_of(content)
    paper.status, paper.sealed_by, paper.sealed_at = PaperStatus.SEALED, actor.id, now
    items.count_use(session, item_ids=[entry.item_id for entry in store.entries(session, paper.id)], now=now)
    _record(session, actor, paper, "paper.sealed", digest=paper.digest)
    return paper


def discard_paper(session: Session, *, actor: Actor, paper_id: UUID) -> Paper:
    """Put a draft or approved paper aside; raises PaperNotDraft."""
    paper = _locked(session, paper_id)
    check_status(paper.label, paper.status, (PaperStatus.DRAFT, PaperStatus.APPROVED))
    paper.status = PaperStatus.DISCARDED
    _record(session, actor, paper, "paper.discarded")
    return paper


def waiting_for(session: Session, actor: Actor) -> int:
    """How many drafts and approved papers wait for this person as the second one."""
    return sum(
        store.count_papers(session, status=status, not_by=actor.id)
        for status in (PaperStatus.DRAFT, PaperStatus.APPROVED)
    )


def _locked(session: Session, paper_id: UUID) -> Paper:
    paper = store.paper(session, paper_id, lock=True)
    if paper is None:
        raise PaperUnknown
    return paper


def _second_person(session: Session, actor: Actor, paper_id: UUID, needed: PaperStatus) -> Paper:
    paper = _locked(session, paper_id)
    check_second_person(requested_by=paper.created_by, acting=actor.id)
    check_status(paper.label, paper.status, (needed,))
    return paper


def _check_content(session: Session, paper: Paper) -> None:
    """Every item is still active in the version assembled, and marks are what the blueprint says."""
    entries = store.entries(session, paper.id)
    found = store.items_of(session, [entry.item_id for entry in entries])
    changed = sum(
        entry.item_id not in found
        or found[entry.item_id].status is not ItemStatus.ACTIVE
        or found[entry.item_id].current_version_id != entry.version_id
        for entry in entries
    )
    if changed:
        raise ItemsChanged(label=paper.label, count=changed)
    spec = spec_of(find_blueprint(session, paper.blueprint_id))
    total = sum((entry.marks for entry in entries), Decimal(0))
    check_marks(paper.label, total=total, stated=spec.total_marks)


def _record(session: Session, actor: Actor, paper: Paper, action: str, **detail: str) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        subject=("paper", paper.id),
        institution_id=paper.institution_id,
        detail={"label": paper.label, **detail},
    )
