"""Bookmark: items in order of difficulty, and the page at which a borderline candidate begins to fail."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.standard_setting.conversion import BOUND, STEPS, score_of_theta
from exam_engine.psychometrics.standard_setting.panel import (
    Summary,
    Warn,
    outlying,
    panel_warnings,
    summarize,
)

RESPONSE_PROBABILITY = 0.67
"""Chance of success that counts as mastery: two thirds, as a rule written 0.67 (Mitzel, Lewis, Patz & Green, 2001)."""


class Place(StrEnum):
    """Which location a bookmark means; the bookmark lies on the first page not mastered."""

    BEFORE = "before"
    """The last page mastered, the one before the bookmark."""

    AT = "at"
    """The page with the bookmark."""

    BETWEEN = "between"
    """Halfway between the two."""


@dataclass(frozen=True)
class Booklet:
    """The ordered item booklet, easiest page first.

    Attributes
    ----------
    item : ndarray of int, shape (n_pages,)
        Position of the item.
    score : ndarray of int, shape (n_pages,)
        The score point: a page stands for reaching this score or more; 1 for an item of one point.
    location : ndarray, shape (n_pages,)
        Ability, in logits, at which that is as likely as the response probability.
    gap : ndarray, shape (n_pages,)
        Logits from the page before; NaN for the first. Wide gaps make cuts depend on single pages.
    response_probability : float
    unreached : tuple of (int, int)
        Item and score that reach this probability at no ability, and so have no page.
    """

    item: NDArray[np.intp]
    score: NDArray[np.intp]
    location: FloatArray
    gap: FloatArray
    response_probability: float
    unreached: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Bookmark:
    """Cuts of all rounds and levels.

    Attributes
    ----------
    judge_theta : ndarray, shape (n_rounds, n_judges)
        Cut of each judge, in logits.
    theta, standard_error : ndarray, shape (n_rounds,)
        Cut of the panel and its error over judges (or tables), in logits; the error of the item parameters is
        not in it.
    score : ndarray, shape (n_rounds,)
        Expected test score at the cut, in points.
    outlying : ndarray of bool, shape (n_judges,)
        Judges of the last round far from the panel.
    warnings : tuple of Warn
        Of the last round.
    """

    judge_theta: FloatArray
    theta: FloatArray
    standard_error: FloatArray
    score: FloatArray
    outlying: NDArray[np.bool_]
    warnings: tuple[Warn, ...]


def booklet(
    items: Items, *, response_probability: float = RESPONSE_PROBABILITY, beyond_guessing: bool = False
) -> Booklet:
    """Order score points by the ability they ask for.

    Parameters
    ----------
    items : Items
        With curves that rise; not nominal.
    response_probability : float, default 0.67
        Chance of reaching the score point or more.
    beyond_guessing : bool, default False
        Whether it is the chance of *knowing*: from the lower asymptote to the upper one.

    Returns
    -------
    Booklet

    Raises
    ------
    ValueError
        If the probability is not between 0 and 1, an item is nominal, or no page is left.

    Notes
    -----
    Solves ``P(score >= k | theta) = RP``: for the 2PL ``b + logit(RP) / a``, for the 3PL with
    ``(RP - c) / (1 - c)`` in place of RP unless `beyond_guessing`, for graded steps ``b_k + logit(RP) / a``
    (Beretvas, 2004, Applied Psychological Measurement 28, 25–47); for partial credit by halving.

    Examples
    --------
    >>> pages = booklet(Items.dichotomous([1.0, 2.0], [0.0, -1.0]))
    >>> pages.item, pages.location.round(3)
    (array([1, 0]), array([-0.646,  0.708]))
    """
    if not 0.0 < response_probability < 1.0:
        raise ValueError("the response probability must lie between 0 and 1")
    if items.is_nominal.any() or np.any(items.a < 0):
        raise ValueError("a booklet needs items whose scores become likelier with ability, none nominal")
    item, score = np.nonzero(np.arange(items.slopes.shape[1]) < items.highest[:, None])
    wanted = np.full(item.size, response_probability)
    if beyond_guessing:
        wanted = items.lower[item] + (items.upper - items.lower)[item] * response_probability
    location = _locations(items, item, score + 1, wanted)
    reached = np.isfinite(location)
    if not reached.any():
        raise ValueError("no item reaches the response probability at any ability")
    lost = tuple((int(i), int(k) + 1) for i, k in zip(item[~reached], score[~reached], strict=True))
    pages = np.flatnonzero(reached)
    pages = pages[np.lexsort((score[pages], item[pages], location[pages]))]
    place = location[pages]
    gap = np.concatenate([[np.nan], np.diff(place)])
    return Booklet(item[pages], score[pages] + 1, place, gap, response_probability, lost)


def _locations(
    items: Items, item: NDArray[np.intp], score: NDArray[np.intp], wanted: FloatArray
) -> FloatArray:
    """Return the ability of each score point: by the inverse curve, for partial credit by halving; NaN for none."""
    lower, upper = items.lower[item], items.upper[item]
    inside = (lower < wanted) & (wanted < upper)
    share = np.where(inside, (wanted - lower) / (upper - lower), 0.5)
    column = np.minimum(score, items.slopes.shape[1]) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (logit(share) - items.intercepts[item, column]) / items.slopes[item, column]
    for stepped in np.flatnonzero((items.highest > 1) & ~items.is_graded):
        pages = item == stepped
        found[pages] = _halved(items.take([stepped]), score[pages], wanted[pages])
    return np.asarray(np.where(inside & (np.abs(found) < BOUND), found, np.nan), dtype=np.float64)


def _halved(one: Items, score: NDArray[np.intp], wanted: FloatArray) -> FloatArray:
    """Return the abilities at which one item's scores or more have these chances."""
    low, high = np.full(score.size, -BOUND), np.full(score.size, BOUND)
    row = np.arange(score.size)
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        reached = np.cumsum(one.probability(middle)[:, 0, ::-1], axis=1)[:, ::-1]
        below = reached[row, score] < wanted
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2.0, dtype=np.float64)


def bookmark(
    pages: Booklet,
    placements: ArrayLike,
    items: Items,
    *,
    place: Place | str = Place.BEFORE,
    summary: Summary | str = Summary.MEDIAN,
    groups: ArrayLike | None = None,
) -> Bookmark:
    """Turn bookmarks into a cut score.

    Parameters
    ----------
    pages : Booklet
        The booklet that the judges had.
    placements : array-like of int, shape (n_judges,) or (n_rounds, n_judges)
        Page with the bookmark, from 1: the first page a borderline candidate does not master. One more than the
        number of pages if all are mastered.
    items : Items
        The test whose score the cut is wanted on; often the items of the booklet.
    place : Place, default before
        Which location a bookmark means.
    summary : Summary, default median
    groups : array-like, shape (n_judges,), optional
        Tables at which judges talked.

    Returns
    -------
    Bookmark

    Raises
    ------
    ValueError
        If a placement is no page, or groups do not fit.

    Notes
    -----
    Lewis, Mitzel & Green (1996); Mitzel, Lewis, Patz & Green (2001, in Cizek, Setting Performance Standards,
    249–281). Before the first page nothing is mastered: that bookmark takes the first page's location in any
    case, as the last page's is taken where all are mastered.

    Examples
    --------
    >>> items = Items.dichotomous([1.0, 1.0, 1.0], [-1.0, 0.0, 1.0])
    >>> found = bookmark(booklet(items), [3, 3, 2], items)
    >>> found.theta.round(3), found.score.round(2)
    (array([0.708]), array([1.94]))
    """
    marks = np.atleast_2d(np.asarray(placements))
    size = pages.location.size
    if marks.ndim != 2 or 0 in marks.shape or marks.dtype.kind not in "iu":
        raise ValueError("placements must be whole numbers, one a judge, or rounds × judges")
    if np.any((marks < 1) | (marks > size + 1)):
        raise ValueError(f"a bookmark lies on a page from 1 to {size}, or {size + 1} if all are mastered")
    before = pages.location[np.maximum(marks - 2, 0)]
    at = pages.location[np.minimum(marks - 1, size - 1)]
    kind = Place(place)
    cuts = before if kind is Place.BEFORE else at if kind is Place.AT else (before + at) / 2.0
    rounds = [summarize(row, summary=summary, groups=groups) for row in cuts]
    theta, error = (np.array(column) for column in zip(*rounds, strict=True))
    notes = panel_warnings(marks.shape[1], float(error[-1]))
    apart = outlying(cuts[-1])
    if apart.any():
        notes.append(Warn.OUTLYING_JUDGES)
    if pages.unreached:
        notes.append(Warn.UNREACHED)
    return Bookmark(cuts, theta, error, score_of_theta(items, theta), apart, tuple(notes))
