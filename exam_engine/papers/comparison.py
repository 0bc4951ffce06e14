"""Forms side by side: curves, contents, and how far any two of them differ. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from exam_engine.assembly import Pool
from exam_engine.assembly.pool import FloatArray

CURVE_THETA = tuple(round(-3 + 0.25 * k, 2) for k in range(25))
"""Abilities at which curves are drawn."""

COMPOSITION = ("type", "node1", "node2", "category", "importance", "difficulty_level")
"""Attributes by which the forms' contents are set side by side."""

Forms = Sequence[Sequence[str]]


def compare(pool: Pool, forms: Forms, abilities: Sequence[float] = ()) -> dict[str, Any]:
    """Return what the forms hold and how they differ.

    Parameters
    ----------
    pool : Pool
        With the numeric attributes ``marks`` and ``difficulty``.
    forms : sequence of sequence of str
        Ids of each form's items.
    abilities : sequence of float
        Where information is compared in percent, those of the targets; the middle of the curves when there are none.

    Returns
    -------
    dict
        ``curves`` (``theta``, ``forms`` and ``scores``: information and expected marks of each form at each ability;
        None for a pool without parameters), ``composition``, ``mean_difficulty``, ``pairs`` (see ``differences``) and
        ``uses`` (number of forms an item is in → number of such items, as text and count).
    """
    places = [[pool.positions[name] for name in form] for form in forms]
    uses = Counter(Counter(name for form in forms for name in form).values())
    return {
        "curves": _curves(pool, places),
        "composition": _composition(pool, places),
        "mean_difficulty": [round(float(pool.numbers("difficulty")[form].mean()), 4) for form in places],
        "pairs": differences(pool, forms, abilities),
        "uses": {str(times): count for times, count in sorted(uses.items())},
    }


def differences(pool: Pool, forms: Forms, abilities: Sequence[float] = ()) -> dict[str, Any]:
    """Return how far any two forms differ, as symmetric tables (n_forms × n_forms).

    Returns
    -------
    dict
        ``common``: items in both. With item parameters also ``information``: the largest difference over ``abilities``,
        in percent of the mean of all forms there, and ``score``: the largest difference of expected marks over
        all abilities from −3 to 3.

    Examples
    --------
    >>> pool = Pool(ids=["i", "j"], numeric={"marks": [1, 1]}, a=[1.0, 1.0], b=[0.0, 0.0])
    >>> found = differences(pool, [["i"], ["j"]])
    >>> found["score"][0][1], found["common"]
    (0.0, [[1, 0], [0, 1]])
    """
    held = np.zeros((len(forms), pool.size))
    for f, form in enumerate(forms):
        held[f, [pool.positions[name] for name in form]] = 1.0
    found: dict[str, Any] = {"common": (held @ held.T).astype(int).tolist()}
    if not pool.is_calibrated:
        return found
    at = list(abilities) or [theta for theta in CURVE_THETA if abs(theta) <= 2]
    information = held @ pool.information(at).T
    score = held @ (pool.probability(CURVE_THETA) * pool.numbers("marks")).T
    found["information"] = _largest(100 * information / information.mean(axis=0))
    found["score"] = _largest(score)
    return found


def _largest(values: FloatArray) -> list[list[float]]:
    """Largest difference along the second axis between any two rows of (n_forms, n_abilities)."""
    return [[float(v) for v in np.round(np.abs(values - row).max(axis=1), 4)] for row in values]


def _curves(pool: Pool, places: Sequence[Sequence[int]]) -> dict[str, Any] | None:
    if not pool.is_calibrated:
        return None
    information = pool.information(CURVE_THETA)
    scores = pool.probability(CURVE_THETA) * pool.numbers("marks")
    return {
        "theta": list(CURVE_THETA),
        "forms": [_rounded(information[:, form].sum(axis=1)) for form in places],
        "scores": [_rounded(scores[:, form].sum(axis=1)) for form in places],
    }


def _rounded(values: FloatArray) -> list[float]:
    return [float(v) for v in np.round(values, 4)]


def _composition(pool: Pool, places: Sequence[Sequence[int]]) -> dict[str, list[dict[str, Any]]]:
    """Counts of each value of each attribute, a list of forms; attributes without values are left out."""
    found: dict[str, list[dict[str, Any]]] = {}
    for attribute in COMPOSITION:
        texts = pool.texts(attribute)
        columns = [Counter(str(texts[k]) for k in form) for form in places]
        values = sorted({value for column in columns for value in column})
        if values != [""]:
            found[attribute] = [{"value": v, "counts": [column[v] for column in columns]} for v in values]
    return found
