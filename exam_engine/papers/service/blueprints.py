"""Write and read blueprints; a change makes a new version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.papers import store
from exam_engine.papers.bank import Node, read_bank
from exam_engine.papers.blueprint import BlueprintSpec, check_blueprint, check_name
from exam_engine.papers.compile import BankItem, supply_of
from exam_engine.papers.models import Blueprint
from exam_engine.papers.rules import BlueprintUnknown
from itembank.base import audit
from itembank.base.ids import new_id
from itembank.people.rules import Actor
from itembank.taxonomy import service as taxonomy


@dataclass(frozen=True)
class Supply:
    """What the bank holds for a blueprint: counts by rule key, the outline and the categories."""

    counts: dict[str, int]
    items: tuple[BankItem, ...]
    nodes: tuple[Node, ...]
    categories: tuple[str, ...]
    calibrated: int
    """How many of the items have parameters."""


def save_blueprint(
    session: Session,
    *,
    actor: Actor,
    institution_id: UUID,
    occupation_id: UUID,
    level: int,
    name: str,
    spec: BlueprintSpec,
    now: datetime,
    series_id: UUID | None = None,
) -> Blueprint:
    """Add a blueprint, or a new version of the series; an unchanged one is returned as it is.

    Raises a refusal of papers.blueprint, of an unknown occupation, or BlueprintUnknown for a series that is
    not there.
    """
    check_blueprint(spec)
    name = check_name(name)
    taxonomy.find_occupation(session, occupation_id)
    number = 1
    if series_id is not None:
        former = store.versions(session, series_id, lock=True)
        if not former:
            raise BlueprintUnknown
        latest = former[0]
        stored = spec.model_dump(mode="json")
        if (latest.spec, latest.name, latest.occupation_id, latest.level) == (
            stored,
            name,
            occupation_id,
            level,
        ):
            return latest
        for version in former:
            version.is_current = False
        number = latest.number + 1
    blueprint = Blueprint(
        institution_id=institution_id,
        series_id=series_id or new_id(),
        number=number,
        occupation_id=occupation_id,
        level=level,
        name=name,
        spec=spec.model_dump(mode="json"),
        created_by=actor.id if actor.kind == "user" else None,
        created_at=now,
    )
    session.add(blueprint)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="blueprint.saved",
        subject=("blueprint", blueprint.id),
        institution_id=institution_id,
        detail={"name": name, "version": number},
    )
    return blueprint


def find_blueprint(session: Session, blueprint_id: UUID) -> Blueprint:
    """Return a blueprint; raises BlueprintUnknown."""
    found = store.blueprint(session, blueprint_id)
    if found is None:
        raise BlueprintUnknown
    return found


def list_blueprints(session: Session) -> Sequence[Blueprint]:
    """Current versions, newest first."""
    return store.blueprints(session)


def blueprint_versions(session: Session, series_id: UUID) -> Sequence[Blueprint]:
    """All versions of a series, newest first."""
    return store.versions(session, series_id)


def spec_of(blueprint: Blueprint) -> BlueprintSpec:
    """Return what a stored blueprint says."""
    return BlueprintSpec.model_validate(blueprint.spec)


def supply(session: Session, *, occupation_id: UUID, level: int, spec: BlueprintSpec | None) -> Supply:
    """Return what the bank holds for a blueprint at present."""
    bank = read_bank(session, occupation_id, level)
    return Supply(
        dict(supply_of(spec, bank.items)) if spec is not None else {},
        bank.items,
        bank.nodes,
        tuple(bank.categories),
        sum(item.is_calibrated for item in bank.items),
    )
