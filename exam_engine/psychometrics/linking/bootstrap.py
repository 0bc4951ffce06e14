"""Standard errors of any equating by resampling persons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.linking.equating import Equating
from exam_engine.psychometrics.linking.frequencies import Frequencies, JointFrequencies
from exam_engine.psychometrics.linking.parameters import drawn_items
from exam_engine.psychometrics.linking.sampling import ErrorSource

Sample = TypeVar("Sample", Frequencies, JointFrequencies)

FAILURE_LIMIT = 0.05
"""More replications than this share without a result, and the errors describe only the samples that were kind."""


@dataclass(frozen=True)
class Bootstrap:
    """How an equating varies over samples of persons.

    Attributes
    ----------
    equating : Equating
        Of the samples themselves, with bootstrap standard errors.
    bias : ndarray, shape (K + 1,)
        Mean of the replications less the equating, in marks of the old form.
    lower, upper : ndarray, shape (K + 1,)
        Percentile interval of each equivalent.
    replications : int
        With a result.
    failures : int
        Replications in which the method refused the sample.
    reliable : bool
        Whether failures were at most 5 %.
    """

    equating: Equating
    bias: FloatArray
    lower: FloatArray
    upper: FloatArray
    replications: int
    failures: int

    @property
    def reliable(self) -> bool:
        """Whether failures were at most 5 %."""
        return self.failures <= FAILURE_LIMIT * (self.replications + self.failures)


def bootstrap(
    equate: Callable[[Sample, Sample], Equating],
    new: Sample,
    old: Sample,
    *,
    rng: np.random.Generator,
    replications: int = 1000,
    confidence: float = 0.95,
) -> Bootstrap:
    """Equate many resamples of the persons of both groups.

    Parameters
    ----------
    equate : callable
        The equating as a function of both samples, with smoothing and settings inside, so that their part in the
        error is counted.
    new, old : Frequencies or JointFrequencies
        Smoothed frequencies make it a parametric bootstrap.
    rng : numpy.random.Generator
    replications : int, default 1,000
    confidence : float, default 0.95
        Of the percentile intervals.

    Returns
    -------
    Bootstrap

    Notes
    -----
    Persons are drawn with replacement within each group (Efron & Tibshirani, 1993, An Introduction to the Bootstrap;
    Kolen & Brennan, 2014, chapter 7), as one multinomial draw of the frequency table: time and memory do not grow
    with the number of persons.

    Raises
    ------
    ValueError
        If the settings make no sense, the equating refuses the samples themselves, or fewer than two replications have
        a result.

    Examples
    --------
    >>> from exam_engine.psychometrics.linking.linear import mean_equating
    >>> new, old = (Frequencies.of(scores, highest=4) for scores in ([0, 1, 2, 3], [1, 2, 3, 4]))
    >>> found = bootstrap(mean_equating, new, old, rng=np.random.default_rng(1), replications=200)
    >>> found.equating.errors_by, 0.6 < found.equating.standard_errors[0] < 0.95
    (<ErrorSource.BOOTSTRAP: 'bootstrap'>, np.True_)
    """
    _check(replications, confidence)

    def again() -> Equating:
        return equate(new.resampled(rng), old.resampled(rng))

    return _summarised(equate(new, old), again, replications, confidence)


def bootstrap_items(
    equate: Callable[[Items, Items], Equating],
    new: Items,
    old: Items,
    *,
    covariance_new: FloatArray,
    covariance_old: FloatArray,
    rng: np.random.Generator,
    replications: int = 200,
    confidence: float = 0.95,
) -> Bootstrap:
    """Equate many sets of item parameters as other samples of persons might have given them.

    Parameters
    ----------
    equate : callable
        The equating as a function of both forms' items; a link between them belongs inside.
    new, old : Items
    covariance_new, covariance_old : ndarray, shape (n_parameters, n_parameters)
        Of `parameters.free_parameters`, the two taken as independent.
    rng : numpy.random.Generator
    replications : int, default 200
    confidence : float, default 0.95

    Returns
    -------
    Bootstrap

    Raises
    ------
    ValueError
        As `bootstrap`, and if a covariance does not fit.
    """
    _check(replications, confidence)
    pairs = zip(
        drawn_items(new, covariance_new, rng=rng, replications=replications),
        drawn_items(old, covariance_old, rng=rng, replications=replications),
        strict=True,
    )

    def again() -> Equating:
        one, other = next(pairs)
        return equate(one, other)

    return _summarised(equate(new, old), again, replications, confidence)


def _summarised(
    central: Equating, again: Callable[[], Equating], replications: int, confidence: float
) -> Bootstrap:
    found, failures = [], 0
    for _ in range(replications):
        try:
            found.append(again().equivalents)
        except ValueError:
            failures += 1
    if len(found) < 2:
        raise ValueError("fewer than two replications had a result: the samples are too small")
    table = np.stack(found)
    tail = (1.0 - confidence) / 2.0
    lower, upper = np.quantile(table, [tail, 1.0 - tail], axis=0)
    with_errors = replace(central, standard_errors=table.std(axis=0, ddof=1), errors_by=ErrorSource.BOOTSTRAP)
    return Bootstrap(
        with_errors, table.mean(axis=0) - central.equivalents, lower, upper, len(found), failures
    )


def _check(replications: int, confidence: float) -> None:
    if replications < 2 or not 0 < confidence < 1:
        raise ValueError("at least two replications are needed, and a confidence between 0 and 1")
