"""Where a panel sends a candidate: cut scores between the next modules, and how many take each route."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.stats import norm

from exam_engine.assembly.adaptive.panel import PanelDesign
from exam_engine.assembly.adaptive.panels import Panel
from exam_engine.assembly.pool import FloatArray, Pool
from exam_engine.assembly.select import positions
from exam_engine.psychometrics.irt.scoring.sum_scores import add_items

REACH, NODES = 6.0, 121


@dataclass(frozen=True)
class Fork:
    """The choice after some modules.

    Attributes
    ----------
    taken : tuple of str
        Modules so far.
    choices : tuple of str
        Modules that may follow, from easy to hard.
    abilities : tuple of float
        Border between each two choices, in logits.
    cuts : tuple of int
        Raw score over the modules so far from which the harder one of two follows.
    """

    taken: tuple[str, ...]
    choices: tuple[str, ...]
    abilities: tuple[float, ...]
    cuts: tuple[int, ...]

    def follow(self, score: float) -> str:
        """Return the module that follows a raw score."""
        return self.choices[int(np.searchsorted(self.cuts, score, side="right"))]


def forks_by_information(pool: Pool, design: PanelDesign, panel: Panel) -> tuple[Fork, ...]:
    """Return cut scores by approximate maximum information: the more informative module follows.

    Parameters
    ----------
    pool : Pool
        Calibrated.
    design : PanelDesign
    panel : mapping of str to tuple of str
        Ids of the items of each module.

    Returns
    -------
    tuple of Fork
        One for each way that has a choice, stage by stage.

    Raises
    ------
    ValueError
        If of two neighbouring modules the one said to be easier is not.

    Notes
    -----
    The border is the ability at which the information of both is equal, the cut the expected score there of the modules
    taken, rounded up (Luecht, Brumfield & Breithaupt, 2006, Applied Measurement in Education 19, 189–202).
    """
    forks = []
    for taken, choices in _ways(design):
        borders = [_crossing(pool, panel, low, high) for low, high in pairwise(choices)]
        forks.append(_fork(pool, panel, taken, choices, borders))
    return tuple(forks)


def forks_by_population(
    pool: Pool,
    design: PanelDesign,
    panel: Panel,
    *,
    shares: Mapping[int, Sequence[float]] | None = None,
    mean: float = 0.0,
    sd: float = 1.0,
) -> tuple[Fork, ...]:
    """Return cut scores by defined population intervals: each module is meant for a share of a normal population.

    Parameters
    ----------
    pool, design, panel
        As for `forks_by_information`.
    shares : mapping of int to sequence of float, optional
        By stage, from 1 for the second: shares of its modules from easy to hard, which sum to 1; by default equal.
    mean, sd : float, default 0 and 1
        Of the population, in logits.

    Raises
    ------
    ValueError
        If shares do not fit a stage.
    """
    borders: list[FloatArray] = []
    for k, stage in enumerate(design.stages):
        share = np.asarray((shares or {}).get(k, np.full(len(stage), 1 / len(stage))), dtype=np.float64)
        if share.shape != (len(stage),) or (share <= 0).any() or abs(share.sum() - 1) > 1e-9:
            raise ValueError(f"stage {k + 1} needs {len(stage)} positive shares that sum to 1")
        borders.append(np.asarray(norm.ppf(np.cumsum(share)[:-1], loc=mean, scale=sd)))
    forks = []
    for taken, choices in _ways(design):
        names = [module.name for module in design.stages[len(taken)]]
        between = [borders[len(taken)][names.index(name)] for name in choices[:-1]]
        forks.append(_fork(pool, panel, taken, choices, between))
    return tuple(forks)


def route_shares(
    pool: Pool,
    design: PanelDesign,
    panel: Panel,
    forks: Sequence[Fork],
    *,
    mean: float = 0.0,
    sd: float = 1.0,
) -> dict[tuple[str, ...], float]:
    """Return the share of a normal population that is expected on each route; shares sum to 1.

    Notes
    -----
    Distributions of raw scores by the recursion of Lord and Wingersky (1984), carried on from module to module along
    each way, on a grid of abilities.
    """
    nodes = np.linspace(mean - REACH * sd, mean + REACH * sd, NODES)
    weights = norm.pdf(nodes, mean, sd)
    at = {fork.taken: fork for fork in forks}
    chances = {name: _chances(pool, panel[name], nodes) for name in panel}
    follows = _follows(design)
    on_way: dict[tuple[str, ...], FloatArray] = {(): np.ones((1, NODES))}
    for _ in design.stages:
        further: dict[tuple[str, ...], FloatArray] = {}
        for taken, scores in on_way.items():
            for choice in follows[taken]:
                part = scores
                if taken in at:
                    fork = at[taken]
                    follow = np.array([fork.follow(score) == choice for score in range(len(scores))])
                    part = scores * follow[:, None]
                further[(*taken, choice)] = add_items(part, chances[choice])
        on_way = further
    return {way: float(scores.sum(axis=0) @ weights / weights.sum()) for way, scores in on_way.items()}


def _follows(design: PanelDesign) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Return, for each beginning of a route, the modules that may follow, from easy to hard."""
    order = {module.name: k for k, module in enumerate(design.modules)}
    found: dict[tuple[str, ...], set[str]] = {}
    for route in design.routes:
        for k, name in enumerate(route.modules):
            found.setdefault(route.modules[:k], set()).add(name)
    return {taken: tuple(sorted(names, key=order.__getitem__)) for taken, names in found.items()}


def _ways(design: PanelDesign) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the beginnings of routes after which there is a choice."""
    if len(_follows(design)[()]) > 1:
        raise ValueError("the first stage has several modules: nothing is known yet that could choose")
    return [(taken, choices) for taken, choices in _follows(design).items() if len(choices) > 1]


def _crossing(pool: Pool, panel: Panel, low: str, high: str) -> float:
    """Return the ability above which the harder of two modules is the more informative one."""
    items = [positions(pool, panel[name]) for name in (low, high)]
    nodes = np.linspace(-REACH, REACH, NODES)
    information = pool.information(nodes)
    easier, harder = (information[:, one].sum(axis=1) for one in items)
    rising = np.flatnonzero((harder - easier)[:-1] * (easier - harder)[1:] >= 0)
    rising = rising[(harder - easier)[rising] < (harder - easier)[rising + 1]]
    peaks = nodes[[int(np.argmax(easier)), int(np.argmax(harder))]]
    if not rising.size or peaks[0] > peaks[1]:
        raise ValueError(
            f"module {low!r} with its most information at {peaks[0]:.2f} is not easier than {high!r} at {peaks[1]:.2f}"
        )
    # Of several crossings the one between the peaks, or the next to them.
    k = int(rising[np.argmin(np.abs(nodes[rising] - peaks.mean()))])

    def more(theta: float) -> float:
        both = pool.information([theta])[0]
        return float(both[items[1]].sum() - both[items[0]].sum())

    return float(brentq(more, nodes[k], nodes[k + 1], xtol=1e-9))


def _fork(
    pool: Pool, panel: Panel, taken: tuple[str, ...], choices: tuple[str, ...], borders: Sequence[float]
) -> Fork:
    items = positions(pool, [name for module in taken for name in panel[module]])
    expected = pool.expected_score(borders)[:, items].sum(axis=1)
    cuts = tuple(int(cut) for cut in np.ceil(expected - 1e-9))
    return Fork(taken, choices, tuple(float(border) for border in borders), cuts)


def _chances(pool: Pool, ids: tuple[str, ...], nodes: FloatArray) -> list[npt.NDArray[np.float64]]:
    """Return the probability of each score of each item, arrays of shape (highest + 1, n_nodes)."""
    items = positions(pool, ids)
    if pool.items is not None:
        chance = pool.items.probability(nodes)
        return [chance[:, k, : int(pool.highest[k]) + 1].T for k in items]
    right = pool.probability(nodes)
    return [np.stack([1.0 - right[:, k], right[:, k]]) for k in items]
