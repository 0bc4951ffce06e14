"""Decisions, public notice, objections, masking."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.recognition import rules
from exam_engine.recognition.rules import ApprovalState, ObjectionStatus, Verdict, decide, mask_name
from exam_engine.results.rules import Outcome, ResultState


def outcome(state: str, score: str | None = None, *, pass_mark: str = "60") -> Outcome:
    return Outcome("c", ResultState(state), None if score is None else Decimal(score), Decimal(pass_mark))


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ([], "incomplete"),
        ([outcome("scored", "60"), outcome("scored", "60")], "passed"),
        ([outcome("scored", "59.99"), outcome("scored", "100")], "failed"),
        ([outcome("scored", "70"), outcome("absent")], "failed"),
        ([outcome("scored", "70"), outcome("cheating")], "failed"),
        ([outcome("scored", "70"), outcome("missing")], "incomplete"),
        ([outcome("scored", "10"), outcome("missing")], "failed"),
        ([outcome("scored", "70", pass_mark="75")], "failed"),
        ([outcome("scored", "50", pass_mark="50")], "passed"),
    ],
)
def test_every_component_must_reach_its_own_pass_mark(outcomes: list[Outcome], verdict: str) -> None:
    assert decide(outcomes) is Verdict(verdict)


@given(st.lists(st.decimals(0, 100, places=2), min_size=1, max_size=3))
def test_a_verdict_is_passed_exactly_when_the_lowest_score_passes(scores: list[Decimal]) -> None:
    verdict = decide([outcome("scored", str(score)) for score in scores])

    assert (verdict is Verdict.PASSED) == (min(scores) >= 60)


@pytest.mark.parametrize(
    ("published", "last"),
    [
        (date(2026, 3, 2), date(2026, 3, 9)),  # a Monday: five working days later, a weekend between
        (date(2026, 3, 6), date(2026, 3, 13)),  # a Friday
        (date(2026, 3, 7), date(2026, 3, 13)),  # a Saturday
        (date(2025, 9, 26), date(2025, 10, 10)),  # make-up Sunday 28 September, holidays 1–8 October
        (date(2025, 1, 24), date(2025, 2, 7)),  # make-up Sunday 26 January, Spring Festival until 4 February
        (date(2025, 1, 26), date(2025, 2, 8)),  # ends on a make-up Saturday
    ],
)
def test_the_notice_counts_chinese_working_days(published: date, last: date) -> None:
    assert rules.last_notice_day(published, 5) == last
    assert rules.count_working_days(published, last) == 5


@given(st.dates(date(2020, 1, 1), date(2025, 11, 1)), st.integers(1, 15))
def test_the_last_day_is_worked_and_the_count_agrees(published: date, days: int) -> None:
    last = rules.last_notice_day(published, days)

    assert rules.is_working_day(last)
    assert rules.count_working_days(published, last) == days
    rules.check_notice_length(published, last, least=days)
    with pytest.raises(rules.NoticeTooShort):
        rules.check_notice_length(published, last - timedelta(days=1), least=days)


def test_a_year_without_announced_holidays_is_refused_not_guessed() -> None:
    with pytest.raises(rules.CalendarUnknown, match="2090"):
        rules.last_notice_day(date(2090, 3, 2), 5)


def test_the_period_ends_at_midnight_of_the_site() -> None:
    last = date(2026, 3, 9)
    end = datetime(2026, 3, 9, 16, tzinfo=UTC)

    rules.check_objection_in_time(last, now=end - timedelta(seconds=1), authority="centre")
    with pytest.raises(rules.NoticeRunning, match="2026-03-09"):
        rules.check_notice_over(last, now=end - timedelta(seconds=1))
    rules.check_notice_over(last, now=end)
    with pytest.raises(rules.NoticeOver, match="centre"):
        rules.check_objection_in_time(last, now=end, authority="centre")
    with pytest.raises(rules.NoticeMissing):
        rules.check_notice_over(None, now=end)


def test_an_undecided_objection_stops_everything() -> None:
    rules.check_no_open_objection([ObjectionStatus.DISMISSED, ObjectionStatus.UPHELD])
    for status in (ObjectionStatus.FILED, ObjectionStatus.INVESTIGATING):
        with pytest.raises(rules.ObjectionOpen, match="1 objection"):
            rules.check_no_open_objection([ObjectionStatus.DISMISSED, status])


def test_an_objection_is_investigated_before_it_is_decided_once() -> None:
    rules.check_decision(ObjectionStatus.INVESTIGATING, finding="查阅监控")
    with pytest.raises(rules.NotInvestigated):
        rules.check_decision(ObjectionStatus.FILED, finding="查阅监控")
    with pytest.raises(rules.FindingMissing):
        rules.check_decision(ObjectionStatus.INVESTIGATING, finding="  ")
    with pytest.raises(rules.ObjectionDecided):
        rules.check_decision(ObjectionStatus.UPHELD, finding="查阅监控")


def test_only_a_passed_and_waiting_registration_can_be_approved() -> None:
    rules.check_approvable("张*", Verdict.PASSED, ApprovalState.WAITING)
    with pytest.raises(rules.NotPassed):
        rules.check_approvable("张*", Verdict.FAILED, ApprovalState.WAITING)
    with pytest.raises(rules.WrongApproval, match="does not wait"):
        rules.check_approvable("张*", Verdict.PASSED, ApprovalState.ANNULLED)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张伟", "张*"),
        ("王小明", "王**"),
        ("欧阳娜娜", "欧阳**"),
        ("欧阳修", "欧阳*"),
        ("欧阳", "欧*"),
        ("买买提·艾力", "买买提·**"),
        ("𠮷田", "𠮷*"),
        ("Anna Li", "A*** L*"),
        ("张", "*"),
        ("", ""),
    ],
)
def test_the_notice_shows_the_surname_only(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [("11010519491231002X", "110***********002X"), ("E12345678", "E******78"), ("123", "***"), ("", "")],
)
def test_document_numbers_are_masked(number: str, masked: str) -> None:
    assert rules.mask_document(number) == masked
