"""Workshops that need more than a paper: a scale, a marked sitting, final questions, a workbook."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_engine.marking import service as marking
from exam_engine.standard_setting import export, store
from exam_engine.standard_setting import service as standards
from exam_engine.standard_setting.refusals import (
    AnswersIncomplete,
    CutBoundsInvalid,
    ItemsNotCalibrated,
    QuestionsOutstanding,
    ScaleMissing,
    ScoresMissing,
    SittingMissing,
    SittingUnusable,
)
from exam_engine.standard_setting.rules import Answers, Method, WorkshopStatus
from itembank.items.models import Item
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM
from tests.factories.papers import LEVEL, make_bank
from tests.factories.people import NOW
from tests.factories.recognition import MARKED, World, answer_all, make_world
from tests.factories.standards import (
    Panel,
    draft_of,
    hold_round,
    leader_of,
    make_panel,
    make_scale,
    open_round,
    rate,
)


@pytest.fixture
def world(session: Session, institution: Institution) -> World:
    """Four candidates with 100, 83.33, 50 and 16.67 of 100 in a marked sitting."""
    world = make_world(session, names=("张伟", "王小明", "李静", "赵六"), institution=institution)
    answer_all(session, world, right=(6, 5, 3, 1))
    marking.mark_sitting(session, world.theory.id, actor=SYSTEM, now=MARKED)
    return world


def test_a_booklet_is_ordered_by_the_scale_and_rated_by_one_bookmark(
    session: Session, institution: Institution
) -> None:
    occupation = make_bank(session, institution)
    chosen = list(session.scalars(select(Item.id).where(Item.number.in_([2, 4, 6, 8])).order_by(Item.number)))
    scale = make_scale(session, list(reversed(chosen)), institution, occupation.id)
    draft = draft_of(Method.BOOKMARK, bank=(occupation.id, LEVEL.value), numbers="2,4,6,8", scale_id=scale.id)
    panel = make_panel(session, institution, draft)
    rows = store.items(session, panel.id)
    hold_round(session, panel, [[3], [3], [5]], first=0)
    [held] = standards.read_rounds(session, standards.read_workshop(session, panel.id))

    assert [row.item_id for row in rows] == list(reversed(chosen))
    assert [row.location for row in rows] == sorted(row.location or 0 for row in rows)
    assert [row.p_value for row in rows] == pytest.approx([0.9, 0.85, 0.8, 0.75])
    assert held.summary.cut is not None
    assert held.summary.cut.theta == pytest.approx(rows[1].location)
    workshop = standards.close_workshop(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    assert workshop.result is not None
    assert workshop.result["basis"]["items"][0]["location"] == pytest.approx(rows[0].location)
    assert workshop.result["figures"]["rounds"][0]["ratings"]["J3"] == {"0": 5}


def test_a_booklet_needs_parameters_of_every_item(session: Session, institution: Institution) -> None:
    occupation = make_bank(session, institution)
    known = list(session.scalars(select(Item.id).where(Item.number.in_([2, 4]))))
    scale = make_scale(session, known, institution, occupation.id)
    bank = {"bank": (occupation.id, LEVEL.value), "numbers": "2,4,6,8"}
    leader = leader_of(session, institution)
    with pytest.raises(ItemsNotCalibrated) as refusal:
        standards.open_workshop(
            session, actor=leader, draft=draft_of(Method.BOOKMARK, scale_id=scale.id, **bank), now=NOW
        )
    with pytest.raises(ScaleMissing):
        standards.open_workshop(session, actor=leader, draft=draft_of(Method.BOOKMARK, **bank), now=NOW)

    assert refusal.value.facts["numbers"] == "6, 8"


def groups(session: Session, institution: Institution, world: World, **changes: object) -> Panel:
    draft = draft_of(Method.CONTRASTING, sitting_id=world.theory.id, **changes)
    return make_panel(session, institution, draft)


def test_judges_class_candidates_by_name_without_their_scores(
    session: Session, institution: Institution, world: World
) -> None:
    panel = groups(session, institution, world)
    open_round(session, panel)
    _, rows = standards.read_candidates(session, actor=panel.judges[0], workshop_id=panel.id)
    assert {row.name for row in rows} == {"张伟", "王小明", "李静", "赵六"}
    assert not any(hasattr(row, "score") for row in rows)
    scores = {row.position: row.score for row in store.candidates(session, panel.id)}
    for judge in panel.judges:
        rate(session, panel, judge, [int(scores[row.position] > 50) for row in rows])
    standards.close_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    workshop = standards.close_workshop(session, actor=panel.leader, workshop_id=panel.id, now=NOW)

    assert sorted(scores.values()) == [Decimal("16.67"), Decimal("50.00"), Decimal("83.33"), Decimal(100)]
    assert workshop.result is not None
    figures = workshop.result["figures"]
    assert figures["cut"]["score"] == pytest.approx((50 + 83.33) / 2)
    assert figures["cut"]["marks"] is None
    assert figures["impact"]["named"]["cut"][1] == pytest.approx(0.5)
    assert figures["impact"]["named"]["regulation"][1] == pytest.approx(0.5)


def test_groups_need_a_marked_sitting(session: Session, institution: Institution) -> None:
    leader = leader_of(session, institution)
    with pytest.raises(SittingMissing):
        standards.open_workshop(session, actor=leader, draft=draft_of(Method.BORDERLINE), now=NOW)
    unmarked = make_world(session, names=("张伟", "王小明"), institution=institution)
    draft = draft_of(Method.BORDERLINE, sitting_id=unmarked.theory.id)
    with pytest.raises(SittingUnusable):
        standards.open_workshop(session, actor=leader, draft=draft, now=NOW)


def test_the_final_questions_are_asked_after_the_rounds_and_before_the_result(
    session: Session, institution: Institution, world: World
) -> None:
    panel = groups(session, institution, world, with_questions=True, rounds=1)
    rows = store.candidates(session, panel.id)
    hold_round(session, panel, [[int(row.score > 50) for row in rows]] * 3)
    with pytest.raises(QuestionsOutstanding):
        standards.close_workshop(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    standards.open_questions(session, actor=panel.leader, workshop_id=panel.id)
    common = {"workshop_id": panel.id, "now": NOW}
    for judge in panel.judges[:2]:
        standards.save_answers(session, actor=judge, answers=Answers(50, 90, 10, 80), **common)
    with pytest.raises(CutBoundsInvalid):
        standards.save_answers(session, actor=panel.judges[2], answers=Answers(90, 50, 10, 80), **common)
    with pytest.raises(AnswersIncomplete) as refusal:
        standards.close_workshop(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    standards.save_answers(session, actor=panel.judges[2], answers=Answers(50, 90, 10, 80), **common)
    workshop = standards.close_workshop(session, actor=panel.leader, workshop_id=panel.id, now=NOW)

    assert "judge-3" in str(refusal.value.facts["judges"])
    assert workshop.status is WorkshopStatus.CLOSED
    assert workshop.result is not None
    questions = workshop.result["figures"]["questions"]
    assert questions["judges"] == 3
    # The line from (50, 80 %) to (90, 10 %) meets the fail curve between 50 and 83.33: 25 % to 50 % below.
    assert 50 < questions["cut"] < 83.33
    assert workshop.result["figures"]["impact"]["named"]["hofstee"][0] == pytest.approx(questions["cut"])


def test_final_questions_need_scores(session: Session, institution: Institution) -> None:
    occupation = make_bank(session, institution)
    draft = draft_of(bank=(occupation.id, LEVEL.value), numbers="1-3", with_questions=True)
    with pytest.raises(ScoresMissing):
        standards.open_workshop(session, actor=leader_of(session, institution), draft=draft, now=NOW)


def test_exports_hold_every_rating_and_no_formula(session: Session, institution: Institution) -> None:
    occupation = make_bank(session, institution)
    draft = draft_of(bank=(occupation.id, LEVEL.value), numbers="1-3", name="=HYPERLINK(1)")
    panel = make_panel(session, institution, draft)
    hold_round(session, panel, [[50, 60, 70], [40, 50, 60], [60, 70, 80]])
    workshop = standards.close_workshop(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    assert workshop.result is not None
    table = list(csv.DictReader(io.StringIO(export.to_csv(workshop.result))))
    book = load_workbook(io.BytesIO(export.to_xlsx(workshop.result, lambda words: words)))

    ratings = {(row["judge"], row["position"]): row["rating"] for row in table}
    assert ratings["J2", "3"] == "60"
    assert float(ratings["J3", "cut"]) == pytest.approx(70)
    assert book.sheetnames == ["Summary", "Judges", "Items", "Ratings"]
    assert book["Summary"]["B1"].value == "'=HYPERLINK(1)"
    assert [cell.value for cell in book["Items"][2]][:2] == [1, 1]
    assert book["Judges"]["E3"].value == pytest.approx(50)
