"""Ratings as typed, item numbers, bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.standard_setting.refusals import (
    CutBoundsInvalid,
    FailBoundsInvalid,
    ItemCountWrong,
    ItemNumbersUnreadable,
    RatingInvalid,
    ReasonMissing,
)
from exam_engine.standard_setting.rules import (
    MAX_ITEMS,
    Answers,
    Method,
    check_answers,
    check_reason,
    is_complete,
    may_judge,
    read_numbers,
    read_rating,
)
from itembank.people.rules import Role


def rating(text: str, method: Method = Method.ANGOFF, pages: int = 10) -> int | None:
    return read_rating(text, method=method, position=4, pages=pages)


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("100", 100), (" 65 ", 65), ("65%", 65), ("65％", 65)])
def test_a_percentage_is_read(text: str, value: int) -> None:
    assert rating(text) == value


@pytest.mark.parametrize("text", ["101", "-1", "6.5", "abc", "NaN", "1e2", "９９", "٣", "9" * 40, "0x1"])
def test_what_is_no_percentage_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(RatingInvalid) as refusal:
        rating(text)

    assert refusal.value.facts["position"] == 4
    assert refusal.value.facts["highest"] == 100


def test_an_empty_rating_withdraws() -> None:
    assert rating("  ") is None


def test_a_bookmark_lies_on_a_page_or_behind_the_last() -> None:
    assert rating("1", Method.BOOKMARK) == 1
    assert rating("11", Method.BOOKMARK) == 11
    for text in ("0", "12"):
        with pytest.raises(RatingInvalid):
            rating(text, Method.BOOKMARK)


@pytest.mark.parametrize(
    ("method", "highest"), [(Method.YES_NO, 1), (Method.BORDERLINE, 2), (Method.CONTRASTING, 1)]
)
def test_choices_end_where_their_method_says(method: Method, highest: int) -> None:
    assert rating(str(highest), method) == highest
    with pytest.raises(RatingInvalid):
        rating(str(highest + 1), method)


@given(st.text(max_size=30))
def test_any_text_is_a_rating_or_a_named_refusal(text: str) -> None:
    try:
        value = rating(text)
    except RatingInvalid:
        return

    assert value is None or 0 <= value <= 100


def test_numbers_and_ranges_in_chinese_and_western_punctuation() -> None:
    assert read_numbers("3，5、 20-22\n#5;  7～8") == [3, 5, 20, 21, 22, 7, 8]


@pytest.mark.parametrize("text", ["x", "5-3", "1-2-3", "-5", "１"])
def test_unreadable_numbers_are_named(text: str) -> None:
    with pytest.raises(ItemNumbersUnreadable):
        read_numbers(text)


def test_an_endless_range_is_refused_before_it_is_made() -> None:
    with pytest.raises(ItemCountWrong):
        read_numbers(f"1-{MAX_ITEMS + 1}")
    with pytest.raises(ItemCountWrong):
        read_numbers("1-999999999")


def test_bounds_must_rise() -> None:
    check_answers(Answers(50, 70, 5, 40))
    with pytest.raises(CutBoundsInvalid):
        check_answers(Answers(70, 70, 5, 40))
    with pytest.raises(FailBoundsInvalid):
        check_answers(Answers(50, 70, 40, 5))


def test_a_reason_has_words() -> None:
    assert check_reason("  中途离席未返回 ") == "中途离席未返回"
    with pytest.raises(ReasonMissing):
        check_reason("    x   ")


def test_completeness_follows_the_method() -> None:
    assert is_complete(Method.ANGOFF, 10, 10)
    assert not is_complete(Method.YES_NO, 9, 10)
    assert is_complete(Method.BOOKMARK, 1, 10)
    assert is_complete(Method.CONTRASTING, 1, 30)
    assert not is_complete(Method.BORDERLINE, 0, 30)


def test_judges_are_those_who_know_the_occupation() -> None:
    assert may_judge(frozenset({Role.ITEM_WRITER}))
    assert may_judge(frozenset({Role.AUDITOR, Role.PRACTICAL_EXAMINER}))
    assert not may_judge(frozenset({Role.PSYCHOMETRICIAN, Role.INVIGILATOR}))
