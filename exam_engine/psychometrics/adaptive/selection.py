"""Which item next: the criteria, for many candidates at once; the highest value is taken.

A rule turns a `View` into a matrix candidates × items. Content, exposure and enemies are not its business.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.adaptive.estimation import Evidence, normalised
from exam_engine.psychometrics.adaptive.pool import Curves, Pool
from exam_engine.psychometrics.adaptive.terms import TINY, IntArray
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray

OUT_OF_TURN = 1e6
"""Taken from the criterion of items of another stratum: they serve only when the stratum has none left."""


@dataclass(frozen=True)
class View:
    """What a rule may look at.

    Attributes
    ----------
    curves : Curves
    step : int
        Items answered so far.
    length : int
        Longest test.
    theta, se : ndarray, shape (n,)
        Interim abilities.
    evidence : Evidence
    rng : numpy.random.Generator
    """

    curves: Curves
    step: int
    length: int
    theta: FloatArray
    se: FloatArray
    evidence: Evidence
    rng: np.random.Generator

    @cached_property
    def posterior(self) -> FloatArray:
        """Return posterior weights of the nodes, shape (n, n_nodes)."""
        return self.evidence.posterior(self.curves.nodes)

    @cached_property
    def likelihood(self) -> FloatArray:
        """Return the likelihood on the nodes, scaled to sum to 1, shape (n, n_nodes)."""
        return normalised(self.evidence.log_likelihood)


class Weight(StrEnum):
    """What an average over abilities is weighted by."""

    POSTERIOR = "posterior"
    LIKELIHOOD = "likelihood"
    INTERVAL = "interval"


class Selection(Protocol):
    """A rule of selection.

    ``is_positive`` says whether the criterion is never negative, so that it may be multiplied by a priority.
    """

    @property
    def is_positive(self) -> bool: ...

    def check(self, pool: Pool) -> None:
        """Raise ValueError if the rule cannot serve the pool."""

    def criterion(self, view: View) -> FloatArray:
        """Return a new matrix, shape (n, n_items): the higher the better."""


@dataclass(frozen=True)
class MaximumInformation:
    """Fisher information at the interim ability (Lord, 1980)."""

    is_positive = True

    def check(self, pool: Pool) -> None:
        """Every pool serves."""

    def criterion(self, view: View) -> FloatArray:
        return view.curves.terms.information(view.theta)


@dataclass(frozen=True)
class WeightedInformation:
    """Fisher information averaged over abilities.

    Weighted by the likelihood (Veerkamp & Berger, 1997, Journal of Educational and Behavioral Statistics 22, 203–226)
    or by the posterior (van der Linden, 1998, Psychometrika 63, 201–216).

    Attributes
    ----------
    weight : Weight, default POSTERIOR
        Posterior or likelihood.
    """

    weight: Weight = Weight.POSTERIOR
    is_positive = True

    def __post_init__(self) -> None:
        if self.weight is Weight.INTERVAL:
            raise ValueError("information is weighted by the posterior or the likelihood")

    def check(self, pool: Pool) -> None:
        """Every pool serves."""

    def criterion(self, view: View) -> FloatArray:
        weight = view.posterior if self.weight is Weight.POSTERIOR else view.likelihood
        return np.asarray(weight @ view.curves.information)


@dataclass(frozen=True)
class ExpectedVariance:
    """How much the next response lowers the posterior variance on average (van der Linden, 1998).

    ``Σ_k m_k² / p_k − m²`` with ``p_k`` the predicted probability of score ``k`` and ``m_k`` the posterior mean of
    ``theta P_k``: the posterior variance now less its expectation after the item.
    """

    is_positive = True

    def check(self, pool: Pool) -> None:
        """Every pool serves."""

    def criterion(self, view: View) -> FloatArray:
        curves = view.curves
        mean = view.posterior @ curves.nodes
        # About the mean, or rounding would swallow the small differences.
        first = (view.posterior * (curves.nodes - mean[:, None])) @ curves.chance
        first *= first
        first /= np.maximum(view.posterior @ curves.chance, TINY)
        return np.asarray(first.reshape(mean.size, -1, curves.n_scores).sum(axis=2))


@dataclass(frozen=True)
class KullbackLeibler:
    """Kullback–Leibler information between the interim ability and others (Chang & Ying, 1996).

    ``∫ Σ_k P_k(est) log(P_k(est) / P_k(theta)) w(theta) d theta``. Applied Psychological Measurement 20, 213–229.

    Attributes
    ----------
    weight : Weight, default INTERVAL
        The interval of half-width ``width / sqrt(items answered + 1)`` about the interim ability, or posterior, or
        likelihood.
    width : float, default 3
        In logits.
    """

    weight: Weight = Weight.INTERVAL
    width: float = 3.0
    is_positive = True

    def __post_init__(self) -> None:
        if not 0.0 < self.width < np.inf:
            raise ValueError("width must be positive and finite")

    def check(self, pool: Pool) -> None:
        """Every pool serves."""

    def criterion(self, view: View) -> FloatArray:
        curves = view.curves
        weight = {Weight.POSTERIOR: "posterior", Weight.LIKELIHOOD: "likelihood"}.get(self.weight)
        mass = self._interval(view) if weight is None else getattr(view, weight)
        here = curves.pool.items.probability(view.theta).reshape(view.theta.size, -1)
        gain = np.log(np.maximum(here, TINY)) * mass.sum(axis=1, keepdims=True)
        gain -= mass @ curves.log_chance.T
        gain *= here
        return np.asarray(np.maximum(gain.reshape(view.theta.size, -1, curves.n_scores).sum(axis=2), 0.0))

    def _interval(self, view: View) -> FloatArray:
        """Return the length of each node's cell that lies in the interval."""
        nodes = view.curves.nodes
        half, cell = self.width / np.sqrt(view.step + 1.0), (nodes[1] - nodes[0]) / 2.0
        low, high = view.theta[:, None] - half, view.theta[:, None] + half
        return np.asarray(np.maximum(np.minimum(nodes + cell, high) - np.maximum(nodes - cell, low), 0.0))


@dataclass(frozen=True)
class MatchDifficulty:
    """The item whose difficulty lies nearest the interim ability (Urry, 1970).

    Of polytomous items the mean of the steps counts.
    """

    is_positive = False

    def check(self, pool: Pool) -> None:
        check_difficulties(pool.items)

    def criterion(self, view: View) -> FloatArray:
        return -_distance(view)


@dataclass(frozen=True)
class Stratified:
    """Matching difficulty inside strata of rising discrimination (Chang & Ying, 1999).

    Applied Psychological Measurement 23, 211–222. The test is divided into as many stages of equal length as there
    are strata.

    Attributes
    ----------
    stratum : ndarray of int, shape (n_items,)
        From 0; see `strata`.
    """

    stratum: IntArray
    is_positive = False

    def check(self, pool: Pool) -> None:
        check_difficulties(pool.items)
        if self.stratum.shape != (len(pool),) or self.stratum.min() < 0:
            raise ValueError("stratum must hold one number from 0 an item")

    def criterion(self, view: View) -> FloatArray:
        n_strata = int(self.stratum.max()) + 1
        stage = min(n_strata - 1, view.step * n_strata // view.length)
        far = OUT_OF_TURN * np.abs(self.stratum - stage)
        return -_distance(view) - far


@dataclass(frozen=True)
class Progressive:
    """A share of chance that gives way to another criterion (Revuelta & Ponsoda, 1998).

    ``(1 − w) R + w C`` with ``R`` uniform up to the largest ``C``. Journal of Educational Measurement 35, 311–327;
    ``w = Σ_{t ≤ s} (t − 1)^k / Σ_{t ≤ length} (t − 1)^k`` at item number ``s`` (Barrada, Olea, Ponsoda & Abad, 2008,
    British Journal of Mathematical and Statistical Psychology 61, 493–513).

    Attributes
    ----------
    base : Selection, default `MaximumInformation`
    acceleration : float, default 0
        ``k``: 0 gives way evenly, higher later, −1 and below sooner.
    """

    base: Selection = MaximumInformation()
    acceleration: float = 0.0
    is_positive = True

    def check(self, pool: Pool) -> None:
        self.base.check(pool)
        if not self.base.is_positive:
            raise ValueError("the criterion that chance gives way to must be an information")

    def criterion(self, view: View) -> FloatArray:
        base = self.base.criterion(view)
        share = self._share(view.step, view.length)
        noise = view.rng.random(base.shape)
        noise *= base.max(axis=1, keepdims=True)
        return np.asarray((1.0 - share) * noise + share * base)

    def _share(self, step: int, length: int) -> float:
        parts = np.arange(1, length, dtype=np.float64) ** self.acceleration
        return 1.0 if length == 1 else float(parts[:step].sum() / parts.sum())


@dataclass(frozen=True)
class AtRandom:
    """Any item: the yardstick for the others."""

    is_positive = True

    def check(self, pool: Pool) -> None:
        """Every pool serves."""

    def criterion(self, view: View) -> FloatArray:
        return view.rng.random((view.theta.size, len(view.curves.pool)))


def strata(items: Items, n_strata: int, *, blocks: int | None = None) -> IntArray:
    """Divide a pool into strata of rising discrimination.

    Parameters
    ----------
    items : Items
        Without nominal items.
    n_strata : int
        At least 1 and at most the number of items.
    blocks : int, optional
        First sort by difficulty into this many blocks and stratify each, so that every stratum covers all difficulties
        (Chang, Qian & Ying, 2001, Applied Psychological Measurement 25, 333–341). By default one block: slopes alone.

    Returns
    -------
    ndarray of int, shape (n_items,)
        Stratum of each item, from 0, nearly equal in size.

    Raises
    ------
    ValueError
        If the numbers do not fit or an item has no difficulty.

    Examples
    --------
    >>> strata(Items.dichotomous([1.5, 0.5, 1.0, 2.0], [0.0, 0.1, 0.2, 0.3]), 2)
    array([1, 0, 0, 1])
    """
    check_difficulties(items)
    count = 1 if blocks is None else blocks
    if not (1 <= n_strata <= len(items) and 1 <= count <= len(items)):
        raise ValueError(f"strata and blocks must number between 1 and {len(items)}")
    block = _ranks(items.b) * count // len(items)
    order = np.lexsort((items.a, block))
    stratum = np.empty(len(items), dtype=np.intp)
    for members in np.split(order, np.cumsum(np.bincount(block))[:-1]):
        stratum[members] = np.arange(members.size) * n_strata // members.size
    return stratum


def _distance(view: View) -> FloatArray:
    return np.asarray(np.abs(view.curves.pool.items.b - view.theta[:, None]))


def _ranks(values: ArrayLike) -> IntArray:
    return np.argsort(np.argsort(values, kind="stable"))


def check_difficulties(items: Items) -> None:
    """Raise ValueError if an item has no difficulty."""
    missing = np.flatnonzero(~np.isfinite(items.b))
    if missing.size:
        raise ValueError(f"items without a difficulty, by position: {missing.tolist()}")
