"""How the options of an item drew weak and strong persons. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.reports.book import BookItem
from exam_engine.psychometrics.ctt.option_flags import OptionFlag, option_flags
from exam_engine.psychometrics.ctt.options import MINIMUM_IN_GROUP, option_curves, picked_table
from exam_engine.psychometrics.irt.models import FloatArray

CURVE_GROUPS = 5
"""Groups of the curves, by score on the rest of the test."""


@dataclass(frozen=True)
class Options:
    """The options of an item: one row each, the groups of the curves, and what the kernels flag."""

    rows: tuple[dict[str, Any], ...] = ()
    groups: tuple[list[float], ...] = ()
    """Mean score on the rest of the test and persons of each group, weak to strong."""
    flags: tuple[OptionFlag, ...] = ()

    @classmethod
    def of(cls, item: BookItem, codes: NDArray[np.int16], criterion: FloatArray) -> Options:
        """Tabulate the answers to one item; ``criterion`` is the share of marks on the rest of the test."""
        picked = (np.maximum(codes, 0)[:, None] >> np.arange(len(item.options))) & 1
        table = picked_table(picked, criterion)
        number = groups_for(criterion.size)
        curves = option_curves(picked, criterion, n_groups=number) if number > 1 else None
        key = [at for at, label in enumerate(item.options) if label in item.key]
        rows = tuple(
            {
                "label": label,
                "is_key": at in key,
                "count": int(table.count[at]),
                "share": float(table.share[at]),
                "low": _known(table.share_by_group[0, at]),
                "middle": _known(table.share_by_group[1, at]),
                "high": _known(table.share_by_group[2, at]),
                "point_biserial": _known(table.point_biserial[at]),
                "curve": curves.share[:, at].tolist() if curves else [],
                "error": curves.standard_error[:, at].tolist() if curves else [],
            }
            for at, label in enumerate(item.options)
        )
        groups = (
            tuple(
                [float(mean), int(n)] for mean, n in zip(curves.mean_criterion, curves.n_persons, strict=True)
            )
            if curves
            else ()
        )
        flags = option_flags(picked, criterion, key=key) if key else ()
        return cls(rows, groups, flags)


def groups_for(n_persons: int) -> int:
    """Return how many groups so many persons carry."""
    return min(CURVE_GROUPS, n_persons // MINIMUM_IN_GROUP)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
