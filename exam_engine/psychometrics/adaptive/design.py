"""The rules of an adaptive test, put together and checked once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from exam_engine.psychometrics.adaptive.content import Content
from exam_engine.psychometrics.adaptive.estimation import Estimator, Prior
from exam_engine.psychometrics.adaptive.exposure import Exposure
from exam_engine.psychometrics.adaptive.pool import Curves, Pool
from exam_engine.psychometrics.adaptive.selection import MaximumInformation, Selection
from exam_engine.psychometrics.adaptive.stopping import StopRule

FEWEST_NODES = 21


@dataclass(frozen=True)
class Start:
    """How a test begins.

    Attributes
    ----------
    theta : float or None, default None
        Ability at which the first item is chosen, in logits; None takes the mean of the candidate's prior.
    spread : float, default 0
        The first ability is drawn evenly from ``theta ± spread``, so that not everybody begins with the same item.
    items : tuple of int
        Positions of items that everybody begins with, in this order.
    """

    theta: float | None = None
    spread: float = 0.0
    items: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 <= self.spread < np.inf or (self.theta is not None and not np.isfinite(self.theta)):
            raise ValueError("the first ability must be finite and its spread at least 0")
        if len(set(self.items)) < len(self.items):
            raise ValueError("the first items must differ")


@dataclass(frozen=True)
class Stopping:
    """How long a test is.

    Attributes
    ----------
    longest, shortest : int
        Most and fewest items. Enemies may leave a candidate without items sooner.
    rules : tuple of StopRule
        From ``shortest`` on any of them ends a test; where two are met at once the first is named.
    """

    longest: int
    shortest: int = 1
    rules: tuple[StopRule, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.shortest <= self.longest:
            raise ValueError("the test must have 1 <= shortest <= longest items")


@dataclass(frozen=True)
class AdaptiveDesign:
    """An adaptive test.

    Attributes
    ----------
    pool : Pool
    stopping : Stopping
    selection : Selection, default `MaximumInformation`
    interim, final : Estimator, default EAP
        Ability during the test and after it.
    prior : Prior, default standard normal
        Of the EAP, the MAP, and everything weighted by the posterior.
    start : Start
    randomesque : tuple of int, default (1,)
        Out of how many of the best items the first, second, … is drawn; the last number holds from there on. ``(5, 4,
        3, 2, 1)`` is McBride and Martin's (1983); a single number above 1 Kingsbury and Zara's (1989).
    exposure : Exposure, optional
    content : Content, optional
        Content wins over exposure: where an area has no eligible item left, eligibility is lifted, and that is counted.
    bound, n_nodes : float and int, default 6 and 121
        The grid of abilities: equally spaced from ``−bound`` to ``bound``. Maximum and weighted likelihood are looked
        for inside it.

    Raises
    ------
    ValueError
        If the parts do not fit together.

    Examples
    --------
    >>> from exam_engine.psychometrics.irt.items import Items
    >>> pool = Pool.of(Items.dichotomous([1.0, 1.0, 1.0], [-1.0, 0.0, 1.0]))
    >>> AdaptiveDesign(pool, Stopping(longest=2)).final
    <Estimator.EAP: 'eap'>
    """

    pool: Pool
    stopping: Stopping
    selection: Selection = field(default_factory=MaximumInformation)
    interim: Estimator = Estimator.EAP
    final: Estimator = Estimator.EAP
    prior: Prior = field(default_factory=Prior)
    start: Start = field(default_factory=Start)
    randomesque: tuple[int, ...] = (1,)
    exposure: Exposure | None = None
    content: Content | None = None
    bound: float = 6.0
    n_nodes: int = 121

    def __post_init__(self) -> None:
        size, longest = len(self.pool), self.stopping.longest
        if longest > size:
            raise ValueError(f"the longest test has {longest} items, the pool only {size}")
        if not (0.0 < self.bound < np.inf and self.n_nodes >= FEWEST_NODES):
            raise ValueError(f"bound must be positive and finite, n_nodes at least {FEWEST_NODES}")
        if abs(self.prior.mean) + 2.0 * np.sqrt(self.prior.variance) > self.bound:
            raise ValueError(
                "the prior must lie within the grid, two standard deviations either way: widen bound"
            )
        if not self.randomesque or min(self.randomesque) < 1:
            raise ValueError("randomesque must hold numbers of at least 1")
        if self.start.items and not 0 <= min(self.start.items) <= max(self.start.items) < size:
            raise ValueError(f"the first items must be positions below {size}")
        if len(self.start.items) > longest:
            raise ValueError("there are more first items than the longest test has")
        first = np.array(self.start.items, dtype=np.intp)
        if self.pool.enemies is not None and self.pool.enemies[np.ix_(first, first)].any():
            raise ValueError("the first items must not be enemies")
        self.selection.check(self.pool)
        if self.exposure is not None:
            self.exposure.check(size, longest)
        if self.content is not None:
            self.content.check(self.pool, longest)
            if self.content.needs_information and not self.selection.is_positive:
                raise ValueError("priorities multiply an information; this selection has none")

    @cached_property
    def curves(self) -> Curves:
        """The pool's curves on the grid; computed at the first use and kept."""
        return Curves(self.pool, np.linspace(-self.bound, self.bound, self.n_nodes))

    @property
    def spacing(self) -> float:
        """Return the distance of the nodes, in logits.

        Sums over the grid are good to a millionth while it is below the standard errors, and soon worse beyond.
        """
        return 2.0 * self.bound / (self.n_nodes - 1)

    def width_of_choice(self, step: int) -> int:
        """Return out of how many of the best items the one after ``step`` answers is drawn."""
        return self.randomesque[min(step, len(self.randomesque) - 1)]
