"""Quadratic forms in the inverse covariance of first- and second-order margins, without forming it. Pure arrays.

For ``n`` items there are ``n (n + 1) / 2`` margins and as many rows of their covariance ``Xi``: 5,050 for a hundred
items. Given ability the scores are independent, so that with ``y = X − E(X | theta)``

    X_i X_j = y_i y_j + y_i E_j + y_j E_i + E_i E_j

and, integrated over ability, ``Xi`` is a diagonal (``V_i V_j`` of the pairs), plus one matrix of low rank an item
(``V_i E_j E_k``: the smooth curves ``E`` span few dimensions), plus one for the spread of the margins with ability.
Woodbury's identity then needs a Cholesky factor of the size of those ranks together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from exam_engine.psychometrics.fit.margins import Margins
from exam_engine.psychometrics.irt.models import FloatArray

RANK_TOLERANCE = 1e-8
"""Directions of the curves below this share of the largest are left out: they change the covariance by its square."""


@dataclass(frozen=True)
class _Factors:
    """``Xi = [[own, 0], [0, diag]] + F F'`` with the columns of ``F`` in two sets.

    Attributes
    ----------
    pair : ndarray, shape (n_items, n_items, rank)
        ``F`` of item i in the row of the pair (i, j); 0 for j = i.
    single : ndarray, shape (n_singles, rank)
        ``F`` of the owner in the row of the first-order margin.
    spread_pair : ndarray, shape (n_items, n_items, n_nodes)
        Last columns of ``F``, the spread with ability, in the rows of pairs; 0 for j = i.
    spread_single : ndarray, shape (n_singles, n_nodes)
    inverse : ndarray, shape (n_items, n_items)
        One over the diagonal of the pairs; 0 for j = i.
    """

    pair: FloatArray
    single: FloatArray
    spread_pair: FloatArray
    spread_single: FloatArray
    inverse: FloatArray


def gram(margins: Margins, singles: FloatArray, products: FloatArray) -> FloatArray:
    """Return ``B' Xi⁻¹ B`` for vectors of margins.

    Parameters
    ----------
    margins : Margins
        The model.
    singles : ndarray, shape (n_singles, n_vectors)
        First-order part of ``B``.
    products : ndarray, shape (n_items, n_items, n_vectors)
        Second-order part, symmetric with diagonal 0.

    Returns
    -------
    ndarray, shape (n_vectors, n_vectors)

    Raises
    ------
    ValueError
        If the margins depend on each other, as with an item that everybody answers alike.
    """
    factors = _factorise(margins)
    n_items, _, rank = factors.pair.shape
    n_nodes = factors.spread_single.shape[1]
    scaled = products * factors.inverse[:, :, None]
    # F' D⁻¹ b of both sets of columns; each pair stands twice in the symmetric layout.
    reached = np.concatenate(
        [
            np.matmul(factors.pair.transpose(0, 2, 1), scaled).reshape(n_items * rank, -1),
            0.5 * factors.spread_pair.reshape(-1, n_nodes).T @ scaled.reshape(n_items**2, -1),
        ]
    )
    wide = np.zeros((margins.owner.size, n_items, rank))
    wide[np.arange(margins.owner.size), margins.owner] = factors.single
    across = np.concatenate([wide.reshape(margins.owner.size, -1), factors.spread_single], axis=1)
    try:
        held = cho_factor(_capacitance(factors), lower=True, overwrite_a=True, check_finite=False)
        solved = cho_solve(held, np.concatenate([reached, across.T], axis=1), check_finite=False)
        first, back = solved[:, : reached.shape[1]], solved[:, reached.shape[1] :]
        inner = cho_factor(margins.own + across @ back, lower=True)
    except LinAlgError:
        raise ValueError(
            "the margins depend on each other under the model: are there items that (nearly) everybody"
            " answers alike, or of extreme slope?"
        ) from None
    u = cho_solve(inner, singles - across @ first)
    flat, flat_scaled = products.reshape(n_items**2, -1), scaled.reshape(n_items**2, -1)
    pairs = 0.5 * flat.T @ flat_scaled - reached.T @ (first + back @ u)
    return np.asarray(singles.T @ u + pairs, dtype=np.float64)


def _factorise(margins: Margins) -> _Factors:
    weights, expected, variance = margins.prior.weights, margins.expected, margins.variance
    n_items, apart = len(expected), ~np.eye(len(expected), dtype=np.bool_)
    functions = np.concatenate([expected, margins.shared])
    heavy = np.sqrt(weights * variance.max(axis=0))
    left, size, right = np.linalg.svd(functions * heavy, full_matrices=False)
    kept = size > RANK_TOLERANCE * size[0]
    basis = left[:, kept] * size[kept]
    curves = right[kept]
    kernels = np.matmul(curves * (variance / variance.max(axis=0))[:, None, :], curves.T)
    values, vectors = np.linalg.eigh(kernels)
    needed = values.max(axis=0) > RANK_TOLERANCE**2 * values.max()
    roots = vectors[:, :, needed] * np.sqrt(np.maximum(values[:, None, needed], 0.0))
    pair = np.matmul(basis[:n_items], roots) * apart[:, :, None]
    single = np.matmul(basis[n_items:][:, None, :], roots[margins.owner])[:, 0]
    diagonal = (variance * weights) @ variance.T
    inverse = np.where(apart, 1.0 / np.maximum(diagonal, 1e-300), 0.0)
    root = np.sqrt(weights)
    spread = (expected[:, None, :] * expected - margins.products[:, :, None]) * root
    return _Factors(
        pair,
        single,
        spread * apart[:, :, None],
        (margins.single - margins.singles[:, None]) * root,
        inverse,
    )


def _capacitance(factors: _Factors) -> FloatArray:
    """Return ``1 + F' D⁻¹ F`` over the rows of the pairs."""
    n_items, _, rank = factors.pair.shape
    n_own = n_items * rank
    full = np.empty((n_own + factors.spread_single.shape[1],) * 2)
    scaled = factors.pair * factors.inverse[:, :, None]
    blocks = scaled.transpose(0, 2, 1)[:, :, :, None] * factors.pair.transpose(1, 0, 2)[:, None, :, :]
    blocks[np.arange(n_items), :, np.arange(n_items)] = np.matmul(scaled.transpose(0, 2, 1), factors.pair)
    full[:n_own, :n_own] = blocks.reshape(n_own, n_own)
    cross = np.matmul(scaled.transpose(0, 2, 1), factors.spread_pair).reshape(n_own, -1)
    full[:n_own, n_own:], full[n_own:, :n_own] = cross, cross.T
    spread = factors.spread_pair.reshape(n_items**2, -1)
    full[n_own:, n_own:] = 0.5 * spread.T @ (spread * factors.inverse.reshape(-1, 1))
    full[np.diag_indices_from(full)] += 1.0
    return full
