"""Approval, refusal and sealing by a second person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.papers import store
from exam_engine.papers.bank import read_items
from exam_engine.papers.compile import facts_of
from exam_engine.papers.content import SealedPaper, canonical_bytes, digest_of, in_sections
from exam_engine.papers.growing import ADAPTIVE
from exam_engine.papers.models import Paper
from exam_engine.papers.rules import (
    OPEN,
    SEAL_PURPOSE,
    ItemsChanged,
    OwnEdit,
    PaperChanged,
    PaperCheck,
    PaperEventKind,
    PaperKind,
    PaperStatus,
    PaperUnknown,
    check_marks,
    check_reason,
    check_second_person,
    check_status,
    check_ticked,
)
from exam_engine.papers.service.blueprints import find_blueprint, spec_of
from exam_engine.papers.service.checking import check_rules, recompute
from exam_engine.papers.service.editing import keep_event
from exam_engine.papers.service.reading import preview_draft, seal_context
from itembank.base import audit
from itembank.base.db import keyring_of
from itembank.items import service as items
from itembank.items.rules import ItemStatus
from itembank.people.rules import Actor


def approve_paper(
    session: Session,
    *,
    actor: Actor,
    paper_id: UUID,
    now: datetime,
    checks: Collection[PaperCheck] = tuple(PaperCheck),
    revision: int | None = None,
) -> Paper:
    """Approve a draft as somebody who neither asked for it nor edited it; ``checks`` are the points confirmed.

    Raises OwnPaper, OwnEdit, PaperNotDraft, PaperChanged, ChecksMissing, ItemsChanged, MarksWrong or RulesBroken.
    """
    paper = _second_person(session, actor, paper_id, PaperStatus.DRAFT)
    check_ticked(checks)
    if revision is not None and revision != paper.revision:
        raise PaperChanged(label=paper.label)
    _check_content(session, paper)
    check_rules(session, paper)
    paper.status, paper.approved_by, paper.approved_at = PaperStatus.APPROVED, actor.id, now
    facts = {"checks": sorted(check.value for check in checks)}
    keep_event(session, actor, paper, PaperEventKind.APPROVED, now, facts=facts)
    _record(session, actor, paper, "paper.approved")
    return paper


def record_keys_shown(session: Session, *, actor: Actor, paper_id: UUID) -> Paper:
    """Record that the keys of a draft or approved paper are shown to its second person, who is to confirm them.

    Raises OwnPaper, OwnEdit or PaperNotDraft.
    """
    paper = _second_person(session, actor, paper_id, PaperStatus.DRAFT, PaperStatus.APPROVED)
    _record(session, actor, paper, "paper.keys_shown")
    return paper


def refuse_paper(session: Session, *, actor: Actor, paper_id: UUID, reason: str, now: datetime) -> Paper:
    """Send a draft or approved paper back to its author with the reason.

    Raises ReasonMissing, OwnPaper, OwnEdit or PaperNotDraft.
    """
    why = check_reason(reason)
    paper = _second_person(session, actor, paper_id, PaperStatus.DRAFT, PaperStatus.APPROVED)
    paper.status, paper.approved_by, paper.approved_at = PaperStatus.RETURNED, None, None
    keep_event(session, actor, paper, PaperEventKind.REFUSED, now, reason=why)
    _record(session, actor, paper, "paper.refused", reason=why)
    return paper


def resubmit_paper(session: Session, *, actor: Actor, paper_id: UUID, reason: str, now: datetime) -> Paper:
    """Submit a refused paper again, saying what was done about it; raises ReasonMissing or PaperNotDraft."""
    why = check_reason(reason)
    paper = _locked(session, paper_id)
    check_status(paper.label, paper.status, (PaperStatus.RETURNED,))
    paper.status = PaperStatus.DRAFT
    keep_event(session, actor, paper, PaperEventKind.RESUBMITTED, now, reason=why)
    _record(session, actor, paper, "paper.resubmitted", reason=why)
    return paper


def seal_paper(session: Session, *, actor: Actor, paper_id: UUID, now: datetime) -> Paper:
    """Freeze and encrypt an approved paper and keep the digest of its content.

    Raises OwnPaper, OwnEdit, PaperNotDraft, ItemsChanged, MarksWrong or RulesBroken.
    """
    paper = _second_person(session, actor, paper_id, PaperStatus.APPROVED)
    _check_content(session, paper)
    check_rules(session, paper)
    content = canonical_bytes(_with_facts(session, paper, preview_draft(session, paper.id)))
    paper.sealed = keyring_of(session).seal(content, purpose=SEAL_PURPOSE, context=seal_context(paper.id))
    paper.digest = digest_of(content)
    paper.status, paper.sealed_by, paper.sealed_at = PaperStatus.SEALED, actor.id, now
    if (paper.collection or {}).get("way") != ADAPTIVE:  # which holds far more than anybody sees
        used = [entry.item_id for entry in store.entries(session, paper.id)]
        items.count_use(session, item_ids=used, now=now)
    keep_event(session, actor, paper, PaperEventKind.SEALED, now, facts={"digest": paper.digest})
    _record(session, actor, paper, "paper.sealed", digest=paper.digest)
    return paper


def release_use(session: Session, paper: Paper) -> None:
    """Take back what the seal of a paper that counts no longer had counted for its items."""
    used = [entry.item_id for entry in store.entries(session, paper.id)]
    others = store.last_seals(session, paper.occupation_id, paper.level)
    items.take_back_use(session, item_ids=used, counted_at=paper.sealed_at, others=others)


def discard_paper(session: Session, *, actor: Actor, paper_id: UUID, now: datetime) -> Paper:
    """Put a paper that is not sealed aside; raises PaperNotDraft."""
    paper = _locked(session, paper_id)
    check_status(paper.label, paper.status, OPEN)
    paper.status = PaperStatus.DISCARDED
    keep_event(session, actor, paper, PaperEventKind.DISCARDED, now)
    _record(session, actor, paper, "paper.discarded")
    session.flush()
    assembly = store.assembly(session, paper.assembly_id)
    assert assembly is not None
    if assembly.kind is PaperKind.FORM:
        recompute(session, assembly, now=now)
    return paper


def may_decide(session: Session, actor: Actor, paper: Paper) -> bool:
    """Whether this person may be the second one for a paper."""
    return actor.id not in (None, paper.created_by, *store.editors(session, paper.id))


def waiting_for(session: Session, actor: Actor, status: PaperStatus) -> int:
    """How many papers in a state wait for this person: returned ones for their author, others for a second person."""
    if status is PaperStatus.RETURNED:
        return store.count_papers(session, status=status, by=actor.id)
    return store.count_papers(session, status=status, not_by=actor.id)


def _locked(session: Session, paper_id: UUID) -> Paper:
    paper = store.paper(session, paper_id, lock=True)
    if paper is None:
        raise PaperUnknown
    return paper


def _second_person(session: Session, actor: Actor, paper_id: UUID, *needed: PaperStatus) -> Paper:
    paper = _locked(session, paper_id)
    check_second_person(requested_by=paper.created_by, acting=actor.id)
    if actor.id in store.editors(session, paper_id):
        raise OwnEdit(label=paper.label)
    check_status(paper.label, paper.status, needed)
    return paper


def _with_facts(session: Session, paper: Paper, content: SealedPaper) -> SealedPaper:
    """Add to each item what the rules counted of it, so that they can be recomputed from the seal alone."""
    found = read_items(
        session, paper.occupation_id, paper.level, [entry.item_id for entry in content.entries]
    )
    facts = {item.item_id: facts_of(item) for item in found}
    entries = [replace(entry, facts=facts[entry.item_id]) for entry in content.entries]
    return replace(content, sections=in_sections(entries))


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
    if paper.kind is PaperKind.COLLECTION:
        return  # the total is a rule of each form
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
