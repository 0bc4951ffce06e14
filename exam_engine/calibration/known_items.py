"""A response matrix met by items of known parameters: columns found by name, abilities of the persons. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.item_table import NamedItems
from exam_engine.calibration.response_matrix import ResponseMatrix
from exam_engine.calibration.rules import SettingsRefused
from exam_engine.psychometrics.irt.calibrate import ErrorMethod, calibrate
from exam_engine.psychometrics.irt.items import Items

MINIMUM_PERSONS = 30
"""Persons below which mean and variance of ability are not estimated but taken as 0 and 1: the standard error of the
mean of 30 persons is about 0.2 standard deviations even without measurement error. House rule."""


@contextmanager
def named_refusal() -> Iterator[None]:
    """Turn the ValueError of a kernel into a refusal."""
    try:
        yield
    except ValueError as error:
        raise SettingsRefused(str(error)) from error


@dataclass(frozen=True)
class Matched:
    """The columns whose items are known, and those items, in one order.

    Attributes
    ----------
    names : tuple of str
    responses : ndarray of int8, shape (n_persons, n_items)
    items : Items
    strangers : tuple of str
        Columns that the item table does not know; left out.
    """

    names: tuple[str, ...]
    responses: NDArray[np.int8]
    items: Items
    strangers: tuple[str, ...]


@dataclass(frozen=True)
class Ability:
    """The normal density that abilities are taken to have.

    Attributes
    ----------
    mean, variance : float
        In logits of the item table.
    source : str
        ``given``, ``estimated`` from the responses with all items held, or ``standard`` (0 and 1).
    """

    mean: float
    variance: float
    source: str


def match_items(matrix: ResponseMatrix, table: NamedItems) -> Matched:
    """Find the columns of known items.

    Raises
    ------
    SettingsRefused
        If none is known, or a score is above the highest of its item.
    """
    place = table.position()
    known = [at for at, name in enumerate(matrix.items) if name in place]
    if not known:
        raise SettingsRefused("no column of the response file is an item of the table")
    items = table.items.take([place[matrix.items[at]] for at in known])
    responses = matrix.responses if len(known) == len(matrix.items) else matrix.responses[:, known]
    names = tuple(matrix.items[at] for at in known)
    over = np.flatnonzero(responses.max(axis=0) > items.highest)
    if over.size:
        at = int(over[0])
        found, highest = int(responses[:, at].max()), int(items.highest[at])
        raise SettingsRefused(
            f"item {names[at]}: score {found}, but its highest in the item table is {highest}"
        )
    strangers = tuple(name for name in matrix.items if name not in place)
    return Matched(names, responses, items, strangers)


def find_ability(matched: Matched, given: tuple[float, float] | None) -> Ability:
    """Return mean and variance of ability: as given, or estimated with the items held fixed."""
    if given is not None:
        return Ability(*given, "given")
    sees = (matched.responses >= 0).any(axis=1)
    seen = np.asarray((matched.responses >= 0).any(axis=0))
    if sees.sum() < MINIMUM_PERSONS:
        return Ability(0.0, 1.0, "standard")
    with named_refusal():
        items = matched.items.take(seen)
        found = calibrate(
            matched.responses[sees][:, seen],
            fixed=items,
            is_fixed=np.ones(len(items), dtype=np.bool_),
            errors=ErrorMethod.NONE,
        )
    if not found.converged:
        raise SettingsRefused(
            "mean and variance of ability cannot be estimated here; give them with --ability"
        )
    return Ability(float(found.means[0]), float(found.variances[0]), "estimated")
