"""Changes from wrong to right, of persons and of rooms, against what is usual among all persons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import betaln, expit, gammaln, logit, psi

from exam_engine.psychometrics.corrections import Correction, adjusted_p_values
from exam_engine.psychometrics.forensics.flags import LEVEL, Caution, check_level
from exam_engine.psychometrics.irt.models import FloatArray

MINIMUM_PERSONS = 50
"""Persons that the usual number of changes should rest on. Our own choice: two parameters, one of them a variance."""

MINIMUM_GROUP = 10
"""Persons below which a group carries a caution. Our own choice."""

CONCENTRATIONS = (-3.0, 12.0)
"""Range of the log of the beta distribution's two shapes together; at the upper end it is a binomial."""

SMALLEST_GROUP_P = 1e-12
"""The distribution of a group's total is computed by Fourier transform and not resolved below this."""


@dataclass(frozen=True)
class UsualChanges:
    """How many changes from wrong to right are usual: a beta-binomial distribution.

    Attributes
    ----------
    rate : float
        Expected share of the items.
    overdispersion : float
        Correlation between two items of a person, in (0, 1); near 0 everybody is alike.
    n_persons : int
        Persons it rests on.
    log_likelihood : float
        Without the binomial coefficients.
    converged : bool
    cautions : tuple of Caution
    """

    rate: float
    overdispersion: float
    n_persons: int
    log_likelihood: float
    converged: bool
    cautions: tuple[Caution, ...]

    @property
    def shapes(self) -> tuple[float, float]:
        """The two shapes of the beta distribution of a person's own rate."""
        concentration = 1.0 / self.overdispersion - 1.0
        return self.rate * concentration, (1.0 - self.rate) * concentration

    def probability(self, n_items: int) -> FloatArray:
        """Return the probability of 0, 1, … n_items changes, shape (n_items + 1,)."""
        one, two = self.shapes
        k = np.arange(n_items + 1.0)
        choose = gammaln(n_items + 1.0) - gammaln(k + 1.0) - gammaln(n_items - k + 1.0)
        mass = np.exp(choose + betaln(one + k, two + n_items - k) - betaln(one, two))
        return np.asarray(mass / mass.sum(), dtype=np.float64)


@dataclass(frozen=True)
class PersonChanges:
    """Changes from wrong to right of each person against what is usual.

    Attributes
    ----------
    usual : UsualChanges
    expected : ndarray, shape (n_persons,)
    p_value, adjusted_p_value : ndarray, shape (n_persons,)
        Chance of so many or more; NaN for a person without items.
    is_flagged : ndarray of bool, shape (n_persons,)
    level : float
    correction : Correction
    """

    usual: UsualChanges
    expected: FloatArray
    p_value: FloatArray
    adjusted_p_value: FloatArray
    is_flagged: NDArray[np.bool_]
    level: float
    correction: Correction


@dataclass(frozen=True)
class GroupChanges:
    """Changes from wrong to right of rooms, classes or institutions against what is usual.

    Attributes
    ----------
    usual : UsualChanges
    groups : ndarray, shape (n_groups,)
        Labels, sorted.
    n_persons : ndarray of int, shape (n_groups,)
    total, expected : ndarray, shape (n_groups,)
        Changes of all persons of the group.
    standard_deviation : ndarray, shape (n_groups,)
        Of the total, between groups whose persons are a random draw.
    p_value, adjusted_p_value : ndarray, shape (n_groups,)
        Chance of so many or more, not resolved below 1e-12.
    is_flagged : ndarray of bool, shape (n_groups,)
    level : float
    correction : Correction
    cautions : tuple of Caution
    """

    usual: UsualChanges
    groups: NDArray[np.generic]
    n_persons: NDArray[np.intp]
    total: FloatArray
    expected: FloatArray
    standard_deviation: FloatArray
    p_value: FloatArray
    adjusted_p_value: FloatArray
    is_flagged: NDArray[np.bool_]
    level: float
    correction: Correction
    cautions: tuple[Caution, ...]


def usual_changes(counts: ArrayLike, n_items: ArrayLike) -> UsualChanges:
    """Return the beta-binomial distribution that fits the persons' changes best.

    Parameters
    ----------
    counts : array-like of int, shape (n_persons,)
        Changes from wrong to right.
    n_items : array-like of int, shape (n_persons,)
        Items with a first and a last answer; persons with 0 are left out.

    Returns
    -------
    UsualChanges

    Raises
    ------
    ValueError
        If the counts are not usable, fewer than three persons have items, or there was no change at all.

    Notes
    -----
    Maximum likelihood of ``P(k | n) = C(n, k) B(k + s, n - k + t) / B(s, t)`` (Skellam, 1948, Journal of the
    Royal Statistical Society B 10, 257–261). Persons who were helped are in the sample and raise what is usual: the
    flags err on the side of caution.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> usual = usual_changes(rng.binomial(50, rng.beta(2.0, 38.0, 4_000)), np.full(4_000, 50))
    >>> round(usual.rate, 2), abs(usual.overdispersion - 1 / 41) < 0.003
    (0.05, True)
    """
    k, n = check_counts(counts, n_items)
    k, n = k[n > 0], n[n > 0]
    if k.size < 3:
        raise ValueError("what is usual needs three persons or more")
    if not k.any() or np.array_equal(k, n):
        raise ValueError("nobody changed an answer from wrong to right, or everybody all of them")
    pairs, weight = np.unique(np.stack([k, n], axis=1), axis=0, return_counts=True)
    hits, sizes = pairs.T.astype(np.float64)

    def loss(at: FloatArray) -> tuple[float, FloatArray]:
        mean, both = float(expit(at[0])), float(np.exp(at[1]))
        one, two = mean * both, (1.0 - mean) * both
        value = weight @ (betaln(one + hits, two + sizes - hits) - betaln(one, two))
        common = psi(both) - psi(both + sizes)
        by_one = weight @ (psi(one + hits) - psi(one) + common)
        by_two = weight @ (psi(two + sizes - hits) - psi(two) + common)
        slope = np.array([mean * (1.0 - mean) * both * (by_one - by_two), one * by_one + two * by_two])
        return -float(value), -slope

    start = np.array([float(logit(k.sum() / n.sum())), 3.0])
    bounds = [(-20.0, 20.0), CONCENTRATIONS]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"gtol": 1e-7})
    cautions = [Caution.FEW_PERSONS] if k.size < MINIMUM_PERSONS else []
    if not found.success:
        cautions.append(Caution.NOT_CONVERGED)
    return UsualChanges(
        rate=float(expit(found.x[0])),
        overdispersion=1.0 / (1.0 + float(np.exp(found.x[1]))),
        n_persons=int(k.size),
        log_likelihood=-float(found.fun),
        converged=bool(found.success),
        cautions=tuple(cautions),
    )


def flag_persons(
    counts: ArrayLike,
    n_items: ArrayLike,
    *,
    usual: UsualChanges | None = None,
    level: float = LEVEL,
    correction: Correction | str = Correction.BONFERRONI,
) -> PersonChanges:
    """Compare each person's changes from wrong to right with what is usual.

    Parameters
    ----------
    counts, n_items : array-like of int, shape (n_persons,)
        As for `usual_changes`.
    usual : UsualChanges, optional
        From persons beyond doubt; by default from these persons.
    level : float, default 0.05
    correction : Correction, default ``"bonferroni"``

    Returns
    -------
    PersonChanges

    Raises
    ------
    ValueError
        As `usual_changes`.

    Examples
    --------
    >>> counts = np.random.default_rng(1).binomial(50, 0.04, 300); counts[7] = 20
    >>> np.flatnonzero(flag_persons(counts, np.full(300, 50)).is_flagged)
    array([7])
    """
    k, n = check_counts(counts, n_items)
    check_level(level)
    norm = usual or usual_changes(k, n)
    p_value = np.full(k.size, np.nan)
    for size in np.unique(n[n > 0]):
        rows = n == size
        beyond = np.cumsum(norm.probability(int(size))[::-1])[::-1]
        p_value[rows] = np.minimum(beyond[k[rows]], 1.0)
    adjusted = adjusted_p_values(p_value, correction=correction)
    with np.errstate(invalid="ignore"):
        flagged = adjusted <= level
    expected = np.asarray(n * norm.rate, dtype=np.float64)
    return PersonChanges(norm, expected, p_value, adjusted, flagged, level, Correction(correction))


def flag_groups(
    counts: ArrayLike,
    n_items: ArrayLike,
    group: ArrayLike,
    *,
    usual: UsualChanges | None = None,
    level: float = LEVEL,
    correction: Correction | str = Correction.BONFERRONI,
) -> GroupChanges:
    """Compare each group's changes from wrong to right with what is usual.

    Parameters
    ----------
    counts, n_items : array-like of int, shape (n_persons,)
        As for `usual_changes`.
    group : array-like, shape (n_persons,)
        Label of each person's room, class or institution.
    usual : UsualChanges, optional
        From groups beyond doubt; by default from these persons.
    level : float, default 0.05
    correction : Correction, default ``"bonferroni"``
        Over the groups.

    Returns
    -------
    GroupChanges

    Raises
    ------
    ValueError
        As `usual_changes`, or if the lengths differ.

    Notes
    -----
    The distribution of a group's total is that of a sum of independent beta-binomial numbers, by Fourier transform.
    It supposes that persons are spread over groups at random; rooms that differ honestly, in subject or ability, differ
    in changes too.

    Examples
    --------
    >>> counts = np.random.default_rng(1).binomial(50, 0.04, 300); counts[:30] += 2
    >>> result = flag_groups(counts, np.full(300, 50), np.arange(300) // 30)
    >>> np.flatnonzero(result.is_flagged)
    array([0])
    """
    k, n = check_counts(counts, n_items)
    check_level(level)
    label = np.asarray(group)
    if label.shape != k.shape:
        raise ValueError(f"group must hold {k.size} labels, one a person")
    norm = usual or usual_changes(k, n)
    groups, member = np.unique(label, return_inverse=True)
    member = member.reshape(-1)
    total, items = (
        np.bincount(member, weights=values, minlength=groups.size).astype(np.float64) for values in (k, n)
    )
    spread = norm.rate * (1.0 - norm.rate) * n * (1.0 + (n - 1.0) * norm.overdispersion)
    p_value = np.array([_group_tail(norm, n[member == at], int(total[at])) for at in range(groups.size)])
    adjusted = adjusted_p_values(p_value, correction=correction)
    size = np.bincount(member, minlength=groups.size)
    thin = {Caution.THIN_GROUPS} if size.min() < MINIMUM_GROUP else set()
    return GroupChanges(
        usual=norm,
        groups=groups,
        n_persons=np.asarray(size, dtype=np.intp),
        total=total,
        expected=np.asarray(items * norm.rate, dtype=np.float64),
        standard_deviation=np.sqrt(np.bincount(member, weights=spread, minlength=groups.size)),
        p_value=p_value,
        adjusted_p_value=adjusted,
        is_flagged=adjusted <= level,
        level=level,
        correction=Correction(correction),
        cautions=tuple(sorted({*norm.cautions, *thin})),
    )


def check_counts(counts: ArrayLike, n_items: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return counts and sizes as whole numbers.

    Raises
    ------
    ValueError
        If they are no vectors of whole numbers of one length, or a count is not from 0 to its size.
    """
    k, n = np.asarray(counts), np.asarray(n_items)
    if k.ndim != 1 or k.shape != n.shape or k.dtype.kind not in "iu" or n.dtype.kind not in "iu":
        raise ValueError("counts and n_items must be vectors of whole numbers, one a person")
    if not np.all((k >= 0) & (k <= n)):
        raise ValueError("every count must lie between 0 and its number of items")
    return k.astype(np.int64), n.astype(np.int64)


def _group_tail(norm: UsualChanges, sizes: NDArray[np.int64], total: int) -> float:
    """Return the chance that persons with these numbers of items change so many or more."""
    length = int(sizes.sum()) + 1
    transform = np.ones(length // 2 + 1, dtype=np.complex128)
    for size, persons in zip(*np.unique(sizes, return_counts=True), strict=True):
        transform *= np.fft.rfft(norm.probability(int(size)), n=length) ** int(persons)
    mass = np.maximum(np.fft.irfft(transform, n=length), 0.0)
    return float(np.clip(mass[total:].sum(), SMALLEST_GROUP_P, 1.0))
