"""The frozen form of an answer book: read back whole, and still read where it is of former times."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from exam_engine.calibration.reports.book import AnswerBook, BookForm, BookItem, Earlier, History

ITEMS = tuple(BookItem(str(k), f"#{k}", options=("A", "B"), key=("A",)) for k in range(3))
ANSWERS = np.array([[1, 2, 0], [2, -1, -2]], np.int16)
BOOK = AnswerBook(
    ITEMS,
    (BookForm("甲", (0, 1, 2)), BookForm("乙", (0, 2))),
    np.array([0, 1], np.int16),
    ANSWERS,
    attributes={"seat": ("1", "2")},
)


def first_format(book: AnswerBook) -> bytes:
    """Return a book as the first format wrote it."""
    header = {
        "format": 1,
        "items": [asdict(item) for item in book.items],
        "forms": [asdict(form) for form in book.forms],
        "persons": book.n_persons,
        "left_out": {},
        "multiple": book.multiple,
        "attributes": {name: list(values) for name, values in book.attributes.items()},
    }
    text = json.dumps(header, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    arrays = book.form_of.astype("<i2").tobytes() + book.answers.T.astype("<i2").tobytes()
    return len(text).to_bytes(8, "little") + text + arrays


def test_a_book_of_the_first_format_is_still_read() -> None:
    found = AnswerBook.from_bytes(first_format(BOOK))

    assert (found.items, found.forms, found.attributes) == (BOOK.items, BOOK.forms, BOOK.attributes)
    assert np.array_equal(found.answers, ANSWERS)
    assert (found.history, found.earlier) == (None, None)


def test_a_format_of_the_future_is_refused_by_its_number() -> None:
    content = first_format(BOOK).replace(b'"format":1', b'"format":9')

    with pytest.raises(ValueError, match="format 9"):
        AnswerBook.from_bytes(content)


def test_history_and_earlier_answers_are_read_back() -> None:
    history = History(ANSWERS[:, ::-1].copy(), np.array([[70_000, -1, 5], [1, -1, 2**31 - 1]], np.int32))
    before = replace(BOOK, form_of=BOOK.form_of[:1], answers=ANSWERS[:1], attributes={})
    book = replace(BOOK, history=history, earlier=Earlier(before, np.array([-1, 0], np.int32)))

    found = AnswerBook.from_bytes(book.to_bytes())

    assert found.history is not None
    assert found.earlier is not None
    assert np.array_equal(found.history.first, history.first)
    assert np.array_equal(found.history.milliseconds, history.milliseconds)
    assert found.earlier.row_of.tolist() == [-1, 0]
    assert np.array_equal(found.earlier.book.answers, ANSWERS[:1])
    assert found.to_bytes() == book.to_bytes()
    assert AnswerBook.from_bytes(BOOK.to_bytes()).history is None
