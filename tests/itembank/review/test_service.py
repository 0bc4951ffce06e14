"""A second person's review, singly and in bulk."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from itembank.items import service as items
from itembank.items.models import Item
from itembank.items.rules import ItemDraft, ItemStatus, NothingSelected
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Actor, Role
from itembank.review import service as review
from itembank.review.rules import CommentNeeded, CommentTooLong, ReviewerNeeded, Verdict
from itembank.taxonomy import service as taxonomy
from tests.factories.bank import content, make_actor, make_item, make_occupation, make_outline
from tests.factories.people import NOW


class Bank:
    """A writer, a reviewer, and items that the writer submitted."""

    def __init__(self, session: Session, institution: Institution, count: int = 1) -> None:
        self.writer = make_actor(session, institution)
        self.reviewer = make_actor(session, institution, Role.REVIEWER)
        outline = make_outline(session, self.writer)
        self.occupation = make_occupation(session)
        self.point_id = taxonomy.outline_tree(session, outline.id).points[0].id
        drafts = [ItemDraft(content(), self.occupation.id, 4, self.point_id) for _ in range(count)]
        self.items = items.create_items(session, actor=self.writer, drafts=drafts, now=NOW)
        self.ids = [item.id for item in self.items]
        review.submit_for_review(session, actor=self.writer, item_ids=self.ids, now=NOW).check_all_done()

    def edit(self, session: Session, actor: Actor) -> Item:
        draft = ItemDraft(content(), self.occupation.id, 4, self.point_id)
        return items.edit_item(session, actor=actor, item_id=self.ids[0], draft=draft, now=NOW)


def codes(outcome: object) -> list[str]:
    return [entry.error.code for entry in outcome.refused]  # type: ignore[attr-defined]


def test_a_second_person_makes_an_item_active(session: Session, institution: Institution) -> None:
    bank = Bank(session, institution)
    outcome = review.decide(session, actor=bank.reviewer, item_ids=bank.ids, verdict=Verdict.APPROVE, now=NOW)

    assert outcome.done == tuple(bank.ids)
    assert items.find_item(session, bank.ids[0]).status is ItemStatus.ACTIVE


def test_the_writer_cannot_release_their_own_item(session: Session, institution: Institution) -> None:
    bank = Bank(session, institution)
    outcome = review.decide(session, actor=bank.writer, item_ids=bank.ids, verdict=Verdict.APPROVE, now=NOW)

    assert codes(outcome) == ["second_person_needed"]
    assert items.find_item(session, bank.ids[0]).status is ItemStatus.IN_REVIEW


def test_whoever_last_changed_an_item_cannot_release_it(session: Session, institution: Institution) -> None:
    bank = Bank(session, institution)
    bank.edit(session, bank.reviewer)
    outcome = review.decide(session, actor=bank.reviewer, item_ids=bank.ids, verdict=Verdict.APPROVE, now=NOW)

    assert codes(outcome) == ["second_person_needed"]


def test_a_verdict_on_a_version_that_was_replaced_is_refused(
    session: Session, institution: Institution
) -> None:
    bank = Bank(session, institution)
    seen = {bank.ids[0]: bank.items[0].current_version_id}
    bank.edit(session, bank.writer)
    outcome = review.decide(
        session, actor=bank.reviewer, item_ids=bank.ids, verdict=Verdict.APPROVE, now=NOW, seen=seen
    )

    assert codes(outcome) == ["item_changed_since"]


def test_sending_back_needs_a_reason_which_is_kept_sealed(session: Session, institution: Institution) -> None:
    bank = Bank(session, institution)
    back = {"item_ids": bank.ids, "verdict": Verdict.SEND_BACK, "now": NOW}
    with pytest.raises(CommentNeeded):
        review.decide(session, actor=bank.reviewer, comment=" ", **back)
    with pytest.raises(CommentTooLong):
        review.decide(session, actor=bank.reviewer, comment="长" * 2001, **back)
    review.decide(session, actor=bank.reviewer, comment="答案应为 B", **back)

    assert items.find_item(session, bank.ids[0]).status is ItemStatus.DRAFT
    assert [view.comment for view in review.list_verdicts(session, bank.ids[0])] == ["答案应为 B"]


def test_drafts_are_not_decided_and_nobody_decides_nothing(
    session: Session, institution: Institution
) -> None:
    bank = Bank(session, institution)
    draft = make_item(session, bank.writer, occupation=bank.occupation, point_id=bank.point_id)
    outcome = review.decide(
        session, actor=bank.reviewer, item_ids=[draft.id], verdict=Verdict.APPROVE, now=NOW
    )

    assert codes(outcome) == ["item_change_not_allowed"]
    with pytest.raises(NothingSelected):
        review.decide(session, actor=bank.reviewer, item_ids=[], verdict=Verdict.APPROVE, now=NOW)
    with pytest.raises(ReviewerNeeded):
        review.decide(session, actor=SYSTEM, item_ids=bank.ids, verdict=Verdict.APPROVE, now=NOW)


def test_nine_hundred_items_are_decided_in_one_go(session: Session, institution: Institution) -> None:
    bank = Bank(session, institution, count=900)
    waiting = review.waiting_for(bank.reviewer)

    assert items.count_items(session, waiting) == 900
    assert items.count_items(session, review.waiting_for(bank.writer)) == 0
    outcome = review.decide(
        session,
        actor=bank.reviewer,
        item_ids=items.matching_ids(session, waiting),
        verdict=Verdict.APPROVE,
        now=NOW,
    )

    assert len(outcome.done) == 900
    assert items.status_counts(session) == {ItemStatus.ACTIVE: 900}
    assert len(items.active_items(session, bank.occupation.id, 4)) == 900
