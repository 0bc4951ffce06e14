"""The marginal likelihood of Rasch, partial credit and 2PL: value, gradient, observed information. Pure arrays.

With ``z_ikq = k a_i q + d_ik`` for score ``k`` of item ``i`` the posterior of a person over the nodes ``q`` is

    log post(q) = q Σ_i a_i x_i − Σ_{i presented} log(1 + Σ_k exp z_ikq) + log w(q) + constant

so it needs the weighted score and the booklet only: ``n_rows × n_nodes`` exponentials a pass and no
``persons × items × nodes`` product. By Fisher's identity the gradient is that of the expected complete
log-likelihood; by Louis (1982) the observed information is the expected complete information less the
posterior covariance of the complete scores.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.irt.models import FloatArray, Model
from exam_engine.psychometrics.irt.patterns import Patterns

CHUNK_CELLS = 131_072
"""Rows are worked in pieces of about this many row × node cells, so that a piece stays in the cache."""

BOOKLET_LOOP = 256
"""Up to this many booklets the information is summed booklet by booklet; above it, in one masked product."""


@dataclass(frozen=True)
class Density:
    """A normal latent density on fixed nodes, renormalised.

    Attributes
    ----------
    nodes : ndarray, shape (n_nodes,)
        Ability, in logits.
    log_weights : ndarray, shape (n_nodes,)
        Logarithm of weights that sum to 1.
    variance : float
        Variance of the normal density before renormalising.
    """

    nodes: FloatArray
    log_weights: FloatArray
    variance: float

    @classmethod
    def normal(cls, nodes: FloatArray, variance: float = 1.0) -> Density:
        """Return the normal density with mean 0 on the nodes."""
        log_weights = -(nodes**2) / (2.0 * variance)
        log_weights = log_weights - _log_sum(log_weights)
        return cls(nodes, log_weights, variance)

    def moments_of_square(self) -> tuple[float, float]:
        """Return mean and variance of the squared ability under the weights."""
        weights = np.exp(self.log_weights)
        mean = float(weights @ self.nodes**2)
        return mean, float(weights @ (self.nodes**2 - mean) ** 2)


@dataclass(frozen=True)
class Parameters:
    """Slopes, intercepts and latent variance, and how they lie in one vector.

    2PL: ``a_1, d_1, a_2, d_2, …`` with variance 1. Rasch: ``d_1, …, log variance`` with every slope 1, the
    intercepts of an item with several categories following each other. ``a`` and ``d`` hold a value a column:
    the slope of its item, the intercept of its score.
    """

    model: Model
    a: FloatArray
    d: FloatArray
    log_variance: float

    def vector(self) -> FloatArray:
        """Return the free parameters as one vector."""
        if self.model is Model.RASCH:
            return np.append(self.d, self.log_variance)
        return np.stack([self.a, self.d], axis=1).reshape(-1)

    @classmethod
    def from_vector(cls, model: Model, vector: FloatArray) -> Parameters:
        """Read the free parameters back."""
        if model is Model.RASCH:
            return cls(model, np.ones(vector.size - 1), vector[:-1], float(vector[-1]))
        return cls(model, vector[0::2], vector[1::2], 0.0)

    def density(self, nodes: FloatArray) -> Density:
        """Return the latent density on the nodes."""
        return Density.normal(nodes, float(np.exp(self.log_variance)))


@dataclass(frozen=True)
class Expectation:
    """One pass over the rows.

    Attributes
    ----------
    log_likelihood : float
        Marginal log-likelihood of all persons.
    gradient : ndarray, shape (n_parameters,)
        Its gradient, laid out as `Parameters.vector`.
    booklet_counts : ndarray, shape (n_booklets, n_nodes)
        Expected number of persons at each node, by booklet.
    correct, correct_theta : ndarray, shape (n_columns,)
        Persons who got the column's score, and the same times their posterior mean ability.
    mean_square : float
        Mean over persons of the posterior expectation of the squared ability.
    square_of_mean : float
        Mean over persons of the squared posterior mean ability.
    """

    log_likelihood: float
    gradient: FloatArray
    booklet_counts: FloatArray
    correct: FloatArray
    correct_theta: FloatArray
    mean_square: float
    square_of_mean: float


def curves(patterns: Patterns, parameters: Parameters, nodes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the probability of each column's score at the nodes, and ``log(1 + Σ exp z)`` of each item."""
    logits = (parameters.a * patterns.columns.category)[:, None] * nodes + parameters.d[:, None]
    log_total = patterns.columns.log_total(logits)
    return patterns.columns.probability(logits, log_total), log_total


def posterior(
    patterns: Patterns, parameters: Parameters, density: Density
) -> Iterator[tuple[slice, FloatArray, FloatArray]]:
    """Yield the posterior over the nodes, piece by piece.

    Yields
    ------
    rows : slice
    weights : ndarray, shape (rows, n_nodes)
        Posterior weights, each row summing to 1. The buffer is reused: copy what is to be kept.
    log_likelihood : ndarray, shape (rows,)
        Marginal log-likelihood of a row (under Rasch without the part that is linear in the intercepts'
        mean).
    """
    nodes = density.nodes
    _, log_total = curves(patterns, parameters, nodes)
    base = density.log_weights - patterns.presented @ log_total
    score = patterns.x @ (parameters.a * patterns.columns.category)
    constant = patterns.x @ parameters.d
    step = max(1, CHUNK_CELLS // nodes.size)
    buffer = np.empty((min(step, patterns.n_rows), nodes.size))
    for start in range(0, patterns.n_rows, step):
        rows = slice(start, min(start + step, patterns.n_rows))
        cells = buffer[: rows.stop - start]
        np.multiply(score[rows, None], nodes, out=cells)
        booklet = patterns.booklet[rows]
        cells += base[booklet[0]] if booklet[0] == booklet[-1] else base[booklet]
        largest = cells.max(axis=1)
        cells -= largest[:, None]
        np.exp(cells, out=cells)
        total = cells.sum(axis=1)
        cells /= total[:, None]
        yield rows, cells, largest + np.log(total) + constant[rows]


def expect(patterns: Patterns, parameters: Parameters, nodes: FloatArray) -> Expectation:
    """Return log-likelihood, gradient and the sums an M-step needs.

    Parameters
    ----------
    patterns : Patterns
        The responses.
    parameters : Parameters
        Where to evaluate.
    nodes : ndarray, shape (n_nodes,)
        Quadrature nodes, in logits.
    """
    density = parameters.density(nodes)
    squares = nodes**2
    counts = np.zeros((len(patterns.presented), nodes.size))
    mean = np.empty(patterns.n_rows)
    log_likelihood = 0.0
    for rows, weights, row_likelihood in posterior(patterns, parameters, density):
        count = patterns.count[rows]
        log_likelihood += float(count @ row_likelihood)
        mean[rows] = weights @ nodes
        booklet = patterns.booklet[rows]
        if booklet[0] == booklet[-1]:
            counts[booklet[0]] += count @ weights
        else:
            starts = np.flatnonzero(np.diff(booklet, prepend=-1))
            counts[booklet[starts]] += np.add.reduceat(weights * count[:, None], starts, axis=0)
    item_counts = patterns.presented.T.astype(np.float64) @ counts
    probability, _ = curves(patterns, parameters, nodes)
    correct = patterns.count @ patterns.x
    correct_theta = (patterns.count * mean) @ patterns.x
    expected = item_counts[patterns.columns.item] * probability
    slope_d = correct - expected.sum(axis=1)
    mean_square = float(counts.sum(axis=0) @ squares) / patterns.total
    if parameters.model is Model.RASCH:
        prior_square, _ = density.moments_of_square()
        slope_variance = patterns.total * (mean_square - prior_square) / (2.0 * density.variance)
        gradient = np.append(slope_d, slope_variance)
    else:
        gradient = np.stack([correct_theta - expected @ nodes, slope_d], axis=1).reshape(-1)
    square_of_mean = float(patterns.count @ mean**2) / patterns.total
    return Expectation(log_likelihood, gradient, counts, correct, correct_theta, mean_square, square_of_mean)


def information(patterns: Patterns, parameters: Parameters, nodes: FloatArray) -> FloatArray:
    """Return the observed information: minus the Hessian of the marginal log-likelihood.

    Parameters
    ----------
    patterns : Patterns
        The responses.
    parameters : Parameters
        Where to evaluate; standard errors want the solution.
    nodes : ndarray, shape (n_nodes,)
        Quadrature nodes, in logits.

    Returns
    -------
    ndarray, shape (n_parameters, n_parameters)
        Laid out as `Parameters.vector`; positive definite at a proper maximum.

    Notes
    -----
    ``I = E[complete information] − Cov(complete scores)`` summed over persons (Louis, 1982, JRSS B 44,
    226–233). The complete score of an intercept is ``x_ik − P_ik(theta)``, that of a slope the same times
    ``theta``.
    """
    density = parameters.density(nodes)
    columns = patterns.columns
    probability, _ = curves(patterns, parameters, nodes)
    shapes = _Curves(nodes, probability, nodes * probability)
    sums = _by_booklet if len(patterns.presented) <= BOOKLET_LOOP else _masked
    counts, aa, ad, dd, squares_d, squares_squares, mean_square = sums(patterns, parameters, density, shapes)
    expected = (patterns.presented.T.astype(np.float64) @ counts)[columns.item] * probability
    variance = expected * (1.0 - probability)
    size = columns.n_columns
    diagonal = np.arange(size)
    dd = -dd
    dd[diagonal, diagonal] += variance.sum(axis=1)
    for apart in range(1, int(columns.category.max())):
        first = np.flatnonzero(columns.item[apart:] == columns.item[:-apart])
        shared = (expected[first] * probability[first + apart]).sum(axis=1)
        dd[first, first + apart] -= shared
        dd[first + apart, first] -= shared
    if parameters.model is Model.RASCH:
        half = 1.0 / (2.0 * density.variance)
        prior_square, prior_spread = density.moments_of_square()
        full = np.empty((size + 1, size + 1))
        full[:size, :size] = dd
        full[size, :size] = full[:size, size] = half * squares_d
        full[size, size] = (
            patterns.total * (half * (mean_square - prior_square) + half**2 * prior_spread)
            - half**2 * squares_squares
        )
        return full
    aa, ad = -aa, -ad
    aa[diagonal, diagonal] += variance @ nodes**2
    ad[diagonal, diagonal] += variance @ nodes
    full = np.empty((2 * size, 2 * size))
    full[0::2, 0::2] = aa
    full[0::2, 1::2] = ad
    full[1::2, 0::2] = ad.T
    full[1::2, 1::2] = dd
    return full


@dataclass(frozen=True)
class _Curves:
    """Nodes, ``P`` and ``theta P``, columns by nodes."""

    nodes: FloatArray
    p: FloatArray
    tp: FloatArray


_Sums = tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, float, float]


def _by_booklet(patterns: Patterns, parameters: Parameters, density: Density, shapes: _Curves) -> _Sums:
    """Sum posterior covariances through one node × node matrix a booklet."""
    nodes, size, two = shapes.nodes, patterns.columns.n_columns, parameters.model is Model.TWO_PL
    n_booklets, n_nodes = len(patterns.presented), nodes.size
    counts = np.zeros((n_booklets, n_nodes))
    products = np.zeros((n_booklets, n_nodes, n_nodes))
    aa, ad, dd = (np.zeros((size, size)) for _ in range(3))
    crossed = np.zeros((n_booklets if two else 0, size, n_nodes))
    held = [np.flatnonzero(row[patterns.columns.item]) for row in patterns.presented]
    for rows, weights, _ in posterior(patterns, parameters, density):
        for booklet, part in _runs(patterns.booklet[rows]):
            count = patterns.count[rows][part]
            w = weights[part]
            weighted = w * count[:, None]
            counts[booklet] += weighted.sum(axis=0)
            products[booklet] += weighted.T @ w
            if two:
                own = held[booklet]
                x = patterns.x[rows][part]
                x = x if own.size == size else x[:, own]
                mean = w @ nodes
                spread = w @ nodes**2 - mean**2
                aa[np.ix_(own, own)] += x.T @ (x * (count * spread)[:, None])
                weighted *= nodes - mean[:, None]
                crossed[booklet, own] += x.T @ weighted
    squares = nodes**2
    squares_d, squares_squares = np.zeros(size), 0.0
    for booklet in range(n_booklets):
        own = held[booklet]
        kernel = np.diag(counts[booklet]) - products[booklet]
        p, tp = shapes.p[own], shapes.tp[own]
        block = np.ix_(own, own)
        kp = kernel @ p.T
        dd[block] += p @ kp
        squares_d[own] += squares @ kp
        squares_squares += float(squares @ kernel @ squares)
        if two:
            cross = crossed[booklet, own]
            ad[block] += tp @ kp - cross @ p.T
            mixed = cross @ tp.T
            aa[block] += tp @ kernel @ tp.T - mixed - mixed.T
    mean_square = float(counts.sum(axis=0) @ squares) / patterns.total
    return counts, aa, ad, dd, squares_d, squares_squares, mean_square


def _masked(patterns: Patterns, parameters: Parameters, density: Density, shapes: _Curves) -> _Sums:
    """Sum posterior covariances when nearly everybody saw items of their own."""
    nodes, item = shapes.nodes, patterns.columns.item
    size = item.size
    squares = nodes**2
    counts = np.zeros((len(patterns.presented), nodes.size))
    aa, ad, dd = (np.zeros((size, size)) for _ in range(3))
    squares_d, squares_squares = np.zeros(size), 0.0
    for rows, weights, _ in posterior(patterns, parameters, density):
        count, booklet, x = patterns.count[rows], patterns.booklet[rows], patterns.x[rows]
        seen = patterns.presented[booklet][:, item]
        np.add.at(counts, booklet, weights * count[:, None])
        mean, mean_squares = weights @ nodes, weights @ squares
        p, tp = (weights @ shapes.p.T) * seen, (weights @ shapes.tp.T) * seen
        f = count[:, None]
        dd -= p.T @ (p * f)
        ad -= tp.T @ (p * f)
        aa -= tp.T @ (tp * f)
        centred = weights * (nodes - mean[:, None])
        ad -= x.T @ ((centred @ shapes.p.T) * seen * f)
        mixed = x.T @ ((centred @ shapes.tp.T) * seen * f)
        aa += x.T @ (x * (count * (mean_squares - mean**2))[:, None]) - mixed - mixed.T
        spread = weights * (squares - mean_squares[:, None])
        squares_d += (((spread @ shapes.p.T) * seen) * f).sum(axis=0)
        squares_squares += float(count @ (spread @ squares))
    presented = patterns.presented[:, item].astype(np.float64)
    for node in range(nodes.size):
        together = presented.T @ (presented * counts[:, node, None])
        p, tp = shapes.p[:, node], shapes.tp[:, node]
        dd += together * np.outer(p, p)
        ad += together * np.outer(tp, p)
        aa += together * np.outer(tp, tp)
    mean_square = float(counts.sum(axis=0) @ squares) / patterns.total
    return counts, aa, ad, dd, squares_d, squares_squares, mean_square


def _runs(booklet: NDArray[np.intp]) -> Iterator[tuple[int, slice]]:
    """Yield each booklet of a sorted piece with its rows."""
    starts = np.flatnonzero(np.diff(booklet, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], booklet.size], strict=True):
        yield int(booklet[start]), slice(int(start), int(stop))


def _log_sum(values: FloatArray) -> float:
    largest = float(values.max())
    return largest + float(np.log(np.exp(values - largest).sum()))
