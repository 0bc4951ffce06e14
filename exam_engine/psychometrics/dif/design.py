"""Who is compared with whom, matched on what; and the counts of responses that this gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.corrections import Correction
from exam_engine.psychometrics.dif.outcome import MINIMUM_COMPARED, BoolArray
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.patterns import MAX_SCORE, check_responses

MAX_BOOKLETS = 64
"""Sets of items presented alike within which persons are still matched on scores."""


class Criterion(StrEnum):
    """The score on which persons are matched."""

    TOTAL = "total"
    """Sum of the anchor items and of the item studied, as Holland & Thayer (1988) ask for."""

    REST = "rest"
    """Sum of the anchor items without the item studied.

    Where groups differ in ability, tables and regressions matched on it flag too much (Zwick, 1990, Journal of
    Educational Statistics 15, 185–197): of 25 good items, with 500 persons a group and groups a standard deviation
    apart, 21 % at a level of 5 %, where the total score keeps the level. SIBTEST corrects for it.
    """

    GIVEN = "given"
    """Values from outside, such as an ability estimate or the score of another test."""


@dataclass(frozen=True, kw_only=True)
class Design:
    """How groups are compared.

    Attributes
    ----------
    reference, focal : str, int or None
        Labels of the groups; by default the two labels found, the first in sorting order being the reference.
    matching : Criterion, {"total", "rest"} or array-like of shape (n_persons,), default total
        Score on which persons are matched, or values for it. A person whose value is NaN is left out. When
        persons saw different sets of items, scores are compared within a set only.
    bands : int or None
        Number of score bands of about equally many persons (thick matching); by default every score is a stratum
        (thin matching).
    anchor : array-like of bool, shape (n_items,), optional
        Items of which the score is made; all by default.
    purify : bool, default False
        Whether flagged items leave the score, again and again until the flags stay.
    max_rounds : int, default 10
        Rounds of purification at most.
    level : float, default 0.05
        Level of significance.
    adjustment : Correction, default none
        How the p-values allow for many items before they are compared with `level`.

    Raises
    ------
    ValueError
        If a setting is not usable.

    Examples
    --------
    >>> Design(matching="rest", bands=5).criterion
    <Criterion.REST: 'rest'>
    """

    reference: str | int | None = None
    focal: str | int | None = None
    matching: Criterion | str | ArrayLike = Criterion.TOTAL
    bands: int | None = None
    anchor: ArrayLike | None = None
    purify: bool = False
    max_rounds: int = 10
    level: float = 0.05
    adjustment: Correction = Correction.NONE
    criterion: Criterion = field(init=False)

    def __post_init__(self) -> None:
        named = isinstance(self.matching, str)
        criterion = Criterion(self.matching) if isinstance(self.matching, str) else Criterion.GIVEN
        object.__setattr__(self, "criterion", criterion)
        object.__setattr__(self, "adjustment", Correction(self.adjustment))
        if named and self.criterion is Criterion.GIVEN:
            raise ValueError("matching must be total, rest, or one value a person")
        if self.criterion is Criterion.GIVEN and (self.purify or self.anchor is not None):
            raise ValueError(
                "a given matching value is not made of items: it has no anchor and no purification"
            )
        if self.bands is not None and self.bands < 2:
            raise ValueError("bands must be at least 2")
        if not (0.0 < self.level < 1.0 and self.max_rounds >= 1):
            raise ValueError("level must lie between 0 and 1 and max_rounds be at least 1")

    def of_focal(self, label: str | int) -> Design:
        """Return the same design for another focal group."""
        return replace(self, focal=label)


@dataclass(frozen=True)
class Tables:
    """Counts of scores for each item, stratum and group.

    Attributes
    ----------
    counts : ndarray, shape (n_items, n_strata, n_groups, highest score of all + 1)
        Persons; the reference group first.
    criterion : ndarray, shape (n_strata,)
        Matching score of the stratum, the middle one of a band.
    highest : ndarray of int, shape (n_items,)
        Highest score of each item.
    labels : tuple of str
        Names of the groups.

    Examples
    --------
    Two strata of one item, 30 of 40 and 20 of 40 right in the first:

    >>> tables = Tables.of([[[[10, 30], [20, 20]], [[5, 35], [10, 30]]]])
    >>> tables.counts.shape, tables.labels
    ((1, 2, 2, 2), ('0', '1'))
    """

    counts: FloatArray
    criterion: FloatArray
    highest: NDArray[np.intp]
    labels: tuple[str, ...]

    @classmethod
    def of(cls, counts: ArrayLike, *, labels: Sequence[str] | None = None) -> Tables:
        """Take counts that are already there, published ones for instance.

        Raises
        ------
        ValueError
            If the counts are not items × strata × groups × scores, or negative.
        """
        table = np.asarray(counts, dtype=np.float64)
        if table.ndim != 4 or min(table.shape) < 1 or min(table.shape[2:]) < 2:
            raise ValueError(
                "counts must be items × strata × groups × scores, two groups and two scores at least"
            )
        if not np.all(np.isfinite(table) & (table >= 0)):
            raise ValueError("counts must be finite and not negative")
        names = tuple(labels or map(str, range(table.shape[2])))
        if len(names) != table.shape[2]:
            raise ValueError("labels must be one a group")
        highest = np.full(len(table), table.shape[3] - 1)
        return cls(table, np.arange(table.shape[1], dtype=np.float64), highest, names)

    @property
    def is_binary(self) -> BoolArray:
        """Whether an item is scored 0 or 1."""
        return np.asarray(self.highest == 1)

    @property
    def size(self) -> FloatArray:
        """Persons of each item, stratum and group, shape (n_items, n_strata, n_groups)."""
        return np.asarray(self.counts.sum(axis=3), dtype=np.float64)

    @property
    def matched(self) -> BoolArray:
        """Strata that hold at least two groups, shape (n_items, n_strata)."""
        return np.asarray((self.size > 0).sum(axis=2) >= 2)

    @property
    def seen(self) -> NDArray[np.intp]:
        """Persons who saw an item, shape (n_items, n_groups)."""
        return np.asarray(self.size.sum(axis=1), dtype=np.intp)

    @property
    def compared(self) -> NDArray[np.intp]:
        """Persons who saw an item and have a match, shape (n_items, n_groups)."""
        persons = (self.size * self.matched[:, :, None]).sum(axis=1)
        return np.asarray(persons, dtype=np.intp)


@dataclass(frozen=True)
class Frame:
    """The persons of a comparison, ready to be counted.

    Attributes
    ----------
    matrix : ndarray of int8, shape (n_persons, n_items)
        Scores of the persons in the groups compared; -1 not presented.
    group : ndarray of int, shape (n_persons,)
        0 for the reference group, 1 … for the focal groups.
    labels : tuple of str
    highest : ndarray of int, shape (n_items,)
        Highest score found, at least 1.
    design : Design
    given : ndarray, shape (n_persons,), or None
        Matching values from outside.
    """

    matrix: NDArray[np.int8]
    group: NDArray[np.intp]
    labels: tuple[str, ...]
    highest: NDArray[np.intp]
    design: Design
    given: FloatArray | None

    @classmethod
    def of(
        cls,
        responses: ArrayLike,
        groups: ArrayLike,
        design: Design,
        *,
        focals: Sequence[object] | None = None,
    ) -> Frame:
        """Choose the persons of the reference group and of the focal group, or of several, who answered anything.

        Raises
        ------
        ValueError
            If labels or responses do not fit, or a group has fewer than `MINIMUM_COMPARED` persons.
        """
        matrix = check_responses(responses, highest=MAX_SCORE)
        names = labels_of(groups, len(matrix))
        reference, chosen = _chosen(names, design, focals)
        group = np.full(len(matrix), -1, dtype=np.intp)
        for number, label in enumerate((reference, *chosen)):
            group[names == label] = number
        given = None
        if design.criterion is Criterion.GIVEN:
            given = np.asarray(design.matching, dtype=np.float64)
            if given.shape != (len(matrix),) or np.isinf(given).any():
                raise ValueError("matching must be one finite value a person, or NaN")
            group[np.isnan(given)] = -1
        kept = (group >= 0) & (matrix >= 0).any(axis=1)
        persons = np.bincount(group[kept], minlength=1 + len(chosen))
        if persons.min() < MINIMUM_COMPARED:
            raise ValueError(
                f"a group needs {MINIMUM_COMPARED} persons to be compared: "
                + ", ".join(
                    f"{label} has {n}" for label, n in zip((reference, *chosen), persons, strict=True)
                )
            )
        matrix = matrix[kept]
        highest = np.maximum(matrix.max(axis=0), 1).astype(np.intp)
        return cls(
            matrix, group[kept], (reference, *chosen), highest, design, None if given is None else given[kept]
        )

    @property
    def persons(self) -> NDArray[np.intp]:
        """Persons of each group."""
        return np.asarray(np.bincount(self.group, minlength=len(self.labels)), dtype=np.intp)

    def first_anchor(self) -> BoolArray:
        """Return the anchor items with which a study begins."""
        size = self.matrix.shape[1]
        if self.given is not None:
            return np.zeros(size, dtype=np.bool_)
        if self.design.anchor is None:
            return np.ones(size, dtype=np.bool_)
        anchor = np.asarray(self.design.anchor)
        if anchor.shape != (size,) or anchor.dtype != np.bool_ or not anchor.any():
            raise ValueError("anchor must be True or False for each item, and True for one at least")
        return anchor.copy()


def labels_of(groups: ArrayLike, n_persons: int) -> NDArray[np.str_]:
    """Return the group labels as text; empty for a person without a group (None, NaN or empty).

    Whole numbers lose a decimal point that NaN beside them brought in.
    """
    values = np.asarray(groups)
    if values.shape != (n_persons,):
        raise ValueError("groups must be one label a person")
    if values.dtype.kind == "f":
        whole = np.isnan(values) | (values == np.floor(values))
        if not whole.all():
            raise ValueError("group labels must be text or whole numbers")
        return np.array(["" if np.isnan(value) else str(int(value)) for value in values])
    found = np.unique(values.astype(str)) if values.dtype.kind == "O" else None
    text = values.astype(str)
    if found is not None:
        text[np.isin(text, ["None", "nan"])] = ""
    return text


def _chosen(
    names: NDArray[np.str_], design: Design, focals: Sequence[object] | None
) -> tuple[str, tuple[str, ...]]:
    """Return the reference group and the focal groups."""
    found = [label for label in np.unique(names).tolist() if label]
    reference = found[0] if design.reference is None and found else str(design.reference)
    others = [label for label in found if label != reference]
    if focals is not None:
        chosen = tuple(str(label) for label in focals)
    elif design.focal is not None:
        chosen = (str(design.focal),)
    else:
        chosen = tuple(others)
        if len(chosen) != 1:
            raise ValueError(f"name the focal group: beside {reference} there are {others}")
    missing = [label for label in (reference, *chosen) if label not in found]
    if missing or reference in chosen or len(set(chosen)) < len(chosen):
        raise ValueError(f"groups {reference} and {list(chosen)} must differ and be among {found}")
    return reference, chosen
