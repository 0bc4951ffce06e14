"""Which sittings statistics may be computed from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.calibration import store
from exam_engine.calibration.rules import MixedSittings, SittingNotOver
from exam_engine.sittings.models import Plan, Sitting
from itembank.base.errors import NotFound


def choose_sittings(
    session: Session, sitting_ids: Sequence[UUID], *, now: datetime
) -> list[tuple[Sitting, Plan]]:
    """Return theory sittings that are over, of one occupation and level.

    Raises
    ------
    NotFound
        If a sitting is not there or not a theory examination.
    SittingNotOver
        If somebody may still be answering.
    MixedSittings
        If the sittings are of several occupations or levels.
    """
    wanted = set(sitting_ids)
    chosen = [(sitting, plan) for sitting, plan in store.theory_sittings(session) if sitting.id in wanted]
    if len(chosen) != len(wanted) or not chosen:
        raise NotFound
    for sitting, plan in chosen:
        if sitting.ends_at > now or store.has_open_attempts(session, sitting.id):
            raise SittingNotOver(name=plan.name)
    if len({(plan.occupation_id, plan.level) for _, plan in chosen}) != 1:
        raise MixedSittings
    return chosen
