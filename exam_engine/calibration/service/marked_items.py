"""Which items of a sitting may have been known beforehand: those named, or those seen in an earlier sitting."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.calibration import store
from exam_engine.calibration.reports.rules import MarkedNothing, MarkedTooFew, MarkedUnknown, Marking
from exam_engine.psychometrics.forensics.preknowledge import MINIMUM_COMPROMISED, MINIMUM_SECURE
from exam_engine.sittings.models import Plan

SHOWN_NAMES = 10


def marked_items(session: Session, sitting_id: UUID, marking: Marking, names: Sequence[str]) -> list[UUID]:
    """Return the marked items of a sitting's papers, in the order of their ids.

    Raises
    ------
    MarkedNothing
        If items are to be listed and none is.
    MarkedUnknown
        If a name is no item of the sitting's papers, or of several.
    MarkedTooFew
        If too few items are marked, or too few are not.
    """
    if marking is Marking.NONE:
        return []
    sitting, plan = store.theory_sitting(session, sitting_id)
    own = _items_sat(session, [sitting_id])
    if marking is Marking.LIST:
        chosen = _named(session, plan, own, names)
    else:
        chosen = own & _items_sat(session, store.sittings_before(session, sitting, plan))
    if len(chosen) < MINIMUM_COMPROMISED or len(own - chosen) < MINIMUM_SECURE:
        raise MarkedTooFew(
            marked=len(chosen),
            others=len(own - chosen),
            least_marked=MINIMUM_COMPROMISED,
            least_others=MINIMUM_SECURE,
        )
    return sorted(chosen)


def _named(session: Session, plan: Plan, own: Collection[UUID], names: Sequence[str]) -> set[UUID]:
    wanted = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    if not wanted:
        raise MarkedNothing
    found = store.items_named(session, wanted, occupation_id=plan.occupation_id, level=plan.level)
    here = {name: [item for item in found.get(name, ()) if item in own] for name in wanted}
    unknown = [name for name, items in here.items() if len(items) != 1]
    if unknown:
        more = " …" if len(unknown) > SHOWN_NAMES else ""
        raise MarkedUnknown(names="、".join(name[:40] for name in unknown[:SHOWN_NAMES]) + more)
    return {items[0] for items in here.values()}


def _items_sat(session: Session, sitting_ids: Collection[UUID]) -> set[UUID]:
    """Return the items that somebody had in the sittings."""
    return set().union(*store.items_of_sittings(session, list(sitting_ids)).values())
