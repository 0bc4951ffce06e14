"""All SQL of calibration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from exam_engine.calibration.models import CalibrationRun
from itembank.items.models import Item

CHUNK = 500
"""Names a statement; SQLite and PostgreSQL both bound the parameters."""


def run(session: Session, run_id: UUID) -> CalibrationRun | None:
    return session.scalars(select(CalibrationRun).where(CalibrationRun.id == run_id)).one_or_none()


def items_named(
    session: Session, names: Sequence[str], *, occupation_id: UUID, level: int
) -> dict[str, list[UUID]]:
    """Return the items of the occupation and level by id, ``#number`` or reference number."""
    found: dict[str, list[UUID]] = defaultdict(list)
    wanted = set(names)
    for start in range(0, len(names), CHUNK):
        part = names[start : start + CHUNK]
        ids = {identity: name for name in part if (identity := _as_id(name)) is not None}
        numbers = {number: name for name in part if (number := _as_number(name)) is not None}
        query = select(Item.id, Item.number, Item.reference).where(
            Item.occupation_id == occupation_id,
            Item.level == level,
            or_(Item.reference.in_(part), Item.id.in_(ids), Item.number.in_(numbers)),
        )
        for item_id, number, reference in session.execute(query):
            called = {ids.get(item_id, ""), numbers.get(number, ""), reference or ""}
            for name in called & wanted:
                found[name].append(item_id)
    return found


def names_of(session: Session, item_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return what each item is called: its reference number, or ``#number`` where it has none."""
    found: dict[UUID, str] = {}
    for start in range(0, len(item_ids), CHUNK):
        part = item_ids[start : start + CHUNK]
        query = select(Item.id, Item.number, Item.reference).where(Item.id.in_(part))
        for item_id, number, reference in session.execute(query):
            found[item_id] = reference or f"#{number}"
    return found


def _as_id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def _as_number(name: str) -> int | None:
    """Read ``#17``; a bare number is a reference number."""
    digits = name[1:]
    return (
        int(digits)
        if name.startswith("#") and digits.isascii() and digits.isdigit() and len(digits) < 10
        else None
    )
