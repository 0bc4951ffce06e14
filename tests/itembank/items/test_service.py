"""Items on a real database: sealed, numbered, searched, moved."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from itembank.base.db import Database, Scope
from itembank.base.errors import ExamError, NotFound
from itembank.items import service as items
from itembank.items.rules import Change, ItemDraft, ItemStatus, ItemType, OutsideOutline
from itembank.items.service import ItemFilter, Sort
from itembank.people.models import Institution
from itembank.people.rules import InstitutionKind, Role
from itembank.review import service as review
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Importance
from tests.factories.bank import (
    content,
    make_active,
    make_actor,
    make_item,
    make_occupation,
    make_outline,
)
from tests.factories.people import NOW, make_institution


def test_an_item_is_numbered_and_its_content_is_sealed(session: Session, institution: Institution) -> None:
    actor, occupation = make_actor(session, institution), make_occupation(session)
    first = make_item(session, actor, occupation=occupation, stem="绝密题干")
    second = make_item(session, actor, occupation=occupation)
    opened = items.read_content(session, first.current_version_id)
    stored = session.execute(text("SELECT sealed FROM item_version")).scalars().all()

    assert (first.number, second.number) == (1, 2)
    assert opened.stem == "绝密题干"
    assert first.status is ItemStatus.DRAFT
    assert all("绝密".encode() not in bytes(box) for box in stored)


def test_a_batch_with_one_bad_item_is_refused_whole(database: Database, institution: Institution) -> None:
    with database.session(scope=Scope.everything()) as session:
        actor, occupation = make_actor(session, institution), make_occupation(session)
        good = ItemDraft(content(), occupation.id, 4)
        bad = ItemDraft(dataclasses.replace(content(), key=()), occupation.id, 4)
        with pytest.raises(ExamError):
            items.create_items(session, actor=actor, drafts=[good, bad], now=NOW)

        assert items.search(session, ItemFilter()).total == 0


def test_duplicates_are_found_without_opening_anything(session: Session, institution: Institution) -> None:
    actor, occupation = make_actor(session, institution), make_occupation(session)
    known = make_item(session, actor, occupation=occupation, stem="同一 道题")

    assert items.duplicates(session, [content(stem="另一道题"), content(stem="同一道题")]) == {1: known.id}


def test_an_edit_makes_a_new_version_and_keeps_the_old(session: Session, institution: Institution) -> None:
    writer = make_actor(session, institution)
    reviewer = make_actor(session, institution, Role.REVIEWER)
    outline = make_outline(session, writer)
    occupation = make_occupation(session)
    point = taxonomy.outline_tree(session, outline.id).points[0]
    item = make_item(session, writer, occupation=occupation, point_id=point.id, stem="旧题干")
    make_active(session, writer, reviewer, [item])
    old = item.current_version_id
    assert items.find_item(session, item.id).status is ItemStatus.ACTIVE

    draft = ItemDraft(content(stem="新题干"), occupation.id, 4, point.id)
    items.edit_item(session, actor=writer, item_id=item.id, draft=draft, now=NOW)

    assert item.status is ItemStatus.IN_REVIEW
    assert [version.number for version in items.list_versions(session, item.id)] == [2, 1]
    assert items.read_content(session, old).stem == "旧题干"
    assert items.read_content(session, item.current_version_id).stem == "新题干"


def test_a_change_of_place_alone_makes_no_version(session: Session, institution: Institution) -> None:
    writer, occupation = make_actor(session, institution), make_occupation(session)
    same = content()
    item = items.create_item(session, actor=writer, draft=ItemDraft(same, occupation.id, 4), now=NOW)

    items.edit_item(
        session, actor=writer, item_id=item.id, draft=ItemDraft(same, occupation.id, 4, difficulty=5), now=NOW
    )

    assert len(items.list_versions(session, item.id)) == 1
    assert items.list_events(session, item.id)[0].what == "reclassified"


def test_unclassified_items_cannot_be_submitted_until_placed(
    session: Session, institution: Institution
) -> None:
    writer = make_actor(session, institution)
    outline = make_outline(session, writer)
    point = taxonomy.outline_tree(session, outline.id).points[0]
    item = make_item(session, writer, occupation=make_occupation(session))

    refused = review.submit_for_review(session, actor=writer, item_ids=[item.id], now=NOW)
    items.place_items(session, actor=writer, placements={item.id: point.id}, now=NOW)
    done = review.submit_for_review(session, actor=writer, item_ids=[item.id], now=NOW)

    assert [entry.error.code for entry in refused.refused] == ["item_unclassified"]
    assert done.done == (item.id,)


def test_a_point_of_another_level_is_refused(session: Session, institution: Institution) -> None:
    writer = make_actor(session, institution)
    outline = make_outline(session, writer)
    occupation = make_occupation(session)
    point = taxonomy.outline_tree(session, outline.id).points[0]
    other = items.create_item(session, actor=writer, draft=ItemDraft(content(), occupation.id, 3), now=NOW)

    outcome = items.place_items(session, actor=writer, placements={other.id: point.id}, now=NOW)

    assert outcome.refused[0].error.code == "item_outside_outline"
    with pytest.raises(OutsideOutline):
        items.create_item(
            session, actor=writer, draft=ItemDraft(content(), occupation.id, 3, point.id), now=NOW
        )


def test_an_active_item_is_not_moved_in_bulk(session: Session, institution: Institution) -> None:
    writer = make_actor(session, institution)
    outline = make_outline(session, writer)
    points = taxonomy.outline_tree(session, outline.id).points
    item = make_item(session, writer, occupation=make_occupation(session), point_id=points[0].id)
    make_active(session, writer, make_actor(session, institution, Role.REVIEWER), [item])

    outcome = items.place_items(session, actor=writer, placements={item.id: points[1].id}, now=NOW)

    assert outcome.refused[0].error.code == "item_change_not_allowed"
    assert item.point_id == points[0].id


def test_a_suspended_item_returns_only_through_review(session: Session, institution: Institution) -> None:
    writer = make_actor(session, institution)
    reviewer = make_actor(session, institution, Role.REVIEWER)
    outline = make_outline(session, writer)
    point = taxonomy.outline_tree(session, outline.id).points[0]
    item = make_item(session, writer, occupation=make_occupation(session), point_id=point.id)
    make_active(session, writer, reviewer, [item])

    items.change_status(session, actor=reviewer, item_ids=[item.id], change=Change.SUSPEND, now=NOW)
    assert items.active_items(session, item.occupation_id, 4) == []
    items.change_status(session, actor=reviewer, item_ids=[item.id], change=Change.RESUME, now=NOW)

    assert item.status is ItemStatus.IN_REVIEW


def test_filters_and_orders_of_the_list(session: Session, institution: Institution) -> None:
    writer, occupation = make_actor(session, institution), make_occupation(session)
    tree = taxonomy.outline_tree(session, make_outline(session, writer).id)
    placed = make_item(
        session, writer, occupation=occupation, point_id=tree.points[0].id, difficulty=5, source="国家题库"
    )
    own = make_item(
        session, writer, occupation=occupation, point_id=tree.points[3].id, importance="Z", difficulty=1
    )
    loose = make_item(
        session, writer, occupation=occupation, type_=ItemType.TRUE_FALSE, category="安全", reference="007"
    )

    def numbers(sort: Sort = Sort.NUMBER, **wanted: object) -> list[int]:
        found = items.search(session, ItemFilter(**wanted), sort=sort)  # type: ignore[arg-type]
        assert found.total == len(found.rows)
        return [row.item.number for row in found.rows]

    assert numbers() == [1, 2, 3]
    assert numbers(Sort.NEWEST) == [3, 2, 1]
    assert numbers(Sort.DIFFICULTY) == [own.number, loose.number, placed.number]
    assert numbers(unclassified=True) == [loose.number]
    assert numbers(types=frozenset({ItemType.TRUE_FALSE})) == [loose.number]
    assert numbers(statuses=frozenset({ItemStatus.ACTIVE})) == []
    assert numbers(difficulties=frozenset({1, 5})) == [placed.number, own.number]
    assert numbers(source="国家题库") == [placed.number]
    assert numbers(category="安全") == [loose.number]
    assert numbers(level=3) == []
    assert numbers(occupation_id=occupation.id, level=4) == [1, 2, 3]
    assert numbers(outline_id=tree.outline.id) == [placed.number, own.number]
    assert numbers(node_ids=tree.subtree(tree.roots[0].id)) == [placed.number]
    assert numbers(importance=Importance.X) == [placed.number]
    assert numbers(importance=Importance.Z) == [own.number]
    assert numbers(text="007") == [loose.number]
    assert len(numbers(Sort.POINT)) == len(numbers(Sort.UPDATED)) == len(numbers(Sort.USED)) == 3


def test_a_text_is_searched_in_the_opened_content(session: Session, institution: Institution) -> None:
    writer, occupation = make_actor(session, institution), make_occupation(session)
    wanted = make_item(session, writer, occupation=occupation, stem="三相异步 电动机的转速（　）。")
    make_item(session, writer, occupation=occupation)

    found = items.search(session, ItemFilter(text="异步电动机"))

    assert [row.item.id for row in found.rows] == [wanted.id]
    assert items.matching_ids(session, ItemFilter(text="异步电动机")) == [wanted.id]
    assert items.search(session, ItemFilter(text="没有这样的题")).total == 0


def test_pages_hold_fifty_and_a_page_too_far_is_the_last(session: Session, institution: Institution) -> None:
    actor, occupation = make_actor(session, institution), make_occupation(session)
    drafts = [ItemDraft(content(), occupation.id, 4) for _ in range(55)]
    items.create_items(session, actor=actor, drafts=drafts, now=NOW)

    first, last = items.search(session, ItemFilter()), items.search(session, ItemFilter(), page=99)

    assert (len(first.rows), first.total, first.pages) == (50, 55, 2)
    assert (len(last.rows), last.page) == (5, 2)


def test_papers_see_active_items_with_the_importance_of_their_point(
    session: Session, institution: Institution
) -> None:
    writer, occupation = make_actor(session, institution), make_occupation(session)
    tree = taxonomy.outline_tree(session, make_outline(session, writer).id)
    made = [make_item(session, writer, occupation=occupation, point_id=p.id) for p in tree.points[:2]]
    make_active(session, writer, make_actor(session, institution, Role.REVIEWER), made)
    items.count_use(session, item_ids=[made[0].id], now=NOW)
    session.expire_all()

    supplied = items.active_items(session, occupation.id, 4)

    assert [entry.importance for entry in supplied] == ["X", "Z"]
    assert [entry.used for entry in supplied] == [1, 0]
    assert supplied[0].node_id == tree.points[0].node_id


def test_enemy_groups_name_their_members(session: Session, institution: Institution) -> None:
    writer, occupation = make_actor(session, institution), make_occupation(session)
    made = [make_item(session, writer, occupation=occupation) for _ in range(3)]
    ids = [item.id for item in made]

    group = items.create_enemy_group(session, actor=writer, name="同一知识点", item_ids=ids[:2], now=NOW)
    assert items.enemies(session, ids) == {group.id: frozenset(ids[:2])}
    assert set(items.enemies_of(session, ids[0])[0].item_ids) == set(ids[:2])
    assert items.enemies_of(session, ids[2]) == []
    items.remove_enemy_group(session, actor=writer, group_id=group.id)

    assert items.enemies(session, ids) == {}


def test_another_institution_sees_and_changes_nothing(database: Database, institution: Institution) -> None:
    with database.session(scope=Scope.everything()) as session:
        item = make_item(session, make_actor(session, institution), occupation=make_occupation(session))
        other = make_institution(session, kind=InstitutionKind.SOCIAL)
        stranger = make_actor(session, other)
    with database.session(scope=Scope.of([other.id])) as session:
        assert items.search(session, ItemFilter()).total == 0
        assert items.read_contents(session, [item.current_version_id]) == {}
        outcome = items.change_status(
            session, actor=stranger, item_ids=[item.id], change=Change.RETIRE, now=NOW
        )
        assert outcome.done == ()
        with pytest.raises(NotFound):
            items.find_item(session, item.id)
        with pytest.raises(NotFound):
            items.edit_item(
                session,
                actor=stranger,
                item_id=item.id,
                draft=ItemDraft(content(), item.occupation_id, 4),
                now=NOW,
            )
        with pytest.raises(NotFound):
            items.create_enemy_group(session, actor=stranger, name="x", item_ids=[item.id], now=NOW)
        # Numbers are counted for each institution.
        assert make_item(session, stranger, occupation=make_occupation(session)).number == 1
