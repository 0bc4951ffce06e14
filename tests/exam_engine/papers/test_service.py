"""From a blueprint to sealed papers, on a real database."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from exam_engine.papers import service as papers
from exam_engine.papers.bank import read_bank
from exam_engine.papers.models import Paper
from exam_engine.papers.rules import (
    AssemblyStatus,
    BlueprintUnknown,
    FormsOutOfRange,
    ItemsChanged,
    OwnPaper,
    PaperAltered,
    PaperNotDraft,
    PaperNotSealed,
    PaperStatus,
)
from itembank.base.crypto import SealBroken
from itembank.base.db import Database, Scope
from itembank.items.models import Item
from itembank.items.rules import ItemStatus
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Actor, Role
from itembank.statistics import service as statistics
from itembank.statistics.rules import ScaleModel
from itembank.statistics.service import ItemFigures, ScaleDraft
from tests.factories.papers import (
    actor_of,
    keys_of_bank,
    make_bank,
    make_blueprint,
    make_sealed_papers,
    small_spec,
)
from tests.factories.people import NOW, make_institution

Open = Callable[[], AbstractContextManager[Session]]


@pytest.fixture
def open_session(database: Database, institution: Institution) -> Open:
    return lambda: database.session(scope=Scope.of((institution.id,)))


def assembled(
    open_session: Open, institution: Institution, *, forms: int = 2, **changes: Any
) -> tuple[AssemblyStatus, Any, Actor]:
    """Return status and id of an assembly over a small bank, and who requested it."""
    with open_session() as session:
        manager = actor_of(session, institution, Role.PAPER_MANAGER, username="manager")
        occupation = make_bank(session, institution)
        blueprint = make_blueprint(session, institution, occupation, actor=manager, **changes)
        request = papers.request_assembly(
            session, actor=manager, blueprint_id=blueprint.id, forms=forms, seed=1, now=NOW, queue=False
        )
        request_id = request.id
    status = papers.perform_assembly(open_session, request_id, actor=manager, now=lambda: NOW)
    return status, request_id, manager


def test_forms_become_draft_papers_with_their_report(open_session: Open, institution: Institution) -> None:
    status, request_id, _ = assembled(open_session, institution)

    assert status is AssemblyStatus.ASSEMBLED
    with open_session() as session:
        drafts = papers.papers_of(session, request_id)
        outcome = papers.find_assembly(session, request_id).outcome
        assert [paper.label for paper in drafts] == ["LSP26_000001", "LSP26_000002"]
        assert all(paper.status is PaperStatus.DRAFT for paper in drafts)
        contents = [papers.preview_draft(session, paper.id) for paper in drafts]
    assert outcome is not None
    assert all(rule["ok"] for rule in outcome["rules"])
    assert outcome["run"]["seed"] == 1
    assert outcome["composition"]["importance"]
    json.dumps(outcome, allow_nan=False)
    assert all(content.total_marks == 100 for content in contents)
    held = [{entry.item_id for entry in content.entries} for content in contents]
    assert not held[0] & held[1]


def test_the_requester_cannot_approve_or_seal(open_session: Open, institution: Institution) -> None:
    _, request_id, manager = assembled(open_session, institution)

    with open_session() as session:
        paper = papers.papers_of(session, request_id)[0]
        with pytest.raises(OwnPaper):
            papers.approve_paper(session, actor=manager, paper_id=paper.id, now=NOW)
        with pytest.raises(OwnPaper):
            papers.seal_paper(session, actor=manager, paper_id=paper.id, now=NOW)


def test_a_sealed_paper_opens_with_its_digest_and_marks(open_session: Open, institution: Institution) -> None:
    ids = make_sealed_papers(open_session, institution)

    with open_session() as session:
        paper = papers.open_sealed(session, ids[0])
        record = papers.find_paper(session, ids[0])
        keys = keys_of_bank(session)
        assert record.status is PaperStatus.SEALED
        assert papers.verify_sealed(session, ids[0]) == record.digest == paper.digest
        assert "选项".encode() not in (record.sealed or b"")
    assert sum(entry.marks for entry in paper.entries) == paper.total_marks == Decimal(100)
    assert [len(section.entries) for section in paper.sections] == [5, 5]
    assert all(entry.content.key == keys[entry.item_id] for entry in paper.entries)


def test_the_candidate_view_holds_no_key_and_the_answer_key_holds_all(
    open_session: Open, institution: Institution
) -> None:
    ids = make_sealed_papers(open_session, institution)

    with open_session() as session:
        view = papers.candidate_view(session, ids[0])
        keys = papers.answer_key(session, ids[0])
    shown = [entry for section in view.sections for entry in section.entries]

    assert not any(hasattr(entry, "key") or hasattr(entry, "content") for entry in shown)
    assert {entry.item_id for entry in shown} == set(keys)
    assert sum(key.marks for key in keys.values()) == 100


def test_sealing_counts_the_use_of_items(open_session: Open, institution: Institution) -> None:
    ids = make_sealed_papers(open_session, institution)

    with open_session() as session:
        entries = [e.item_id for paper_id in ids for e in papers.open_sealed(session, paper_id).entries]
        used = {item.id: item.used for item in session.query(Item)}

    assert all(used[item_id] == 1 for item_id in entries)
    assert sum(used.values()) == len(entries)


def test_a_draft_cannot_be_opened_and_a_sealed_paper_is_frozen(
    open_session: Open, institution: Institution
) -> None:
    _, request_id, manager = assembled(open_session, institution)

    with open_session() as session:
        second = actor_of(session, institution, Role.REVIEWER, username="second")
        first, other = papers.papers_of(session, request_id)
        with pytest.raises(PaperNotSealed):
            papers.open_sealed(session, first.id)
        with pytest.raises(PaperNotDraft):
            papers.seal_paper(session, actor=second, paper_id=first.id, now=NOW)
        papers.approve_paper(session, actor=second, paper_id=first.id, now=NOW)
        papers.seal_paper(session, actor=second, paper_id=first.id, now=NOW)
        with pytest.raises(PaperNotDraft):
            papers.seal_paper(session, actor=second, paper_id=first.id, now=NOW)
        with pytest.raises(PaperNotDraft):
            papers.discard_paper(session, actor=manager, paper_id=first.id, now=NOW)
        assert (
            papers.discard_paper(session, actor=manager, paper_id=other.id, now=NOW).status
            is PaperStatus.DISCARDED
        )


def test_a_draft_whose_item_was_withdrawn_is_not_approved(
    open_session: Open, institution: Institution
) -> None:
    _, request_id, _ = assembled(open_session, institution)

    with open_session() as session:
        second = actor_of(session, institution, Role.REVIEWER, username="second")
        paper = papers.papers_of(session, request_id)[0]
        entry = papers.preview_draft(session, paper.id).entries[0]
        session.execute(update(Item).where(Item.id == entry.item_id).values(status=ItemStatus.SUSPENDED))
        session.expire_all()
        with pytest.raises(ItemsChanged, match="1 items"):
            papers.approve_paper(session, actor=second, paper_id=paper.id, now=NOW)


def test_a_sealed_paper_that_was_altered_or_exchanged_does_not_open(
    open_session: Open, institution: Institution
) -> None:
    first, second = make_sealed_papers(open_session, institution)

    with open_session() as session:
        other = papers.find_paper(session, second)
        session.execute(update(Paper).where(Paper.id == first).values(sealed=other.sealed))
        session.execute(update(Paper).where(Paper.id == second).values(digest="0" * 64))
        session.expire_all()
        with pytest.raises(SealBroken):
            papers.open_sealed(session, first)
        with pytest.raises(PaperAltered):
            papers.open_sealed(session, second)


def test_an_impossible_blueprint_names_its_row_and_what_would_do(
    open_session: Open, institution: Institution
) -> None:
    rows = [{"name": "第三部分", "category": "基础", "type": "single_choice", "minimum": 5}]

    status, request_id, _ = assembled(open_session, institution, forms=3, rows=rows)

    assert status is AssemblyStatus.INFEASIBLE
    with open_session() as session:
        outcome = papers.find_assembly(session, request_id).outcome
        assert not papers.papers_of(session, request_id)
    assert outcome is not None
    assert outcome["clash"] == ["row:1", "no_sharing"]
    assert outcome["shortages"] == [{"key": "row:1", "needs": 15, "has": 12}]
    change = {"key": "row:1", "side": "minimum", "before": 5, "after": 4, "items": []}
    assert outcome["changes"] == [change]


def test_the_same_seed_gives_the_same_papers(open_session: Open, institution: Institution) -> None:
    _, request_id, manager = assembled(open_session, institution)
    with open_session() as session:
        blueprint_id = papers.find_assembly(session, request_id).blueprint_id
        again = papers.request_assembly(
            session, actor=manager, blueprint_id=blueprint_id, forms=2, seed=1, now=NOW, queue=False
        ).id
    papers.perform_assembly(open_session, again, actor=manager, now=lambda: NOW)

    with open_session() as session:
        held = [
            [
                [e.item_id for e in papers.preview_draft(session, p.id).entries]
                for p in papers.papers_of(session, r)
            ]
            for r in (request_id, again)
        ]

    assert held[0] == held[1]


def test_a_request_runs_as_a_job(
    open_session: Open, institution: Institution, run_jobs: Callable[[], int]
) -> None:
    with open_session() as session:
        manager = actor_of(session, institution, Role.PAPER_MANAGER, username="manager")
        blueprint = make_blueprint(session, institution, make_bank(session, institution), actor=manager)
        request = papers.request_assembly(session, actor=manager, blueprint_id=blueprint.id, forms=2, now=NOW)
        request_id = request.id

    assert run_jobs() == 1
    with open_session() as session:
        assert papers.find_assembly(session, request_id).status is AssemblyStatus.ASSEMBLED


def test_a_changed_blueprint_is_a_new_version_and_an_unchanged_one_is_not(
    open_session: Open, institution: Institution
) -> None:
    with open_session() as session:
        manager = actor_of(session, institution, Role.PAPER_MANAGER, username="manager")
        occupation = make_bank(session, institution)
        first = make_blueprint(session, institution, occupation, actor=manager)
        values = {
            "actor": manager,
            "institution_id": institution.id,
            "occupation_id": occupation.id,
            "level": 3,
            "name": first.name,
            "series_id": first.series_id,
            "now": NOW,
        }
        same = papers.save_blueprint(session, spec=small_spec(), **values)
        changed = papers.save_blueprint(session, spec=small_spec(minutes=60), **values)

        assert same.id == first.id
        assert (changed.number, changed.is_current, first.is_current) == (2, True, False)
        assert [b.id for b in papers.list_blueprints(session)] == [changed.id]


def test_another_institution_sees_nothing(
    database: Database, open_session: Open, institution: Institution
) -> None:
    _, request_id, _ = assembled(open_session, institution)
    with database.session(scope=Scope.everything()) as session:
        other = make_institution(session)
    with open_session() as session:
        blueprint_id = papers.find_assembly(session, request_id).blueprint_id

    with database.session(scope=Scope.of((other.id,))) as session:
        assert not papers.list_papers(session)
        with pytest.raises(BlueprintUnknown):
            papers.find_blueprint(session, blueprint_id)


@pytest.mark.parametrize("forms", [0, 51])
def test_a_senseless_number_of_forms_is_refused(
    open_session: Open, institution: Institution, forms: int
) -> None:
    with open_session() as session:
        manager = actor_of(session, institution, Role.PAPER_MANAGER, username="manager")
        with pytest.raises(FormsOutOfRange):
            papers.request_assembly(
                session, actor=replace(manager), blueprint_id=institution.id, forms=forms, now=NOW
            )


def test_parameters_come_from_the_scale_that_knows_most_of_the_bank(
    open_session: Open, institution: Institution
) -> None:
    with open_session() as session:
        occupation = make_bank(session, institution)
        items = session.scalars(select(Item).order_by(Item.number)).all()
        level = items[0].level

        def keep(name: str, n: int, b: float) -> UUID:
            figures = [
                ItemFigures(
                    item_id=item.id,
                    n_responses=500,
                    p_value=0.5,
                    point_biserial=0.4,
                    corrected_point_biserial=0.3,
                    is_constant=False,
                    a=1.0,
                    b=b,
                )
                for item in items[:n]
            ]
            draft = ScaleDraft(
                institution_id=institution.id,
                occupation_id=occupation.id,
                level=level,
                name=name,
                model=ScaleModel.TWO_PL,
                n_persons=500,
                summary={},
                source={"kind": "direct"},
                items=figures,
            )
            return statistics.keep_scale(session, actor=SYSTEM, draft=draft, now=NOW).id

        pretest = keep("pretest", len(items), 0.5)
        keep("one sitting", len(items) // 2, -0.5)
        bank = read_bank(session, occupation.id, level)
        again = keep("pretest again", len(items), 0.25)
        newer = read_bank(session, occupation.id, level)

    assert bank.scale_id == pretest
    assert {item.b for item in bank.items} == {0.5}
    assert newer.scale_id == again
