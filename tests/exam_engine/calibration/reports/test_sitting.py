"""The sitting report's figures against plain formulas, and its remarks on items made wrong on purpose."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from exam_engine.calibration.reports import sitting
from exam_engine.calibration.reports.agreement import compare
from exam_engine.calibration.reports.book import AnswerBook, BookForm, BookItem
from exam_engine.calibration.reports.precision import points_to_pass
from exam_engine.calibration.reports.rules import NothingToReport
from exam_engine.marking.rules import to_hundred
from exam_engine.psychometrics.irt.items import Items


def silent(*_: object) -> None:
    """Report no progress."""


def make_book(n: int, n_items: int = 20, *, miskeyed: int | None = None, seed: int = 5) -> AnswerBook:
    """Single-choice items of one mark with right answer B; one may have the key C."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=n)
    known = Items.dichotomous(np.full(n_items, 1.2), np.linspace(-2, 1.5, n_items))
    right = rng.random((n, n_items)) < known.probability(theta)[..., 1]
    wrong = np.array([1, 4, 8])[rng.integers(0, 3, (n, n_items))]
    items = tuple(
        BookItem(str(k), str(k), "v", "single_choice", "1", tuple("ABCD"), ("C" if k == miskeyed else "B",))
        for k in range(n_items)
    )
    codes = np.where(right, 2, wrong).astype(np.int16)
    return AnswerBook(items, (BookForm("甲", tuple(range(n_items))),), np.zeros(n, np.int16), codes)


def compute(book: AnswerBook) -> dict[str, Any]:
    return sitting.compute(book, {"cut": 60.0}, silent)


def test_scores_and_reliability_are_those_of_the_textbook() -> None:
    book = make_book(300)
    right = (book.answers == 2).astype(float)
    total = right.sum(axis=1)
    k = right.shape[1]

    found = compute(book)

    form = found["forms"][0]
    alpha = k / (k - 1) * (1 - right.var(axis=0, ddof=1).sum() / total.var(ddof=1))
    assert found["scores"]["mean"] == pytest.approx(total.mean() * 5)
    assert found["passed"] == (total >= 12).sum()
    assert form["alpha"] == pytest.approx(alpha)
    assert form["sem"] == pytest.approx(5 * total.std(ddof=1) * np.sqrt(1 - alpha))
    assert 3 < form["sem_at_cut"] < 15
    assert form["decisions"]["accuracy"] > form["decisions"]["consistency"] > 0.6
    assert sum(bar["count"] for bar in found["histogram"]) == 300
    item = found["items"][7]
    rest = np.delete(right, 7, axis=1).sum(axis=1)
    assert item["p"] == pytest.approx(right[:, 7].mean())
    assert item["r"] == pytest.approx(np.corrcoef(right[:, 7], rest)[0, 1])
    assert json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("n", [60, 400])
def test_a_wrong_key_is_named_with_the_option_that_the_strong_choose(n: int) -> None:
    found = compute(make_book(n, miskeyed=9))

    signs = found["items"][9]["signs"]
    assert signs[0]["sign"] == "key_suspect"
    assert (signs[0]["option"], signs[0]["key"]) == ("B", "C")
    assert signs[0]["firm"]
    suspects = [
        item["name"] for item in found["items"] if any(s["sign"] == "key_suspect" for s in item["signs"])
    ]
    assert suspects == ["9"]


def test_sound_items_are_not_accused_by_firm_remarks() -> None:
    """200 sittings of 20 sound items and 40 candidates: a firm suspicion of the key stays rare."""
    accused = 0
    for seed in range(40):
        found = compute(make_book(40, seed=seed))
        accused += sum(
            1
            for item in found["items"]
            for sign in item["signs"]
            if sign["sign"] in ("key_suspect", "negative") and sign["firm"]
        )

    assert accused <= 0.01 * 40 * 20


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_a_handful_of_candidates_is_reported_with_what_cannot_be_said(n: int) -> None:
    found = compute(make_book(n))

    assert "few_persons" in found["cautions"]
    assert found["persons"] == n
    assert json.dumps(found, allow_nan=False)


def test_everybody_alike_has_no_reliability_and_says_so() -> None:
    book = make_book(10)
    same = AnswerBook(book.items, book.forms, book.form_of, np.full_like(book.answers, 2))

    found = compute(same)

    assert found["forms"][0]["alpha"] is None
    assert found["forms"][0]["limits"]
    assert "items_without_variation" in found["cautions"]
    assert json.dumps(found, allow_nan=False)


def test_nobody_is_refused() -> None:
    book = make_book(3)
    with pytest.raises(NothingToReport):
        compute(AnswerBook(book.items, book.forms, book.form_of[:0], book.answers[:0]))


@pytest.mark.parametrize("possible", [7, 40, 87, 100, 150])
@pytest.mark.parametrize("cut", [60.0, 59.5, 33.33])
def test_points_to_pass_are_the_fewest_that_marking_lets_pass(possible: int, cut: float) -> None:
    needed = points_to_pass(possible, cut)

    from decimal import Decimal

    assert float(to_hundred(Decimal(needed), Decimal(possible))) >= cut
    assert float(to_hundred(Decimal(needed - 1), Decimal(possible))) < cut


def test_two_runs_agree_and_a_changed_figure_is_named() -> None:
    found = compute(make_book(50))
    other = json.loads(json.dumps(found))
    other["items"][3]["p"] += 1e-6

    assert compare(found, json.loads(json.dumps(found)))["agrees"]
    assert compare(found, other)["first"] == ["items[3].p"]
