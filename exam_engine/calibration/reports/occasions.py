"""Sittings taken together: may their answers be pooled, or did items behave differently in some? No I/O."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from exam_engine.calibration.reports.book import AnswerBook
from exam_engine.calibration.reports.rules import Attribute
from exam_engine.calibration.reports.scoring import Scored
from exam_engine.psychometrics.corrections import Correction
from exam_engine.psychometrics.dif.comparisons import Generalized, generalized_mantel_haenszel
from exam_engine.psychometrics.dif.design import Design
from exam_engine.psychometrics.dif.outcome import MINIMUM_COMPARED, BoolArray
from exam_engine.psychometrics.dif.purification import purified

LEVEL = 0.05
"""Share of wrong alarms among the alarms (Benjamini–Hochberg)."""

LEAST_DIFFERENCE = 0.05
"""Difference of shares at equal score from which an item is worth looking at (Dorans & Kulick, 1986, Journal of
Educational Measurement 23, 355–368): with thousands of candidates smaller ones are certain and mean nothing."""

POWER = 0.80
MAX_ROUNDS = 3
PERSONS_A_BAND = 12
"""Candidates of equal or nearly equal score who are compared with each other, at least."""

LEAST_BANDS = 4


def compare_occasions(book: AnswerBook, scored: Scored, *, cut: float | None = None) -> dict[str, Any] | None:
    """Return how the sittings of a book differ, oldest first; None where it holds one only.

    Each item is tested over all sittings of at least `MINIMUM_COMPARED` candidates, among candidates of one form with
    nearly equal scores, so that a stronger cohort alone raises no alarm (generalised Mantel–Haenszel: Landis, Heyman &
    Koch, 1978). Items that differ leave the score, up to `MAX_ROUNDS` times.
    """
    told = np.array(book.attributes.get(Attribute.SITTING.value, ()))
    # Sittings are read latest first.
    labels = list(dict.fromkeys(told.tolist()))[::-1]
    if len(labels) < 2:
        return None
    rows = [_occasion(label, scored.score[told == label], cut) for label in labels]
    shares = np.stack([_shares(scored, told == label) for label in labels])
    tested = [row["label"] for row in rows if row["tested"]]
    found = _test(_right(scored), told, tested) if len(tested) > 1 else None
    items = [_item(at, book.items[at].name, shares[:, at], found) for at in range(len(book.items))]
    return {
        "occasions": rows,
        "items": items,
        "tested": sum(1 for item in items if item["p_adjusted"] is not None),
        "differing": sum(1 for item in items if item["differs"]),
        "detectable": _detectable([row["persons"] for row in rows if row["tested"]], len(items)),
    }


def _occasion(label: str, score: NDArray[np.float64], cut: float | None) -> dict[str, Any]:
    return {
        "label": label,
        "persons": int(score.size),
        "mean": float(score.mean()),
        "sd": float(score.std(ddof=1)) if score.size > 1 else None,
        "pass_rate": float((score >= cut).mean()) if cut is not None else None,
        "tested": bool(score.size >= MINIMUM_COMPARED),
    }


def _right(scored: Scored) -> NDArray[np.int32]:
    """Return full marks or not, -1 not presented: pooling is judged by difficulty, whatever an item is worth."""
    return np.where(scored.points < 0, -1, scored.points >= scored.worth).astype(np.int32)


def _shares(scored: Scored, rows: BoolArray) -> NDArray[np.float64]:
    """Return the share of full marks on each item; NaN where nobody of the sitting had it."""
    right = _right(scored)[rows]
    seen = (right >= 0).sum(axis=0)
    return np.where(seen > 0, np.maximum(right, 0).sum(axis=0) / np.maximum(seen, 1), np.nan)


def _test(right: NDArray[np.int32], told: NDArray[np.str_], labels: list[str]) -> Generalized:
    groups = np.where(np.isin(told, labels), told, "")
    bands = max(LEAST_BANDS, int((groups != "").sum()) // PERSONS_A_BAND)

    def study(anchor: BoolArray) -> tuple[Generalized, BoolArray]:
        design = Design(
            reference=labels[0],
            anchor=anchor,
            bands=bands if bands < right.shape[1] else None,
            adjustment=Correction.BENJAMINI_HOCHBERG,
            level=LEVEL,
        )
        found = generalized_mantel_haenszel(right, groups, design=design, ordered=True)
        return found, np.asarray(found.flagged & (_spread(found) >= LEAST_DIFFERENCE))

    return purified(study, np.ones(right.shape[1], dtype=np.bool_), max_rounds=MAX_ROUNDS)[0]


def _spread(found: Generalized) -> NDArray[np.float64]:
    """Return the largest difference of any two sittings at equal score; the first sitting is 0."""
    known = np.nan_to_num(found.differences)
    return np.asarray(np.maximum(known.max(axis=1), 0.0) - np.minimum(known.min(axis=1), 0.0))


def _item(at: int, name: str, shares: NDArray[np.float64], found: Generalized | None) -> dict[str, Any]:
    p_adjusted = _known(found.p_adjusted[at]) if found else None
    spread = float(_spread(found)[at]) if found and p_adjusted is not None else None
    return {
        "name": name,
        "shares": [_known(share) for share in shares],
        "statistic": _known(found.statistic[at]) if found else None,
        "df": int(found.df[at]) if found and p_adjusted is not None else None,
        "p_adjusted": p_adjusted,
        "difference": spread,
        "differs": bool(found and spread is not None and found.flagged[at] and spread >= LEAST_DIFFERENCE),
    }


def _detectable(sizes: list[int], n_items: int) -> float | None:
    """Return the difference of shares about ½ that two sittings of average size show with a chance of `POWER`."""
    if len(sizes) < 2:
        return None
    size = len(sizes) / sum(1 / one for one in sizes)
    # As if one item of all differed: then the first step of Benjamini and Hochberg is Bonferroni's.
    needed = float(norm.isf(LEVEL / 2 / n_items) + norm.ppf(POWER))
    return min(1.0, needed * math.sqrt(0.5 / size))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def occasions_of(results: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the comparison of a report's sittings, None for one sitting, a file or an older report."""
    found: Mapping[str, Any] | None = results.get("occasions")
    return found
