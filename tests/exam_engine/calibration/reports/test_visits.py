"""What saves tell of first answers and times, and what they do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from exam_engine.calibration.reports.visits import LONGEST_SECONDS, Pause, Save, first_answers, seconds_of

START = datetime(2026, 1, 10, 9, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def saves(*rows: tuple[int, float, int], epoch: int = 1) -> list[Save]:
    """Item, second, answer."""
    return [Save(item, epoch, n, after(at), answer) for n, (item, at, answer) in enumerate(rows)]


def test_the_answer_of_a_visit_is_the_one_it_ends_with() -> None:
    """Item 1 is put together from three options, item 2 corrected at once, item 3 only marked to come back to."""
    found = first_answers(
        saves((1, 10, 1), (1, 11, 3), (1, 12, 7), (2, 30, 1), (2, 31, 4), (3, 40, 0), (3, 90, 2), (1, 99, 1))
    )

    assert found == {1: 7, 2: 4, 3: 2}


def test_a_revisit_adds_to_the_time_of_its_item() -> None:
    found = seconds_of(saves((1, 20, 1), (2, 50, 1), (1, 65, 2)), started_at=START)

    assert found == {1: 35.0, 2: 30.0}


def test_a_pause_makes_the_time_it_falls_into_unknown_and_no_other() -> None:
    pauses = [Pause(after(30), after(45))]

    found = seconds_of(saves((1, 20, 1), (2, 50, 1), (3, 70, 1)), started_at=START, pauses=pauses)

    assert found == {1: 20.0, 2: None, 3: 20.0}


def test_items_that_arrive_together_after_a_break_are_unknown_and_so_is_the_next() -> None:
    found = seconds_of(saves((1, 20, 1), (2, 90, 1), (3, 90, 1), (4, 95, 1), (5, 115, 1)), started_at=START)

    assert found == {1: 20.0, 2: None, 3: None, 4: None, 5: 20.0}


def test_two_quick_answers_in_one_save_share_its_time() -> None:
    found = seconds_of(saves((1, 20, 1), (2, 21, 1), (3, 21, 1), (4, 31, 1)), started_at=START)

    assert found == {1: 20.0, 2: 0.5, 3: 0.5, 4: 10.0}


@pytest.mark.parametrize(
    "second", [saves((2, 60, 1), epoch=2), saves((2, 21 + LONGEST_SECONDS, 1)), saves((2, 15, 1))]
)
def test_a_new_device_an_absence_and_a_clock_set_back_give_no_time(second: list[Save]) -> None:
    found = seconds_of([*saves((1, 20, 1)), *second], started_at=START)

    assert found == {1: 20.0, 2: None}
