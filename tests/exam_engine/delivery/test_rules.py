"""When an attempt takes an answer, which answer stands, and what an answer may be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.delivery.rules import (
    SAVE_GRACE,
    AnswerRow,
    AttemptClosed,
    AttemptPaused,
    AttemptState,
    Choice,
    ExtraTimeWrong,
    ItemNotOnPaper,
    NotYourAttempt,
    ResponseWrong,
    TakenOver,
    check_extra_minutes,
    check_open,
    check_response,
    is_overdue,
    receipt,
    refusal,
    remaining_seconds,
)
from exam_engine.delivery.store import newest
from itembank.base.ids import new_id

DUE = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)
SINGLE, MULTIPLE, JUDGE = new_id(), new_id(), new_id()
FORM = {
    SINGLE: Choice("single_choice", frozenset("ABCD")),
    MULTIPLE: Choice("multiple_choice", frozenset("ABCDE")),
    JUDGE: Choice("true_false", frozenset("TF")),
}


def state(**columns: object) -> AttemptState:
    values = {"id": SINGLE, "epoch": 2, "due_at": DUE, "submitted_at": None, "paused_at": None}
    return AttemptState(**{**values, **columns})  # type: ignore[arg-type]


def test_an_answer_counts_until_the_grace_ends() -> None:
    check_open(submitted_at=None, due_at=DUE, now=DUE + SAVE_GRACE)

    with pytest.raises(AttemptClosed):
        check_open(submitted_at=None, due_at=DUE, now=DUE + SAVE_GRACE + timedelta(microseconds=1))
    with pytest.raises(AttemptClosed):
        check_open(submitted_at=DUE, due_at=DUE, now=DUE - timedelta(hours=1))


def test_each_refusal_has_its_reason() -> None:
    now = DUE - timedelta(minutes=1)

    assert refusal(state(), epoch=2, now=now) is None
    assert refusal(None, epoch=2, now=now) is NotYourAttempt
    assert refusal(state(), epoch=1, now=now) is TakenOver
    assert refusal(state(), epoch=3, now=now) is TakenOver
    assert refusal(state(submitted_at=now), epoch=1, now=now) is AttemptClosed
    assert refusal(state(paused_at=now), epoch=2, now=now) is AttemptPaused
    assert refusal(state(), epoch=2, now=DUE + timedelta(minutes=1)) is AttemptClosed


@given(st.timedeltas(timedelta(days=-1), timedelta(days=1)))
def test_what_is_overdue_takes_no_answer_and_what_takes_answers_is_not_overdue(offset: timedelta) -> None:
    now = DUE + offset

    assert is_overdue(state(), now=now) == (refusal(state(), epoch=2, now=now) is AttemptClosed)
    assert remaining_seconds(due_at=DUE, paused_at=None, now=now) == max(0, -offset.total_seconds())


def test_a_pause_stops_the_clock() -> None:
    paused_at = DUE - timedelta(minutes=20)

    assert remaining_seconds(due_at=DUE, paused_at=paused_at, now=DUE) == 1200
    assert not is_overdue(state(paused_at=paused_at), now=DUE + timedelta(days=1))


def test_a_response_is_stored_as_sorted_labels() -> None:
    assert check_response(FORM, SINGLE, ["B"]) == ["B"]
    assert check_response(FORM, SINGLE, []) == []
    assert check_response(FORM, MULTIPLE, ["E", "A", "C"]) == ["A", "C", "E"]
    assert check_response(FORM, JUDGE, ["F"]) == ["F"]


@pytest.mark.parametrize(
    ("item", "response"),
    [
        (SINGLE, ["A", "B"]),
        (SINGLE, ["E"]),
        (SINGLE, ["a"]),
        (SINGLE, ["A\x00"]),
        (MULTIPLE, ["A", "A"]),
        (JUDGE, ["T", "F"]),
        (JUDGE, ["A"]),
    ],
)
def test_a_response_that_the_item_cannot_have_is_refused(item: UUID, response: list[str]) -> None:
    with pytest.raises(ResponseWrong):
        check_response(FORM, item, response)


def test_an_item_of_another_paper_is_refused() -> None:
    with pytest.raises(ItemNotOnPaper):
        check_response(FORM, new_id(), ["A"])


ROWS = st.lists(
    st.builds(
        AnswerRow,
        st.just(SINGLE),
        st.sampled_from([SINGLE, MULTIPLE, JUDGE]),
        st.integers(1, 3),
        st.integers(0, 5),
        st.lists(st.sampled_from("ABCD"), max_size=2),
        st.booleans(),
    ),
    max_size=20,
)


@given(ROWS, st.randoms())
def test_the_newest_answer_stands_in_whatever_order_they_come(rows: list[AnswerRow], random) -> None:
    shuffled = rows[:]
    random.shuffle(shuffled)
    order = {(r.key, r.epoch, r.revision) for r in newest(rows)}

    assert order == {(r.key, r.epoch, r.revision) for r in newest(shuffled)}
    for row in rows:
        kept = next(k for k in newest(rows) if k.key == row.key)
        assert (kept.epoch, kept.revision) >= (row.epoch, row.revision)


def test_the_receipt_tells_what_was_received_and_nothing_else() -> None:
    one, two = sorted([new_id(), new_id()])
    answers = [(one, 1, 4, ["A"]), (two, 1, 2, ["B", "C"])]

    assert receipt(SINGLE, answers) == receipt(SINGLE, reversed(answers))
    assert receipt(SINGLE, answers) == receipt(SINGLE, [*answers, (new_id(), 1, 1, [])])
    assert receipt(SINGLE, answers) != receipt(SINGLE, [(one, 1, 4, ["B"]), answers[1]])
    assert receipt(SINGLE, answers) != receipt(MULTIPLE, answers)


@pytest.mark.parametrize("minutes", [0, -5, 241])
def test_extra_time_is_within_reason(minutes: int) -> None:
    with pytest.raises(ExtraTimeWrong):
        check_extra_minutes(minutes)
