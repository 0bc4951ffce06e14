"""What can be given beyond the ordinary, and what a list of it must hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given as every
from hypothesis import strategies as st

from exam_engine.sittings.accommodations import (
    BOUNDS,
    HEADERS,
    NONE,
    AccommodationEmpty,
    AccommodationOutOfRange,
    Accommodations,
    BreaksIncomplete,
    ListHasNoRows,
    ListTooLong,
    ListWithoutColumn,
    read_list,
    short_words,
)
from exam_engine.sittings.rules import Terms

START = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("percent", "minutes", "limit", "extra"),
    [(30, 0, 90, 27), (25, 0, 90, 23), (1, 0, 90, 1), (0, 15, 90, 15), (50, 10, 75, 48), (100, 0, 120, 120)],
)
def test_the_percentage_is_of_the_limit_and_rounded_up(percent, minutes, limit, extra) -> None:
    given = Accommodations(extra_percent=percent, extra_minutes=minutes)

    assert given.extra_of(limit) == extra


def test_extra_time_goes_beyond_the_common_end() -> None:
    terms = Terms(START, START, START + timedelta(minutes=100), 90)
    extra = Accommodations(extra_percent=30).extra_time(terms.limit_minutes)

    assert terms.due_at(START, extra) == START + timedelta(minutes=117)
    late = START + timedelta(minutes=25)
    assert terms.due_at(late, extra) == terms.ends_at + timedelta(minutes=27)


@every(
    st.builds(
        Accommodations,
        **{name: st.integers(0, most) for name, most in BOUNDS.items()},
        contrast=st.booleans(),
        plain_order=st.booleans(),
    ),
    st.integers(1, 300),
)
def test_what_is_kept_is_what_was_given(given: Accommodations, limit: int) -> None:
    assert Accommodations.from_json(given.as_json()) == given
    assert 0 <= given.extra_of(limit) - given.extra_minutes - limit * given.extra_percent / 100 < 1


def test_what_makes_no_sense_is_refused_by_name() -> None:
    with pytest.raises(AccommodationEmpty):
        NONE.check()
    with pytest.raises(BreaksIncomplete):
        Accommodations(breaks=2).check()
    with pytest.raises(AccommodationOutOfRange) as refusal:
        Accommodations(extra_percent=301).check()
    assert refusal.value.facts["field"] == "extra_percent"


def test_a_list_names_row_column_and_rule_of_every_breach() -> None:
    table = [
        HEADERS,
        ("P1", "30", "0", "2", "10", "2", "否", "是", "残疾证"),
        ("P2", "三十", "", "", "", "", "", "", "残疾证"),
        ("P1", "30", "", "", "", "", "", "", "残疾证"),
        ("P3", "", "", "2", "", "", "", "", "残疾证"),
        ("P4", "", "15", "", "", "", "大概", "", ""),
        ("P5", "", "", "", "", "", "", "", "残疾证"),
    ]

    found = read_list(table)

    assert [(row.who, row.given, row.reason) for row in found.rows] == [
        ("P1", Accommodations(30, 0, 2, 10, 2, plain_order=True), "残疾证")
    ]
    assert [(one.row, one.column, one.error.code) for one in found.errors] == [
        (3, "延长时间（%）", "accommodation_out_of_range"),
        (4, "准考证号或证件号", "accommodation_candidate_repeated"),
        (5, "休息次数", "breaks_incomplete"),
        (6, "高对比度", "yes_or_no"),
        (6, "原因", "accommodation_reason_missing"),
        (7, "准考证号或证件号", "accommodation_empty"),
    ]
    with pytest.raises(ListWithoutColumn):
        read_list([("准考证号或证件号",)])
    with pytest.raises(ListTooLong):
        read_list([HEADERS, *[("P1",)] * 501])
    with pytest.raises(ListHasNoRows):
        read_list([HEADERS])


def test_sheets_say_it_in_short() -> None:
    given = Accommodations(30, 5, 2, 10, 1, contrast=True, plain_order=True)

    assert short_words(given, 90) == ["加时32分", "休息2×10分", "大字", "高对比", "原卷序"]
    assert short_words(NONE, 90) == []
