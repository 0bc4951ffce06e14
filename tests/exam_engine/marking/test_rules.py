"""Marking answers and practical score sheets."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.marking.rules import (
    FULL_SCORE,
    ExaminersUneven,
    LineScoreInvalid,
    MultipleMarking,
    RubricLine,
    RubricSumDiffers,
    RubricUnusable,
    check_rubric,
    combine_sheets,
    mark_choice,
    plain,
    to_hundred,
)

HALF = Decimal("0.5")
LINES = (RubricLine("M1", Decimal(2)), RubricLine("M2", Decimal(3)))
labels = st.lists(st.sampled_from("ABCDE"), unique=True)


@pytest.mark.parametrize(
    ("key", "response", "right"),
    [
        (["B"], ["B"], True),
        (["B"], ["A"], False),
        (["B"], ["A", "B"], False),
        (["T"], ["T"], True),
        (["T"], ["F"], False),
        (["A", "C"], ["C", "A"], True),
        (["A", "C"], ["A"], False),
        (["A", "C"], ["A", "C", "D"], False),
        (["A"], [], False),
        (["A"], None, False),
        (["A"], "A", False),
        (["A"], [1], False),
        (["A"], {"A": 1}, False),
    ],
)
def test_an_answer_earns_all_or_nothing_by_default(key: list[str], response: object, right: bool) -> None:
    assert mark_choice(key, response, marks=HALF) == (HALF if right else 0)


@pytest.mark.parametrize(
    ("response", "marks"),
    [(["A"], "0.33"), (["A", "B"], "0.67"), (["A", "B", "C"], "1"), (["A", "D"], "0"), ([], "0")],
)
def test_subset_marking_gives_the_share_of_an_incomplete_answer(response: list[str], marks: str) -> None:
    given_marks = mark_choice(["A", "B", "C"], response, marks=Decimal(1), multiple=MultipleMarking.SUBSET)

    assert given_marks == Decimal(marks)


@given(labels.filter(bool), labels, st.sampled_from(MultipleMarking))
def test_marks_are_bounded_and_full_only_for_the_key(
    key: list[str], response: list[str], multiple: MultipleMarking
) -> None:
    earned = mark_choice(key, response, marks=Decimal(2), multiple=multiple)

    assert 0 <= earned <= 2
    assert (earned == 2) == (set(response) == set(key))


def test_an_item_without_key_is_never_marked() -> None:
    with pytest.raises(ValueError, match="key"):
        mark_choice([], ["A"], marks=HALF)


def test_a_rubric_that_does_not_add_up_is_named() -> None:
    check_rubric("任务一", LINES, total=Decimal(5))
    with pytest.raises(RubricUnusable, match="add up to 5, the stated total is 22"):
        check_rubric("任务一", LINES, total=Decimal(22))


@pytest.mark.parametrize(
    ("lines", "finding"),
    [
        ((), "no lines"),
        ((LINES[0], LINES[0]), "M1 occurs more than once"),
        ((RubricLine("M1", Decimal(0)),), "M1 has no points"),
    ],
)
def test_an_unusable_rubric_is_named(lines: tuple[RubricLine, ...], finding: str) -> None:
    with pytest.raises(RubricUnusable, match=finding):
        check_rubric("任务一", lines, total=Decimal(5))


def sheet(first: str, second: str) -> dict[str, Decimal]:
    return {"M1": Decimal(first), "M2": Decimal(second)}


def test_three_sheets_give_the_mean_per_line_rounded_once() -> None:
    means, total = combine_sheets(LINES, {1: sheet("2", "2"), 2: sheet("1", "2"), 3: sheet("1", "3")})

    assert [str(mean.mean) for mean in means] == ["4/3", "7/3"]
    assert total == Decimal("3.67")


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_an_even_number_or_fewer_than_three_examiners_is_refused(count: int) -> None:
    with pytest.raises(ExaminersUneven, match=f"{count} score sheets"):
        combine_sheets(LINES, {number: sheet("1", "1") for number in range(count)})


@pytest.mark.parametrize(
    ("bad", "line"),
    [
        ({"M1": Decimal(1)}, "M2"),
        ({"M1": Decimal("2.1"), "M2": Decimal(1)}, "M1"),
        ({"M1": Decimal(-1), "M2": Decimal(1)}, "M1"),
        ({"M1": Decimal("NaN"), "M2": Decimal(1)}, "M1"),
        ({"M1": Decimal("1.05"), "M2": Decimal(1)}, "M1"),
        ({"M1": Decimal(1), "M2": Decimal(1), "M9": Decimal(1)}, "M9"),
    ],
)
def test_a_line_out_of_bounds_or_missing_is_named(bad: dict[str, Decimal], line: str) -> None:
    with pytest.raises(LineScoreInvalid, match=f"Line {line}"):
        combine_sheets(LINES, {1: bad, 2: sheet("1", "1"), 3: sheet("1", "1")})


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 30)), min_size=3, max_size=9))
def test_the_total_lies_between_the_lowest_and_the_highest_sheet(points: list[tuple[int, int]]) -> None:
    points = points if len(points) % 2 else points[:-1]
    sheets = {
        number: {"M1": Decimal(first) / 10, "M2": Decimal(second) / 10}
        for number, (first, second) in enumerate(points)
    }

    _, total = combine_sheets(LINES, sheets)

    sums = [sum(each.values(), Decimal(0)) for each in sheets.values()]
    assert min(sums) - Decimal("0.005") <= total <= max(sums) + Decimal("0.005")


@given(st.integers(0, 4000), st.integers(1, 4000))
def test_a_score_out_of_hundred_stays_in_bounds(earned: int, total: int) -> None:
    earned = min(earned, total)
    score = to_hundred(Decimal(earned) / 4, Decimal(total) / 4)

    assert 0 <= score <= FULL_SCORE
    assert abs(score - Decimal(100 * earned) / total) <= Decimal("0.005")


def test_scores_are_written_without_trailing_zeros() -> None:
    assert [plain(Decimal(text)) for text in ("60.00", "59.50", "1E+2", "0.00")] == ["60", "59.5", "100", "0"]


def test_half_of_a_circulating_task_collection_does_not_add_up(reference_data: Path) -> None:
    tasks = json.loads((reference_data / "itembank-aitrainer-l3-practical.json").read_text("utf-8"))
    unusable = 0
    for task in tasks:
        lines = [RubricLine(line["id"], Decimal(str(line["points"]))) for line in task["rubric"]]
        try:
            check_rubric(task["title"], lines, total=Decimal(str(task["total_score"])))
        except RubricSumDiffers:
            unusable += 1

    assert (len(tasks), unusable) == (40, 20)
