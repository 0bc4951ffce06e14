"""Times and numbers of sittings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from exam_engine.sittings.conditions import (
    ConditionLineWrong,
    condition_of,
    doubts,
    generic_conditions,
    read_conditions,
)
from exam_engine.sittings.numbers import SerialsUsedUp, numbered, plan_prefix, ticket_prefix, tidy_entry_code
from exam_engine.sittings.rules import (
    EnteredTooLate,
    EntryOver,
    LimitTooLong,
    NotStartedYet,
    RuleOutOfRange,
    SubmittedTooEarly,
    Terms,
    TimesWrong,
)

START = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TERMS = Terms(START - 30 * MINUTE, START, START + 90 * MINUTE, 90)


def test_an_attempt_ends_after_its_limit_but_never_after_the_common_end() -> None:
    terms = replace(TERMS, limit_minutes=60)

    assert terms.due_at(START) == START + 60 * MINUTE
    assert terms.due_at(START + 40 * MINUTE) == START + 90 * MINUTE


def test_an_attempt_begins_between_the_start_and_the_late_limit() -> None:
    TERMS.check_start(START)
    TERMS.check_start(START + 30 * MINUTE)

    with pytest.raises(NotStartedYet):
        TERMS.check_start(START - MINUTE)
    with pytest.raises(EnteredTooLate):
        TERMS.check_start(START + 31 * MINUTE)
    with pytest.raises(EntryOver):
        TERMS.check_start(START + 90 * MINUTE)


def test_nobody_hands_in_before_the_earliest_time() -> None:
    TERMS.check_submit(START + 30 * MINUTE)

    with pytest.raises(SubmittedTooEarly):
        TERMS.check_submit(START + 29 * MINUTE)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"opens_at": START + MINUTE}, TimesWrong),
        ({"ends_at": START}, TimesWrong),
        ({"limit_minutes": 91}, LimitTooLong),
        ({"limit_minutes": 0}, RuleOutOfRange),
        ({"pass_mark": 101}, RuleOutOfRange),
        ({"earliest_submit_minutes": 91}, RuleOutOfRange),
    ],
)
def test_contradicting_terms_are_refused(change: dict[str, object], refusal: type[Exception]) -> None:
    TERMS.check()

    with pytest.raises(refusal):
        replace(TERMS, **change).check()


def test_terms_come_back_as_they_were_frozen() -> None:
    assert Terms.from_json(TERMS.as_json()) == TERMS


def test_numbers_have_their_digits() -> None:
    assert numbered(plan_prefix(2026, "62", "000123"), 7, last=9_999) == "26620001230007"
    assert numbered(ticket_prefix(date(2026, 7, 1), "62", "000123"), 42, last=99_999) == "2607016200012300042"
    with pytest.raises(SerialsUsedUp):
        numbered("x", 10_000, last=9_999)


def test_an_entry_code_is_compared_without_its_separators() -> None:
    assert tidy_entry_code(" k7pd-93xm ") == "K7PD93XM"


def test_stated_dates_raise_doubts_about_a_claim() -> None:
    on, born = date(2026, 7, 1), date(1990, 1, 1)
    conditions = generic_conditions(4, on)
    five_years = condition_of(conditions, 1)

    assert doubts(five_years, born_on=born, started_work_on=date(2021, 7, 1), on=on) == ()
    short = doubts(five_years, born_on=born, started_work_on=date(2021, 7, 2), on=on)
    assert (short[0].code, short[0].facts) == ("work_years", {"years": 4, "least": 5})
    assert doubts(five_years, born_on=born, started_work_on=None, on=on)[0].code == "work_start_missing"
    young = doubts(condition_of(generic_conditions(5, on), 1), born_on=on, started_work_on=None, on=on)
    assert young[0].code == "age"


def test_configured_conditions_are_read_a_line_each() -> None:
    lines = read_conditions("第一条 | 16 | \n\n第二条｜｜5\n第三条")

    assert [(line.text, line.minimum_age, line.minimum_work_years) for line in lines] == [
        ("第一条", 16, None),
        ("第二条", None, 5),
        ("第三条", None, None),
    ]
    for wrong in ("", "第一条 | x", "第一条 | 1 | 2 | 3", "|16|5"):
        with pytest.raises(ConditionLineWrong):
            read_conditions(wrong)
