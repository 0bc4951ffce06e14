"""Answers of sittings as an answer book: several papers, blanks in the candidate's own order, attempts left out."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_engine.calibration.reports.book import NOT_PRESENTED, NOT_REACHED, OPEN
from exam_engine.calibration.reports.rules import Attribute
from exam_engine.calibration.reports.scoring import score_book
from exam_engine.calibration.service.freezing import freeze_sittings
from exam_engine.delivery.models import Answer, Attempt
from exam_engine.delivery.paper import arrange
from exam_engine.invigilation.models import Incident
from exam_engine.invigilation.rules import IncidentKind
from exam_engine.marking import service as marking
from exam_engine.papers import service as papers
from exam_engine.sittings.models import Sitting
from itembank.items.models import Item
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM
from tests.factories.people import NOW
from tests.factories.statistics import make_answered_sitting, make_items, simulate_answers

N_ITEMS = 10


def make_two(session: Session, institution: Institution) -> list[Sitting]:
    """Two sittings whose papers share four items."""
    occupation_id, references = make_items(session, institution=institution, level=4, count=N_ITEMS)
    ids = {item.reference: item.id for item in session.scalars(select(Item))}
    marks = simulate_answers(12, N_ITEMS)
    return [
        make_answered_sitting(
            session,
            institution=institution,
            occupation_id=occupation_id,
            item_ids=[ids[references[k]] for k in range(first, first + 7)],
            marks=marks[:, first : first + 7],
            starts_at=NOW - timedelta(days=2),
        )
        for first in (0, 3)
    ]


def test_two_papers_share_the_columns_of_their_common_items(
    session: Session, institution: Institution
) -> None:
    sittings = make_two(session, institution)

    book = freeze_sittings(session, [one.id for one in sittings], attributes=[Attribute.SITTING])

    assert book.answers.shape == (24, N_ITEMS)
    assert [len(form.columns) for form in book.forms] == [7, 7]
    assert len(set(book.forms[0].columns) & set(book.forms[1].columns)) == 4
    assert [item.name for item in book.items] == [str(1000 + k) for k in range(N_ITEMS)]
    assert (book.answers[:12, 7:] == NOT_PRESENTED).all()
    assert (book.answers[12:, :3] == NOT_PRESENTED).all()
    assert len(book.attributes["sitting"]) == 24


def test_scores_are_those_of_marking(session: Session, institution: Institution) -> None:
    sitting = make_two(session, institution)[0]
    marking.mark_sitting(session, sitting.id, actor=SYSTEM, now=NOW)
    _, scores = marking.latest_scores(session, sitting.id)

    book = freeze_sittings(session, [sitting.id])

    assert sorted(score_book(book).score.tolist()) == sorted(float(score) for score in scores.values())


def test_blanks_after_the_last_answer_in_the_persons_own_order_were_not_reached(
    session: Session, institution: Institution
) -> None:
    sitting = make_two(session, institution)[0]
    attempt = session.scalars(
        select(Attempt).where(Attempt.sitting_id == sitting.id).order_by(Attempt.id)
    ).first()
    assert attempt is not None
    order = arrange(papers.candidate_view(session, attempt.paper_id), attempt.seed)
    seen = [entry.item_id for section in order.sections for entry in section.entries]
    for answer in session.scalars(select(Answer).where(Answer.attempt_id == attempt.id)):
        if answer.item_id in (seen[1], seen[5], seen[6]):
            answer.response = []
    session.flush()

    book = freeze_sittings(session, [sitting.id])

    codes = {item.item_id: int(code) for item, code in zip(book.items, book.answers[0], strict=True)}
    assert codes[str(seen[1])] == OPEN
    assert codes[str(seen[5])] == codes[str(seen[6])] == NOT_REACHED
    assert all(codes[str(item)] > 0 for item in (seen[0], *seen[2:5]))


def test_ended_and_void_attempts_are_left_out_and_counted(session: Session, institution: Institution) -> None:
    sitting = make_two(session, institution)[0]
    query = select(Attempt).where(Attempt.sitting_id == sitting.id)
    attempts = session.scalars(query.order_by(Attempt.id)).all()
    attempts[0].terminated_reason = "夹带"
    session.add(
        Incident(
            institution_id=institution.id,
            sitting_id=sitting.id,
            registration_id=attempts[1].registration_id,
            kind=IncidentKind.CHEATING,
            note="夹带",
            recorded_by="user",
            recorded_at=NOW,
            confirmed_at=NOW,
        )
    )
    session.flush()

    book = freeze_sittings(session, [sitting.id])

    assert book.n_persons == 10
    assert book.left_out == {"terminated": 1, "void": 1}
    assert np.isfinite(score_book(book).score).all()
