"""Items to calibrate, and answers to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from exam_engine.psychometrics.irt.models import probability_2pl
from itembank.base.ids import new_id
from itembank.items.models import Item
from itembank.items.rules import ItemStatus, ItemType
from itembank.people.models import Institution
from itembank.taxonomy.models import Occupation
from tests.factories.people import NOW


def simulate_answers(n_persons: int, n_items: int, *, seed: int = 11) -> NDArray[np.int8]:
    """Return marks of persons from a standard normal population on items of rising difficulty."""
    rng = np.random.default_rng(seed)
    b = np.linspace(-1.8, 1.8, n_items)
    a = np.exp(rng.normal(0.1, 0.25, n_items))
    chance = probability_2pl(rng.normal(size=n_persons), a, b)
    return (rng.random(chance.shape) < chance).astype(np.int8)


def as_csv(names: Sequence[str], marks: NDArray[np.int8]) -> bytes:
    """Return a response file."""
    rows = [",".join("" if mark < 0 else str(mark) for mark in row) for row in marks]
    return "\n".join([",".join(names), *rows]).encode()


def make_items(
    session: Session, *, institution: Institution, level: int, count: int
) -> tuple[UUID, list[str]]:
    """Return an occupation and the reference numbers of bare items of it: rows without content."""
    occupation = Occupation(
        major="6", middle="31", minor="01", detail="03", name="电工", effective_from=date(2022, 9, 1)
    )
    session.add(occupation)
    session.flush()
    references = [str(1000 + position) for position in range(count)]
    for number, reference in enumerate(references, start=1):
        item = Item(
            institution_id=institution.id,
            number=number,
            occupation_id=occupation.id,
            level=level,
            type=ItemType.SINGLE_CHOICE,
            status=ItemStatus.ACTIVE,
            difficulty=3,
            source="自编",
            reference=reference,
            current_version_id=new_id(),
            created_at=NOW,
            updated_at=NOW,
        )
        session.add(item)
        session.flush()
    return occupation.id, references
