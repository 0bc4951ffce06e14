"""Changes of state and place, singly and in bulk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from itembank.base import audit
from itembank.base.errors import ExamError
from itembank.items import store
from itembank.items.models import Item
from itembank.items.rules import (
    PLACEABLE,
    BulkOutcome,
    Change,
    ChangeNotAllowed,
    OutsideOutline,
    Refused,
    check_bulk,
    next_status,
)
from itembank.items.service.writing import event, user_of
from itembank.people.rules import Actor
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.models import Outline

Check = Callable[[Item], None]


def _record_bulk(
    session: Session, actor: Actor, action: str, items: Sequence[Item], detail: Mapping[str, object]
) -> None:
    """One record a bulk action: the chain names every item, and 900 items do not make 900 records."""
    if not items:
        return
    audit.record(
        session,
        actor=actor,
        action=action,
        subject=("item", items[0].id),
        institution_id=items[0].institution_id,
        detail={**detail, "count": len(items), "numbers": [item.number for item in items]},
    )


def change_status(
    session: Session,
    *,
    actor: Actor,
    item_ids: Sequence[UUID],
    change: Change,
    now: datetime,
    check: Check | None = None,
) -> BulkOutcome:
    """Apply ``change`` to every item it fits; the others are left as they are and named.

    ``check`` may refuse single items by raising an ExamError (the review's second person).
    Raises NothingSelected or TooManyItems.
    """
    done: list[Item] = []
    refused: list[Refused] = []
    author = user_of(actor)
    for item in store.items(session, check_bulk(list(item_ids)), lock=True):
        try:
            after = next_status(item.number, item.status, change, classified=item.point_id is not None)
            if check is not None:
                check(item)
        except ExamError as error:
            refused.append(Refused(item.id, item.number, error))
            continue
        item.status, item.updated_at = after, now
        done.append(item)
    session.add_all([event(item, change.value, author, now) for item in done])
    _record_bulk(session, actor, f"item.{change.value}", done, {})
    session.flush()
    return BulkOutcome(tuple(item.id for item in done), tuple(refused))


def place_items(
    session: Session, *, actor: Actor, placements: Mapping[UUID, UUID], now: datetime
) -> BulkOutcome:
    """Give items their assessment points: item id → point id. What does not fit is left and named.

    Raises NothingSelected, TooManyItems, or NotFound for a point that is not there.
    """
    ids = check_bulk(list(placements))
    outlines: dict[UUID, Outline] = {}
    points: dict[UUID, tuple[UUID, int]] = {}
    for point_id in set(placements.values()):
        outline_id = taxonomy.find_point(session, point_id).outline_id
        if outline_id not in outlines:
            outlines[outline_id] = taxonomy.find_outline(session, outline_id)
        outline = outlines[outline_id]
        points[point_id] = (outline.occupation_id, outline.level)
    done: list[Item] = []
    refused: list[Refused] = []
    for item in store.items(session, ids, lock=True):
        if item.status not in PLACEABLE:
            error: ExamError = ChangeNotAllowed(number=item.number, status=item.status.value)
        elif points[placements[item.id]] != (item.occupation_id, item.level):
            error = OutsideOutline(number=item.number)
        else:
            item.point_id, item.updated_at = placements[item.id], now
            done.append(item)
            continue
        refused.append(Refused(item.id, item.number, error))
    author = user_of(actor)
    session.add_all([event(item, "placed", author, now) for item in done])
    _record_bulk(session, actor, "item.placed", done, {"points": len({i.point_id for i in done})})
    session.flush()
    return BulkOutcome(tuple(item.id for item in done), tuple(refused))
