"""The answer book: what a report was computed from, frozen as bytes with a digest. No I/O."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORMAT = 2
"""Version of the frozen form; a reader refuses one that it does not know. The first had no history of saves."""

FORMATS = frozenset({1, FORMAT})

NOT_PRESENTED, NOT_REACHED, OPEN = -1, -2, 0
"""Not on this person's form; blank to the end of it; seen and left open."""

NO_TIME = -1
"""Milliseconds where no time is known."""

MAX_OPTIONS = 14
"""Options that fit into one 16-bit number."""

Answers = NDArray[np.int16]


@dataclass(frozen=True)
class BookItem:
    """One item as it was on the forms; an item with two versions or other marks stands in the book twice."""

    item_id: str
    name: str
    version_id: str = ""
    type: str = ""
    marks: str = "1"
    options: tuple[str, ...] = ()
    """Labels in the bank's order; empty where only scores are known."""
    key: tuple[str, ...] = ()
    highest: int = 1
    """Highest score, where only scores are known."""

    @property
    def worth(self) -> Decimal:
        return Decimal(self.marks)

    def bits(self, labels: Sequence[str]) -> int:
        """Return a set of options as a number."""
        return sum(1 << self.options.index(label) for label in labels)

    def labels(self, bits: int) -> tuple[str, ...]:
        """Return the options of a number."""
        return tuple(label for at, label in enumerate(self.options) if bits >> at & 1)


@dataclass(frozen=True)
class BookForm:
    """A form: its label and its items, as columns of the book."""

    label: str
    columns: tuple[int, ...]


@dataclass(frozen=True)
class History:
    """What the history of saves tells besides the answers; how it is read stands in `reports.visits`.

    Attributes
    ----------
    first : ndarray of int16, shape (n_persons, n_items)
        The answer with which a person left an item for the first time, as in `AnswerBook.answers`; 0 for none.
    milliseconds : ndarray of int32, shape (n_persons, n_items)
        Time on the item; `NO_TIME` where it is not known.
    """

    first: Answers
    milliseconds: NDArray[np.int32]


@dataclass(frozen=True)
class Earlier:
    """Answers that some of the persons gave in an earlier sitting.

    Attributes
    ----------
    book : AnswerBook
        One row an earlier attempt.
    row_of : ndarray of int32, shape (n_persons,)
        Row of each person in it; -1 for none.
    """

    book: AnswerBook
    row_of: NDArray[np.int32]


@dataclass(frozen=True)
class AnswerBook:
    """Answers of persons without names.

    Attributes
    ----------
    items : tuple of BookItem
    forms : tuple of BookForm
    form_of : ndarray of int16, shape (n_persons,)
        Position of each person's form.
    answers : ndarray of int16, shape (n_persons, n_items)
        Chosen options as bits (or the score, where items have no options), or one of the constants above.
    left_out : mapping of reason to count
        Attempts that do not count.
    multiple : str
        How multiple-choice answers earn marks, a value of ``MultipleMarking``.
    attributes : mapping of name to values, one a person
        What the persons are told apart by: room, seat, group.
    history : History, optional
        Where a report needs it and saves were kept.
    earlier : Earlier, optional
        Where a report needs it and somebody sat before.
    """

    items: tuple[BookItem, ...]
    forms: tuple[BookForm, ...]
    form_of: NDArray[np.int16]
    answers: Answers
    left_out: Mapping[str, int] = field(default_factory=dict)
    multiple: str = "all_or_nothing"
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    history: History | None = None
    earlier: Earlier | None = None

    @property
    def n_persons(self) -> int:
        return len(self.answers)

    @property
    def has_options(self) -> bool:
        """Tell whether it is known what was chosen, and not only what was scored."""
        return any(item.options for item in self.items)

    def is_complete(self, number: int) -> bool:
        """Tell whether everybody who had a form was given all of it, which is not so for individual forms.

        What compares the persons of a form item by item needs that.
        """
        given = self.answers[np.ix_(self.form_of == number, list(self.forms[number].columns))]
        return not bool((given == NOT_PRESENTED).any())

    def to_bytes(self) -> bytes:
        """Return the canonical bytes: a header as JSON, then the arrays; little-endian, not compressed."""
        header: dict[str, Any] = {
            "format": FORMAT,
            "items": [asdict(item) for item in self.items],
            "forms": [asdict(form) for form in self.forms],
            "persons": self.n_persons,
            "left_out": dict(self.left_out),
            "multiple": self.multiple,
            "attributes": {name: list(values) for name, values in self.attributes.items()},
        }
        parts = [_raw(self.form_of, "<i2"), _raw(self.answers.T, "<i2")]
        if self.history is not None:
            header["history"] = True
            parts += [_raw(self.history.first.T, "<i2"), _raw(self.history.milliseconds.T, "<i4")]
        if self.earlier is not None:
            header["earlier"] = True
            parts += [_raw(self.earlier.row_of, "<i4"), self.earlier.book.to_bytes()]
        text = json.dumps(header, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        return b"".join((len(text).to_bytes(8, "little"), text, *parts))

    @classmethod
    def from_bytes(cls, content: bytes) -> AnswerBook:
        """Read back what `to_bytes` gave.

        Raises ValueError for a format that is not known.
        """
        start = 8 + int.from_bytes(content[:8], "little")
        header = json.loads(content[8:start])
        if header["format"] not in FORMATS:
            raise ValueError(f"answer book format {header['format']} is not known")
        n, items = header["persons"], tuple(_item(item) for item in header["items"])
        rest = _Rest(content, start)
        return cls(
            items=items,
            forms=tuple(BookForm(form["label"], tuple(form["columns"])) for form in header["forms"]),
            form_of=rest.take("<i2", n).astype(np.int16),
            answers=rest.table("<i2", n, len(items)).astype(np.int16),
            left_out=header["left_out"],
            multiple=header["multiple"],
            attributes={name: tuple(values) for name, values in header["attributes"].items()},
            history=(
                History(
                    rest.table("<i2", n, len(items)).astype(np.int16),
                    rest.table("<i4", n, len(items)).astype(np.int32),
                )
                if header.get("history")
                else None
            ),
            earlier=rest.earlier(n) if header.get("earlier") else None,
        )


@dataclass
class _Rest:
    """The arrays behind the header, taken one after the other."""

    content: bytes
    at: int

    def take(self, kind: str, count: int) -> NDArray[Any]:
        found = np.frombuffer(self.content, dtype=kind, count=count, offset=self.at)
        self.at += found.nbytes
        return found

    def table(self, kind: str, n_persons: int, n_items: int) -> NDArray[Any]:
        return np.ascontiguousarray(self.take(kind, n_persons * n_items).reshape(n_items, n_persons).T)

    def earlier(self, n_persons: int) -> Earlier:
        row_of = self.take("<i4", n_persons).astype(np.int32)
        return Earlier(AnswerBook.from_bytes(self.content[self.at :]), row_of)


def _raw(numbers: NDArray[Any], kind: str) -> bytes:
    # Columns one after the other compress better than rows: answers to one item are alike.
    return np.ascontiguousarray(numbers, dtype=kind).tobytes()


def _item(data: dict[str, Any]) -> BookItem:
    return BookItem(**{**data, "options": tuple(data["options"]), "key": tuple(data["key"])})


def digest_of(content: bytes) -> str:
    """Return the SHA-256 digest, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def compress(content: bytes) -> bytes:
    """Return bytes compressed, quickly."""
    return zlib.compress(content, 1)


def decompress(content: bytes) -> bytes:
    """Return what `compress` was given."""
    return zlib.decompress(content)
