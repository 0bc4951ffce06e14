"""A small active bank, blueprints and sealed papers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_engine.papers import service as papers
from exam_engine.papers.blueprint import BlueprintSpec, read_blueprint
from exam_engine.papers.models import Blueprint
from itembank.items import service as items
from itembank.items.models import Item
from itembank.items.rules import ItemContent, ItemDraft, ItemStatus, ItemType, Option
from itembank.people.models import Institution, User
from itembank.people.rules import Actor, Role
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.models import AssessmentPoint, Occupation
from itembank.taxonomy.rules import Importance, Level, OutlineSource, Point, Scope, split_occupation_code
from tests.factories.kept import once
from tests.factories.people import NOW, make_user

CODE = "4-04-05-05"
LEVEL = Level.THREE


def actor_of(session: Session, institution: Institution, *roles: Role, username: str) -> Actor:
    """Return the actor of an account with these roles."""
    user: User = make_user(session, username=username, roles=roles, institution=institution)
    return Actor("user", user.id, institution.id, frozenset(roles), user.name)


def make_bank(session: Session, institution: Institution, *, points: int = 24) -> Occupation:
    """Return an occupation with an outline of two branches and, for each point, one active item of each type."""
    taxonomy.seed_occupations(session)
    occupation = taxonomy.occupation_by_code(session, CODE)
    writer = actor_of(session, institution, Role.ITEM_WRITER, Role.PAPER_MANAGER, username="bank-writer")
    half = points // 2
    scopes = tuple(
        Scope(
            branch,
            name,
            Decimal(50),
            points=tuple(
                Point(f"{n + 1:03d}", f"{name}{n + 1}", Importance("XYZ"[n % 3])) for n in range(half)
            ),
        )
        for branch, name in (("A", "基础知识"), ("B", "专业知识"))
    )
    source = OutlineSource("测试细目表", "1", LEVEL, split_occupation_code(CODE), scopes)
    outline = taxonomy.import_outline(session, actor=writer, source=source, now=NOW)
    found = session.scalars(
        select(AssessmentPoint).where(AssessmentPoint.outline_id == outline.id).order_by(AssessmentPoint.id)
    ).all()
    drafts = [
        ItemDraft(
            content=_content(kind, number),
            occupation_id=occupation.id,
            level=LEVEL.value,
            point_id=point.id,
            difficulty=number % 5 + 1,
            category="基础" if number < half else "专业",
        )
        for number, point in enumerate(found)
        for kind in ItemType
    ]
    made = items.create_items(session, actor=writer, drafts=drafts, now=NOW)
    for item in made:
        item.status = ItemStatus.ACTIVE
    session.flush()
    return occupation


def kept_bank(
    open_session: Callable[[], AbstractContextManager[Session]], institution: Institution
) -> Occupation:
    """Return what ``make_bank`` does, in a transaction of its own."""

    def make() -> Occupation:
        with open_session() as session:
            return make_bank(session, institution)

    return once(("bank", institution.id), open_session, make)


def small_spec(**changes: Any) -> BlueprintSpec:
    """Return a blueprint of 5 single and 5 true/false items, at most one a point."""
    return read_blueprint(
        {
            "sections": [
                {"type": "single_choice", "count": 5, "marks": 12},
                {"type": "true_false", "count": 5, "marks": 8},
            ],
            "max_per_point": 1,
            "equal": ["type", "category"],
            **changes,
        }
    )


def make_blueprint(
    session: Session, institution: Institution, occupation: Occupation, *, actor: Actor, **changes: Any
) -> Blueprint:
    """Return a saved blueprint."""
    return papers.save_blueprint(
        session,
        actor=actor,
        institution_id=institution.id,
        occupation_id=occupation.id,
        level=LEVEL.value,
        name="测试蓝图",
        spec=small_spec(**changes),
        now=NOW,
    )


def make_sealed_papers(
    open_session: Callable[[], AbstractContextManager[Session]], institution: Institution, *, forms: int = 2
) -> list[UUID]:
    """Return the ids of sealed papers over a small bank, requested and sealed by two people."""
    name = "sealed papers", institution.id, forms
    return once(name, open_session, lambda: _make_sealed_papers(open_session, institution, forms))


def _make_sealed_papers(
    open_session: Callable[[], AbstractContextManager[Session]], institution: Institution, forms: int
) -> list[UUID]:
    with open_session() as session:
        manager = actor_of(session, institution, Role.PAPER_MANAGER, username="paper-manager")
        second = actor_of(session, institution, Role.REVIEWER, username="paper-reviewer")
        occupation = make_bank(session, institution)
        blueprint = make_blueprint(session, institution, occupation, actor=manager)
        request = papers.request_assembly(
            session, actor=manager, blueprint_id=blueprint.id, forms=forms, seed=1, now=NOW, queue=False
        )
        assembly_id = request.id
    papers.perform_assembly(open_session, assembly_id, actor=manager, now=lambda: NOW)
    with open_session() as session:
        ids = [paper.id for paper in papers.papers_of(session, assembly_id)]
        for paper_id in ids:
            papers.approve_paper(session, actor=second, paper_id=paper_id, now=NOW)
            papers.seal_paper(session, actor=second, paper_id=paper_id, now=NOW)
    return ids


def keys_of_bank(session: Session) -> Mapping[UUID, tuple[str, ...]]:
    """Return the key of every item's current version."""
    found = session.scalars(select(Item)).all()
    contents = items.read_contents(session, [item.current_version_id for item in found])
    return {item.id: contents[item.current_version_id].key for item in found}


def _content(kind: ItemType, number: int) -> ItemContent:
    stem = f"第{number + 1}个知识点的{kind.value}题"
    if kind is ItemType.TRUE_FALSE:
        return ItemContent(kind, stem, (), ("T" if number % 2 else "F",))
    options = tuple(Option(label, f"选项{label}{number}") for label in "ABCD")
    return ItemContent(kind, stem, options, ("A", "C") if kind is ItemType.MULTIPLE_CHOICE else ("B",))
