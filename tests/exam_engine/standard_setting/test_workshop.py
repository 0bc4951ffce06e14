"""A workshop from its opening to its recorded result, on a real database."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_engine.papers.models import Paper
from exam_engine.papers.rules import PaperStatus
from exam_engine.sittings.models import Sitting
from exam_engine.standard_setting import service as standards
from exam_engine.standard_setting import store
from exam_engine.standard_setting.models import Rating, Round
from exam_engine.standard_setting.refusals import (
    BasisMissing,
    DraftOnly,
    FourEyes,
    ItemsUnknown,
    JudgeUnsuited,
    LeaderJudges,
    LeadsAlready,
    NoQuestionsPlanned,
    NotAgreed,
    NotClosed,
    NotExcluded,
    NotLeader,
    NotYourTask,
    PaperUnusable,
    PositionUnknown,
    QuestionsNotOpen,
    RatingInvalid,
    ReasonMissing,
    RoundIncomplete,
    RoundMissed,
    RoundNotOpen,
    RoundsUsedUp,
    TooFewJudges,
    WorkshopOver,
)
from exam_engine.standard_setting.result import is_unchanged
from exam_engine.standard_setting.rules import Answers, WorkshopStatus
from itembank.base import audit
from itembank.base.audit import AuditEntry
from itembank.base.db import Database, Scope
from itembank.base.errors import NotFound
from itembank.items.models import Item
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.conftest import OpenSession
from tests.factories.kept import once
from tests.factories.papers import LEVEL, actor_of, make_bank
from tests.factories.people import NOW, make_institution
from tests.factories.standards import (
    Panel,
    draft_of,
    hold_round,
    judge_id_of,
    leader_of,
    make_panel,
    make_paper,
    open_round,
    rate,
)


@pytest.fixture
def panel(open_session: OpenSession, institution: Institution) -> Panel:
    """Three judges over a sealed paper of 5 items of 12 and 5 of 8 marks, nothing opened yet."""

    def make() -> Panel:
        paper_id = make_paper(open_session, institution)
        with open_session() as session:
            return make_panel(session, institution, draft_of(paper_id=paper_id))

    return once("a workshop", open_session, make)


def test_a_round_of_angoff_gives_the_mean_of_the_judges_cuts(session: Session, panel: Panel) -> None:
    hold_round(session, panel, [[60] * 10, [70] * 10, [50] * 5 + [100] * 5])
    view = standards.read_workshop(session, panel.id)
    [held] = standards.read_rounds(session, view)

    # Sections of 12 and 8 marks: the third judge's cut is 60 × .5 + 40 × 1 or the other way round.
    third = held.summary.judges[view.judges[2].judge.id].cut
    assert third == pytest.approx(70.0) or third == pytest.approx(80.0)
    assert held.summary.cut is not None
    assert held.summary.cut.score == pytest.approx((60 + 70 + third) / 3)
    assert held.summary.cut.judges == 3
    assert view.workshop.status is WorkshopStatus.BETWEEN


def test_item_text_is_there_only_while_a_round_is_open_and_after_agreeing(
    session: Session, panel: Panel
) -> None:
    judge = panel.judges[1]
    with pytest.raises(NotFound):
        standards.read_items(session, actor=judge, workshop_id=panel.id)
    standards.open_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    with pytest.raises(NotAgreed):
        standards.read_items(session, actor=judge, workshop_id=panel.id)
    standards.agree(session, actor=judge, workshop_id=panel.id, now=NOW)
    _, rows = standards.read_items(session, actor=judge, workshop_id=panel.id)
    assert len(rows) == 10
    assert all(row.stem and row.key is None for row in rows)
    for each in panel.judges:
        standards.agree(session, actor=each, workshop_id=panel.id, now=NOW)
        rate(session, panel, each, [50] * 10)
    standards.close_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)

    with pytest.raises(RoundNotOpen):
        standards.read_items(session, actor=judge, workshop_id=panel.id)
    with pytest.raises(NotFound):  # nobody but judges reads them, the leader neither
        standards.read_items(session, actor=panel.leader, workshop_id=panel.id)


def test_the_key_comes_only_when_the_leader_asked_for_it(
    session: Session, database: Database, institution: Institution, panel: Panel
) -> None:
    draft = draft_of(paper_id=panel.workshop.paper_id, with_key=True)
    shown = make_panel(session, institution, draft)
    open_round(session, shown)
    _, rows = standards.read_items(session, actor=shown.judges[0], workshop_id=shown.id)

    assert all(row.key for row in rows)
    session.commit()
    with database.session(scope=Scope.everything(), writes=False) as later:
        opened = later.scalars(select(AuditEntry).where(AuditEntry.action == "standard.opened")).all()
    assert {entry.detail["with_key"] for entry in opened} == {True, False}


def test_an_author_sees_a_note_on_the_own_items(session: Session, panel: Panel) -> None:
    open_round(session, panel)
    _, own = standards.read_items(session, actor=panel.judges[0], workshop_id=panel.id)
    _, others = standards.read_items(session, actor=panel.judges[1], workshop_id=panel.id)

    assert all(row.is_own for row in own)
    assert not any(row.is_own for row in others)
    assert [each.wrote for each in standards.read_workshop(session, panel.id).judges] == [10, 0, 0]


def test_nobody_sees_the_others_before_the_round_is_closed(session: Session, panel: Panel) -> None:
    open_round(session, panel)
    for judge, value in zip(panel.judges, (40, 60, 80), strict=True):
        rate(session, panel, judge, [value] * 10)
    with pytest.raises(NotFound):
        standards.read_feedback(session, actor=panel.judges[0], workshop_id=panel.id, number=1)
    _, rows = standards.read_items(session, actor=panel.judges[0], workshop_id=panel.id)
    assert {row.group_mean for row in rows} == {None}
    standards.close_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    feedback = standards.read_feedback(session, actor=panel.judges[0], workshop_id=panel.id, number=1)

    assert feedback.cuts == pytest.approx((40, 60, 80))
    assert feedback.own_figures is not None
    assert feedback.own_figures.cut == pytest.approx(40)
    assert {each.mean for each in feedback.summary.positions} == {60.0}


def test_the_second_round_shows_the_first_and_can_keep_it(session: Session, panel: Panel) -> None:
    hold_round(session, panel, [[40] * 10, [60] * 10, [80] * 10])
    open_round(session, panel)
    judge = panel.judges[0]
    rate(session, panel, judge, [55])
    saved = standards.keep_former(session, actor=judge, workshop_id=panel.id, now=NOW)
    _, rows = standards.read_items(session, actor=judge, workshop_id=panel.id)

    assert saved.rated == saved.count == 10
    assert [row.value for row in rows] == [55] + [40] * 9
    assert {(row.former, row.group_mean) for row in rows} == {(40, 60.0)}
    first, second = store.rounds(session, panel.id)
    own = store.ratings_of(session, first.id, judge_id_of(session, panel))
    assert {rating.value for rating in own.values()} == {40}
    assert len(store.ratings(session, second.id)) == 10


def test_a_wrong_rating_is_named_and_nothing_is_half_saved(session: Session, panel: Panel) -> None:
    open_round(session, panel)
    judge = panel.judges[0]
    with pytest.raises(RatingInvalid) as refusal, session.begin_nested():
        rate(session, panel, judge, [50, 60, "viel"])
    with pytest.raises(PositionUnknown):
        rate(session, panel, judge, [50], first=11)

    assert refusal.value.facts == {"position": 3, "value": "viel", "lowest": 0, "highest": 100}
    assert session.scalars(select(Rating)).all() == []


def test_an_empty_rating_withdraws_the_saved_one(session: Session, panel: Panel) -> None:
    open_round(session, panel)
    rate(session, panel, panel.judges[0], [50, 60])
    rate(session, panel, panel.judges[0], [""])

    assert [(r.position, r.value) for r in session.scalars(select(Rating))] == [(2, 60)]


def test_a_round_closes_when_all_have_rated_or_are_excluded(session: Session, panel: Panel) -> None:
    open_round(session, panel)
    rate(session, panel, panel.judges[0], [50] * 10)
    rate(session, panel, panel.judges[1], [60] * 10)
    rate(session, panel, panel.judges[2], [90] * 9)
    with pytest.raises(RoundIncomplete) as refusal:
        standards.close_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    third = standards.read_workshop(session, panel.id).judges[2]
    with pytest.raises(ReasonMissing):
        _exclude(session, panel, third.judge.id, "")
    _exclude(session, panel, third.judge.id, "因公出差未能完成")
    standards.close_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    [held] = standards.read_rounds(session, standards.read_workshop(session, panel.id))

    assert third.name in str(refusal.value.facts["judges"])
    assert held.summary.cut is not None
    assert held.summary.cut.score == pytest.approx(55)
    with pytest.raises(NotYourTask):
        standards.agree(session, actor=panel.judges[2], workshop_id=panel.id, now=NOW)


def _exclude(session: Session, panel: Panel, judge_id: UUID, reason: str) -> None:
    standards.exclude_judge(
        session, actor=panel.leader, workshop_id=panel.id, judge_id=judge_id, reason=reason, now=NOW
    )


def test_an_exclusion_is_withdrawn_with_a_reason_and_the_rounds_count_the_judge_again(
    session: Session, database: Database, panel: Panel
) -> None:
    hold_round(session, panel, [[60] * 10, [70] * 10, [80] * 10])
    judge_id = judge_id_of(session, panel, 2)
    change = {"actor": panel.leader, "workshop_id": panel.id, "judge_id": judge_id}
    with pytest.raises(NotExcluded):
        standards.readmit_judge(session, reason="她一直在场", **change)
    standards.exclude_judge(session, reason="中途离开，没有讨论", now=NOW, **change)
    [without] = standards.read_rounds(session, standards.read_workshop(session, panel.id))
    with pytest.raises(ReasonMissing):
        standards.readmit_judge(session, reason="  ", **change)
    with pytest.raises(NotLeader):
        standards.readmit_judge(session, **{**change, "actor": panel.second}, reason="她其实参加了讨论")
    judge = standards.readmit_judge(session, reason="她其实参加了讨论", **change)
    closed = standards.close_workshop(session, actor=panel.leader, workshop_id=panel.id, now=NOW)

    assert without.summary.cut is not None
    assert without.summary.cut.score == pytest.approx(65)
    assert judge.excluded_at is None
    assert closed.result is not None
    assert closed.result["figures"]["cut"]["score"] == pytest.approx(70)
    assert closed.result["figures"]["with_excluded"] is None
    assert closed.result["judges"][2]["readmitted"] == "她其实参加了讨论"
    with pytest.raises(WorkshopOver):
        standards.readmit_judge(session, reason="她其实参加了讨论", **change)
    session.commit()
    with database.session(scope=Scope.everything(), writes=False) as later:
        query = select(AuditEntry.detail).where(AuditEntry.action == "standard.judge_readmitted")
        assert [detail["reason"] for detail in later.scalars(query)] == ["她其实参加了讨论"]


def test_who_missed_a_closed_round_comes_back_in_the_next(session: Session, panel: Panel) -> None:
    open_round(session, panel)
    judge_id = judge_id_of(session, panel, 2)
    change = {"actor": panel.leader, "workshop_id": panel.id, "judge_id": judge_id}
    standards.exclude_judge(session, reason="迟到了一个小时", now=NOW, **change)
    for judge in panel.judges[:2]:
        rate(session, panel, judge, [60] * 10)
    standards.close_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    with pytest.raises(RoundMissed) as refusal:
        standards.readmit_judge(session, reason="已经到场了", **change)
    standards.open_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    standards.readmit_judge(session, reason="已经到场了", **change)
    for judge in panel.judges:
        rate(session, panel, judge, [70] * 10)
    standards.close_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)

    assert refusal.value.facts["round"] == 1
    rounds = standards.read_rounds(session, standards.read_workshop(session, panel.id))
    assert [each.summary.cut.judges for each in rounds if each.summary.cut] == [2, 3]


def test_the_result_is_frozen_shown_with_and_without_and_recorded_by_a_second_person(
    session: Session, database: Database, panel: Panel
) -> None:
    hold_round(session, panel, [[50] * 10, [60] * 10, [90] * 10])
    third = standards.read_workshop(session, panel.id).judges[2]
    _exclude(session, panel, third.judge.id, "评判时使用了答案")
    workshop = standards.close_workshop(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    with pytest.raises(FourEyes):
        standards.record_result(session, actor=panel.leader, workshop_id=panel.id, now=NOW)
    with pytest.raises(FourEyes):
        standards.record_result(session, actor=panel.judges[0], workshop_id=panel.id, now=NOW)
    standards.record_result(session, actor=panel.second, workshop_id=panel.id, now=NOW)

    assert workshop.status is WorkshopStatus.RECORDED
    assert workshop.result is not None
    assert workshop.digest is not None
    figures = workshop.result["figures"]
    assert figures["cut"]["score"] == pytest.approx(55)
    assert figures["cut"]["marks"] == pytest.approx(55)
    assert figures["with_excluded"]["score"] == pytest.approx(200 / 3)
    assert [judge["excluded"] for judge in workshop.result["judges"]] == [False, False, True]
    assert figures["rounds"][0]["ratings"]["J1"] == {str(n): 50 for n in range(1, 11)}
    assert is_unchanged(workshop.result, workshop.digest)
    session.commit()
    with database.session(scope=Scope.everything()) as later:
        kept = store.workshop(later, panel.id)
        assert kept is not None
        assert kept.result is not None
        # Through the database and back the bytes are the same.
        assert is_unchanged(kept.result, workshop.digest)
        actions = [entry.action for entry in later.scalars(select(AuditEntry).order_by(AuditEntry.number))]
        verification = audit.verify(later, later.info["audit_heads"])
    assert [action for action in actions if action.startswith("standard.")][-3:] == [
        "standard.judge_excluded",
        "standard.closed",
        "standard.recorded",
    ]
    assert verification.is_intact
    for step in (standards.open_round, standards.close_workshop):
        with pytest.raises(WorkshopOver), database.session(scope=Scope.everything()) as later:
            step(later, actor=panel.leader, workshop_id=panel.id, now=NOW)
    with pytest.raises(NotClosed), database.session(scope=Scope.everything()) as later:
        standards.record_result(later, actor=panel.second, workshop_id=panel.id, now=NOW)


def test_no_sitting_is_changed_by_a_result(session: Session, panel: Panel) -> None:
    before = [(row.id, row.pass_mark) for row in session.scalars(select(Sitting))]
    hold_round(session, panel, [[70] * 10] * 3)
    standards.close_workshop(session, actor=panel.leader, workshop_id=panel.id, now=NOW)

    assert [(row.id, row.pass_mark) for row in session.scalars(select(Sitting))] == before


def test_ratings_of_a_closed_round_are_in_its_digest(session: Session, panel: Panel) -> None:
    hold_round(session, panel, [[50] * 10, [60] * 10, [70] * 10])
    [held] = session.scalars(select(Round)).all()
    ratings = store.ratings(session, held.id)
    assert standards.ratings_digest(ratings) == held.digest
    ratings[0].value += 1

    assert standards.ratings_digest(ratings) != held.digest


def test_only_the_leader_leads(session: Session, institution: Institution, panel: Panel) -> None:
    other = actor_of(session, institution, Role.PAPER_MANAGER, username="paper-manager")
    with pytest.raises(NotLeader):
        standards.open_round(session, actor=other, workshop_id=panel.id, now=NOW)
    with pytest.raises(NotLeader):
        standards.abandon(session, actor=other, workshop_id=panel.id, reason="不需要了吧", now=NOW)


def test_another_leader_takes_over_with_a_reason_and_neither_records(
    session: Session, institution: Institution, panel: Panel
) -> None:
    other = actor_of(session, institution, Role.PAPER_MANAGER, username="paper-manager")
    common = {"workshop_id": panel.id, "now": NOW}
    with pytest.raises(ReasonMissing):
        standards.take_over(session, actor=other, reason="", **common)
    with pytest.raises(LeadsAlready):
        standards.take_over(session, actor=panel.leader, reason="原主持人病假", **common)
    with pytest.raises(LeaderJudges):
        standards.take_over(session, actor=panel.judges[0], reason="原主持人病假", **common)
    standards.take_over(session, actor=other, reason="原主持人病假", **common)
    led = Panel(panel.workshop, other, panel.judges, panel.second)
    hold_round(session, led, [[50] * 10] * 3)
    standards.close_workshop(session, actor=other, **common)
    for actor in (panel.leader, other):
        with pytest.raises(FourEyes):
            standards.record_result(session, actor=actor, **common)
        assert standards.workshops_to_record(session, actor=actor) == 0

    assert standards.workshops_to_record(session, actor=panel.second) == 1
    assert standards.record_result(session, actor=panel.second, **common).former_leaders


def test_panels_are_checked(session: Session, institution: Institution, panel: Panel) -> None:
    outsider = actor_of(session, institution, Role.INVIGILATOR, username="invigilator")
    leader = actor_of(session, institution, Role.PSYCHOMETRICIAN, Role.REVIEWER, username="standard-leader")
    for user_ids, refusal in (
        ([outsider.id], JudgeUnsuited),
        ([], JudgeUnsuited),
        ([leader.id], LeaderJudges),
    ):
        with pytest.raises(refusal):
            standards.invite(session, actor=leader, workshop_id=panel.id, user_ids=user_ids, now=NOW)
    for each in standards.read_workshop(session, panel.id).judges[1:]:
        standards.remove_judge(session, actor=leader, workshop_id=panel.id, judge_id=each.judge.id)
    with pytest.raises(TooFewJudges):
        standards.open_round(session, actor=leader, workshop_id=panel.id, now=NOW)


def test_what_was_promised_to_the_panel_stands_once_a_round_is_open(session: Session, panel: Panel) -> None:
    open_round(session, panel)
    judge_id = judge_id_of(session, panel)
    with pytest.raises(DraftOnly):
        standards.describe(session, actor=panel.leader, workshop_id=panel.id, description="另一个描述")
    with pytest.raises(DraftOnly):
        standards.remove_judge(session, actor=panel.leader, workshop_id=panel.id, judge_id=judge_id)
    with pytest.raises(DraftOnly):
        standards.invite(
            session, actor=panel.leader, workshop_id=panel.id, user_ids=[panel.judges[0].id], now=NOW
        )


def test_no_more_rounds_than_planned(session: Session, panel: Panel) -> None:
    for _ in range(2):
        hold_round(session, panel, [[50] * 10, [60] * 10, [70] * 10])

    with pytest.raises(RoundsUsedUp):
        standards.open_round(session, actor=panel.leader, workshop_id=panel.id, now=NOW)


def test_items_of_the_bank_can_be_rated_without_a_paper(session: Session, institution: Institution) -> None:
    occupation = make_bank(session, institution)
    bank = (occupation.id, LEVEL.value)
    with pytest.raises(ItemsUnknown) as refusal:
        standards.open_workshop(
            session,
            actor=leader_of(session, institution),
            draft=draft_of(bank=bank, numbers="3-5, 99990"),
            now=NOW,
        )
    assert refusal.value.facts["numbers"] == "99990"
    panel = make_panel(session, institution, draft_of(bank=bank, numbers="3-5, 9"))
    open_round(session, panel)
    _, rows = standards.read_items(session, actor=panel.judges[0], workshop_id=panel.id)
    numbers = {item.id: item.number for item in session.scalars(select(Item))}

    assert [numbers[row.item_id] for row in store.items(session, panel.id)] == [3, 4, 5, 9]
    assert all(row.stem and row.marks == 1 for row in rows)
    for judge in panel.judges:
        rate(session, panel, judge, [25, 50, 75, 50])
    [held] = standards.read_rounds(session, standards.read_workshop(session, panel.id))
    assert held.summary.cut is not None
    assert held.summary.cut.score == pytest.approx(50)
    assert held.summary.cut.marks == pytest.approx(2)


def test_a_workshop_needs_something_to_rate(session: Session, institution: Institution, panel: Panel) -> None:
    leader = leader_of(session, institution)
    paper = panel.workshop.paper_id
    assert paper is not None
    with pytest.raises(BasisMissing):
        standards.open_workshop(session, actor=leader, draft=draft_of(), now=NOW)
    session.get_one(Paper, paper).status = PaperStatus.APPROVED
    session.flush()
    with pytest.raises(PaperUnusable):
        standards.open_workshop(session, actor=leader, draft=draft_of(paper_id=paper), now=NOW)


def test_questions_are_not_asked_where_none_were_planned(session: Session, panel: Panel) -> None:
    hold_round(session, panel, [[50] * 10] * 3)
    with pytest.raises(NoQuestionsPlanned):
        standards.open_questions(session, actor=panel.leader, workshop_id=panel.id)
    with pytest.raises(QuestionsNotOpen):
        standards.save_answers(
            session, actor=panel.judges[0], workshop_id=panel.id, answers=Answers(50, 70, 5, 40), now=NOW
        )


def test_an_abandoned_workshop_keeps_its_ratings_and_its_reason(session: Session, panel: Panel) -> None:
    open_round(session, panel)
    rate(session, panel, panel.judges[0], [50])
    later = NOW + timedelta(hours=2)
    standards.abandon(session, actor=panel.leader, workshop_id=panel.id, reason="试卷结构将调整", now=later)

    view = standards.read_workshop(session, panel.id)

    assert view.workshop.status is WorkshopStatus.ABANDONED
    assert view.rounds[0].closed_at == later
    assert len(session.scalars(select(Rating)).all()) == 1
    with pytest.raises(RoundNotOpen):
        rate(session, panel, panel.judges[0], [50])


def test_another_institution_sees_nothing_of_it(database: Database, panel: Panel, session: Session) -> None:
    sibling = make_institution(session)
    session.commit()
    with database.session(scope=Scope.of([sibling.id])) as elsewhere:
        assert standards.list_workshops(elsewhere, offset=0, limit=50) == ([], 0)
        with pytest.raises(NotFound):
            standards.read_workshop(elsewhere, panel.id)
        with pytest.raises(NotFound):
            standards.find_task(elsewhere, actor=panel.judges[0], workshop_id=panel.id)
