"""Marking an answer book, as it is and with items treated otherwise, against a loop over the answers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.calibration.reports.book import NOT_PRESENTED, NOT_REACHED, AnswerBook, BookForm, BookItem
from exam_engine.calibration.reports.rules import (
    EverythingDropped,
    NothingTreated,
    Treatment,
    TreatmentUnknown,
)
from exam_engine.calibration.reports.scoring import Treated, score_book
from exam_engine.calibration.reports.what_if import check_treated, effect_of
from exam_engine.marking.rules import mark_choice, to_hundred

ITEMS = (
    BookItem("a", "1", "v", "single_choice", "1", tuple("ABCD"), ("B",)),
    BookItem("b", "2", "v", "multiple_choice", "1.5", tuple("ABCDE"), ("A", "C")),
    BookItem("c", "3", "v", "true_false", "0.5", ("T", "F"), ("F",)),
    BookItem("d", "4", "v", "single_choice", "2", tuple("ABC"), ("A",)),
)
FORMS = (BookForm("甲", (0, 1, 2)), BookForm("乙", (1, 2, 3)))


def book_of(seed: int, n: int = 40) -> AnswerBook:
    rng = np.random.default_rng(seed)
    form_of = rng.integers(0, 2, n).astype(np.int16)
    answers = np.full((n, 4), NOT_PRESENTED, dtype=np.int16)
    for row in range(n):
        for column in FORMS[form_of[row]].columns:
            size = len(ITEMS[column].options)
            single = ITEMS[column].type != "multiple_choice"
            choice = 1 << rng.integers(0, size) if single else rng.integers(0, 1 << size)
            answers[row, column] = rng.choice([choice, 0, NOT_REACHED], p=[0.85, 0.1, 0.05])
    return AnswerBook(ITEMS, FORMS, form_of, answers)


def slow_scores(book: AnswerBook, treated: Mapping[int, Treated]) -> list[float]:
    """Score one answer after another."""
    scores = []
    for row in range(book.n_persons):
        earned = total = Decimal(0)
        for column in book.forms[int(book.form_of[row])].columns:
            item, how = book.items[column], treated.get(column, Treated(Treatment.KEEP))
            chosen = item.labels(max(int(book.answers[row, column]), 0))
            if how.treatment is Treatment.DROP_RESCALE:
                continue
            total += item.worth
            if how.treatment is Treatment.DROP_CREDIT:
                earned += item.worth
            elif how.treatment is Treatment.REKEY:
                earned += mark_choice(how.key, chosen, marks=item.worth)
            else:
                keys = [item.key, how.key] if how.treatment is Treatment.ALSO else [item.key]
                earned += max(mark_choice(key, chosen, marks=item.worth) for key in keys)
        scores.append(float(to_hundred(earned, total)))
    return scores


TREATMENTS = [
    {},
    {0: Treated(Treatment.REKEY, ("C",))},
    {1: Treated(Treatment.DROP_RESCALE)},
    {2: Treated(Treatment.DROP_CREDIT), 3: Treated(Treatment.ALSO, ("B",))},
    {1: Treated(Treatment.ALSO, ("A", "B")), 2: Treated(Treatment.DROP_RESCALE)},
]


@pytest.mark.parametrize("treated", TREATMENTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_scores_are_those_of_marking_one_answer_after_another(seed: int, treated: dict[int, Treated]) -> None:
    book = book_of(seed)

    assert score_book(book, treated).score.tolist() == slow_scores(book, treated)


@pytest.mark.parametrize("treated", TREATMENTS[1:])
def test_the_effect_counts_who_would_pass_and_fail(treated: dict[int, Treated]) -> None:
    book = book_of(3, 200)
    before, after = np.array(slow_scores(book, {})), np.array(slow_scores(book, treated))

    effect = effect_of(book, treated, cut=60)

    assert effect["passed"] == (after >= 60).sum()
    assert effect["rises"] == ((after >= 60) & (before < 60)).sum()
    assert effect["falls"] == ((after < 60) & (before >= 60)).sum()
    assert effect["mean_change"] == pytest.approx((after - before).mean())


@given(st.integers(0, 10_000))
def test_a_book_comes_back_from_its_bytes(seed: int) -> None:
    book = book_of(seed, 7)
    again = AnswerBook.from_bytes(book.to_bytes())

    assert again.to_bytes() == book.to_bytes()
    assert (again.answers == book.answers).all()
    assert again.items == book.items


def test_what_cannot_be_treated_is_refused() -> None:
    book = book_of(1)

    for treated in (
        {0: Treated(Treatment.REKEY, ("X",))},
        {0: Treated(Treatment.REKEY)},
        {0: Treated(Treatment.REKEY, ("B",))},
        {9: Treated(Treatment.DROP_CREDIT)},
    ):
        with pytest.raises(TreatmentUnknown):
            check_treated(book, treated)
    with pytest.raises(NothingTreated):
        check_treated(book, {0: Treated(Treatment.KEEP)})
    with pytest.raises(EverythingDropped):
        check_treated(book, dict.fromkeys((0, 1, 2), Treated(Treatment.DROP_RESCALE)))
