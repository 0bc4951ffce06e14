"""Options that do not work as they should: wrong keys, second keys, dead distractors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr, betainc, stdtr

from exam_engine.psychometrics.ctt.moments import ROUNDING, masked_correlation, tail_weights
from exam_engine.psychometrics.ctt.options import OptionTable, check_picks, picked_table
from exam_engine.psychometrics.irt.models import FloatArray

DEAD_SHARE = 0.05
"""A distractor chosen by less does no work (Haladyna & Downing, 1993, Educational and Psychological Measurement 53,
999–1010).
"""

WEAK_KEY = 0.20
"""A key below this discriminates poorly (Ebel & Frisbie, 1991, Essentials of Educational Measurement, 5th ed.)."""

DOUBT = 0.05
"""Chance at which a flag counts as supported: one-sided, for each flag alone."""


class OptionProblem(StrEnum):
    """What may be wrong with an option."""

    KEY_UNCHOSEN = "key_unchosen"
    """The key may be wrong: nobody chose it."""
    KEY_NEGATIVE = "key_negative"
    """The key may be wrong: strong candidates avoid it (its point-biserial is not positive)."""
    KEY_WEAK = "key_weak"
    """The key hardly separates strong from weak candidates (point-biserial below `WEAK_KEY`)."""
    OPTION_BEATS_KEY = "option_beats_key"
    """The key may be wrong, or there are two: an option has a higher point-biserial than the key."""
    PREFERRED_BY_STRONG = "preferred_by_strong"
    """The key may be wrong: the upper group chooses this option more often than the key."""
    DISTRACTOR_POSITIVE = "distractor_positive"
    """Strong candidates are drawn to this distractor: it may be partly right, or worded misleadingly."""
    DISTRACTOR_DEAD = "distractor_dead"
    """Hardly anybody chooses this distractor (below `DEAD_SHARE`): the item has an option less than it seems."""


@dataclass(frozen=True)
class OptionFlag:
    """One finding about one option.

    Attributes
    ----------
    option : int
        Position of the option.
    problem : OptionProblem
    value, threshold : float
        What was found, and what it was compared with: point-biserials, or shares of the persons.
    p_value : float
        Chance of a finding as strong if nothing were wrong, one-sided; NaN where no test is possible.
    is_supported : bool
        Whether that chance is below `DOUBT`; otherwise the flag is a hint that a small sample may give by itself.
    """

    option: int
    problem: OptionProblem
    value: float
    threshold: float
    p_value: float
    is_supported: bool


def option_flags(
    picked: ArrayLike, criterion: ArrayLike, *, key: int | Sequence[int]
) -> tuple[OptionFlag, ...]:
    """Name the options that do not work as they should, each with the strength of the evidence.

    Parameters
    ----------
    picked : array-like of bool, shape (n_persons, n_options)
        Whether the person picked the option.
    criterion : array-like, shape (n_persons,)
        Score to order the persons by, finite; without the item itself, which otherwise helps its own key.
    key : int or sequence of int
        Position of the right option, or of each where several are to be picked; then an option is compared with the
        weakest of them.

    Returns
    -------
    tuple of OptionFlag
        By option; empty when nothing was found.

    Raises
    ------
    ValueError
        If the lengths differ, there is nobody, a criterion is not finite or the key is no option.

    Notes
    -----
    Chances: of a point-biserial by Student's t with n − 2 degrees of freedom (`KEY_WEAK` against its threshold by
    Fisher's z); of the difference of two by Williams' test of dependent correlations (Steiger, 1980, Psychological
    Bulletin 87, 245–251); of shares by the binomial distribution. Several flags on one item are not independent, and
    over a whole test some supported flags come by chance: ``DOUBT`` is meant for each alone.

    Examples
    --------
    >>> picked = np.repeat(np.eye(3), [60, 30, 10], axis=0)
    >>> flags = option_flags(picked, np.arange(100), key=2)
    >>> [(flag.option, flag.problem.value, flag.is_supported) for flag in flags]
    [(1, 'option_beats_key', False), (1, 'preferred_by_strong', False), (1, 'distractor_positive', True)]
    """
    marks, score = check_picks(picked, criterion)
    keys = [key] if isinstance(key, int) else list(key)
    if not keys or not all(0 <= one < marks.shape[1] for one in keys):
        raise ValueError(f"key must name options from 0 to {marks.shape[1] - 1}")
    table, upper = picked_table(marks, score), tail_weights(score)
    flags: list[OptionFlag] = []
    for option in range(marks.shape[1]):
        if option in keys:
            flags += _key_flags(option, table)
        else:
            weakest = min(keys, key=lambda one: np.nan_to_num(table.point_biserial[one], nan=-1.0))
            flags += _distractor_flags(option, weakest, table, marks, upper)
    return tuple(flags)


def _key_flags(option: int, table: OptionTable) -> list[OptionFlag]:
    r, n = float(table.point_biserial[option]), table.n_persons
    if not table.count[option]:
        return [_flag(option, OptionProblem.KEY_UNCHOSEN, 0.0, DEAD_SHARE, float(bdtr(0, n, DEAD_SHARE)))]
    if r <= 0:
        return [_flag(option, OptionProblem.KEY_NEGATIVE, r, 0.0, _chance_below_zero(r, n))]
    if r < WEAK_KEY:
        z = (np.arctanh(r) - np.arctanh(WEAK_KEY)) * np.sqrt(max(n - 3, 0))
        return [_flag(option, OptionProblem.KEY_WEAK, r, WEAK_KEY, float(stdtr(np.inf, z)))]
    return []


def _distractor_flags(
    option: int, key: int, table: OptionTable, marks: FloatArray, upper: FloatArray
) -> list[OptionFlag]:
    flags = []
    r, of_key = float(table.point_biserial[option]), float(table.point_biserial[key])
    if r > of_key:
        between = float(masked_correlation(marks[:, [option]], marks[:, [key]], np.ones((upper.size, 1)))[0])
        chance = _chance_of_difference(r, of_key, between, table.n_persons)
        flags.append(_flag(option, OptionProblem.OPTION_BEATS_KEY, r, of_key, chance))
    shares = table.share_by_group[2]
    only, rather = (float(upper @ (marks[:, a] > marks[:, b])) for a, b in ((option, key), (key, option)))
    if only > rather + ROUNDING:
        # The binomial tail of `rather` or fewer of both, for the parts of persons that ties bring too.
        chance = float(betainc(only, rather + 1.0, 0.5))
        flags.append(
            _flag(
                option, OptionProblem.PREFERRED_BY_STRONG, float(shares[option]), float(shares[key]), chance
            )
        )
    if r > 0:
        flags.append(
            _flag(option, OptionProblem.DISTRACTOR_POSITIVE, r, 0.0, _chance_below_zero(-r, table.n_persons))
        )
    if table.share[option] < DEAD_SHARE:
        chance = float(bdtr(int(table.count[option]), table.n_persons, DEAD_SHARE))
        flags.append(
            _flag(option, OptionProblem.DISTRACTOR_DEAD, float(table.share[option]), DEAD_SHARE, chance)
        )
    return flags


def _flag(option: int, problem: OptionProblem, value: float, threshold: float, chance: float) -> OptionFlag:
    return OptionFlag(option, problem, value, threshold, chance, chance < DOUBT)


def _chance_below_zero(r: float, n: int) -> float:
    """Return the chance of a correlation of ``r`` or less where there is none."""
    if n < 3:
        return float("nan")
    if abs(r) >= 1:
        return 0.0 if r < 0 else 1.0
    return float(stdtr(n - 2, r * np.sqrt((n - 2) / (1 - r * r))))


def _chance_of_difference(r: float, other: float, between: float, n: int) -> float:
    """Return Williams' chance of ``r`` above ``other`` where both correlate alike with the criterion."""
    if n < 4:
        return float("nan")
    determinant = 1 - r * r - other * other - between * between + 2 * r * other * between
    if between <= -1 + 1e-9:  # two options: the one is the other turned round
        return _chance_below_zero(other, n)
    scale = 2 * (n - 1) / (n - 3) * max(determinant, 0.0) + (r + other) ** 2 / 4 * (1 - between) ** 3
    if scale <= 0:
        return 0.0
    return float(stdtr(n - 3, -(r - other) * np.sqrt((n - 1) * (1 + between) / scale)))
