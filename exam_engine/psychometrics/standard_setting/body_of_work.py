"""Body of work: judges sort whole pieces of work into levels; each level's cut is where opinion turns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.standard_setting.examinees import LogisticCut, contrasting_groups
from exam_engine.psychometrics.standard_setting.panel import Warn, panel_warnings


@dataclass(frozen=True)
class BodyOfWork:
    """Cuts between levels.

    Attributes
    ----------
    cuts : ndarray, shape (n_levels − 1,)
        Score from which work is as likely put into the higher level as below, in points; NaN where
        `regressions` say why.
    standard_error : ndarray, shape (n_levels − 1,)
        Over judges, by leaving each out; NaN for fewer than three judges, or where a cut without one of them
        fails.
    regressions : tuple of LogisticCut
        Of all judgements together, as if independent: the errors there are too small.
    warnings : tuple of Warn
    """

    cuts: FloatArray
    standard_error: FloatArray
    regressions: tuple[LogisticCut, ...]
    warnings: tuple[Warn, ...]


def body_of_work(scores: ArrayLike, levels: ArrayLike, *, n_levels: int) -> BodyOfWork:
    """Turn judges' levels of pieces of work into cuts on the score scale.

    Parameters
    ----------
    scores : array-like, shape (n_works,)
        Score of each piece of work, which the judges did not see.
    levels : array-like, shape (n_judges, n_works)
        Level from 0, NaN where a judge did not sort a work.
    n_levels : int
        Number of levels, at least 2.

    Returns
    -------
    BodyOfWork

    Raises
    ------
    ValueError
        If the arrays do not fit, or a level is not one of them, or every judgement lies on one side of a cut.

    Notes
    -----
    A logistic regression of "this level or a higher one" on the score for each cut (Kingston, Kahl, Sweeney &
    Bay, 2001, in Cizek, Setting Performance Standards, 219–248).

    Examples
    --------
    >>> found = body_of_work([40, 50, 60, 70], [[0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 1, 1]], n_levels=2)
    >>> found.cuts.round(1)
    array([55.])
    """
    values, table = np.asarray(scores, dtype=np.float64), np.asarray(levels, dtype=np.float64)
    if table.ndim != 2 or values.shape != table.shape[1:] or n_levels < 2:
        raise ValueError("levels must be judges × works, with two levels at least, and scores one a work")
    given = ~np.isnan(table)
    if not np.isin(table[given], np.arange(n_levels)).all():
        raise ValueError(f"levels must be whole numbers from 0 to {n_levels - 1}")
    regressions = tuple(_cut(values, table, level) for level in range(1, n_levels))
    cuts = np.array([one.cut for one in regressions])
    n_judges = len(table)
    error = np.full(cuts.size, np.nan)
    if n_judges > 2:
        without = np.array(
            [
                [_cut_or_nan(values, np.delete(table, judge, axis=0), level) for level in range(1, n_levels)]
                for judge in range(n_judges)
            ]
        )
        error = np.sqrt((n_judges - 1) / n_judges * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    notes = panel_warnings(n_judges, float(error.max()))
    special = (Warn.SEPARATED, Warn.REVERSED, Warn.OUT_OF_RANGE)
    notes += [note for note in special if any(note in one.warnings for one in regressions)]
    return BodyOfWork(cuts, error, regressions, tuple(notes))


def _cut(scores: FloatArray, levels: FloatArray, level: int) -> LogisticCut:
    given = ~np.isnan(levels)
    at = np.broadcast_to(scores, levels.shape)[given]
    return contrasting_groups(at, levels[given] >= level)


def _cut_or_nan(scores: FloatArray, levels: FloatArray, level: int) -> float:
    higher = levels[~np.isnan(levels)] >= level
    if higher.all() or not higher.any():
        return float("nan")
    return _cut(scores, levels, level).cut
