"""Drafts are edited by hand, filled anew around locked items, refused, resubmitted, and rechecked when sealed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from exam_engine.assembly import Exclude
from exam_engine.papers import service as papers
from exam_engine.papers.at_hand import ASIDE, refill_specification
from exam_engine.papers.rules import (
    AssemblyStatus,
    ChecksMissing,
    NothingOpen,
    NothingToUndo,
    OwnEdit,
    PaperChanged,
    PaperCheck,
    PaperEventKind,
    PaperStatus,
    ReasonMissing,
    RulesBroken,
    SubstituteUnsuitable,
    last_edit,
)
from exam_engine.papers.service.checking import forms_at_hand
from itembank.base.audit import AuditEntry
from itembank.base.db import Database, Scope
from itembank.items.models import Item
from itembank.items.rules import ItemStatus
from itembank.people.models import Institution
from itembank.people.rules import Actor, Role
from tests.factories.kept import once
from tests.factories.papers import actor_of, make_bank, make_blueprint, make_sealed_papers
from tests.factories.people import NOW

Open = Callable[[], AbstractContextManager[Session]]
ROW = {"name": "核心点", "importance": "X", "minimum": 4}


@pytest.fixture
def open_session(database: Database, institution: Institution) -> Open:
    return lambda: database.session(scope=Scope.of((institution.id,)))


@pytest.fixture
def draft(open_session: Open, institution: Institution) -> tuple[UUID, Actor, Actor]:
    """The first of two forms, its author, and another paper manager."""
    return once("a draft", open_session, lambda: make_draft(open_session, institution))


def make_draft(open_session: Open, institution: Institution) -> tuple[UUID, Actor, Actor]:
    with open_session() as session:
        manager = actor_of(session, institution, Role.PAPER_MANAGER, username="manager")
        other = actor_of(session, institution, Role.PAPER_MANAGER, username="other")
        blueprint = make_blueprint(
            session, institution, make_bank(session, institution), actor=manager, rows=[ROW]
        )
        request = papers.request_assembly(
            session, actor=manager, blueprint_id=blueprint.id, forms=2, seed=1, now=NOW, queue=False
        )
    papers.perform_assembly(open_session, request.id, actor=manager, now=lambda: NOW)
    with open_session() as session:
        return papers.papers_of(session, request.id)[0].id, manager, other


def held(session: Session, paper_id: UUID) -> list[UUID]:
    return [entry.item_id for entry in papers.paper_entries(session, paper_id)]


def swap(session: Session, paper_id: UUID, actor: Actor, position: int, name: str, **changes: Any) -> Any:
    values = {"reason": "题干过时", "revision": papers.find_paper(session, paper_id).revision, "now": NOW}
    return papers.swap_item(
        session, actor=actor, paper_id=paper_id, position=position, name=name, **(values | changes)
    )


def test_the_substitutes_offered_keep_every_rule_and_the_others_name_what_breaks(
    open_session: Open, draft: tuple[UUID, Actor, Actor]
) -> None:
    paper_id, manager, _ = draft
    with open_session() as session:
        view = papers.substitutes(session, paper_id, 1)
        before = held(session, paper_id)
        for offered in (view.found.keeping[0], view.found.keeping[-1]):
            after = swap(session, paper_id, manager, 1, offered.name)
            assert after.verification.ok
            papers.undo_edit(
                session,
                actor=manager,
                paper_id=paper_id,
                revision=papers.find_paper(session, paper_id).revision,
                now=NOW,
            )
        breaking = view.found.breaking[0]
        broken = swap(session, paper_id, manager, 1, breaking.name).broken(0)

        assert held(session, paper_id)[1:] == before[1:]
        assert set(broken) == set(breaking.breaks)
        assert {name for one in view.found.breaking for name in one.breaks} & {"equal", "per_point", "row:1"}
        assert view.found.candidates >= len(view.found.keeping) + len(view.found.breaking)


def test_an_edit_is_kept_with_who_when_and_why_and_undone_in_turn(
    open_session: Open, draft: tuple[UUID, Actor, Actor]
) -> None:
    paper_id, manager, other = draft
    with open_session() as session:
        before = held(session, paper_id)
        first = papers.substitutes(session, paper_id, 1).found.keeping[0].name
        swap(session, paper_id, manager, 1, first)
        second = papers.substitutes(session, paper_id, 2).found.keeping[0].name
        swap(session, paper_id, other, 2, second)
        papers.undo_edit(session, actor=manager, paper_id=paper_id, revision=2, now=NOW)
        papers.undo_edit(session, actor=manager, paper_id=paper_id, revision=3, now=NOW)
        with pytest.raises(NothingToUndo):
            papers.undo_edit(session, actor=manager, paper_id=paper_id, revision=4, now=NOW)
        history = papers.paper_history(session, paper_id)

        assert held(session, paper_id) == before
        assert [event.kind.value for event in history] == ["swapped", "swapped", "undone", "undone"]
        assert [event.by for event in history[:2]] == [manager.id, other.id]
        assert history[0].reason == "题干过时"
        assert [event.facts.get("undoes") for event in history] == [None, None, 2, 1]
    with open_session() as session:
        edited = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "paper.edited").order_by(AuditEntry.number)
        ).all()
        assert len(edited) == 4
        assert edited[0].detail["reason"] == "题干过时"


def test_a_swap_needs_a_reason_a_fitting_item_and_a_fresh_page(
    open_session: Open, draft: tuple[UUID, Actor, Actor]
) -> None:
    paper_id, manager, _ = draft
    with open_session() as session:
        fitting = papers.substitutes(session, paper_id, 1).found.keeping[0].name
        entries = papers.paper_entries(session, paper_id)
        other_type = next(entry for entry in entries if entry.type != entries[0].type)
        with pytest.raises(ReasonMissing):
            swap(session, paper_id, manager, 1, fitting, reason=" ")
        with pytest.raises(PaperChanged):
            swap(session, paper_id, manager, 1, fitting, revision=7)
        for unfit in ("no such", str(other_type.item_id), str(entries[1].item_id)):
            with pytest.raises(SubstituteUnsuitable):
                swap(session, paper_id, manager, 1, unfit)


def test_an_edited_paper_is_approved_anew_by_somebody_who_did_not_edit_it(
    open_session: Open, draft: tuple[UUID, Actor, Actor], institution: Institution
) -> None:
    paper_id, _, other = draft
    with open_session() as session:
        third = actor_of(session, institution, Role.REVIEWER, username="third")
        with pytest.raises(ChecksMissing, match="3 are open"):
            papers.approve_paper(session, actor=third, paper_id=paper_id, now=NOW, checks=[PaperCheck.RULES])
        papers.approve_paper(session, actor=third, paper_id=paper_id, now=NOW)
        fitting = papers.substitutes(session, paper_id, 1).found.keeping[0].name
        swap(session, paper_id, other, 1, fitting)
        paper = papers.find_paper(session, paper_id)
        assert (paper.status, paper.approved_by) == (PaperStatus.DRAFT, None)
        with pytest.raises(OwnEdit):
            papers.approve_paper(session, actor=other, paper_id=paper_id, now=NOW)
        assert papers.waiting_for(session, other, PaperStatus.DRAFT) == 1
        assert papers.waiting_for(session, third, PaperStatus.DRAFT) == 2
        papers.approve_paper(session, actor=third, paper_id=paper_id, now=NOW)
        assert papers.seal_paper(session, actor=third, paper_id=paper_id, now=NOW).digest


def test_a_paper_that_breaks_a_rule_is_not_approved(
    open_session: Open, draft: tuple[UUID, Actor, Actor], institution: Institution
) -> None:
    paper_id, manager, _ = draft
    with open_session() as session:
        third = actor_of(session, institution, Role.REVIEWER, username="third")
        breaking = papers.substitutes(session, paper_id, 1).found.breaking[0]
        swap(session, paper_id, manager, 1, breaking.name)
        with pytest.raises(RulesBroken, match=breaking.breaks[0]):
            papers.approve_paper(session, actor=third, paper_id=paper_id, now=NOW)


def test_a_refused_paper_goes_back_with_the_reason_and_comes_again(
    open_session: Open, draft: tuple[UUID, Actor, Actor], institution: Institution
) -> None:
    paper_id, manager, _ = draft
    with open_session() as session:
        third = actor_of(session, institution, Role.REVIEWER, username="third")
        with pytest.raises(ReasonMissing):
            papers.refuse_paper(session, actor=third, paper_id=paper_id, reason="", now=NOW)
        refused = papers.refuse_paper(
            session, actor=third, paper_id=paper_id, reason="第 3 题有歧义", now=NOW
        )
        assert refused.status is PaperStatus.RETURNED
        papers.resubmit_paper(session, actor=manager, paper_id=paper_id, reason="已核对", now=NOW)
        assert papers.find_paper(session, paper_id).status is PaperStatus.DRAFT
        kinds = [event.kind for event in papers.paper_history(session, paper_id)]
        assert kinds == [PaperEventKind.REFUSED, PaperEventKind.RESUBMITTED]


def test_locked_items_stay_when_the_rest_is_filled_anew(
    open_session: Open, draft: tuple[UUID, Actor, Actor]
) -> None:
    paper_id, manager, _ = draft
    with open_session() as session:
        before = held(session, paper_id)
        everything = range(1, len(before) + 1)
        # One of them was withdrawn since: it goes whether or not the seed wants it.
        session.execute(update(Item).where(Item.id == before[4]).values(status=ItemStatus.SUSPENDED))
        values = {"actor": manager, "paper_id": paper_id, "reason": "换题", "revision": 0, "now": NOW}
        with pytest.raises(NothingOpen):
            papers.request_refill(session, locked=everything, **values)
        # What was swapped out for a reason does not come back.
        fitting = papers.substitutes(session, paper_id, 4).found.keeping[0].name
        swap(session, paper_id, manager, 4, fitting)
        values["revision"] = 1
        request = papers.request_refill(session, locked=[1, 2, 9], seed=3, queue=False, **values)
        at_hand, _ = forms_at_hand(session, papers.find_paper(session, paper_id).assembly_id)
        asked = request.request or {}
        rules = refill_specification(at_hand, 0, asked["locked"], asked["aside"]).rules
        assert Exclude(name=ASIDE, ids=(str(before[3]),)) in rules
    status = papers.perform_assembly(open_session, request.id, actor=manager, now=lambda: NOW)

    assert status is AssemblyStatus.ASSEMBLED
    with open_session() as session:
        after = held(session, paper_id)
        outcome = papers.find_assembly(session, request.id).outcome or {}
        event = papers.paper_history(session, paper_id)[-1]
        assert [after[k] for k in (0, 1, 8)] == [before[k] for k in (0, 1, 8)]
        assert not {before[3], before[4]} & set(after)
        assert event.kind is PaperEventKind.RESOLVED
        assert outcome["replaced"] == len(event.swaps) > 0
        assert papers.broken_in(session, papers.find_paper(session, paper_id)) == ()


def test_a_paper_changed_while_the_kernel_worked_is_not_filled(
    open_session: Open, draft: tuple[UUID, Actor, Actor]
) -> None:
    paper_id, manager, _ = draft
    with open_session() as session:
        request = papers.request_refill(
            session,
            actor=manager,
            paper_id=paper_id,
            locked=[1],
            reason="换题",
            revision=0,
            now=NOW,
            queue=False,
        )
        fitting = papers.substitutes(session, paper_id, 2).found.keeping[0].name
        swap(session, paper_id, manager, 2, fitting)
    with pytest.raises(PaperChanged):
        papers.perform_assembly(open_session, request.id, actor=manager, now=lambda: NOW)

    with open_session() as session:
        assert papers.find_assembly(session, request.id).status is AssemblyStatus.STOPPED


def test_a_sealed_paper_is_rechecked_from_what_was_sealed_not_from_the_bank(
    open_session: Open, institution: Institution
) -> None:
    first, _ = make_sealed_papers(open_session, institution)

    with open_session() as session:
        auditor = actor_of(session, institution, Role.REVIEWER, username="third")
        # The bank goes on: items are placed elsewhere and withdrawn.
        session.execute(update(Item).values(category="其他", status=ItemStatus.RETIRED))
        session.expire_all()
        verdict = papers.recheck_sealed(session, actor=auditor, paper_id=first)
        assert verdict.from_seal
        assert verdict.ok, verdict.broken
        assert {rule["key"] for rule in verdict.report["rules"]} >= {"length", "total_marks", "per_point"}
        entry = papers.paper_entries(session, first)[0]
        others = select(Item.id).where(Item.id.not_in(held(session, first))).order_by(Item.number)
        entry.item_id = session.scalars(others).first()  # type: ignore[assignment]
        session.flush()
        assert not papers.recheck_sealed(session, actor=auditor, paper_id=first).entries_agree


def test_the_last_edit_not_undone_is_found() -> None:
    swapped, undone, approved = PaperEventKind.SWAPPED, PaperEventKind.UNDONE, PaperEventKind.APPROVED

    assert last_edit([]) is None
    assert last_edit([swapped, approved, swapped, undone]) == 0
    assert last_edit([swapped, swapped, undone, swapped]) == 3
    assert last_edit([swapped, undone]) is None
