"""Rows over the columns of a form, each owned by a named rule, and the pen that writes them down."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from exam_engine.assembly.pool import FloatArray

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

_NO_PLACES, _NO_VALUES = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Rows:
    """``lower <= matrix @ x <= upper`` for a form ``x``; ``owner[r]`` is the position of row r's name.

    ``give[r]`` is how far the row moves when its rule is relaxed by one unit: 0 where it says what a switch means.
    """

    matrix: sp.csr_array
    lower: FloatArray
    upper: FloatArray
    owner: IntArray
    give: FloatArray

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self.lower)

    def take(self, index: npt.NDArray[np.intp]) -> Rows:
        """Return some of the rows."""
        return Rows(
            sp.csr_array(self.matrix[index]),
            self.lower[index],
            self.upper[index],
            self.owner[index],
            self.give[index],
        )

    def and_(self, more: Rows) -> Rows:
        """Return these rows and more of the same width."""
        if not more.count:
            return self
        return Rows(
            sp.csr_array(sp.vstack([self.matrix, more.matrix])),
            np.r_[self.lower, more.lower],
            np.r_[self.upper, more.upper],
            np.r_[self.owner, more.owner],
            np.r_[self.give, more.give],
        )


@dataclass
class RowBuilder:
    """Rows as they are written down: places and values, never dense."""

    size: int
    switches: int = 0
    places: list[IntArray] = field(default_factory=list)
    values: list[FloatArray] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    owner: list[int] = field(default_factory=list)
    give: list[float] = field(default_factory=list)
    bundles: list[tuple[int, IntArray]] = field(default_factory=list)

    def add(
        self,
        places: npt.ArrayLike,
        lower: float,
        upper: float,
        owner: int,
        values: npt.ArrayLike = 1.0,
        *,
        give: float = 1.0,
    ) -> None:
        """Append a row with ``values`` at the columns ``places``."""
        at = np.asarray(places, dtype=np.int64)
        self.places.append(at)
        self.values.append(np.broadcast_to(np.asarray(values, dtype=np.float64), at.shape))
        self.lower.append(lower)
        self.upper.append(upper)
        self.owner.append(owner)
        self.give.append(give)

    def switch(self) -> int:
        """Return a new switch's column."""
        self.switches += 1
        return self.size + self.switches - 1

    def build(self, width: int) -> Rows:
        """Return the rows over ``width`` columns."""
        starts = np.cumsum([0, *(len(at) for at in self.places)])
        matrix = sp.csr_array(
            (np.concatenate([_NO_VALUES, *self.values]), np.concatenate([_NO_PLACES, *self.places]), starts),
            shape=(len(self.places), width),
        )
        matrix.eliminate_zeros()
        return Rows(
            matrix,
            np.array(self.lower, dtype=np.float64),
            np.array(self.upper, dtype=np.float64),
            np.array(self.owner, dtype=np.int64),
            np.array(self.give, dtype=np.float64),
        )
