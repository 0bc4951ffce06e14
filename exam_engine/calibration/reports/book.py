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

FORMAT = 1
"""Version of the frozen form; a reader refuses one that it does not know."""

NOT_PRESENTED, NOT_REACHED, OPEN = -1, -2, 0
"""Not on this person's form; blank to the end of it; seen and left open."""

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
    """

    items: tuple[BookItem, ...]
    forms: tuple[BookForm, ...]
    form_of: NDArray[np.int16]
    answers: Answers
    left_out: Mapping[str, int] = field(default_factory=dict)
    multiple: str = "all_or_nothing"
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def n_persons(self) -> int:
        return len(self.answers)

    @property
    def has_options(self) -> bool:
        """Tell whether it is known what was chosen, and not only what was scored."""
        return any(item.options for item in self.items)

    def to_bytes(self) -> bytes:
        """Return the canonical bytes: a header as JSON, then the arrays; little-endian, not compressed."""
        header = {
            "format": FORMAT,
            "items": [asdict(item) for item in self.items],
            "forms": [asdict(form) for form in self.forms],
            "persons": self.n_persons,
            "left_out": dict(self.left_out),
            "multiple": self.multiple,
            "attributes": {name: list(values) for name, values in self.attributes.items()},
        }
        text = json.dumps(header, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        parts = (len(text).to_bytes(8, "little"), text, _raw(self.form_of), _raw(self.answers.T))
        return b"".join(parts)

    @classmethod
    def from_bytes(cls, content: bytes) -> AnswerBook:
        """Read back what `to_bytes` gave.

        Raises ValueError for a format that is not known.
        """
        start = 8 + int.from_bytes(content[:8], "little")
        header = json.loads(content[8:start])
        if header["format"] != FORMAT:
            raise ValueError(f"answer book format {header['format']} is not known")
        n, items = header["persons"], tuple(_item(item) for item in header["items"])
        numbers = np.frombuffer(content[start:], dtype="<i2").astype(np.int16)
        return cls(
            items=items,
            forms=tuple(BookForm(form["label"], tuple(form["columns"])) for form in header["forms"]),
            form_of=numbers[:n],
            answers=np.ascontiguousarray(numbers[n:].reshape(len(items), n).T),
            left_out=header["left_out"],
            multiple=header["multiple"],
            attributes={name: tuple(values) for name, values in header["attributes"].items()},
        )


def _raw(numbers: NDArray[np.int16]) -> bytes:
    # Columns one after the other compress better than rows: answers to one item are alike.
    return np.ascontiguousarray(numbers, dtype="<i2").tobytes()


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
