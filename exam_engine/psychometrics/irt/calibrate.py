"""Item parameters by marginal maximum likelihood, with standard errors, for every model and mixtures of them.

EM (Bock & Aitkin, 1981) with safeguarded Anderson acceleration leads near the solution; Newton steps with
the exact observed information finish, and the same information gives the standard errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.irt.blocks import block_up
from exam_engine.psychometrics.irt.checking import (
    UnlinkedItems,
    check_fixed,
    check_groups,
    check_items,
    check_linked,
    check_weights,
    highest_scores,
    models_of,
    worked_model,
)
from exam_engine.psychometrics.irt.climb import CalibrationCancelled, Climb, Progress
from exam_engine.psychometrics.irt.common_slope import common_slope
from exam_engine.psychometrics.irt.densities import normal_log_weights
from exam_engine.psychometrics.irt.expectation import Grid
from exam_engine.psychometrics.irt.information import is_affordable
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.layout import UNIT_SLOPE, lay_out
from exam_engine.psychometrics.irt.models import Model
from exam_engine.psychometrics.irt.patterns import MAX_SCORE, check_responses
from exam_engine.psychometrics.irt.priors import NONE, Normal, Priors
from exam_engine.psychometrics.irt.result import Calibration, ErrorMethod, GridCheck, Warn, conclude
from exam_engine.psychometrics.irt.start import start_of, started_from, vector_of

__all__ = [
    "NONE",
    "TOLERANCE",
    "Calibration",
    "CalibrationCancelled",
    "ErrorMethod",
    "GridCheck",
    "Normal",
    "Priors",
    "Progress",
    "UnlinkedItems",
    "Warn",
    "calibrate",
]

NODES = 61
BOUND = 6.0
TOLERANCE = 1e-6
MAX_ITERATIONS = 500


def calibrate(
    responses: ArrayLike,
    *,
    model: Model | str | Sequence[Model | str] = Model.TWO_PL,
    groups: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    fixed: Items | None = None,
    is_fixed: ArrayLike | None = None,
    priors: Priors | None = None,
    equivalent_persons: bool = False,
    density: str = "normal",
    errors: ErrorMethod | str = ErrorMethod.OBSERVED,
    start: Calibration | None = None,
    nodes: int = NODES,
    bound: float = BOUND,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Calibration:
    """Estimate item parameters by marginal maximum likelihood.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented. An item's m is the highest score seen, or that of a fixed
        item. Missing by design only: a response that was presented and left open must be scored by the caller. A
        memory-mapped int8 matrix without missing responses is read piece by piece.
    model : Model, str or one for each item, default 2PL
        ``rasch`` (every slope 1, latent variance estimated; with several scores the partial credit model), ``1pl``
        (one common slope, variance 1), ``2pl``, ``3pl``, ``4pl`` (scored 0 or 1), ``pcm``, ``gpcm``, ``graded``,
        ``nominal``. The 1PL goes with no other model.
    groups : array-like of int, shape (n_persons,), optional
        Group of each person, numbered from 0. Items are the same for all groups; ability has a mean and a variance
        in each. Group 0 has mean 0, and variance 1 unless items of slope 1 or fixed items set the scale.
    weights : array-like, shape (n_persons,), optional
        Persons a row stands for, positive.
    fixed : Items, optional
        Items whose parameters are known, to be kept where `is_fixed` says so: then mean and variance of every
        group are estimated, and the other items come onto the scale of the fixed ones (Kim, 2006, Journal of
        Educational Measurement 43, 355–381).
    is_fixed : array-like of bool, shape (n_items,), optional
        Which items are fixed; `fixed` holds these, in their order.
    priors : Priors, optional
        By default normal priors on the logits of the asymptotes and none else; `NONE` for none at all.
    equivalent_persons : bool, default False
        Take blocks of items that nobody saw together as linked by their persons, drawn at random from one
        population; otherwise such a design is refused.
    density : {"normal", "empirical"}, default "normal"
        Ability is normal, or has free weights on the nodes with mean 0 and variance 1 in each group (no Rasch-like
        or fixed items, and standard errors conditional on the weights).
    errors : ErrorMethod or str, default "observed"
        Standard errors from the observed information, the cross product of scores, both (sandwich), or none. Where
        many persons each saw items of their own the cross product takes the place of the observed information.
    start : Calibration, optional
        A former solution of the same items to start from. Items it knows under another model begin as without it.
    nodes : int, default 61
        Equally spaced quadrature nodes, at least 3.
    bound : float, default 6
        The nodes reach from ``-bound`` to ``bound`` logits.
    tolerance : float, default 1e-6
        Largest absolute gradient element that counts as converged, for up to 1,000 persons; that share of it for
        weights that sum to less than 1, and in proportion for more persons. With an empirical
        density an EM step that moves no item parameter by more than 1e-4 counts too.
    max_iterations : int, default 500
    progress : callable, optional
        Called before each iteration with its number, from 0, and the log-likelihood and gradient norm reached.
    should_stop : callable, optional
        Asked before each iteration; True raises `CalibrationCancelled`.

    Returns
    -------
    Calibration
        Not converging is a returned fact, never an exception: read `converged` and `warnings`.

    Raises
    ------
    ValueError
        If the responses or settings are not usable; if an item was seen by nobody, was answered alike by
        everybody who saw it, or has a score below its highest that nobody got (it has no finite difficulty).
    UnlinkedItems
        A ValueError: blocks of items were never seen together, so that their scales are not linked.
    CalibrationCancelled
        If `should_stop` said so.

    Notes
    -----
    Maximises ``Σ_p log Σ_q w_q Π_i P_i(x_pi | q)``, plus the log prior density, over the items presented, with
    normal weights ``w`` renormalised on the nodes (Bock & Lieberman, 1970; EM by Bock & Aitkin, 1981). The models
    are written down at `Items`. Standard errors are analytic, from the observed information at the solution (Louis,
    1982).

    Examples
    --------
    >>> patterns = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> result = calibrate(patterns, model="rasch", weights=[30, 20, 20, 30])
    >>> result.converged, result.b.round(3) + 0.0, round(result.latent_variance, 2)
    (True, array([0., 0.]), 1.22)

    Three scores an item, two steps:

    >>> scores = [[0, 0], [0, 1], [1, 0], [1, 1], [1, 2], [2, 1], [2, 2]]
    >>> result = calibrate(scores, model="rasch", weights=[30, 20, 20, 60, 20, 20, 30])
    >>> result.converged, result.steps.shape, result.b.round(3) + 0.0
    (True, (2, 2), array([0., 0.]))
    """
    if not (nodes >= 3 and 0.0 < bound < np.inf and 0.0 < tolerance < np.inf):
        raise ValueError("nodes must be at least 3, bound and tolerance positive and finite")
    method = ErrorMethod(errors)
    if density not in ("normal", "empirical"):
        raise ValueError("density must be normal or empirical")
    matrix = check_responses(responses, highest=MAX_SCORE)
    held = check_fixed(fixed, is_fixed, matrix.shape[1])
    highest = highest_scores(matrix, fixed, held)
    wanted = models_of(model, matrix.shape[1], fixed, held)
    slopes = np.ones(highest.size)
    if fixed is not None:
        slopes[held] = fixed.slopes[:, 0]
    worked = tuple(worked_model(*one) for one in zip(wanted, highest.tolist(), slopes.tolist(), strict=True))
    group, n_groups = check_groups(groups, len(matrix))
    weight = check_weights(weights, len(matrix))
    empirical = density == "empirical"
    unit = any(one in UNIT_SLOPE for one in worked)
    if empirical and (unit or held.any()):
        raise ValueError("an empirical density goes with free slopes and without fixed items only")
    later = np.arange(n_groups) > 0
    layout = lay_out(
        worked,
        highest,
        n_groups=n_groups,
        fixed=held,
        free_means=(later | held.any()) & (not empirical),
        free_variances=(later | held.any() | unit) & (not empirical),
    )
    blocks = block_up(matrix, layout, group=group, weights=weight)
    check_items(blocks.answered, highest, worked, held)
    if not equivalent_persons:
        check_linked(blocks, layout, held)
    grid = Grid(np.linspace(-bound, bound, nodes))
    if empirical:
        grid = replace(grid, log_weights=np.tile(normal_log_weights(grid.nodes), (n_groups, 1)))
    wished = Priors() if priors is None else priors
    vector = start_of(layout, blocks, only_positive=wished.log_a is not None)
    if start is not None:
        vector = started_from(layout, start, worked, vector)
    if fixed is not None:
        vector = vector_of(layout, fixed, held, vector)
    limit = tolerance * min(1.0, blocks.total) * max(1.0, blocks.total / 1000.0)
    climb = Climb(blocks, layout, wished, is_empirical=empirical)
    point, iterations, arrived = climb.run(
        vector,
        grid,
        tolerance=limit,
        max_iterations=max_iterations,
        progress=progress,
        should_stop=should_stop,
    )
    by_information = method in (ErrorMethod.OBSERVED, ErrorMethod.SANDWICH)
    if by_information and not is_affordable(blocks, layout, grid):
        method = ErrorMethod.CROSS_PRODUCT
    scores = None
    if method in (ErrorMethod.CROSS_PRODUCT, ErrorMethod.SANDWICH):
        kept = block_up(matrix, layout, group=group, weights=weight, keep_scores=True)
        scores = Climb(kept, layout, climb.priors, is_empirical=empirical)
    found = conclude(
        climb,
        point,
        iterations,
        models=worked,
        model=wanted[0] if len(set(wanted)) == 1 else None,
        arrived=arrived,
        method=method,
        scores=scores,
    )
    return common_slope(found) if Model.ONE_PL in wanted and fixed is None else found
