"""Answer similarity: a copied pair is found, honest rooms are left alone, and the same seed says the same."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from exam_engine.calibration.reports import forensics
from exam_engine.calibration.reports.book import AnswerBook, BookForm, BookItem
from exam_engine.calibration.reports.rules import NothingToCompare

SETTINGS = {"level": 0.01, "within_rooms": False, "seed": 7, "rooms": 3}


def silent(*_: object) -> None:
    """Report no progress."""


def make_book(
    n: int, *, copied: tuple[int, int] | None = None, seed: int = 2, n_items: int = 45
) -> AnswerBook:
    """Two rooms of single-choice items with key B, the last five multiple-choice with key A and C."""
    rng = np.random.default_rng(seed)
    right = rng.random((n, n_items)) < 1 / (
        1 + np.exp(np.linspace(-1.5, 2, n_items) - rng.normal(size=n)[:, None])
    )
    wrong = np.array([1, 4, 8])[rng.integers(0, 3, (n, n_items))]
    codes = np.where(right, 2, wrong)
    codes[:, -5:] = np.where(right[:, -5:], 5, rng.integers(1, 16, (n, 5)))
    codes[rng.random(codes.shape) < 0.02] = 0
    if copied:
        codes[copied[1], :38] = codes[copied[0], :38]
    items = tuple(
        BookItem(str(k), str(k), "v", "single_choice", "1", tuple("ABCD"), ("B",))
        if k < n_items - 5
        else BookItem(str(k), str(k), "v", "multiple_choice", "2", tuple("ABCD"), ("A", "C"))
        for k in range(n_items)
    )
    half = (n + 1) // 2
    return AnswerBook(
        items,
        (BookForm("甲", tuple(range(n_items))),),
        np.zeros(n, np.int16),
        codes.astype(np.int16),
        attributes={
            "room": tuple("一室" if k < half else "二室" for k in range(n)),
            "seat": tuple(str(k % half + 1) for k in range(n)),
            "seats_per_row": ("6",) * n,
        },
    )


def compute(book: AnswerBook, **settings: Any) -> dict[str, Any]:
    return forensics.compute(book, SETTINGS | settings, silent)


@pytest.mark.parametrize("within", [True, False])
def test_a_copied_pair_stands_out_with_its_seats_and_answers(within: bool) -> None:
    found = compute(make_book(40, copied=(3, 4)), within_rooms=within)

    flagged = [pair for pair in found["pairs"] if pair["flagged"]]
    assert [(pair["first"]["seat"], pair["second"]["seat"]) for pair in flagged] == [("4", "5")]
    assert flagged[0]["neighbours"] is True
    assert flagged[0]["n_identical"] >= 38 - 3
    assert all(0 < one["chance"] < 1 for one in flagged[0]["loudest"])
    assert found["forms"][0]["n_pairs"] == (2 * 190 if within else 780)
    assert json.dumps(found, allow_nan=False)


def test_honest_rooms_are_left_alone_and_the_simulated_error_rate_says_so() -> None:
    """10 honest rooms at the level of 1 % an index: flags in more than two of them would be wrong."""
    hit = 0
    for seed in range(10):
        found = compute(make_book(24, seed=seed))
        hit += any(pair["flagged"] for pair in found["pairs"])

    assert hit <= 2
    rates = found["forms"][0]["indices"]
    assert [rate["index"] for rate in rates] == ["omega", "gbt", "m4"]
    assert all(rate["n_rooms"] == 3 and rate["rate"] < 0.1 for rate in rates)


def test_the_same_seed_says_the_same() -> None:
    book = make_book(24)

    assert compute(book) == compute(book)


def test_small_forms_and_scores_without_options_are_refused_by_name() -> None:
    with pytest.raises(NothingToCompare):
        compute(make_book(19))
    scores = AnswerBook(
        (BookItem("", "1"), BookItem("", "2")),
        (BookForm("x", (0, 1)),),
        np.zeros(30, np.int16),
        np.tile(np.array([[0, 1]], np.int16), (30, 1)),
    )
    with pytest.raises(NothingToCompare):
        compute(scores)
