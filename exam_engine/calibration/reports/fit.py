"""The report on fit: do the answers behind a scale follow its model? Items, pairs, the whole test. No I/O."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.reports.rules import NothingToFit
from exam_engine.psychometrics.corrections import Correction, adjusted_p_values
from exam_engine.psychometrics.fit import (
    curve_distance,
    empirical_curves,
    item_fit_by_score,
    item_mean_squares_over_posterior,
    m2_fit,
    residual_correlations,
)
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import Model

FORMAT = 2
"""2: with the model, lower asymptotes and whether priors took part. 1: Rasch or 2PL."""

LEAST_ITEMS = 4
"""Items below which sum scores are too few to compare anything at."""

LEAST_PERSONS = 100
"""Persons below which no fit is computed: a booklet of S-X² needs as many."""

RMSD_ABOVE = 0.05
LEVEL = 0.01
"""An item misfits when its test says so at this level, adjusted for their number, and its curve is off by more than
`RMSD_ABOVE`: large samples call every item significant, small ones make every curve crooked."""

WITH_PRIORS = "with_priors"
"""What limits the figures: tests of fit take the parameters as maximum-likelihood estimates."""

GROUPS = 10
MOST_PAIRS = 20


@dataclass(frozen=True)
class ScaleAnswers:
    """A scale's parameters and the answers behind them: the frozen input of the report.

    Attributes
    ----------
    scale : str
    model : Model
        Of all items.
    variance : float
        Of ability.
    items : tuple of (item id, name, discrimination, difficulty, lower asymptote)
    responses : ndarray of int8, shape (n_persons, n_items)
        1, 0, -1 not presented.
    has_priors : bool
        Whether the parameters were estimated with priors.
    """

    scale: str
    model: Model
    variance: float
    items: tuple[tuple[str, str, float, float, float], ...]
    responses: NDArray[np.int8]
    has_priors: bool = False

    def to_bytes(self) -> bytes:
        """Return the canonical bytes: a header as JSON, then the responses by item."""
        header = {
            "format": FORMAT,
            "scale": self.scale,
            "model": self.model.value,
            "variance": self.variance,
            "items": [list(item) for item in self.items],
            "has_priors": self.has_priors,
        }
        text = json.dumps(header, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        matrix = np.ascontiguousarray(self.responses.T, dtype=np.int8).tobytes()
        return len(text).to_bytes(8, "little") + text + matrix

    @classmethod
    def from_bytes(cls, content: bytes) -> ScaleAnswers:
        """Read back what `to_bytes` gave; raises ValueError for a format that is not known."""
        start = 8 + int.from_bytes(content[:8], "little")
        header = json.loads(content[8:start])
        if header["format"] not in (1, FORMAT):
            raise ValueError(f"scale answers format {header['format']} is not known")
        items = tuple(
            (item_id, name, float(a), float(b), float(c[0]) if c else 0.0)
            for item_id, name, a, b, *c in header["items"]
        )
        matrix = np.frombuffer(content[start:], dtype=np.int8).reshape(len(items), -1).T
        return cls(
            header["scale"],
            Model(header.get("model") or ("rasch" if header["is_rasch"] else "2pl")),
            float(header["variance"]),
            items,
            np.ascontiguousarray(matrix),
            bool(header.get("has_priors")),
        )


def compute(
    content: bytes, _settings: Mapping[str, Any], progress: Callable[[int, int, str], None]
) -> dict[str, Any]:
    """Return how items, pairs of items and the whole test fit the model of the scale.

    Raises NothingToFit with too few items or persons.
    """
    answers = ScaleAnswers.from_bytes(content)
    responses = answers.responses[(answers.responses >= 0).any(axis=1)]
    if len(answers.items) < LEAST_ITEMS or len(responses) < LEAST_PERSONS:
        raise NothingToFit(items=LEAST_ITEMS, persons=LEAST_PERSONS)
    a, b, c = np.array([item[2:] for item in answers.items], dtype=np.float64).T
    items = replace(Items.dichotomous(a, b, c=c), models=(answers.model,) * len(answers.items))
    density = {"variance": answers.variance}
    progress(5, 100, "fit of items")
    by_score = item_fit_by_score(responses, items, **density)
    adjusted = adjusted_p_values(by_score.p, correction=Correction.BENJAMINI_HOCHBERG)
    progress(35, 100, "fit of items")
    squares = item_mean_squares_over_posterior(responses, items, **density).mean_squares
    distance = curve_distance(responses, items, **density)
    curves = empirical_curves(responses, items, groups=GROUPS, **density)
    progress(65, 100, "fit of pairs")
    pairs = residual_correlations(responses, items, **density)
    limits = {warning.value for part in (by_score, curves, pairs) for warning in part.warnings}
    limits |= {WITH_PRIORS} if answers.has_priors else set()
    progress(80, 100, "fit of the test")
    found = []
    for at, (item_id, name, slope, difficulty, lower) in enumerate(answers.items):
        rmsd, p = _known(distance.rmsd[at]), _known(adjusted[at])
        found.append(
            {
                "item_id": item_id,
                "name": name,
                "a": slope,
                "b": difficulty,
                "c": lower,
                "n": int(by_score.n_persons[at]),
                "statistic": _known(by_score.statistic[at]),
                "df": int(by_score.degrees_of_freedom[at]),
                "p": _known(by_score.p[at]),
                "p_adjusted": p,
                "rmsea": _known(by_score.rmsea[at]),
                "infit": _known(squares.infit[at]),
                "outfit": _known(squares.outfit[at]),
                "rmsd": rmsd,
                "misfits": p is not None and p <= LEVEL and rmsd is not None and rmsd > RMSD_ABOVE,
                "curve": [
                    [float(theta), int(n), _known(seen), _known(expected), _known(se)]
                    for theta, n, seen, expected, se in zip(
                        curves.theta,
                        curves.n[at],
                        curves.observed[at],
                        curves.expected[at],
                        curves.se[at],
                        strict=True,
                    )
                ],
            }
        )
    return {
        "persons": len(responses),
        "scale": answers.scale,
        "is_rasch": answers.model is Model.RASCH,
        "model": answers.model.value,
        "items": found,
        "pairs": [
            {
                "first": answers.items[one][1],
                "second": answers.items[other][1],
                "q3": float(pairs.q3[one, other]),
                "adjusted": float(pairs.adjusted[one, other]),
            }
            for one, other in pairs.flagged[:MOST_PAIRS].tolist()
        ],
        "n_pairs": len(pairs.flagged),
        "pair_limit": float(pairs.limit),
        "test": _test(responses, items, answers.variance),
        "limits": sorted(limits),
        "cautions": [],
    }


def summary_of(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a list of reports shows."""
    misfits = sum(1 for item in results["items"] if item["misfits"])
    return {"persons": results["persons"], "items": len(results["items"]), "flagged": misfits, "serious": 0}


def _test(responses: NDArray[np.int8], items: Items, variance: float) -> dict[str, float | None] | None:
    """Return M2 with its indices; None where too few persons saw everything."""
    complete = responses[(responses >= 0).all(axis=1)]
    if len(complete) < LEAST_PERSONS:
        return None
    try:
        found = m2_fit(complete, items, variance=variance)
    except ValueError:  # no degrees of freedom
        return None
    names = ("statistic", "p", "rmsea", "rmsea_low", "rmsea_high", "srmsr", "cfi", "tli")
    return {name: _known(getattr(found, name)) for name in names} | {
        "df": float(found.degrees_of_freedom),
        "persons": float(found.n_persons),
    }


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
