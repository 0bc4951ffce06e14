"""Edits of a draft by hand: swap an item, undo, take current versions, lock. Each is an event and an audit record."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.papers import store
from exam_engine.papers.at_hand import FormsAtHand
from exam_engine.papers.compile import BankItem
from exam_engine.papers.models import Paper, PaperEntry, PaperEvent
from exam_engine.papers.rules import (
    OPEN,
    EntryUnknown,
    NothingToUndo,
    PaperChanged,
    PaperEventKind,
    PaperStatus,
    PaperUnknown,
    SubstituteUnsuitable,
    check_is_form,
    check_reason,
    check_status,
    last_edit,
)
from exam_engine.papers.service.checking import forms_at_hand, recompute
from exam_engine.papers.substitutes import Substitutes, find_substitutes
from itembank.base import audit
from itembank.people.rules import Actor

Swap = Mapping[str, Any]
"""``position``, ``old``, ``old_version``, ``new``, ``new_version``, as text."""


@dataclass(frozen=True)
class SwapView:
    """An item of a draft with those that can come for it."""

    paper: Paper
    position: int
    gone: BankItem | None
    """None when the bank knows too little of it."""
    found: Substitutes
    at_hand: FormsAtHand
    asked: str
    """Id of the item that was asked for by name; empty for none."""


def substitutes(session: Session, paper_id: UUID, position: int, *, name: str = "") -> SwapView:
    """Return what can come for the item at a position; ``name`` asks for one item by number, reference or id.

    Raises PaperUnknown, PaperNotDraft, EntryUnknown, or SubstituteUnsuitable for a name that does not fit.
    """
    paper = store.paper(session, paper_id)
    if paper is None:
        raise PaperUnknown
    check_status(paper.label, paper.status, OPEN)
    check_is_form(paper.label, paper.kind)
    entry = _entry(paper, store.entries(session, paper_id), position)
    at_hand, papers = forms_at_hand(session, paper.assembly_id)
    place = [other.id for other in papers].index(paper_id)
    wanted = str(_named(at_hand, place, entry, name).item_id) if name.strip() else ""
    gone = str(entry.item_id)
    if gone not in at_hand.items:
        return SwapView(paper, position, None, Substitutes(0.0, (), (), 0), at_hand, wanted)
    found = find_substitutes(at_hand, place, gone, wanted=[wanted] if wanted else [])
    return SwapView(paper, position, at_hand.items[gone], found, at_hand, wanted)


def swap_item(
    session: Session,
    *,
    actor: Actor,
    paper_id: UUID,
    position: int,
    name: str,
    reason: str,
    revision: int,
    now: datetime,
) -> FormsAtHand:
    """Put another item in the place of one, even if a rule breaks: the paper then cannot be approved.

    Raises PaperNotDraft, PaperChanged, EntryUnknown, SubstituteUnsuitable or ReasonMissing.
    """
    why = check_reason(reason)
    paper = editable(session, paper_id, revision)
    entry = _entry(paper, store.entries(session, paper_id), position)
    at_hand, papers = forms_at_hand(session, paper.assembly_id)
    come = _named(at_hand, [other.id for other in papers].index(paper_id), entry, name)
    swap = swap_of(entry, come.item_id, come.version_id)
    return apply_edit(session, actor, paper, PaperEventKind.SWAPPED, [swap], why, now)


def undo_edit(session: Session, *, actor: Actor, paper_id: UUID, revision: int, now: datetime) -> FormsAtHand:
    """Take back the last edit that is not undone; raises PaperNotDraft, PaperChanged or NothingToUndo."""
    paper = editable(session, paper_id, revision)
    events = store.events(session, paper_id)
    place = last_edit([event.kind for event in events])
    if place is None:
        raise NothingToUndo(label=paper.label)
    back = [
        {
            "position": swap["position"],
            "old": swap["new"],
            "old_version": swap["new_version"],
            "new": swap["old"],
            "new_version": swap["old_version"],
        }
        for swap in events[place].swaps
    ]
    facts = {"undoes": events[place].number}
    return apply_edit(session, actor, paper, PaperEventKind.UNDONE, back, "", now, facts)


def take_current_versions(
    session: Session, *, actor: Actor, paper_id: UUID, revision: int, now: datetime
) -> FormsAtHand:
    """Take every item that is still active in its current version; raises PaperNotDraft or PaperChanged."""
    paper = editable(session, paper_id, revision)
    entries = store.entries(session, paper_id)
    found = store.items_of(session, [entry.item_id for entry in entries])
    swaps = [
        swap_of(entry, entry.item_id, found[entry.item_id].current_version_id)
        for entry in entries
        if entry.item_id in found and found[entry.item_id].current_version_id != entry.version_id
    ]
    return apply_edit(session, actor, paper, PaperEventKind.UPDATED, swaps, "", now)


def set_locks(session: Session, *, actor: Actor, paper_id: UUID, positions: Collection[int]) -> Paper:
    """Lock the items at these positions and no others; raises PaperNotDraft or EntryUnknown."""
    paper = editable(session, paper_id, None)
    entries = store.entries(session, paper_id)
    for position in positions:
        _entry(paper, entries, position)
    changed = [entry for entry in entries if entry.is_locked != (entry.position in positions)]
    for entry in changed:
        entry.is_locked = entry.position in positions
    if changed:
        _audit(session, actor, paper, "paper.locked", locked=len(positions))
    return paper


def editable(session: Session, paper_id: UUID, revision: int | None) -> Paper:
    """Return a paper locked for an edit; raises PaperUnknown, PaperNotDraft or PaperChanged."""
    paper = store.paper(session, paper_id, lock=True)
    if paper is None:
        raise PaperUnknown
    check_status(paper.label, paper.status, OPEN)
    check_is_form(paper.label, paper.kind)
    if revision is not None and revision != paper.revision:
        raise PaperChanged(label=paper.label)
    return paper


def apply_edit(
    session: Session,
    actor: Actor,
    paper: Paper,
    kind: PaperEventKind,
    swaps: Sequence[Swap],
    reason: str,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
) -> FormsAtHand:
    """Make the swaps, recompute every rule, and keep what was done; an approval is void afterwards."""
    entries = {entry.position: entry for entry in store.entries(session, paper.id)}
    for swap in swaps:
        entry = entries[swap["position"]]
        entry.item_id, entry.version_id = UUID(swap["new"]), UUID(swap["new_version"])
    if paper.status is PaperStatus.APPROVED:
        paper.status, paper.approved_by, paper.approved_at = PaperStatus.DRAFT, None, None
    session.flush()
    assembly = store.assembly(session, paper.assembly_id)
    assert assembly is not None
    at_hand = recompute(session, assembly, now=now)
    place = at_hand.numbers.index(paper.form)
    known = {"broken": list(at_hand.broken(place)), "deviation": at_hand.verification.worst_deviation}
    keep_event(session, actor, paper, kind, now, reason=reason, swaps=swaps, facts=known | dict(facts or {}))
    _audit(
        session,
        actor,
        paper,
        "paper.edited",
        kind=kind.value,
        swaps=[f"{swap['old']} → {swap['new']}" for swap in swaps],
        reason=reason,
        broken=known["broken"],
    )
    return at_hand


def keep_event(
    session: Session,
    actor: Actor,
    paper: Paper,
    kind: PaperEventKind,
    now: datetime,
    *,
    reason: str = "",
    swaps: Sequence[Swap] = (),
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Append an event to a paper's history."""
    paper.revision += 1
    session.add(
        PaperEvent(
            institution_id=paper.institution_id,
            paper_id=paper.id,
            number=paper.revision,
            kind=kind,
            swaps=[dict(swap) for swap in swaps],
            reason=reason,
            facts=dict(facts or {}),
            by=actor.id if actor.kind == "user" else None,
            at=now,
        )
    )


def swap_of(entry: PaperEntry, item_id: UUID, version_id: UUID) -> dict[str, Any]:
    """Return the record of an entry's item going for another."""
    return {
        "position": entry.position,
        "old": str(entry.item_id),
        "old_version": str(entry.version_id),
        "new": str(item_id),
        "new_version": str(version_id),
    }


def _entry(paper: Paper, entries: Sequence[PaperEntry], position: int) -> PaperEntry:
    found = next((entry for entry in entries if entry.position == position), None)
    if found is None:
        raise EntryUnknown(label=paper.label, position=position)
    return found


def _named(at_hand: FormsAtHand, place: int, entry: PaperEntry, name: str) -> BankItem:
    wanted = name.strip()
    found = next(
        (item for key, item in at_hand.items.items() if key in at_hand.usable and wanted in item.names), None
    )
    if found is None or found.type != entry.type or str(found.item_id) in at_hand.forms[place]:
        raise SubstituteUnsuitable(item=wanted[:60])
    return found


def _audit(session: Session, actor: Actor, paper: Paper, action: str, **detail: Any) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        subject=("paper", paper.id),
        institution_id=paper.institution_id,
        detail={"label": paper.label, **detail},
    )
