"""Configuring entry conditions: a centre writes them for everything below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.sittings import store
from exam_engine.sittings.conditions import EntryCondition, read_conditions
from exam_engine.sittings.models import EntryConditionRow
from itembank.base import audit
from itembank.base.errors import Forbidden, Invalid
from itembank.people import service as people
from itembank.people.rules import CENTRES, Actor
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Level


class ConditionsOverlap(Invalid):
    """A generation begins after the one it follows."""

    code = "conditions_overlap"
    message = (
        "Conditions for this occupation and level are in force from {begins}; the new ones must begin later."
    )


@dataclass(frozen=True)
class ConditionsDraft:
    """A generation of conditions for one level, of one occupation or of all."""

    occupation_id: UUID | None
    level: int
    generation: str
    text: str
    """One condition a line; see ``conditions.read_conditions``."""
    jurisdiction: str
    source: str
    effective_from: date


@dataclass(frozen=True)
class ConfiguredCondition:
    """A configured condition with where it applies."""

    condition: EntryCondition
    authority: str
    occupation: str
    """Empty: all occupations."""


def configure_conditions(
    session: Session, *, actor: Actor, draft: ConditionsDraft, now: datetime
) -> Sequence[EntryConditionRow]:
    """Write a generation of conditions; the one before it ends the day before. Registrations keep their text.

    Raises ConditionLineWrong, ConditionsOverlap, Forbidden or NotFound.
    """
    authority = people.find_institution(session, actor.institution_id) if actor.institution_id else None
    if authority is None or authority.kind not in CENTRES:
        raise Forbidden
    if draft.occupation_id is not None:
        taxonomy.find_occupation(session, draft.occupation_id)
    lines = read_conditions(draft.text)
    for row in _present(session, authority.id, draft):
        if row.effective_from >= draft.effective_from:
            raise ConditionsOverlap(begins=row.effective_from)
        row.expires_on = draft.effective_from - timedelta(days=1)
    rows = [
        EntryConditionRow(
            authority_id=authority.id,
            occupation_id=draft.occupation_id,
            level=Level(draft.level).value,
            generation=draft.generation.strip(),
            ordinal=ordinal,
            text=line.text,
            minimum_age=line.minimum_age,
            minimum_work_years=line.minimum_work_years,
            jurisdiction=draft.jurisdiction.strip(),
            source=draft.source.strip(),
            effective_from=draft.effective_from,
            created_at=now,
        )
        for ordinal, line in enumerate(lines, 1)
    ]
    session.add_all(rows)
    audit.record(
        session,
        actor=actor,
        action="entry_conditions.configured",
        subject=("institution", authority.id),
        institution_id=authority.id,
        detail={
            "occupation": draft.occupation_id,
            "level": draft.level,
            "generation": draft.generation,
            "count": len(rows),
            "effective_from": draft.effective_from,
        },
    )
    session.flush()
    return rows


def _present(session: Session, authority_id: UUID, draft: ConditionsDraft) -> list[EntryConditionRow]:
    rows = store.configured_conditions(
        session, authority_ids=[authority_id], occupation_id=None, level=draft.level
    )
    return [row for row in rows if row.occupation_id == draft.occupation_id and row.expires_on is None]


def list_conditions(session: Session, *, institution_id: UUID) -> list[ConfiguredCondition]:
    """Return the conditions configured by the institution and those above it."""
    institution = people.find_institution(session, institution_id)
    above = [UUID(hex=part) for part in institution.path.split("/") if part]
    names = {row.id: row.name for row in people.list_institutions(session)}
    occupations = {row.id: row.name for row in taxonomy.list_occupations(session)}
    return [
        ConfiguredCondition(
            row.as_condition(),
            names[row.authority_id],
            occupations[row.occupation_id] if row.occupation_id else "",
        )
        for row in store.configured_conditions(session, authority_ids=above, occupation_id=None)
    ]
