"""Purification: items that function differently leave the score on which persons are matched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from exam_engine.psychometrics.dif.outcome import BoolArray, Warn

MINIMUM_ANCHORS = 4
"""Items the matching score must keep: with four a test still has power (Shih & Wang, 2009, Applied Psychological
Measurement 33, 184–199)."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Purified:
    """How purification ended.

    Attributes
    ----------
    anchor : ndarray of bool, shape (n_items,)
        Items left in the matching score.
    rounds : int
        Repetitions after the first study.
    warnings : tuple of Warn
        Empty when the flags settled.
    """

    anchor: BoolArray
    rounds: int
    warnings: tuple[Warn, ...]


def purified(
    study: Callable[[BoolArray], tuple[Result, BoolArray]], first: BoolArray, *, max_rounds: int
) -> tuple[Result, Purified]:
    """Repeat a study without the items it flags until it flags the same items again.

    Parameters
    ----------
    study : callable
        Takes the anchor items, returns its result and the items flagged.
    first : ndarray of bool, shape (n_items,)
        Anchor items to begin with; no other item ever enters.
    max_rounds : int
        Repetitions at most.

    Returns
    -------
    result, Purified
        The result of the last study, and how it came about.

    Notes
    -----
    Flags that come back after others went in a circle; then the study is made once more without any item flagged
    in that circle, and says so. When fewer than `MINIMUM_ANCHORS` items would remain, the last anchor stays, with
    a warning; it warns too where fewer than half of the first anchor are left, as it is only by convention that
    the fewer items are those that differ. (Candell & Drasgow, 1988, Applied Psychological Measurement 12, 253–260.)
    """
    anchor = first
    result, flagged = study(anchor)
    history = [flagged]
    for done in range(1, max_rounds + 1):
        following = first & ~flagged
        if np.array_equal(following, anchor):
            return result, Purified(anchor, done - 1, _few(anchor, first))
        if following.sum() < MINIMUM_ANCHORS:
            return result, Purified(anchor, done - 1, (Warn.FEW_ANCHORS,))
        anchor = following
        result, flagged = study(anchor)
        again = [index for index, earlier in enumerate(history) if np.array_equal(earlier, flagged)]
        if again and again[-1] < len(history) - 1:
            return _out_of_circle(study, first, anchor, history[again[-1] :], result, done)
        history.append(flagged)
    settled = np.array_equal(first & ~flagged, anchor)
    notes = () if settled else (Warn.PURIFICATION_LIMIT,)
    return result, Purified(anchor, max_rounds, (*notes, *_few(anchor, first)))


def _few(anchor: BoolArray, first: BoolArray) -> tuple[Warn, ...]:
    return (Warn.FEW_ANCHORS,) if 2 * anchor.sum() < first.sum() else ()


def _out_of_circle(
    study: Callable[[BoolArray], tuple[Result, BoolArray]],
    first: BoolArray,
    anchor: BoolArray,
    circle: list[BoolArray],
    result: Result,
    done: int,
) -> tuple[Result, Purified]:
    clean = first & ~np.logical_or.reduce(circle)
    if clean.sum() < MINIMUM_ANCHORS:
        return result, Purified(anchor, done, (Warn.PURIFICATION_CYCLE, Warn.FEW_ANCHORS))
    return study(clean)[0], Purified(clean, done + 1, (Warn.PURIFICATION_CYCLE, *_few(clean, first)))
