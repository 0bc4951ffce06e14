"""A chain of years drawn as one: each calibration enters its two links with the same errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.linking.calibrated import Anchors
from exam_engine.psychometrics.linking.chain import (
    Chain,
    ScaleDrift,
    chain_of_draws,
    cumulative_draws,
    scale_drift,
)
from exam_engine.psychometrics.linking.link import Linker
from exam_engine.psychometrics.linking.parameters import drawn_items
from exam_engine.psychometrics.linking.transformation import Transformation, unknown_covariance


@dataclass(frozen=True)
class Common:
    """Where the common items of two years stand.

    Attributes
    ----------
    newer, older : ndarray of int, shape (n_anchors,)
        Positions of the same items in the newer and in the older calibration.
    """

    newer: NDArray[np.intp]
    older: NDArray[np.intp]

    @classmethod
    def of(cls, newer: ArrayLike, older: ArrayLike) -> Common:
        """Return the pairs, checked.

        Raises
        ------
        ValueError
            If there are none, or not as many on either side.
        """
        first, second = np.asarray(newer, dtype=np.intp), np.asarray(older, dtype=np.intp)
        if first.ndim != 1 or first.shape != second.shape or not first.size:
            raise ValueError("common items are pairs of positions, at least one")
        return cls(first, second)


@dataclass(frozen=True)
class LinkedYears:
    """A chain over years, against a direct link where there is one.

    Attributes
    ----------
    chain : Chain
        With bootstrap errors that know that neighbouring links share a calibration.
    direct : Transformation or None
        From the newest to the oldest scale through their own common items.
    draws : tuple of ndarray, shape (replications, 2)
        Scale and shift of each link.
    direct_draws : ndarray, shape (replications, 2), or None
        Of the direct link, drawn together with the chain.
    """

    chain: Chain
    direct: Transformation | None
    draws: tuple[FloatArray, ...]
    direct_draws: FloatArray | None

    def drift(self, theta: ArrayLike) -> ScaleDrift:
        """Return chain less direct link at abilities on the newest scale.

        Raises
        ------
        ValueError
            If there is no direct link.
        """
        if self.direct is None or self.direct_draws is None:
            raise ValueError("newest and oldest year have no common items: there is no direct link")
        together = (cumulative_draws(self.draws)[-1], self.direct_draws)
        return scale_drift(self.chain.total, self.direct, theta, draws=together)


def draw_years(
    years: Sequence[Anchors],
    common: Sequence[Common],
    *,
    rng: np.random.Generator,
    direct: Common | None = None,
    replications: int = 200,
    linker: Linker | None = None,
) -> LinkedYears:
    """Link years in a row and draw all calibrations anew, many times.

    Parameters
    ----------
    years : sequence of Anchors
        At least two calibrations, the newest first, each with all items that link it.
    common : sequence of Common
        The common items of each year and the one before it.
    rng : numpy.random.Generator
    direct : Common, optional
        The common items of the newest and the oldest year.
    replications : int, default 200
    linker : Linker, optional

    Returns
    -------
    LinkedYears

    Notes
    -----
    A parametric bootstrap: in each replication every calibration is drawn once from the normal distribution of its
    parameters and enters all its links. So an item that is common to three years carries its error into both links,
    as it does in truth (Battauz, 2013, Psychometrika 78, 464–480, gives the same by the delta method).

    Raises
    ------
    ValueError
        If years and common items do not fit together, or there are fewer than two replications.

    Examples
    --------
    >>> items = Items.dichotomous(np.ones(5), [-1.0, -0.5, 0.0, 0.5, 1.0])
    >>> year = Anchors(items, np.diag(np.tile([0.0, 0.01], 5)))
    >>> first, last = Common.of([0, 1, 2], [0, 1, 2]), Common.of([2, 3, 4], [2, 3, 4])
    >>> found = draw_years([year] * 3, [first, last], rng=np.random.default_rng(2), replications=50)
    >>> found.chain.total.shift, 0.05 < found.chain.total.shift_error < 0.2
    (0.0, True)
    """
    if len(years) < 2 or len(common) != len(years) - 1 or replications < 2:
        raise ValueError(
            "needed: at least two years, common items for each neighbouring pair, two replications"
        )
    chosen = linker or Linker()
    pairs = [(at, at + 1, each) for at, each in enumerate(common)]
    if direct is not None:
        pairs.append((0, len(years) - 1, direct))
    central = [_linked(chosen, years[newer].items, years[older].items, each) for newer, older, each in pairs]
    samples = [drawn_items(year.items, year.covariance, rng=rng, replications=replications) for year in years]
    table = np.empty((replications, len(pairs), 2))
    for row, drawn in enumerate(zip(*samples, strict=True)):
        for at, (newer, older, each) in enumerate(pairs):
            start = central[at].scale, central[at].shift
            line = _linked(chosen, drawn[newer], drawn[older], each, start)
            table[row, at] = line.scale, line.shift
    n_links = len(common)
    draws = tuple(table[:, at] for at in range(n_links))
    straight: Transformation | None = None
    if direct is not None:
        straight = Transformation(central[-1].scale, central[-1].shift, np.cov(table[:, -1].T))
    return LinkedYears(
        chain_of_draws(central[:n_links], draws), straight, draws, None if direct is None else table[:, -1]
    )


def _linked(
    linker: Linker, newer: Items, older: Items, common: Common, start: tuple[float, float] | None = None
) -> Transformation:
    fit = linker.fit(newer.take(common.newer), older.take(common.older), start)
    return Transformation(fit.scale, fit.shift, unknown_covariance())
