"""Occupations and outlines on a real database."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from itembank.base.db import Database, Scope
from itembank.base.errors import NotFound
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, InstitutionKind, Role
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Function, OutlineStatus
from tests.factories.bank import make_actor, make_outline, outline_source
from tests.factories.people import NOW, make_institution


def test_seeding_twice_adds_nothing(session: Session) -> None:
    added = taxonomy.seed_occupations(session)

    assert added >= 12
    assert taxonomy.seed_occupations(session) == 0
    assert taxonomy.occupation_by_code(session, "4-04-05-05").name == "人工智能训练师"


def test_an_occupation_is_added_once(session: Session, institution: Institution) -> None:
    taxonomy.add_occupation(
        session, actor=SYSTEM, code="4-08-05-01", name="农产品食品检验员", work_types=["甲", "甲"]
    )
    found = taxonomy.occupation_by_code(session, "4-08-05-01")

    assert len(taxonomy.list_work_types(session, found.id)) == 1
    with pytest.raises(taxonomy.OccupationExists):
        taxonomy.add_occupation(session, actor=SYSTEM, code="4-08-05-01", name="又")
    with pytest.raises(taxonomy.OccupationUnknown):
        taxonomy.occupation_by_code(session, "4-99-99-99")


def test_an_outline_comes_back_as_a_tree_with_recomputed_totals(
    session: Session, institution: Institution
) -> None:
    outline = make_outline(session, make_actor(session, institution, Role.PAPER_MANAGER))
    tree = taxonomy.outline_tree(session, outline.id)

    assert [root.code for root in tree.roots] == ["A", "B"]
    assert [point.code for point in tree.points] == [
        *("A-A-A-001", "A-A-A-003", "A-A-A-005"),
        *("B-A-A-002", "B-A-A-004", "B-A-A-006"),
    ]
    assert sum(root.counted.x + root.counted.y + root.counted.z for root in tree.roots) == 6
    assert tree.warnings == ()
    assert len(tree.subtree(tree.roots[0].id)) == 3
    assert tree.points[0].path == ("基础知识", "基础知识二级", "基础知识三级")


def test_points_are_found_by_full_and_by_short_code(session: Session, institution: Institution) -> None:
    outline = make_outline(session, make_actor(session, institution, Role.PAPER_MANAGER))
    tree = taxonomy.outline_tree(session, outline.id)

    assert tree.find_point("002").code == "B-A-A-002"
    assert tree.find_point("b.a.a.002").code == "B-A-A-002"
    with pytest.raises(taxonomy.PointUnknown):
        tree.find_point("099")
    with pytest.raises(taxonomy.PointUnknown):
        tree.find_point("  ")


def test_a_weight_table_comes_with_the_outline_and_is_compared(
    session: Session, institution: Institution
) -> None:
    from dataclasses import replace

    actor = make_actor(session, institution, Role.PAPER_MANAGER)
    taxonomy.seed_occupations(session)
    table = (Function("基础知识", Decimal(60), Decimal(0)), Function("专业知识", Decimal(40), Decimal(100)))
    source = replace(outline_source(), functions=table)
    outline = taxonomy.import_outline(session, actor=actor, source=source, now=NOW)
    tree = taxonomy.outline_tree(session, outline.id)

    assert tree.functions == table
    assert [warning.code for warning in tree.warnings] == ["function_weight_differs"] * 2


def test_a_version_is_imported_once_and_retired_by_hand(session: Session, institution: Institution) -> None:
    actor = make_actor(session, institution, Role.PAPER_MANAGER)
    first = make_outline(session, actor, version="1")
    with pytest.raises(taxonomy.OutlineExists):
        make_outline(session, actor, version="1")
    second = make_outline(session, actor, version="2")

    in_use = {"occupation_id": first.occupation_id, "level": 4}
    assert taxonomy.outline_in_use(session, **in_use).id == second.id
    taxonomy.set_outline_status(session, actor=actor, outline_id=second.id, status=OutlineStatus.RETIRED)
    assert taxonomy.outline_in_use(session, **in_use).id == first.id
    taxonomy.set_outline_status(session, actor=actor, outline_id=first.id, status=OutlineStatus.RETIRED)
    with pytest.raises(taxonomy.OutlineMissing):
        taxonomy.outline_in_use(session, **in_use)


def test_another_institution_sees_no_outline_and_no_point(
    database: Database, institution: Institution
) -> None:
    with database.session(scope=Scope.everything()) as session:
        outline = make_outline(session, make_actor(session, institution, Role.PAPER_MANAGER))
        point = taxonomy.outline_tree(session, outline.id).points[0]
        other = make_institution(session, kind=InstitutionKind.SOCIAL)
    with database.session(scope=Scope.of([other.id])) as session:
        assert taxonomy.list_outlines(session) == []
        assert taxonomy.point_views(session, [point.id]) == {}
        with pytest.raises(NotFound):
            taxonomy.outline_tree(session, outline.id)
        with pytest.raises(NotFound):
            taxonomy.find_point(session, point.id)
