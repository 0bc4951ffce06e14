"""Tests of mixed models and answers to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray

NAN = np.nan


def mixed() -> Items:
    """One item or two of each model, with two to four scores."""
    return Items.concatenate(
        [
            Items.dichotomous([1.2, 0.8, 1.7], [0.3, -0.5, 0.1], c=[0.0, 0.2, 0.15], u=[1.0, 0.95, 1.0]),
            Items.partial_credit([0.9, 1.0], [[-0.5, 0.4, 1.0], [0.2, NAN, NAN]]),
            Items.graded([1.5, 0.7], [[-1.0, 0.0, 1.5], [-0.2, 0.6, NAN]]),
            Items.nominal([[0.5, 1.0, 1.3]], [[0.2, -0.4, 0.1]]),
        ]
    )


def answer(
    items: Items, theta: FloatArray, rng: np.random.Generator, *, missing: float = 0.0
) -> NDArray[np.int8]:
    """Answers of persons of known ability; a share of them was not presented."""
    reached = items.probability(theta).cumsum(axis=2)[..., :-1]
    scores = (rng.random((theta.size, len(items), 1)) > reached).sum(axis=2)
    scores = np.minimum(scores, items.highest)
    return np.where(rng.random(scores.shape) < missing, -1, scores).astype(np.int8)


def naive_log_likelihood(items: Items, pattern: NDArray[np.int8], theta: float) -> float:
    """Item by item, from the probabilities."""
    chance = items.probability([theta])[0]
    return float(sum(np.log(chance[item, score]) for item, score in enumerate(pattern) if score >= 0))
