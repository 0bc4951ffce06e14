"""Fill the open places of a paper anew: the request, and what becomes of the form that was found."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.papers import store
from exam_engine.papers.compile import BankItem
from exam_engine.papers.models import Assembly, Paper, PaperEntry, PaperEvent
from exam_engine.papers.rules import NothingOpen, PaperEventKind, check_reason, standing_edits
from exam_engine.papers.service.editing import apply_edit, editable, set_locks, swap_of
from exam_engine.papers.service.storing import outline_place
from itembank.people.rules import Actor


def refill_request(
    session: Session, *, actor: Actor, paper_id: UUID, locked: Collection[int], reason: str, revision: int
) -> Assembly:
    """Return the request, not yet filed; see assembling.request_refill."""
    why = check_reason(reason)
    editable(session, paper_id, revision)
    paper = set_locks(session, actor=actor, paper_id=paper_id, positions=locked)
    entries = store.entries(session, paper_id)
    kept = [str(entry.item_id) for entry in entries if entry.is_locked]
    if len(kept) == len(entries):
        raise NothingOpen(label=paper.label)
    return Assembly(
        institution_id=paper.institution_id,
        blueprint_id=paper.blueprint_id,
        forms=1,
        paper_id=paper.id,
        request={
            "locked": kept,
            "revision": paper.revision,
            "reason": why,
            "aside": _put_aside(store.events(session, paper_id)),
        },
        requested_by=actor.id if actor.kind == "user" else None,
    )


def _put_aside(events: Sequence[PaperEvent]) -> list[str]:
    """Return the items that somebody swapped out by hand, had a reason for, and did not take back."""
    edits = (events[place] for place in standing_edits([event.kind for event in events]))
    swaps = (swap for edit in edits if edit.kind is PaperEventKind.SWAPPED for swap in edit.swaps)
    return sorted({swap["old"] for swap in swaps})


def refilled_paper(session: Session, assembly: Assembly) -> tuple[Paper, Mapping[str, Any]]:
    """Return the paper of a request and what was asked; raises PaperNotDraft or PaperChanged."""
    assert assembly.paper_id is not None
    assert assembly.request is not None
    return editable(session, assembly.paper_id, assembly.request["revision"]), assembly.request


def refill(
    session: Session, actor: Actor, assembly: Assembly, form: Sequence[BankItem], at: datetime
) -> None:
    """Put the items that were found in the places of those that are not among them, type by type.

    Raises PaperNotDraft or PaperChanged when the paper was changed while the kernel worked.
    """
    paper, request = refilled_paper(session, assembly)
    entries = store.entries(session, paper.id)
    swaps = _swaps(entries, form)
    assembly.outcome = dict(assembly.outcome or {}) | {"replaced": len(swaps), "of": len(entries)}
    if swaps:
        facts = {"locked": len(request["locked"]), "seed": assembly.seed}
        apply_edit(session, actor, paper, PaperEventKind.RESOLVED, swaps, request["reason"], at, facts)


def _swaps(entries: Sequence[PaperEntry], form: Sequence[BankItem]) -> list[dict[str, Any]]:
    held, found = {entry.item_id for entry in entries}, {item.item_id for item in form}
    coming = sorted((item for item in form if item.item_id not in held), key=outline_place)
    swaps = []
    for entry in entries:
        if entry.item_id not in found:
            item = next(item for item in coming if item.type == entry.type)
            coming.remove(item)
            swaps.append(swap_of(entry, item.item_id, item.version_id))
    return swaps
