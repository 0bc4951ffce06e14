"""The problems: response matrices drawn with a seed. Needs NumPy only, so that a peer's interpreter can run it.

a 2PL 1,000 × 40 · b 2PL 20,000 × 100 · c 3PL 10,000 × 60 · d generalised partial credit 5,000 × 30 with four
scores · e 2PL bank of 1,000 items and 50,000 persons who saw 100 each, in 100 booklets linked by shared blocks
· f 2PL in two groups of 2,500 × 40, the second abler and wider. Logistic models without the 1.7 constant.
"""

from __future__ import annotations

from typing import Any

import numpy as np

MODELS = {"a": "2pl", "b": "2pl", "c": "3pl", "d": "gpcm", "e": "2pl", "f": "2pl"}
SHAPES = {"a": (1_000, 40), "b": (20_000, 100), "c": (10_000, 60), "e": (50_000, 1_000), "f": (5_000, 40)}
OFFSETS = np.array([0, 1, 3, 7, 12, 20, 31, 45, 62, 80])
"""Blocks of a booklet, counted from its own number: any two booklets share at most one difference."""


def draw(case: str, seed: int) -> tuple[Any, Any]:
    """Return responses (int8, −1 for not presented) and the group of each person or None."""
    rng = np.random.default_rng([seed, ord(case)])
    if case == "d":
        return _partial_credit(rng), None
    n_persons, n_items = SHAPES[case]
    a, b = np.exp(rng.normal(0.2, 0.3, n_items)), rng.normal(0, 1, n_items)
    c = rng.beta(8, 32, n_items) if case == "c" else np.zeros(n_items)
    theta = rng.normal(0, 1, n_persons)
    group = None
    if case == "f":
        group = np.repeat([0, 1], n_persons // 2)
        theta = np.where(group == 1, 0.4 + 1.2 * theta, theta)
    responses = np.empty((n_persons, n_items), dtype=np.int8)
    for start in range(0, n_persons, 5_000):
        rows = slice(start, start + 5_000)
        chance = c + (1 - c) / (1 + np.exp(-a * (theta[rows, None] - b)))
        responses[rows] = rng.random(chance.shape) < chance
    if case == "e":
        held = np.zeros((100, 100), dtype=bool)
        for booklet in range(100):
            held[booklet, (booklet + OFFSETS) % 100] = True
        responses[~np.repeat(held, 10, axis=1)[rng.integers(0, 100, n_persons)]] = -1
    return responses, group


def _partial_credit(rng: Any) -> Any:
    n_persons, n_items = 5_000, 30
    a, middle = np.exp(rng.normal(0, 0.25, n_items)), rng.normal(0, 0.8, n_items)
    steps = middle[:, None] + np.array([-0.9, 0.0, 0.9]) + rng.normal(0, 0.2, (n_items, 3))
    theta = rng.normal(0, 1, n_persons)
    logits = np.cumsum(a[:, None] * (theta[:, None, None] - steps), axis=2)
    weight = np.exp(np.concatenate([np.zeros((n_persons, n_items, 1)), logits], axis=2))
    reached = np.cumsum(weight / weight.sum(axis=2, keepdims=True), axis=2)[:, :, :-1]
    return (rng.random((n_persons, n_items, 1)) > reached).sum(axis=2).astype(np.int8)
