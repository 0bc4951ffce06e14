"""Notice, objections, approval."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_engine.filing.rules import OutsideScope
from exam_engine.recognition import service as recognition
from exam_engine.recognition.models import Objection
from exam_engine.recognition.rules import (
    ApprovalState,
    FindingMissing,
    NoticeEmpty,
    NoticeExists,
    NoticeNotReady,
    NoticeOver,
    NoticeRunning,
    NoticeTooShort,
    NotInvestigated,
    NotPassed,
    ObjectionOpen,
    ObjectionStatus,
    Verdict,
    WrongApproval,
)
from exam_engine.recognition.service.approve import (
    NobodyChosen,
    NotReturned,
    ResubmissionEmpty,
    ReturnReasonMissing,
)
from exam_engine.recognition.service.objections import EntryUnknown, GroundMissing
from itembank.base.audit import AuditEntry
from itembank.base.errors import NotFound
from itembank.people.rules import PUBLIC, SYSTEM, InstitutionKind, Role
from tests.factories.people import make_institution
from tests.factories.recognition import (
    MARKED,
    OVER,
    World,
    answer_all,
    make_world,
    publish,
    release_all,
)


@pytest.fixture
def world(session: Session) -> World:
    return make_world(session)


def decisions(session: Session, world: World) -> dict[str, recognition.PlanMark]:
    order = [each.id for each in world.candidates]
    found = recognition.read_decisions(session, world.plan.id)
    return sorted(found, key=lambda each: order.index(each.registration_id))  # type: ignore[return-value]


def object_to(session: Session, view: recognition.NoticeView, position: int | None) -> Objection:
    return recognition.file_objection(
        session,
        actor=PUBLIC,
        slug=view.notice.slug,
        position=position,
        ground="此人未参加考试",
        objector="刘女士",
        telephone="13900000000",
        now=MARKED,
    )


def test_the_notice_lists_the_passed_masked_for_five_working_days(session: Session, world: World) -> None:
    view = publish(session, world, right=(6, 2, 4))

    assert [(entry.position, entry.masked_name) for entry in view.entries] == [(1, "张*"), (2, "欧阳*")]
    assert all(entry.masked_document.startswith("620***") for entry in view.entries)
    assert [entry.scores for entry in view.entries] == [{"theory": "100"}, {"theory": "66.67"}]
    assert (view.notice.published_on, view.notice.last_day) == (date(2026, 3, 2), date(2026, 3, 9))
    assert view.notice.working_days == 5
    assert view.authority == world.centre.name
    assert [each.verdict for each in decisions(session, world)] == [  # type: ignore[attr-defined]
        Verdict.PASSED,
        Verdict.FAILED,
        Verdict.PASSED,
    ]


def test_results_must_be_released_first(session: Session, world: World) -> None:
    answer_all(session, world, right=(6, 6, 6))

    with pytest.raises(NoticeNotReady, match="3 of 3"):
        recognition.publish_notice(session, actor=SYSTEM, plan_id=world.plan.id, now=MARKED)


def test_a_notice_shorter_than_the_rule_is_refused(session: Session, world: World) -> None:
    release_all(session, world, right=(6, 6, 6))

    with pytest.raises(NoticeTooShort, match="4 working days"):
        recognition.publish_notice(
            session, actor=SYSTEM, plan_id=world.plan.id, last_day=date(2026, 3, 8), now=MARKED
        )


def test_a_second_notice_or_an_empty_one_is_refused(session: Session, world: World) -> None:
    publish(session, world, right=(6, 6, 6))

    with pytest.raises(NoticeExists, match="2026-03-09"):
        recognition.publish_notice(session, actor=SYSTEM, plan_id=world.plan.id, now=MARKED)
    other = make_world(session, names=("赵敏",))
    release_all(session, other, right=(0,))
    with pytest.raises(NoticeEmpty):
        recognition.publish_notice(session, actor=SYSTEM, plan_id=other.plan.id, now=MARKED)


def test_nothing_is_published_outside_the_filed_scope(session: Session, world: World) -> None:
    release_all(session, world, right=(6, 6, 6))
    world.plan.level = 2
    session.flush()

    with pytest.raises(OutsideScope):
        recognition.publish_notice(session, actor=SYSTEM, plan_id=world.plan.id, now=MARKED)


def test_the_centre_approves_after_the_notice(session: Session, world: World) -> None:
    publish(session, world, right=(6, 2, 6))
    officer = world.actor(session, Role.CENTRE_OFFICER, at=world.centre)
    first, failed, third = (each.id for each in decisions(session, world))  # type: ignore[attr-defined]

    with pytest.raises(NoticeRunning):
        recognition.approve(session, actor=officer, decision_ids=[first], now=OVER - timedelta(seconds=1))
    with pytest.raises(NotPassed):
        recognition.approve(session, actor=officer, decision_ids=[first, failed], now=OVER)
    assert recognition.approve(session, actor=officer, decision_ids=[first, third], now=OVER) == 2
    with pytest.raises(WrongApproval):
        recognition.approve(session, actor=officer, decision_ids=[first], now=OVER)
    with pytest.raises(NobodyChosen):
        recognition.approve(session, actor=officer, decision_ids=[], now=OVER)
    assert recognition.list_waiting(session) == []


def test_neither_the_institution_nor_another_centre_approves(session: Session, world: World) -> None:
    publish(session, world, right=(6, 6, 6))
    chosen = [each.id for each in decisions(session, world)]  # type: ignore[attr-defined]
    stranger = make_institution(session, kind=InstitutionKind.PROVINCE_CENTRE, name="邻省中心")

    for actor in (
        world.actor(session, Role.EXAM_OFFICER),
        world.actor(session, Role.CENTRE_OFFICER),
        world.actor(session, Role.CENTRE_OFFICER, at=stranger),
    ):
        with pytest.raises(recognition.NotTheAuthority, match=world.centre.name):
            recognition.approve(session, actor=actor, decision_ids=chosen, now=OVER)
    assert {each.state for each in decisions(session, world)} == {ApprovalState.WAITING}  # type: ignore[attr-defined]


def test_an_open_objection_stops_that_person_and_the_issue_of_the_plan(
    session: Session, world: World
) -> None:
    view = publish(session, world, right=(6, 6, 6))
    objection = object_to(session, view, 1)
    officer = world.actor(session, Role.CENTRE_OFFICER, at=world.centre)
    first, second, _ = (each.id for each in decisions(session, world))  # type: ignore[attr-defined]

    with pytest.raises(ObjectionOpen):
        recognition.approve(session, actor=officer, decision_ids=[first, second], now=OVER)
    assert recognition.approve(session, actor=officer, decision_ids=[second], now=OVER) == 1
    with pytest.raises(ObjectionOpen):
        recognition.check_issue_clear(session, world.plan.id, now=OVER)
    recognition.begin_investigation(session, actor=SYSTEM, objection_id=objection.id, now=OVER)
    recognition.decide_objection(
        session, actor=SYSTEM, objection_id=objection.id, upheld=False, finding="监控可见本人在考", now=OVER
    )
    recognition.check_issue_clear(session, world.plan.id, now=OVER)
    assert recognition.approve(session, actor=officer, decision_ids=[first], now=OVER) == 1


def test_an_upheld_objection_annuls_the_recognition(session: Session, world: World) -> None:
    view = publish(session, world, right=(6, 6, 6))
    objection = object_to(session, view, 1)
    recognition.begin_investigation(session, actor=SYSTEM, objection_id=objection.id, now=OVER)

    recognition.decide_objection(
        session, actor=SYSTEM, objection_id=objection.id, upheld=True, finding="系他人代考", now=OVER
    )

    officer = world.actor(session, Role.CENTRE_OFFICER, at=world.centre)
    first = decisions(session, world)[0]  # type: ignore[index]
    assert first.state is ApprovalState.ANNULLED
    with pytest.raises(WrongApproval):
        recognition.approve(session, actor=officer, decision_ids=[first.id], now=OVER)


def test_an_upheld_objection_to_the_whole_notice_returns_everybody(session: Session, world: World) -> None:
    view = publish(session, world, right=(6, 2, 6))
    objection = object_to(session, view, None)
    recognition.begin_investigation(session, actor=SYSTEM, objection_id=objection.id, now=OVER)
    recognition.decide_objection(
        session, actor=SYSTEM, objection_id=objection.id, upheld=True, finding="试题泄露", now=OVER
    )

    states = [each.state for each in decisions(session, world)]  # type: ignore[attr-defined]
    assert states == [ApprovalState.RETURNED, ApprovalState.NONE, ApprovalState.RETURNED]


def test_an_objection_is_investigated_before_it_is_decided(session: Session, world: World) -> None:
    objection = object_to(session, publish(session, world, right=(6, 6, 6)), 1)
    decide = {"actor": SYSTEM, "objection_id": objection.id, "upheld": False, "now": OVER}

    with pytest.raises(NotInvestigated):
        recognition.decide_objection(session, finding="核实无误", **decide)
    recognition.begin_investigation(session, actor=SYSTEM, objection_id=objection.id, now=OVER)
    with pytest.raises(FindingMissing):
        recognition.decide_objection(session, finding=" ", **decide)
    assert objection.status is ObjectionStatus.INVESTIGATING


def test_objections_are_refused_late_empty_or_against_nobody(session: Session, world: World) -> None:
    view = publish(session, world, right=(6, 6, 6))
    place = {"actor": PUBLIC, "slug": view.notice.slug}

    with pytest.raises(NoticeOver, match=world.centre.name):
        recognition.file_objection(session, position=1, ground="此人未参加考试", now=OVER, **place)
    with pytest.raises(GroundMissing):
        recognition.file_objection(session, position=1, ground=" ？ ", now=MARKED, **place)
    with pytest.raises(EntryUnknown, match="no line 9"):
        recognition.file_objection(session, position=9, ground="此人未参加考试", now=MARKED, **place)
    with pytest.raises(NotFound):
        recognition.file_objection(
            session, actor=PUBLIC, slug="nothing", position=None, ground="此人未参加考试", now=MARKED
        )


def test_the_objector_is_sealed_and_learns_the_state_by_reference(session: Session, world: World) -> None:
    objection = object_to(session, publish(session, world, right=(6, 6, 6)), 1)

    view = recognition.read_objection(session, objection.id)
    found = recognition.status_by_reference(session, f" {objection.reference.lower()} ")

    assert (view.objector, view.telephone, view.ground) == ("刘女士", "13900000000", "此人未参加考试")
    assert "刘女士".encode() not in objection.sealed
    assert found is objection
    assert recognition.status_by_reference(session, "UNKNOWN") is None


def test_the_centre_can_return_with_a_reason(session: Session, world: World) -> None:
    publish(session, world, right=(6, 6, 6))
    officer = world.actor(session, Role.CENTRE_OFFICER, at=world.centre)
    first = decisions(session, world)[0]  # type: ignore[index]

    with pytest.raises(ReturnReasonMissing):
        recognition.return_decisions(session, actor=officer, decision_ids=[first.id], reason="", now=OVER)
    recognition.return_decisions(session, actor=officer, decision_ids=[first.id], reason="材料不全", now=OVER)

    assert (first.state, first.comment) == (ApprovalState.RETURNED, "材料不全")
    place = {"actor": SYSTEM, "plan_id": world.plan.id, "registration_id": first.registration_id, "now": OVER}
    with pytest.raises(ResubmissionEmpty):
        recognition.resubmit(session, comment=" ", **place)
    recognition.resubmit(session, comment="已补交材料", **place)
    with pytest.raises(NotReturned):
        recognition.resubmit(session, comment="已补交材料", **place)
    assert recognition.approve(session, actor=officer, decision_ids=[first.id], now=OVER) == 1


def test_audit_records_hold_no_personal_values(database) -> None:  # type: ignore[no-untyped-def]
    from itembank.base.db import Scope

    with database.session(scope=Scope.everything()) as session:
        world = make_world(session)
        object_to(session, publish(session, world, right=(6, 6, 6)), 1)
    with database.session(scope=Scope.everything()) as session:
        details = [str(entry.detail) for entry in session.scalars(select(AuditEntry))]

    assert any("last_day" in detail for detail in details)
    assert not any(word in detail for detail in details for word in ("张伟", "刘女士", "13900000000"))
