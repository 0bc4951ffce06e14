"""What deserves attention in a bank: thin points, unused and overused items, items that drift or mislead. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import numpy as np

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.linking.drift import DISPLACEMENT_LIMIT
from exam_engine.psychometrics.linking.link import Linker


class Concern(StrEnum):
    """Why something of a bank is listed."""

    THIN = "thin"
    UNUSED = "unused"
    OVERUSED = "overused"
    DRIFTING = "drifting"
    MISFITTING = "misfitting"
    NEGATIVE = "negative"
    SUSPECT = "suspect"
    UNKNOWN = "unknown"


ITEMS_A_POINT = 3
"""Active items below which an assessment point is thin: two forms a year would repeat them."""

EXPOSED_ABOVE = 0.30
"""Share of the bank's sealed papers above which an item is over-exposed; the usual ceiling of exposure control lies
at 0.20 to 0.30 (Sympson & Hetter, 1985, Proceedings of the 27th Military Testing Association, 973–977)."""

MINIMUM_PAPERS = 5
"""Sealed papers from which such a share says something."""

MINIMUM_COMMON = 5
"""Items that two scales must share before drift is looked for."""

DRIFT_ERRORS = 2.576
"""Standard errors of a change of difficulty that chance gives one item in a hundred."""


MOST_LINKS = 10
"""Times that scales are linked again without the items that moved."""


@dataclass(frozen=True)
class BankItem:
    """An active item as the watch sees it."""

    id: UUID
    point_id: UUID | None
    papers: int
    """Sealed papers in which it stands."""


@dataclass(frozen=True)
class Known:
    """The latest classical figures of an item."""

    n: int
    p: float | None
    r: float | None
    key_suspect: bool = False


@dataclass(frozen=True)
class Calibrated:
    """Parameters of one scale: item → discrimination, difficulty and its error, lower asymptote."""

    name: str
    figures: Mapping[UUID, tuple[float, float, float, float]]


@dataclass(frozen=True)
class Found:
    """One thing that is listed, and the figure for which it is."""

    subject: UUID
    """An item, or for `Concern.THIN` a point."""
    value: float
    other: float | None = None


@dataclass(frozen=True)
class Drift:
    """Changes of difficulty between two scales."""

    new: str
    old: str
    n_common: int
    moved: tuple[Found, ...]
    """Items whose difficulty changed beyond errors and by more than `DISPLACEMENT_LIMIT`; the value in logits."""


def watch(
    items: Sequence[BankItem],
    points: Sequence[UUID],
    known: Mapping[UUID, Known],
    *,
    n_papers: int,
    drift: Drift | None,
    misfits: Sequence[Found] | None = None,
) -> dict[Concern, list[Found] | None]:
    """Return what deserves attention, by reason; None where it cannot be told.

    Parameters
    ----------
    items : active items of the bank
    points : assessment points of its outlines in use
    known : latest figures by item
    n_papers : sealed papers of the bank
    drift : between its two latest scales with items in common, if there are such
    misfits : items of the latest fit report that do not follow their model, None without one
    """
    on_point: dict[UUID, int] = {}
    for item in items:
        if item.point_id is not None:
            on_point[item.point_id] = on_point.get(item.point_id, 0) + 1
    active = {item.id for item in items}
    figures = [(item.id, known[item.id]) for item in items if item.id in known]
    return {
        Concern.THIN: [
            Found(point, on_point.get(point, 0)) for point in points if on_point.get(point, 0) < ITEMS_A_POINT
        ],
        Concern.UNUSED: [Found(item.id, 0.0) for item in items if not item.papers],
        Concern.OVERUSED: [
            Found(item.id, item.papers / n_papers)
            for item in items
            if n_papers >= MINIMUM_PAPERS and item.papers / n_papers > EXPOSED_ABOVE
        ]
        if n_papers >= MINIMUM_PAPERS
        else None,
        Concern.DRIFTING: None if drift is None else [one for one in drift.moved if one.subject in active],
        Concern.MISFITTING: None if misfits is None else [one for one in misfits if one.subject in active],
        Concern.NEGATIVE: [
            Found(item_id, figure.r, figure.n)
            for item_id, figure in figures
            if figure.r is not None and figure.r < 0
        ],
        Concern.SUSPECT: [Found(item_id, figure.n) for item_id, figure in figures if figure.key_suspect],
        Concern.UNKNOWN: [Found(item.id, 0.0) for item in items if item.id not in known],
    }


def drift_between(new: Calibrated, old: Calibrated) -> Drift | None:
    """Return the items whose difficulty changed beyond errors; None with too few items in common.

    The scales are linked through the common items (Stocking–Lord); an item is named when its difficulty, brought to the
    old scale, differs by more than `DISPLACEMENT_LIMIT` and by more than `DRIFT_ERRORS` standard errors. Named items
    are taken out and the scales linked again, until the same items are named.

    >>> ids = [UUID(int=k) for k in range(8)]
    >>> old = Calibrated("old", {one: (1.0, k / 4 - 1, 0.1, 0.0) for k, one in enumerate(ids)})
    >>> new = Calibrated("new", {one: (1.0, k / 4 - 1 + (k == 3), 0.1, 0.0) for k, one in enumerate(ids)})
    >>> [one.subject.int for one in drift_between(new, old).moved]
    [3]
    """
    common = [item for item in new.figures if item in old.figures]
    if len(common) < MINIMUM_COMMON:
        return None
    first = np.array([new.figures[item] for item in common])
    second = np.array([old.figures[item] for item in common])
    if (first[:, 0] <= 0).any() or (second[:, 0] <= 0).any():
        common = [
            item for item, one, two in zip(common, first, second, strict=True) if min(one[0], two[0]) > 0
        ]
        kept = (first[:, 0] > 0) & (second[:, 0] > 0)
        first, second = first[kept], second[kept]
        if len(common) < MINIMUM_COMMON:
            return None
    used = np.ones(len(common), dtype=np.bool_)
    for _ in range(MOST_LINKS):
        fit = Linker().fit(_items(first[used]), _items(second[used]))
        moved = fit.scale * first[:, 1] + fit.shift - second[:, 1]
        error = np.sqrt((fit.scale * first[:, 2]) ** 2 + second[:, 2] ** 2)
        beyond = (np.abs(moved) > DISPLACEMENT_LIMIT) & (np.abs(moved) > DRIFT_ERRORS * error)
        if (beyond == ~used).all() or (~beyond).sum() < MINIMUM_COMMON:
            break
        used = ~beyond
    return Drift(
        new.name,
        old.name,
        len(common),
        tuple(
            Found(item, float(change), float(se))
            for item, change, se, is_beyond in zip(common, moved, error, beyond, strict=True)
            if is_beyond
        ),
    )


def _items(figures: FloatArray) -> Items:
    return Items.dichotomous(figures[:, 0], figures[:, 1], c=figures[:, 3])
