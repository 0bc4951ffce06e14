"""Write and read blueprints; a change makes a new version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.assembly import Pool
from exam_engine.papers import store
from exam_engine.papers.bank import Node, item_parameters, problem_of, read_bank, thinned
from exam_engine.papers.blueprint import BlueprintSpec, InformationPoint, check_blueprint, check_name
from exam_engine.papers.compile import BankItem, supply_of
from exam_engine.papers.goals import Goals, goals_of_bank, goals_of_paper
from exam_engine.papers.models import Blueprint
from exam_engine.papers.rules import BlueprintUnknown, PaperNotMeasured, PaperUnknown
from itembank.base import audit
from itembank.base.ids import new_id
from itembank.people.rules import Actor
from itembank.taxonomy import service as taxonomy

GOAL_ITEMS = 4_000
"""Items from which goals are taken: about a second's work."""


@dataclass(frozen=True)
class Supply:
    """What the bank holds for a blueprint: counts by rule key, the outline and the categories."""

    counts: dict[str, int]
    items: tuple[BankItem, ...]
    nodes: tuple[Node, ...]
    categories: tuple[str, ...]
    calibrated: int
    """How many of the items have parameters."""
    tried: int = 0
    """How many of the items have a proportion correct."""


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
    restored: int | None = None,
) -> Blueprint:
    """Add a blueprint, or a new version of the series; an unchanged one is returned as it is.

    ``restored`` is the number of the version it repeats, for the record.

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
        was = (spec_of(latest), latest.name, latest.occupation_id, latest.level)
        if was == (spec, name, occupation_id, level):
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
        detail={"name": name, "version": number} | ({"restored": restored} if restored else {}),
    )
    return blueprint


def restore_blueprint(session: Session, *, actor: Actor, blueprint_id: UUID, now: datetime) -> Blueprint:
    """Add a version that repeats an old one and is the newest; the newest itself is returned as it is.

    Raises BlueprintUnknown.
    """
    old = find_blueprint(session, blueprint_id)
    return save_blueprint(
        session,
        actor=actor,
        institution_id=old.institution_id,
        occupation_id=old.occupation_id,
        level=old.level,
        name=old.name,
        spec=spec_of(old),
        now=now,
        series_id=old.series_id,
        restored=old.number,
    )


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
        sum(item.p is not None for item in bank.items),
    )


def bank_goals(
    session: Session, *, occupation_id: UUID, level: int, spec: BlueprintSpec, thetas: Sequence[float]
) -> Goals:
    """Return the information and expected score that the average form of the bank gives at ``thetas``.

    Of a bank of more than GOAL_ITEMS items a sample stands for all.

    Raises NoItems, NotCalibrated, NoAverageForm, or RuleRefused.
    """
    # Only calibrated items can say what they measure, whatever targets the blueprint has so far.
    anywhere = (InformationPoint(theta=0.0, goal=1.0),)
    measured = spec.model_copy(update={"information": anywhere, "curve": (), "mean_p": None})
    bank = thinned(read_bank(session, occupation_id, level), GOAL_ITEMS, needed=spec.include)
    problem = problem_of(measured, bank)
    return goals_of_bank(problem.pool, problem.specification, thetas)


def paper_goals(session: Session, *, paper_id: UUID, thetas: Sequence[float]) -> Goals:
    """Return the information and expected score of an earlier paper at ``thetas``, on the bank's present scale.

    Raises PaperUnknown, or PaperNotMeasured when items of it have no parameters.
    """
    paper = store.paper(session, paper_id)
    if paper is None:
        raise PaperUnknown
    parameters = item_parameters(session, paper.occupation_id, paper.level)
    entries = store.entries(session, paper_id)
    known = [(entry, parameters[entry.item_id]) for entry in entries if entry.item_id in parameters]
    if len(known) < len(entries) or not entries:
        raise PaperNotMeasured(label=paper.label, missing=len(entries) - len(known), count=len(entries))
    pool = Pool(
        ids=[str(entry.item_id) for entry, _ in known],
        numeric={"marks": [float(entry.marks) for entry, _ in known]},
        a=[a for _, (a, _b, _c) in known],
        b=[b for _, (_a, b, _c) in known],
        c=[c for _, (_a, _b, c) in known],
    )
    return goals_of_paper(pool, pool.ids, thetas)
