"""Individual forms: what is asked of a drawing, and what its report holds. No I/O."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from exam_engine.assembly import Pool, Specification
from exam_engine.assembly.individual import MOST_FORMS, Individual, OutOfReach
from exam_engine.assembly.rows import IntArray
from exam_engine.assembly.specification import Overlap, is_across
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.rules import DrawingOutOfRange, DrawingRuleRefused

INDIVIDUAL = "individual"
"""``Paper.collection["way"]`` of a collection of individual forms."""

MOST_RESERVES_PERCENT = 50


@dataclass(frozen=True)
class Drawing:
    """What is asked for: a form for each candidate, reserves, and caps.

    ``max_exposure_percent`` is the largest part of the forms that may hold an item, ``max_overlap`` the most items that
    two forms may share; None for no cap.
    """

    candidates: int
    reserves_percent: float = 5.0
    max_exposure_percent: float | None = None
    max_overlap: int | None = None
    sitting: str = ""
    """Id of the sitting that it is for."""
    dropped: bool = False
    """Nobody is to use it any more."""
    dealt: bool = False
    """Forms were dealt out to seats or printed once, so that somebody may know them."""
    released: bool = False
    """Dropped without anybody having had a form: its items count as if they had never been sealed."""

    @property
    def forms(self) -> int:
        """How many forms are drawn."""
        return self.candidates + math.ceil(self.candidates * self.reserves_percent / 100 - 1e-9)

    def check(self, spec: BlueprintSpec) -> None:
        """Raise DrawingOutOfRange, or DrawingRuleRefused for rows that a single form cannot be held to."""
        self._check("reserves_percent", self.reserves_percent, 0, MOST_RESERVES_PERCENT)
        self._check("forms", self.forms, 1, MOST_FORMS)
        if self.max_exposure_percent is not None:
            self._check("max_exposure_percent", self.max_exposure_percent, 0.01, 100)
        if self.max_overlap is not None:
            self._check("max_overlap", self.max_overlap, 0, spec.length)
        wishes = [row.name for row in spec.rows if row.weight is not None]
        if wishes:
            raise DrawingRuleRefused(rows="、".join(wishes))

    @staticmethod
    def _check(field: str, value: float, least: float, most: float) -> None:
        if not least <= value <= most:
            raise DrawingOutOfRange(field=field, value=value, least=least, most=most)

    def as_json(self) -> dict[str, Any]:
        """Return it to be stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Drawing:
        """Return what ``as_json`` gave."""
        return cls(**stored)


def of_one_form(specification: Specification) -> Specification:
    """Return the rules that each form keeps by itself: what pairs may share is a cap here, and use is one as well."""
    rules = [rule for rule in specification.rules if not is_across(rule)]
    return replace(specification, rules=tuple(rules), max_use=None)


def overlap_cap(asked: Drawing, specification: Specification, length: int) -> int | None:
    """Return the most items that two forms may share, by request and blueprint; None where nothing is capped."""
    caps = [
        rule.maximum for rule in specification.rules if isinstance(rule, Overlap) and rule.maximum is not None
    ]
    caps += [] if asked.max_overlap is None else [asked.max_overlap]
    cap = min(caps, default=length)
    return cap if cap < length else None


def forms_digest(forms: Iterable[Sequence[int]]) -> str:
    """Return the SHA-256 digest of all forms in order; it is sealed with the collection."""
    content = json.dumps([list(places) for places in forms], separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


def as_positions(pool: Pool, ids: Sequence[str], forms: Sequence[Sequence[int]]) -> IntArray:
    """Return forms as positions in a pool, shape (n_forms, longest); −1 for what the pool does not hold.

    Parameters
    ----------
    ids : sequence of str
        The items of the collection, by place.
    """
    at = np.array([pool.positions.get(name, -1) for name in ids], dtype=np.int64)
    held = np.full((len(forms), max(map(len, forms), default=0)), -1, dtype=np.int64)
    for row, places in enumerate(forms):
        held[row, : len(places)] = at[list(places)]
    return held


def report_of_drawing(answer: Individual | OutOfReach) -> dict[str, Any]:
    """Return what is known of drawn forms, or which cap stands in the way."""
    if isinstance(answer, OutOfReach):
        return {
            "out_of_reach": {
                "what": answer.what,
                "asked": answer.asked,
                "least": answer.least,
                "proven": answer.proven,
            }
        }
    exposure, overlap = answer.exposure, answer.overlap
    return {
        "deviation": answer.deviation,
        "bound": answer.bound,
        "drawn": {
            "forms": len(answer.forms),
            "items": len(np.unique(answer.forms[answer.forms >= 0])),
            "checked": answer.checked,
            "exposure": {
                "largest": exposure.largest,
                "least": exposure.least,
                "cap": exposure.cap,
                "always": exposure.always,
                "histogram": exposure.histogram(10),
            },
            "overlap": {
                "largest": overlap.largest,
                "mean": overlap.mean,
                "least_mean": overlap.least_mean,
                "cap": overlap.cap,
                "pairs": overlap.pairs.tolist(),
            },
            "targets": [
                {
                    "key": target.target,
                    "goal": target.goal,
                    "tolerance": target.tolerance,
                    "deviation": target.deviation,
                    **_spread(target.spread),
                }
                for target in answer.targets
            ],
            "fairness": [{"name": spread.name, **_spread(spread)} for spread in answer.fairness],
        },
    }


def _spread(spread: Any) -> dict[str, float]:
    return {name: float(getattr(spread, name)) for name in ("minimum", "maximum", "mean", "sd")}
