"""Logistic regression of the response on matching score, group, and their product."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from exam_engine.psychometrics.dif.counting import count
from exam_engine.psychometrics.dif.design import Design, Frame, Tables
from exam_engine.psychometrics.dif.ordinal import Fit, fit_cumulative
from exam_engine.psychometrics.dif.outcome import (
    BoolArray,
    Dif,
    Reason,
    Size,
    Warn,
    grades,
    size_warnings,
    sizes_of,
)
from exam_engine.psychometrics.dif.verdict import conduct, refuse_bands, verdict
from exam_engine.psychometrics.irt.models import FloatArray

ZUMBO_THOMAS = (0.13, 0.26)
"""Changes of R² from which an item is B, or C (Zumbo & Thomas, 1997)."""

JODOIN_GIERL = (0.035, 0.070)
"""The same by Jodoin & Gierl (2001)."""

CELLS_AT_ONCE = 2_000_000
"""Counts held at once; items are taken in blocks of this size."""


class Question(StrEnum):
    """What is asked of an item."""

    UNIFORM = "uniform"
    """Does one group do better at all scores alike?"""

    NON_UNIFORM = "non_uniform"
    """Does the difference depend on the score?"""

    BOTH = "both"
    """Is there any difference?"""


class Test(StrEnum):
    """How nested regressions are compared."""

    __test__ = False  # not a test for pytest to collect

    LIKELIHOOD_RATIO = "likelihood_ratio"
    WALD = "wald"


@dataclass(frozen=True, kw_only=True)
class Logistic(Dif):
    """Logistic regressions; `effect` is the log odds of the focal group against the reference at equal scores.

    The effect comes from the regression without the product; positive where the focal group is favoured.
    `sizes` are those of Jodoin and Gierl.

    Attributes
    ----------
    thresholds : ndarray, shape (n_items, highest score of all)
        Intercepts of reaching each score in the fullest regression; NaN beyond an item's highest, and for a score
        that nobody got.
    coefficients : ndarray, shape (n_items, 3)
        Matching score (per point), focal group, and their product in the fullest regression of the question; the
        product is 0 where the question is of uniform differences.
    r2_change : ndarray, shape (n_items,)
        Nagelkerke's R² of the fuller regression less that of the smaller.
    zumbo_thomas : tuple of Size or None
        Sizes by the wider bounds 0.13 and 0.26.
    crossing : ndarray, shape (n_items,)
        Matching score at which the favoured group changes; NaN without a product.
    """

    thresholds: FloatArray
    coefficients: FloatArray
    r2_change: FloatArray
    zumbo_thomas: tuple[Size | None, ...]
    crossing: FloatArray


@dataclass(frozen=True)
class _Numbers:
    """What regressions give for some items, in the order of the attributes of `Logistic`."""

    statistic: FloatArray
    effect: FloatArray
    effect_error: FloatArray
    thresholds: FloatArray
    coefficients: FloatArray
    r2_change: FloatArray
    alike: BoolArray
    lost: BoolArray


def logistic(
    responses: ArrayLike,
    groups: ArrayLike,
    *,
    design: Design | None = None,
    question: Question | str = Question.BOTH,
    test: Test | str = Test.LIKELIHOOD_RATIO,
) -> Logistic:
    """Compare two groups by logistic regression of each item on the matching score.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, …; negative or NaN not presented. More than two scores: cumulative logits.
    groups : array-like, shape (n_persons,)
        Group labels; None, NaN or empty leaves the person out.
    design : Design, optional
        Groups, matching (without bands), purification, level.
    question : Question, default both
        Uniform differences, non-uniform ones, or both at once (2 degrees of freedom).
    test : Test, default likelihood ratio

    Returns
    -------
    Logistic

    Raises
    ------
    ValueError
        If responses, labels or design do not fit, bands are asked for, a group has fewer than 25 persons, or
        persons saw different sets of items (their scores are not one number scale: give matching values).

    Notes
    -----
    ``logit P = b0 + b1 S + b2 G + b3 S G`` with ``G`` 1 for the focal group (Swaminathan & Rogers, 1990,
    Journal of Educational Measurement 27, 361–370; cumulative logits for more scores: Zumbo, 1999). Uniform: b2
    against a regression on S; non-uniform: b3; both: b2 and b3. Wald tests of both use the fullest regression.
    R² is Nagelkerke's (1991, Biometrika 78, 691–692). R's difR (5.1) exponentiates the null deviance, which
    underflows from about 1,490 on: there it prints the change of Cox & Snell's R², or 0. Its Wald statistics
    take the weights of the last iteration but one and so differ in the fourth digit.

    The logit of an item is not quite linear in the number right, and groups far apart see other parts of its curve:
    with groups 0.8 logits apart the non-uniform test flags 5 to 7 % of good items at 5 %, that of both 6 to 8 %; the
    uniform test keeps its level (simulated, 700 persons a group, 30 items).

    Sizes: A where the test is not significant or the change of R² is below 0.035; B below 0.07; C from there (Jodoin &
    Gierl, 2001, Applied Measurement in Education 14, 329–349).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> theta = rng.normal(size=1000)
    >>> group = np.repeat(["m", "f"], 500)
    >>> harder = np.where(group == "f", 1.2, 0.0)[:, None] * (np.arange(20) == 0)
    >>> answers = rng.random((1000, 20)) < 1 / (1 + np.exp(harder - theta[:, None]))
    >>> found = logistic(answers, group, design=Design(reference="m"), question="uniform")
    >>> found.flagged[0], found.effect[0] < -0.8, str(found.favours[0])
    (np.True_, np.True_, 'reference')
    """
    plan = design or Design()
    refuse_bands(plan, "logistic regression")
    asked, kind = Question(question), Test(test)

    def study(frame: Frame, anchor: BoolArray) -> Logistic:
        return _study(frame, anchor, asked, kind)

    found = conduct(responses, groups, plan, study)
    if Warn.SEVERAL_BOOKLETS in found.warnings:
        raise ValueError(
            "persons saw different sets of items, so their scores are not one scale: match them on values given"
            " for each person, such as ability estimates"
        )
    return found


def _study(frame: Frame, anchor: BoolArray, question: Question, test: Test) -> Logistic:
    size = frame.matrix.shape[1]
    strata = len(frame.matrix) if frame.given is not None else int(frame.highest.sum()) + 1
    at_once = max(1, CELLS_AT_ONCE // (strata * 2 * (int(frame.highest.max()) + 1)))
    parts, seen = [], []
    for begin in range(0, size, at_once):
        tables = count(frame, anchor, items=slice(begin, begin + at_once))
        parts.append(_regress(tables, int(frame.highest.max()), question, test))
        seen.append(tables.seen)
    found = _Numbers(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])}
    )
    compared = np.concatenate(seen)
    unseen = (compared == 0).any(axis=1)
    lost = found.lost | unseen
    tested = ~(lost | found.alike)
    df = np.where(tested, 2 if question is Question.BOTH else 1, 0)
    plan = frame.design
    with np.errstate(invalid="ignore", divide="ignore"):
        significant = np.asarray(chi2.sf(found.statistic, np.maximum(df, 1)) <= plan.level)
        group, product = found.coefficients[:, 1], found.coefficients[:, 2]
        crossing = np.where(product != 0, -group / product, np.nan)
    r2_change = np.where(tested, found.r2_change, np.nan)
    base = verdict(
        labels=frame.labels,
        compared=compared,
        statistic=np.where(tested, found.statistic, np.nan),
        df=df,
        effect=np.where(tested, found.effect, np.nan),
        effect_error=np.where(tested, found.effect_error, np.nan),
        towards_focal=np.where(tested, found.effect, np.nan),
        grade=_grade(r2_change, significant, JODOIN_GIERL),
        cases=[(unseen, Reason.NO_MATCH), (found.alike, Reason.ALIKE), (lost, Reason.NOT_CONVERGED)],
        level=plan.level,
        adjustment=plan.adjustment,
        warnings=size_warnings(frame.persons, compared, compared),
    )
    return Logistic(
        **vars(base),
        thresholds=np.where(tested[:, None], found.thresholds, np.nan),
        coefficients=np.where(tested[:, None], found.coefficients, np.nan),
        r2_change=r2_change,
        zumbo_thomas=sizes_of(_grade(r2_change, significant, ZUMBO_THOMAS)),
        crossing=np.where(tested, crossing, np.nan),
    )


def _grade(change: FloatArray, significant: BoolArray, bounds: tuple[float, float]) -> FloatArray:
    grade = grades(change, *bounds)
    return np.where(significant | np.isnan(grade), grade, 0.0)


def _regress(tables: Tables, highest: int, question: Question, test: Test) -> _Numbers:
    """Fit the three regressions to each item; items with as many scores together."""
    n_items, n_strata, _, _ = tables.counts.shape
    counts = tables.counts.reshape(n_items, n_strata * 2, -1)
    group = np.tile([0.0, 1.0], n_strata)
    score = np.repeat(tables.criterion, 2)
    X = np.stack([score, group, score * group], axis=1)
    got: BoolArray = np.any(counts > 0, axis=1)
    n_got = got.sum(axis=1)
    numbers = _Numbers(
        statistic=np.full(n_items, np.nan),
        effect=np.full(n_items, np.nan),
        effect_error=np.full(n_items, np.nan),
        thresholds=np.full((n_items, highest), np.nan),
        coefficients=np.full((n_items, 3), np.nan),
        r2_change=np.full(n_items, np.nan),
        alike=n_got < 2,
        lost=np.zeros(n_items, dtype=np.bool_),
    )
    for n_scores in np.unique(n_got):
        chosen = np.flatnonzero(n_got == n_scores)
        if n_scores < 2:
            continue
        block = np.stack([counts[item][:, got[item]] for item in chosen])
        fits = [fit_cumulative(block, X[:, :width]) for width in (1, 2, 3)]
        _fill(numbers, chosen, block, fits, got, question, test)
    return numbers


def _fill(
    numbers: _Numbers,
    chosen: NDArray[np.intp],
    block: FloatArray,
    fits: list[Fit],
    got: BoolArray,
    question: Question,
    test: Test,
) -> None:
    """Write the results of some items."""
    small, full = {Question.UNIFORM: (0, 1), Question.NON_UNIFORM: (1, 2), Question.BOTH: (0, 2)}[question]
    likelihood = [fit.log_likelihood for fit in fits]
    if test is Test.LIKELIHOOD_RATIO:
        statistic = np.maximum(2.0 * (likelihood[full] - likelihood[small]), 0.0)
    else:
        part = slice(1 + small, 1 + full)
        slopes, covariance = fits[full].slopes[:, part], fits[full].covariance[:, part, part]
        inverse = np.linalg.pinv(covariance, hermitian=True)
        statistic = np.einsum("na,nab,nb->n", slopes, inverse, slopes)
    numbers.statistic[chosen] = statistic
    numbers.effect[chosen] = fits[1].slopes[:, 1]
    numbers.effect_error[chosen] = np.sqrt(fits[1].covariance[:, 1, 1])
    numbers.coefficients[chosen] = 0.0
    numbers.coefficients[chosen, : full + 1] = fits[full].slopes
    for row, item in enumerate(chosen):
        scores = np.flatnonzero(got[item])[1:]
        numbers.thresholds[item, scores - 1] = fits[full].thresholds[row]
    persons, pooled = block.sum(axis=(1, 2)), block.sum(axis=1)
    null = (pooled * np.log(pooled / persons[:, None])).sum(axis=1)
    numbers.r2_change[chosen] = _r2(null, likelihood[full], persons) - _r2(null, likelihood[small], persons)
    numbers.lost[chosen] = ~(fits[0].converged & fits[1].converged & fits[full].converged)


def _r2(null: FloatArray, likelihood: FloatArray, persons: FloatArray) -> FloatArray:
    """Return Nagelkerke's R²."""
    return np.asarray(
        np.expm1(2.0 * (null - likelihood) / persons) / np.expm1(2.0 * null / persons), dtype=np.float64
    )
