"""The items an assembly may draw from, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from exam_engine.psychometrics.irt.items import Items

FloatArray = npt.NDArray[np.float64]
TextArray = npt.NDArray[np.str_]

NO_VALUE = ""
"""A categorical attribute that an item does not have: such an item belongs to no group of that attribute."""


@dataclass(frozen=True, eq=False)
class Pool:
    """A pool of items.

    Parameters
    ----------
    ids : sequence of str, length n_items
        Unique names of the items.
    numeric : mapping of str to array, shape (n_items,)
        Attributes that are added up or compared: marks, seconds, difficulty. Finite.
    categorical : mapping of str to sequence of str, length n_items
        Attributes with values: type, category, point. ``""`` means the item has none.
    a, b, c : array, shape (n_items,), optional
        Discrimination (per logit, positive), difficulty (logits) and lower asymptote (in [0, 1)) of the
        three-parameter logistic model. ``c`` is 0 when left out.
    items : Items, optional
        Instead of ``a``, ``b`` and ``c``: items of any model together, polytomous ones too.
    scaling : float or array, shape (n_items,), default 1
        The constant D before the discriminations, such as 1.7. Discriminations are kept for D = 1, multiplied by it.

    Raises
    ------
    ValueError
        Naming the item or attribute: duplicate ids, wrong length, a number that is not finite, a
        discrimination or constant that is not positive, an asymptote outside [0, 1).

    Examples
    --------
    >>> pool = Pool(ids=["i1", "i2"], numeric={"marks": [1, 2]}, categorical={"type": ["single", "multiple"]})
    >>> pool.size
    2
    """

    ids: Sequence[str]
    numeric: Mapping[str, npt.ArrayLike] = field(default_factory=dict)
    categorical: Mapping[str, Sequence[str] | TextArray] = field(default_factory=dict)
    a: npt.ArrayLike | None = None
    b: npt.ArrayLike | None = None
    c: npt.ArrayLike | None = None
    items: Items | None = None
    scaling: npt.ArrayLike = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", tuple(self.ids))
        if len(self.positions) != len(self.ids):
            seen: set[str] = set()
            twice = next(i for i in self.ids if i in seen or seen.add(i))  # type: ignore[func-returns-value]
            raise ValueError(f"duplicate id {twice!r} in the pool")
        both = set(self.numeric) & set(self.categorical)
        if both:
            raise ValueError(f"attribute {min(both)!r} is both numeric and categorical")
        object.__setattr__(self, "numeric", {k: self._numbers(k, v) for k, v in self.numeric.items()})
        object.__setattr__(self, "categorical", {k: self._texts(k, v) for k, v in self.categorical.items()})
        self._check_parameters()

    @property
    def size(self) -> int:
        """Number of items."""
        return len(self.ids)

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Position of each id."""
        return {name: k for k, name in enumerate(self.ids)}

    def numbers(self, attribute: str) -> FloatArray:
        """Return a numeric attribute, shape (n_items,); ValueError when the pool has none of that name."""
        if attribute not in self.numeric:
            raise ValueError(f"unknown numeric attribute {attribute!r}; the pool has {sorted(self.numeric)}")
        return np.asarray(self.numeric[attribute], dtype=np.float64)

    def texts(self, attribute: str) -> TextArray:
        """Return a categorical attribute, shape (n_items,); ValueError when there is none of that name."""
        if attribute not in self.categorical:
            raise ValueError(
                f"unknown categorical attribute {attribute!r}; the pool has {sorted(self.categorical)}"
            )
        return np.asarray(self.categorical[attribute], dtype=np.str_)

    def information(self, theta: npt.ArrayLike) -> FloatArray:
        """Return the Fisher information of each item at each ability.

        Parameters
        ----------
        theta : array-like, shape (n_theta,)
            Abilities, in logits.

        Returns
        -------
        ndarray, shape (n_theta, n_items)
            Information, per squared logit, not negative.

        Raises
        ------
        ValueError
            If the pool has no item parameters.

        Notes
        -----
        ``I = a² ((P - c) / (1 - c))² (1 - P) / P`` (Birnbaum, 1968).

        Examples
        --------
        >>> Pool(ids=["i"], a=[2.0], b=[0.0]).information([0.0])
        array([[1.]])
        """
        a, b, c = self._curve_parameters("an information target")
        if self.items is not None:
            return self.items.information(theta)
        z = np.clip(a * (np.atleast_1d(np.asarray(theta, float))[:, None] - b), -700.0, 700.0)
        core = 1.0 / (1.0 + np.exp(-z))
        probability = c + (1.0 - c) * core
        return np.asarray(a**2 * core**2 * (1.0 - probability) / np.maximum(probability, 1e-300))

    def expected_score(self, theta: npt.ArrayLike) -> FloatArray:
        """Return the expected score of each item at each ability, shape (n_theta, n_items).

        The probability of a correct answer, or the mean score of a polytomous item. Raises ValueError if the pool has
        no item parameters.

        Examples
        --------
        >>> Pool(ids=["i"], a=[2.0], b=[0.0], c=[0.2]).expected_score([0.0])
        array([[0.6]])
        """
        a, b, c = self._curve_parameters("a characteristic curve")
        if self.items is not None:
            return self.items.expected_score(theta)
        z = np.clip(a * (np.atleast_1d(np.asarray(theta, float))[:, None] - b), -700.0, 700.0)
        return np.asarray(c + (1.0 - c) / (1.0 + np.exp(-z)))

    def probability(self, theta: npt.ArrayLike) -> FloatArray:
        """Return the part of its highest score that each item is expected to earn, shape (n_theta, n_items).

        The probability of a correct answer where items are dichotomous. Raises ValueError if the pool has no item
        parameters.
        """
        return np.asarray(self.expected_score(theta) / self.highest)

    @property
    def is_calibrated(self) -> bool:
        """Whether items have parameters."""
        return self.a is not None or self.items is not None

    @property
    def highest(self) -> FloatArray:
        """Highest score of each item, shape (n_items,): 1 but for polytomous ones."""
        return np.ones(self.size) if self.items is None else self.items.highest.astype(np.float64)

    def _curve_parameters(self, who: str) -> tuple[FloatArray, FloatArray, FloatArray]:
        if not self.is_calibrated:
            raise ValueError(f"the pool has no item parameters: {who} needs a calibrated bank")
        none = np.zeros(self.size)
        a, b, c = (none if one is None else np.asarray(one, float) for one in (self.a, self.b, self.c))
        return a, b, c

    def _numbers(self, name: str, values: npt.ArrayLike) -> FloatArray:
        array = np.array(values, dtype=np.float64)
        if array.shape != (self.size,):
            raise ValueError(f"{name!r} has shape {array.shape}, the pool has {self.size} items")
        bad = np.flatnonzero(~np.isfinite(array))
        if bad.size:
            raise ValueError(f"{name!r} of item {self.ids[bad[0]]!r} is {array[bad[0]]}: it must be finite")
        array.setflags(write=False)
        return array

    def _texts(self, name: str, values: Sequence[str] | TextArray) -> TextArray:
        array = np.array(list(values), dtype=np.str_) if len(values) else np.zeros(0, dtype="<U1")
        if array.shape != (self.size,):
            raise ValueError(f"{name!r} has {len(values)} values, the pool has {self.size} items")
        array.setflags(write=False)
        return array

    def _check_parameters(self) -> None:
        if (self.a is None) != (self.b is None):
            raise ValueError("discrimination a and difficulty b come together")
        if self.c is not None and self.a is None:
            raise ValueError("a lower asymptote c needs a and b")
        for name in ("a", "b", "c"):
            values = getattr(self, name)
            if values is not None:
                object.__setattr__(self, name, self._numbers(name, values))
        if self.items is not None:
            self._check_items(self.items)
        if self.a is not None:
            self._refuse("a", np.asarray(self.a) <= 0, "a discrimination must be positive")
        if self.c is not None:
            c = np.asarray(self.c)
            self._refuse("c", (c < 0) | (c >= 1), "a lower asymptote lies in [0, 1)")

        self._scale()

    def _check_items(self, items: Items) -> None:
        if self.a is not None:
            raise ValueError("give items, or a, b and c")
        if len(items) != self.size:
            raise ValueError(f"parameters of {len(items)} items, the pool has {self.size} items")
        negative = np.flatnonzero(items.a <= 0)
        if negative.size:
            k = int(negative[0])
            raise ValueError(
                f"'a' of item {self.ids[k]!r} is {items.a[k]}: a discrimination must be positive"
            )

    def _scale(self) -> None:
        """Multiply the discriminations by the constant before them, which then is 1."""
        constant = np.broadcast_to(np.asarray(self.scaling, dtype=np.float64), (self.size,))
        wrong = np.flatnonzero(~(np.isfinite(constant) & (constant > 0)))
        if wrong.size:
            k = int(wrong[0])
            raise ValueError(f"the constant D of item {self.ids[k]!r} is {constant[k]}: it must be positive")
        object.__setattr__(self, "scaling", 1.0)
        if (constant == 1.0).all():
            return
        if self.a is not None:
            object.__setattr__(self, "a", self._numbers("a", np.asarray(self.a) * constant))
        if self.items is not None:
            slopes, intercepts = (
                table * constant[:, None] for table in (self.items.slopes, self.items.intercepts)
            )
            object.__setattr__(self, "items", replace(self.items, slopes=slopes, intercepts=intercepts))

    def _refuse(self, name: str, wrong: npt.NDArray[np.bool_], why: str) -> None:
        if wrong.any():
            k = int(np.flatnonzero(wrong)[0])
            raise ValueError(
                f"{name!r} of item {self.ids[k]!r} is {np.asarray(getattr(self, name))[k]}: {why}"
            )
