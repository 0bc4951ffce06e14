"""Whether sittings may be taken together."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.calibration.reports.book import AnswerBook, BookForm, BookItem
from exam_engine.calibration.reports.occasions import compare_occasions
from exam_engine.calibration.reports.scoring import score_book

N_ITEMS, KNOWN = 20, 7


def book_of(sizes: tuple[int, ...], means: tuple[float, ...], *, leaked: float = 0.0) -> AnswerBook:
    """Sittings of one form, latest first as they are read; in the last one item became easier."""
    rng = np.random.default_rng(4)
    b = np.linspace(-1, 1.5, N_ITEMS)
    parts, told = [], []
    for number, (size, mean) in enumerate(zip(sizes, means, strict=True)):
        easier = leaked * (number == len(sizes) - 1) * (np.arange(N_ITEMS) == KNOWN)
        chance = 1 / (1 + np.exp(b - easier - rng.normal(mean, 1, size)[:, None]))
        parts.append(rng.random((size, N_ITEMS)) < chance)
        told += [f"第{number}场"] * size
    return AnswerBook(
        items=tuple(BookItem("", f"{1000 + at}") for at in range(N_ITEMS)),
        forms=(BookForm("甲", tuple(range(N_ITEMS))),),
        form_of=np.zeros(sum(sizes), dtype=np.int16),
        answers=np.concatenate(parts).astype(np.int16),
        attributes={"sitting": tuple(told)},
    )


def test_a_stronger_cohort_alone_speaks_against_nothing() -> None:
    book = book_of((150, 150, 150), (0.0, 0.5, 1.2))

    found = compare_occasions(book, score_book(book), cut=60)

    assert found is not None
    assert [row["label"] for row in found["occasions"]] == ["第2场", "第1场", "第0场"]
    assert found["occasions"][0]["mean"] > found["occasions"][2]["mean"] + 10
    assert (found["tested"], found["differing"]) == (N_ITEMS, 0)
    assert found["items"][3]["shares"][0] == book.answers[300:, 3].mean()


def test_an_item_that_became_known_is_named_and_leaves_the_score() -> None:
    book = book_of((150, 150, 150), (0.0, 0.5, 0.2), leaked=2.5)

    found = compare_occasions(book, score_book(book))

    assert found is not None
    assert [item["name"] for item in found["items"] if item["differs"]] == [f"{1000 + KNOWN}"]
    assert found["items"][KNOWN]["df"] == 2
    assert found["occasions"][0]["pass_rate"] is None


def test_sittings_of_a_few_are_shown_and_not_tested() -> None:
    book = book_of((40, 10), (0.0, 0.0))

    found = compare_occasions(book, score_book(book))

    assert found is not None
    assert [row["tested"] for row in found["occasions"]] == [False, True]
    assert found["tested"] == 0
    assert found["detectable"] is None


def test_one_sitting_is_compared_with_nothing() -> None:
    book = book_of((40,), (0.0,))

    assert compare_occasions(book, score_book(book)) is None


def test_the_difference_that_stays_hidden_shrinks_with_the_root_of_the_sample() -> None:
    small, large = (book_of(sizes, (0.0, 0.0)) for sizes in ((50, 50), (200, 200)))
    found = [compare_occasions(book, score_book(book)) for book in (small, large)]

    assert found[0]
    assert found[1]
    assert found[0]["detectable"] == pytest.approx(2 * found[1]["detectable"])
