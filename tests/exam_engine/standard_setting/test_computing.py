"""Ratings of a panel become figures: each method against a calculation by hand."""

from __future__ import annotations

import math
import statistics
from dataclasses import asdict
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.standard_setting import computing
from exam_engine.standard_setting.figures import PanelData, Reason
from exam_engine.standard_setting.result import canonical_bytes
from exam_engine.standard_setting.rules import Answers, Method
from itembank.base.ids import new_id

NONE = np.array([], dtype=np.float64)


def panel_of(method: Method, ratings: list[dict[int, int]], **changes: Any) -> tuple[PanelData, list[UUID]]:
    judges = [new_id() for _ in ratings]
    values: dict[str, Any] = {
        "marks": NONE,
        "a": NONE,
        "b": NONE,
        "c": NONE,
        "locations": NONE,
        "p_values": NONE,
        "candidate_scores": NONE,
        "response_probability": None,
        **changes,
    }
    if "p_values" not in changes:
        values["p_values"] = np.full(len(values["marks"]), np.nan)
    panel = PanelData(method, dict(zip(judges, ratings, strict=True)), tuple(judges), **values)
    return panel, judges


def rows(*values: list[int]) -> list[dict[int, int]]:
    return [dict(enumerate(row, 1)) for row in values]


def test_angoff_weighs_items_by_their_marks() -> None:
    given = rows([50, 80, 20], [60, 90, 40], [40, 100, 60])
    panel, judges = panel_of(Method.ANGOFF, given, marks=np.array([1.0, 2.0, 7.0]))
    made = computing.summarise(panel)
    by_hand = [(0.5 + 1.6 + 1.4) * 10, (0.6 + 1.8 + 2.8) * 10, (0.4 + 2.0 + 4.2) * 10]

    assert [made.judges[judge].cut for judge in judges] == pytest.approx(by_hand)
    assert made.cut is not None
    assert made.cut.score == pytest.approx(statistics.mean(by_hand))
    assert made.cut.marks == pytest.approx(statistics.mean(by_hand) / 10)
    assert made.cut.se == pytest.approx(statistics.stdev(by_hand) / math.sqrt(3))
    assert made.cut.median == pytest.approx(statistics.median(by_hand))
    assert [(each.position, each.lowest, each.highest) for each in made.positions] == [
        (1, 40, 60),
        (2, 80, 100),
        (3, 20, 60),
    ]


def test_reliability_is_the_intraclass_correlation_of_mean_ratings() -> None:
    table = np.array([[50, 80, 20, 65], [60, 90, 40, 70], [75, 100, 50, 85]])
    panel, _ = panel_of(Method.ANGOFF, rows(*table.tolist()), marks=np.ones(4))
    shares = table / 100
    n_judges, n_items = shares.shape
    of_item, of_judge, grand = shares.mean(axis=0), shares.mean(axis=1), shares.mean()
    ms_items = n_judges * ((of_item - grand) ** 2).sum() / (n_items - 1)
    ms_judges = n_items * ((of_judge - grand) ** 2).sum() / (n_judges - 1)
    left = shares - of_item - of_judge[:, None] + grand
    ms_error = (left**2).sum() / ((n_items - 1) * (n_judges - 1))
    # ICC(2, k) of Shrout & Fleiss (1979), with a judges' component that is not negative here.
    icc = (ms_items - ms_error) / (ms_items + (ms_judges - ms_error) / n_items)

    assert computing.summarise(panel).reliability == pytest.approx(icc)


def test_ratings_are_held_against_known_proportions_correct() -> None:
    p_values = np.array([0.9, 0.7, 0.5, np.nan])
    panel, judges = panel_of(
        Method.ANGOFF, rows([90, 70, 50, 10], [50, 70, 90, 10]), marks=np.ones(4), p_values=p_values
    )
    made = computing.summarise(panel)

    assert made.judges[judges[0]].consistency == pytest.approx(1)
    assert made.judges[judges[1]].consistency == pytest.approx(-1)
    assert made.difficulty_correlation is None  # the means do not vary over the three items


def test_a_judge_far_from_the_others_is_named_among_five() -> None:
    values = [[60] * 4, [61] * 4, [62] * 4, [63] * 4, [95] * 4]
    panel, judges = panel_of(Method.ANGOFF, rows(*values), marks=np.ones(4))
    made = computing.summarise(panel)

    assert [made.judges[judge].is_outlier for judge in judges] == [False] * 4 + [True]
    assert made.warnings == ("outlying_judges",)


def test_who_does_not_count_keeps_a_cut_of_their_own() -> None:
    panel, judges = panel_of(Method.YES_NO, rows([1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 1]), marks=np.ones(4))
    made = computing.summarise(computing.with_judges(panel, judges[:2]))

    assert made.judges[judges[2]].cut == pytest.approx(100)
    assert made.cut is not None
    assert made.cut.score == pytest.approx(37.5)
    assert made.cut.judges == 2


def test_unfinished_judges_do_not_count_yet() -> None:
    panel, judges = panel_of(Method.ANGOFF, [*rows([50, 50], [60, 60]), {1: 90}], marks=np.ones(2))
    made = computing.summarise(panel)
    alone, _ = panel_of(Method.ANGOFF, [*rows([50, 50]), {1: 90}], marks=np.ones(2))

    assert made.cut is not None
    assert made.cut.judges == 2
    assert made.judges[judges[2]].cut is None
    assert made.judges[judges[2]].rated == 1
    assert computing.summarise(alone).cut is None
    assert computing.summarise(alone).reason == Reason.TOO_FEW


def booklet_panel(bookmarks: list[int]) -> PanelData:
    a, b = np.array([1.0, 2.0, 0.5]), np.array([-1.0, 0.0, 0.5])
    order, locations = computing.arrange(a, b, np.zeros(3), 0.67)
    assert order == [0, 1, 2]
    logit = math.log(0.67 / 0.33)
    assert locations == pytest.approx([-1 + logit, logit / 2, 0.5 + 2 * logit])
    panel, _ = panel_of(
        Method.BOOKMARK,
        [{0: page} for page in bookmarks],
        marks=np.array([1.0, 1.0, 2.0]),
        a=a,
        b=b,
        c=np.zeros(3),
        locations=np.array(locations),
        response_probability=0.67,
    )
    return panel


def test_a_bookmark_is_the_last_page_mastered_and_the_panel_takes_the_median() -> None:
    made = computing.summarise(booklet_panel([3, 3, 2]))
    theta = math.log(0.67 / 0.33) / 2
    chances = [1 / (1 + math.exp(-a * (theta - b))) for a, b in ((1.0, -1.0), (2.0, 0.0), (0.5, 0.5))]
    marks = chances[0] + chances[1] + 2 * chances[2]

    assert made.cut is not None
    assert made.cut.theta == pytest.approx(theta)
    assert made.cut.marks == pytest.approx(marks)
    assert made.cut.score == pytest.approx(100 * marks / 4)
    assert made.cut.se is not None


def test_guessing_moves_pages_forward_and_raises_the_expected_score() -> None:
    a, b, c = np.array([1.0, 2.0]), np.array([0.0, 0.2]), np.array([0.25, 0.0])
    order, locations = computing.arrange(a, b, c, 0.67)
    panel, _ = panel_of(
        Method.BOOKMARK,
        [{0: 2}, {0: 2}],
        marks=np.ones(2),
        a=a,
        b=b,
        c=c,
        locations=np.array(locations),
        response_probability=0.67,
    )
    made = computing.summarise(panel)
    theta = math.log((0.67 - 0.25) / (1 - 0.67))  # (RP - c) / (1 - RP), Beretvas (2004)

    assert order == [0, 1]
    assert locations == pytest.approx([theta, 0.2 + math.log(0.67 / 0.33) / 2])
    assert made.cut is not None
    assert made.cut.theta == pytest.approx(theta)
    assert made.cut.marks == pytest.approx(0.67 + 1 / (1 + math.exp(-2 * (theta - 0.2))))


def test_harder_items_are_ordered_whatever_order_they_come_in() -> None:
    order, locations = computing.arrange(np.ones(3), np.array([1.0, -1.0, 0.0]), np.zeros(3), 0.5)

    assert order == [1, 2, 0]
    assert locations == pytest.approx([-1, 0, 1])


def test_the_borderline_group_is_who_most_judges_call_so() -> None:
    scores = np.array([40.0, 55.0, 58.0, 62.0, 90.0])
    given = rows([0, 1, 1, 1, 2], [0, 1, 1, 2, 2], [0, 0, 1, 1, 1])
    panel, judges = panel_of(Method.BORDERLINE, given, candidate_scores=scores)
    made = computing.summarise(panel)

    # Candidates 2, 3 and 4 have a majority; the judges' own groups have medians 58, 56.5 and 62.
    assert made.cut is not None
    assert made.cut.score == pytest.approx(58)
    assert [made.judges[judge].cut for judge in judges] == pytest.approx([58, 56.5, 62])
    assert made.cut.judges == 3
    assert made.cut.marks is None
    assert "few_persons" in made.warnings


def test_contrasting_groups_without_overlap_say_so_and_take_the_middle() -> None:
    scores = np.array([40.0, 50.0, 60.0, 70.0])
    panel, _ = panel_of(Method.CONTRASTING, rows([0, 0, 1, 1], [0, 0, 1, 1]), candidate_scores=scores)
    made = computing.summarise(panel)

    assert made.cut is not None
    assert made.cut.score == pytest.approx(55)
    assert made.cut.se is None
    assert "separated" in made.warnings


@pytest.mark.parametrize(
    ("classes", "reason"), [([1, 1, 1, 1], Reason.EMPTY_GROUP), ([1, 1, 1, 0], Reason.REVERSED)]
)
def test_groups_from_which_no_cut_follows_say_why(classes: list[int], reason: Reason) -> None:
    scores = np.array([40.0, 50.0, 60.0, 70.0])
    panel, judges = panel_of(Method.CONTRASTING, rows(classes, classes), candidate_scores=scores)
    made = computing.summarise(panel)

    assert made.cut is None
    assert made.reason == reason
    assert made.judges[judges[0]].cut is None


def test_a_candidate_without_majority_is_left_out() -> None:
    scores = np.array([40.0, 45.0, 60.0, 70.0])
    panel, _ = panel_of(Method.CONTRASTING, rows([0, 1, 1, 1], [0, 0, 1, 1]), candidate_scores=scores)
    made = computing.summarise(panel)

    assert made.cut is not None
    assert made.cut.score == pytest.approx(50)  # between 40 and 60: the second candidate says nothing


def test_pass_rates_count_whoever_reaches_the_cut() -> None:
    made = computing.impact(np.array([40.0, 59.99, 60.0, 80.0]), {"regulation": 60.0, "cut": 59.995})

    assert made.named == {"regulation": (60.0, 0.5), "cut": (59.995, 0.5)}
    assert made.candidates == 4
    assert made.curve[0] == (0.0, 1.0)
    assert made.curve[-1] == (100.0, 0.0)


def test_the_final_questions_cross_the_fail_curve() -> None:
    scores = np.arange(40.0, 90.0)
    made = computing.questions([Answers(50, 60, 10, 50)], scores)
    beyond = computing.questions([Answers(80, 85, 0, 10)], scores)

    assert made.cut == pytest.approx(55.0)
    assert made.fail_rate == pytest.approx(30.0)
    assert beyond.cut is None
    assert beyond.outcome == "too_many_fail"


@given(
    st.lists(
        st.lists(st.integers(0, 100), min_size=4, max_size=4),
        min_size=2,
        max_size=8,
    )
)
def test_any_panel_gives_a_cut_between_its_judges_and_writes_as_json(table: list[list[int]]) -> None:
    panel, _ = panel_of(
        Method.ANGOFF, rows(*table), marks=np.array([1.0, 2, 3, 4]), p_values=np.array([0.2, 0.5, 0.7, 0.9])
    )
    made = computing.summarise(panel)
    cuts = [each.cut for each in made.judges.values() if each.cut is not None]

    assert made.cut is not None
    assert min(cuts) - 1e-9 <= made.cut.score <= max(cuts) + 1e-9
    written = {**asdict(made), "judges": [asdict(each) for each in made.judges.values()]}
    assert b"NaN" not in canonical_bytes(written)


@given(st.lists(st.lists(st.integers(0, 1), min_size=6, max_size=6), min_size=2, max_size=5))
def test_any_classification_gives_a_cut_or_a_reason(table: list[list[int]]) -> None:
    scores = np.array([35.0, 48.0, 55.0, 55.0, 71.0, 90.0])
    panel, _ = panel_of(Method.CONTRASTING, rows(*table), candidate_scores=scores)
    made = computing.summarise(panel)

    assert (made.cut is None) == bool(made.reason)
    assert made.cut is None or math.isfinite(made.cut.score)
