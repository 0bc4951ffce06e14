"""The similarity indices by their names."""

from __future__ import annotations

from exam_engine.psychometrics.forensics.answers import Room
from exam_engine.psychometrics.forensics.k_index import k_index
from exam_engine.psychometrics.forensics.pairs import Index, Scope, SimilarityTable
from exam_engine.psychometrics.forensics.similarity import gbt, m4, omega
from exam_engine.psychometrics.irt.models import FloatArray

WITH_MODEL = {Index.OMEGA: omega, Index.GBT: gbt, Index.M4: m4}


def analyse_similarity(
    room: Room, index: Index | str, probabilities: FloatArray, *, scope: Scope | None = None
) -> SimilarityTable:
    """Return the table of any similarity index, by its name.

    Parameters
    ----------
    room : Room
    index : Index
    probabilities : ndarray, shape (n_persons, n_items, n_options)
        Not used by the K family.
    scope : Scope, optional

    Raises
    ------
    ValueError
        As the index itself.

    Examples
    --------
    >>> import numpy as np
    >>> room = Room.of(np.eye(12, dtype=int), np.zeros(12, int))
    >>> analyse_similarity(room, "gbt", np.full((12, 12, 2), 0.5)).n_tests
    66
    """
    kind = Index(index)
    if kind in WITH_MODEL:
        return WITH_MODEL[kind](room, probabilities, scope=scope)
    return k_index(room, variant=kind, scope=scope)
