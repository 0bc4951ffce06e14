"""What a calibration refuses, each refusal naming the place. Pure arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from exam_engine.psychometrics.irt.blocks import Blocks
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.layout import Layout
from exam_engine.psychometrics.irt.models import FloatArray, Model

SINGLE_SCORE = frozenset({Model.TWO_PL, Model.THREE_PL, Model.FOUR_PL})
"""Models of items scored 0 or 1."""


class UnlinkedItems(ValueError):
    """Blocks of items that nobody saw together: their scales are not linked.

    Attributes
    ----------
    parts : tuple of tuple of int
        The blocks, items by position.
    """

    def __init__(self, parts: Sequence[Sequence[int]]) -> None:
        self.parts = tuple(tuple(part) for part in parts)
        shown = "; ".join(str(list(part[:20])) + ("…" if len(part) > 20 else "") for part in self.parts[:5])
        super().__init__(
            f"{len(self.parts)} blocks of items that nobody saw together, so that their scales are not linked, by "
            f"position: {shown}"
        )


def models_of(
    model: Model | str | Sequence[Model | str], n_items: int, fixed: Items | None, is_fixed: NDArray[np.bool_]
) -> tuple[Model, ...]:
    """Return one model an item; a fixed item keeps its own."""
    names = [model] * n_items if isinstance(model, str) else list(model)
    if len(names) != n_items:
        raise ValueError(f"model must be one name, or {n_items}, one for each item")
    models = [Model(name) for name in names]
    if Model.ONE_PL in models and (len(set(models)) > 1 or fixed is not None):
        raise ValueError("the 1PL goes neither with other models nor with fixed items; take rasch")
    if fixed is not None:
        for at, kept in zip(np.flatnonzero(is_fixed).tolist(), fixed.models, strict=True):
            models[at] = kept
    return tuple(models)


def worked_model(model: Model, highest: int, slope: float = 1.0) -> Model:
    """Return the model as it is estimated.

    The 1PL as Rasch, Rasch items with several scores as partial credit, generalised partial credit with one as 2PL.
    Fixed items of these models with a slope other than 1, as on another scale, as 2PL or generalised partial credit.
    """
    if model in (Model.RASCH, Model.ONE_PL, Model.PCM) and slope != 1.0:
        return Model.TWO_PL if highest == 1 else Model.GPCM
    if model in (Model.RASCH, Model.ONE_PL, Model.PCM):
        return Model.RASCH if highest == 1 else Model.PCM
    if highest == 1 and model in (Model.GPCM, Model.GRADED, Model.NOMINAL):
        return Model.TWO_PL
    return model


def check_fixed(fixed: Items | None, is_fixed: ArrayLike | None, n_items: int) -> NDArray[np.bool_]:
    """Return which items are fixed."""
    if (fixed is None) != (is_fixed is None):
        raise ValueError("fixed and is_fixed go together")
    if fixed is None:
        return np.zeros(n_items, dtype=np.bool_)
    held = np.asarray(is_fixed)
    if held.shape != (n_items,) or held.dtype != np.bool_ or held.sum() != len(fixed):
        raise ValueError(f"is_fixed must hold {n_items} truth values, true for each of the fixed items")
    return held


def highest_scores(
    matrix: NDArray[np.int8], fixed: Items | None, is_fixed: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Return the highest score of each item: the highest seen, at least 1; of a fixed item its own."""
    found = matrix.max(axis=0).astype(np.intp)
    top = np.maximum(found, 1)
    if fixed is not None:
        top[is_fixed] = fixed.highest
        over = np.flatnonzero(found > top)
        if over.size:
            raise ValueError(f"scores above the highest of a fixed item, by position: {over.tolist()}")
    return np.asarray(top, dtype=np.intp)


def check_groups(groups: ArrayLike | None, n_persons: int) -> tuple[NDArray[np.intp] | None, int]:
    """Return the group of each person and the number of groups."""
    if groups is None:
        return None, 1
    group = np.asarray(groups)
    if group.shape != (n_persons,) or group.dtype.kind not in "iub" or group.min() < 0:
        raise ValueError("groups must be one whole number a person, numbered from 0")
    present = np.unique(group)
    if present.size <= present[-1]:
        empty = np.setdiff1d(np.arange(min(int(present[-1]), present.size + 20)), present)[:20]
        raise ValueError(f"groups without persons: {empty.tolist()}")
    return group.astype(np.intp), present.size


def check_weights(weights: ArrayLike | None, n_persons: int) -> FloatArray | None:
    """Return the weights."""
    if weights is None:
        return None
    weight = np.asarray(weights, dtype=np.float64)
    if weight.shape != (n_persons,) or not np.all((weight > 0) & np.isfinite(weight)):
        raise ValueError("weights must be one positive number a row of the responses")
    return weight


def check_items(
    answered: FloatArray,
    highest: NDArray[np.intp],
    models: Sequence[Model],
    is_fixed: NDArray[np.bool_],
) -> None:
    """Refuse items for which the likelihood has no finite maximum, or that their model does not take.

    Parameters
    ----------
    answered : ndarray, shape (n_items, highest of all + 1)
        Persons who got each score.
    """
    several = [
        at
        for at, (model, top) in enumerate(zip(models, highest, strict=True))
        if model in SINGLE_SCORE and top > 1
    ]
    if several:
        raise ValueError(
            f"items with scores above 1, which {models[several[0]]} does not take, by position: {several}; "
            "take rasch, gpcm or graded"
        )
    unseen = np.flatnonzero((answered.sum(axis=1) == 0) & ~is_fixed)
    if unseen.size:
        raise ValueError(f"items presented to nobody, by position: {unseen.tolist()}")
    gaps: list[tuple[int, int]] = []
    alike = []
    for at in np.flatnonzero(~is_fixed).tolist():
        counts = answered[at, : highest[at] + 1]
        if np.count_nonzero(counts) == 1:
            alike.append(at)
        gaps.extend((at, score) for score in np.flatnonzero(counts == 0).tolist())
    if alike:
        raise ValueError(f"items answered alike by everybody who saw them, by position: {alike}")
    if gaps:
        raise ValueError(f"scores below an item's highest that nobody got, as (position, score): {gaps}")


def check_linked(blocks: Blocks, layout: Layout, is_fixed: NDArray[np.bool_]) -> None:
    """Refuse designs whose parts share no items: their scales would not be linked.

    Fixed items are on one scale already, so that they link whatever they were seen with.

    Raises
    ------
    UnlinkedItems
    """
    n = layout.n_items
    pairs = [np.stack([block.items[:-1], block.items[1:]]) for block in blocks if block.seen is None]
    for block in blocks:
        if block.seen is not None and block.seen.nnz:
            # Neighbouring entries of a row are items seen together.
            indices, stops = block.seen.indices, block.seen.indptr[1:-1]
            together = np.ones(indices.size - 1, dtype=np.bool_)
            together[stops[(stops > 0) & (stops < indices.size)] - 1] = False
            pairs.append(np.stack([indices[:-1][together], indices[1:][together]]))
    anchors = np.flatnonzero(is_fixed)
    pairs.append(np.stack([anchors[:-1], anchors[1:]]))
    first, second = np.concatenate(pairs, axis=1)
    graph = sparse.coo_array((np.ones(first.size), (first, second)), shape=(n, n))
    count, part = connected_components(graph, directed=False)
    if count > 1:
        raise UnlinkedItems([np.flatnonzero(part == one).tolist() for one in range(count)])
