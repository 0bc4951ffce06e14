"""What is put in order: the items of one form, and the rules of their printed sequence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from exam_engine.assembly.pool import FloatArray

MOST_OPTIONS = 26
"""Options are called by letters."""


class Within(StrEnum):
    """The order wanted inside a section."""

    GIVEN = "given"
    EASY_TO_HARD = "easy_to_hard"
    SHUFFLED = "shuffled"


@dataclass(frozen=True, eq=False)
class SequenceItems:
    """Items of a form, as parallel sequences of length ``n_items``.

    Attributes
    ----------
    ids : sequence of str
        Unique names.
    sections : sequence of str
        Section, usually the item type, of each item.
    options : sequence of int
        Number of options, 0 for an item without.
    keys : sequence of collections of int
        Options that are right, counted from 0; none for an item without options.
    fixed : sequence of collections of int, optional
        Options that keep their place, such as "all of the above"; all of them where the order has a meaning.
    difficulty : array-like, shape (n_items,), optional
        Needed by ``Within.EASY_TO_HARD``.
    units : sequence of str, optional
        Units that stay together where a rule asks for it, in the order of their first item.
    cases : sequence of str, optional
        Items of one case stay together and in their order; "" for an item on its own.

    Raises
    ------
    ValueError
        If the sequences differ in length, an id occurs twice, a key or fixed option does not exist, or a case lies in
        two sections.
    """

    ids: Sequence[str]
    sections: Sequence[str]
    options: Sequence[int]
    keys: Sequence[Collection[int]]
    fixed: Sequence[Collection[int]] = ()
    difficulty: npt.ArrayLike | None = None
    units: Sequence[str] | None = None
    cases: Sequence[str] | None = None
    hardness: FloatArray | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        size = len(self.ids)
        fixed = tuple(frozenset(one) for one in self.fixed) or (frozenset(),) * size
        hardness = None if self.difficulty is None else np.asarray(self.difficulty, dtype=np.float64)
        for name, value in (
            ("fixed", fixed),
            ("keys", tuple(tuple(sorted(set(key))) for key in self.keys)),
            ("hardness", hardness),
        ):
            object.__setattr__(self, name, value)
        columns: tuple[tuple[str, Any], ...] = (
            ("sections", self.sections),
            ("options", self.options),
            ("keys", self.keys),
            ("fixed", self.fixed),
            ("difficulty", hardness),
            ("units", self.units),
            ("cases", self.cases),
        )
        for name, column in columns:
            if column is not None and len(column) != size:
                raise ValueError(f"{name!r} has {len(column)} values for {size} items")
        if hardness is not None and not np.isfinite(hardness).all():
            raise ValueError(
                f"the difficulty of item {self.ids[int(np.argmin(np.isfinite(hardness)))]!r} is no number"
            )
        self._check_items()
        self._check_cases()

    @property
    def size(self) -> int:
        """Number of items."""
        return len(self.ids)

    def case_of(self, item: int) -> str:
        """Return the case of an item, "" where there is none."""
        return self.cases[item] if self.cases is not None else ""

    def _check_items(self) -> None:
        seen: set[str] = set()
        for name, count, key, fixed in zip(self.ids, self.options, self.keys, self.fixed, strict=True):
            if name in seen:
                raise ValueError(f"item {name!r} occurs twice in the form")
            seen.add(name)
            if not 0 <= count <= MOST_OPTIONS:
                raise ValueError(f"item {name!r} has {count} options; 0 to {MOST_OPTIONS} can be lettered")
            for what, places in (("key", key), ("fixed option", fixed)):
                if bad := [place for place in places if not 0 <= place < count]:
                    raise ValueError(f"item {name!r}: {what} {bad[0] + 1} is not one of its {count} options")

    def _check_cases(self) -> None:
        home: dict[str, str] = {}
        for item in range(self.size):
            case = self.case_of(item)
            if case and home.setdefault(case, self.sections[item]) != self.sections[item]:
                raise ValueError(
                    f"case {case!r} has items in sections {home[case]!r} and {self.sections[item]!r}"
                )


@dataclass(frozen=True)
class SequenceRules:
    """Rules of the printed sequence.

    Attributes
    ----------
    sections : tuple of str
        Sections in printed order; those not named follow in the order of their first item.
    within : Within
        Order inside a section. Where the rules of keys need it, it gives way as little as possible.
    by_unit : bool
        Whether the items of a unit stand together, in the order of the units.
    balanced : bool
        Whether answer letters occur as equally often as they can in a section, by moving options.
    balance : float, optional
        Most that the count of a letter may be away from its fair share; None asks for the least that is possible.
    longest_run : int, optional
        Most equal keys in a row inside a section.
    pinned : mapping of str to int
        Position in the whole form, from 1, of items that have one.
    move_options : bool
        Whether options may change places at all.
    """

    sections: tuple[str, ...] = ()
    within: Within = Within.GIVEN
    by_unit: bool = False
    balanced: bool = True
    balance: float | None = None
    longest_run: int | None = 3
    pinned: Mapping[str, int] = field(default_factory=dict)
    move_options: bool = True

    def __post_init__(self) -> None:
        if self.longest_run is not None and self.longest_run < 1:
            raise ValueError(f"longest_run is {self.longest_run}: at least 1 equal key stands in a row")
        if self.balance is not None and not self.balance >= 0:
            raise ValueError(f"balance is {self.balance}: it cannot be below 0")
        if len(set(self.sections)) < len(self.sections):
            raise ValueError("a section is named twice")


@dataclass(frozen=True)
class Arrangement:
    """One printed sequence.

    Attributes
    ----------
    order : tuple of int
        Items in printed order, as positions in the form.
    options : tuple of tuple of int
        For each item of the form, which of its options stands at each place.
    keys : tuple of tuple of int
        For each item of the form, the places of its right options as printed.
    """

    order: tuple[int, ...]
    options: tuple[tuple[int, ...], ...]
    keys: tuple[tuple[int, ...], ...]

    @property
    def positions(self) -> dict[int, int]:
        """Printed position, from 1, of each item."""
        return {item: place for place, item in enumerate(self.order, start=1)}


@dataclass(frozen=True)
class NotArranged:
    """Why a sequence does not exist.

    Attributes
    ----------
    section : str
    rule : str
        ``longest_run``, ``balance`` or ``pinned``.
    asked : float
    possible : float or None
        The smallest value with which the rule can be kept; None where no value would help.
    """

    section: str
    rule: str
    asked: float
    possible: float | None
