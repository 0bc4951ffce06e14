"""The report that links two scales of one occupation and level: anchors, constants, drift. No I/O."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from exam_engine.calibration.reports.rules import TooFewAnchors
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.linking.drift import AREA_LIMIT, DISPLACEMENT_LIMIT, ROBUST_Z_LIMIT
from exam_engine.psychometrics.linking.link import MINIMUM_ANCHORS, Linker, Method, link
from exam_engine.psychometrics.linking.purification import Purification, purify
from exam_engine.psychometrics.linking.transformation import Transformation

FORMAT = 2
"""2: figures by name, with lower asymptotes, and the models of the scales. 1: six figures, Rasch or not."""

LEAST = 3
"""Common items without which no link is made; below `MINIMUM_ANCHORS` it is advised against."""

COMMON_SLOPE = "1pl"
"""The model whose items share one estimated slope."""

COMPARED = (Method.MEAN, Method.MEAN_MEAN, Method.MEAN_SIGMA, Method.HAEBARA, Method.STOCKING_LORD)


@dataclass(frozen=True)
class Figures:
    """Parameters of an item on a scale, in logits, with standard errors and covariances; None where unknown."""

    a: float
    b: float
    se_a: float | None = None
    se_b: float | None = None
    se_d: float | None = None
    cov_ad: float | None = None
    c: float | None = None
    """None for items of models without a lower asymptote."""
    se_c: float | None = None
    cov_ac: float | None = None
    cov_dc: float | None = None


@dataclass(frozen=True)
class Anchor:
    """An item with parameters on the new scale and perhaps on the old one."""

    item_id: str
    name: str
    new: Figures
    old: Figures | None


@dataclass(frozen=True)
class ScalePair:
    """Two scales as they are to be linked: the frozen input of the report."""

    new: str
    old: str
    models: tuple[str, str] | None
    """Of the new and the old scale; None where the input was frozen before they were kept."""
    is_rasch: bool
    """Whether both are Rasch scales: then only the shift is to be found."""
    items: tuple[Anchor, ...]
    mean_variances: tuple[float, float] = (0.0, 0.0)
    """Sampling variance of the mean ability of the persons behind the new and the old scale, in squared logits of each.

    A calibration fixes that mean, so that this error is common to all its items; 0 where it is not known."""

    def to_bytes(self) -> bytes:
        """Return the canonical bytes: JSON with sorted keys."""
        content = {"format": FORMAT, **asdict(self)}
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> ScalePair:
        """Read back what `to_bytes` gave; raises ValueError for a format that is not known."""
        data = json.loads(content)
        if data["format"] not in (1, FORMAT):
            raise ValueError(f"scale pair format {data['format']} is not known")
        read = _first_format if data["format"] == 1 else _named
        items = tuple(
            Anchor(
                item["item_id"],
                item["name"],
                read(item["new"]),
                None if item["old"] is None else read(item["old"]),
            )
            for item in data["items"]
        )
        models = tuple(data["models"]) if data.get("models") else None
        variances = tuple(data.get("mean_variances", (0.0, 0.0)))
        return cls(data["new"], data["old"], models, data["is_rasch"], items, variances)


def _first_format(values: Sequence[float]) -> Figures:
    return Figures(*values)


def _named(values: Mapping[str, Any]) -> Figures:
    return Figures(**values)


LEAST_CORRELATION = 0.95
"""Correlation of the anchors' difficulties below which they carry no link (Huynh & Meyer, 2010, Practical Assessment,
Research & Evaluation 15, article 2, who ask for it without allowing for errors)."""


def compute(
    content: bytes, settings: Mapping[str, Any], progress: Callable[[int, int, str], None]
) -> dict[str, Any]:
    """Return the link of the new scale to the old one, what became of each anchor, and the new items on the old scale.

    ``settings``: ``method``, a value of `Method`; none takes the mean shift for Rasch scales and symmetric
    Stocking–Lord for others.

    Raises TooFewAnchors below `LEAST` common items.
    """
    pair = ScalePair.from_bytes(content)
    progress(0, 100, "linking")
    anchors = [
        (item, item.old) for item in pair.items if item.old is not None and min(item.new.a, item.old.a) > 0
    ]
    if len(anchors) < LEAST:
        raise TooFewAnchors(minimum=LEAST, found=len(anchors))
    common, new = [item for item, _ in anchors], [item.new for item, _ in anchors]
    old = [figures for _, figures in anchors]
    method = Method(settings.get("method") or (Method.MEAN if pair.is_rasch else Method.STOCKING_LORD))
    new_model, old_model = pair.models or ("", "")
    first, second = _items(new), _items(old)
    of_new, of_old = pair.mean_variances
    errors = _covariance(new, new_model, of_new), _covariance(old, old_model, of_old)
    known = errors[0] is not None and errors[1] is not None
    found = purify(
        first,
        second,
        linker=Linker(method),
        covariance_new=errors[0] if known else None,
        covariance_old=errors[1] if known else None,
    )
    progress(60, 100, "linking")
    line = found.link.transformation
    agreement = agreement_of(new, old, found.kept)
    return {
        "new": pair.new,
        "old": pair.old,
        **({"models": list(pair.models)} if pair.models else {}),
        "method": method.value,
        "n_common": len(common),
        "n_kept": int(found.kept.sum()),
        "warnings": [warning.value for warning in found.link.warnings] + _disagreement(agreement),
        "agreement": agreement,
        "limits": {
            "robust_z": ROBUST_Z_LIMIT,
            "displacement": DISPLACEMENT_LIMIT,
            "area": AREA_LIMIT,
            "anchors": MINIMUM_ANCHORS,
        },
        "line": _line(line),
        "anchor_error": _errors(found.link.anchor_covariance),
        "methods": _methods(first.take(found.kept), second.take(found.kept)),
        "anchors": _anchors(common, old, found, line),
        "items": [_on_old(item, line) for item in pair.items],
        "cautions": [],
    }


def agreement_of(
    new: Sequence[Figures], old: Sequence[Figures], kept: NDArray[np.bool_]
) -> dict[str, float] | None:
    """Return how alike the kept anchors' difficulties are; None for fewer than three, or without spread.

    ``corrected`` is the correlation allowing for the standard errors of both calibrations, at most 1.
    """
    b = np.array([(one.b, other.b) for one, other in zip(new, old, strict=True)])[kept]
    errors = np.array([(one.se_b or 0.0, other.se_b or 0.0) for one, other in zip(new, old, strict=True)])
    if len(b) < 3 or not np.ptp(b, axis=0).all():
        return None
    spread = b.var(axis=0, ddof=1)
    true = spread - (errors[kept] ** 2).mean(axis=0)
    correlation = float(np.corrcoef(b.T)[0, 1])
    corrected = correlation
    if true.min() > 0:
        corrected = min(1.0, correlation * float(np.sqrt(spread.prod() / true.prod())))
    ratio = float(np.sqrt(spread[1] / spread[0]))
    return {"correlation": correlation, "corrected": corrected, "ratio": ratio}


def _disagreement(agreement: Mapping[str, float] | None) -> list[str]:
    return ["anchors_disagree"] if agreement and agreement["corrected"] < LEAST_CORRELATION else []


def summary_of(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a list of reports shows."""
    dropped = sum(1 for anchor in results["anchors"] if not anchor["kept"])
    return {"persons": None, "items": results["n_common"], "flagged": dropped, "serious": 0}


def transform(figures: Figures, scale: float, shift: float) -> dict[str, float | None]:
    """Return parameters on the old scale, with the errors they had; those of the link are not in them.

    ``a' = a / A``, ``b' = A b + B``, ``d' = d − a B / A``, ``c' = c``: guessing does not depend on the metric.

    >>> moved = transform(Figures(1.0, 0.5, 0.1, 0.2, 0.15, 0.0, c=0.2), 2.0, 1.0)
    >>> moved["a"], moved["b"], moved["c"]
    (0.5, 2.0, 0.2)
    """
    ratio = shift / scale
    moved: dict[str, float | None] = {
        "a": figures.a / scale,
        "b": scale * figures.b + shift,
        "d": -figures.a * figures.b - figures.a * ratio,
        "se_a": None if figures.se_a is None else figures.se_a / scale,
        "se_b": None if figures.se_b is None else scale * figures.se_b,
        "se_d": None,
        "cov_ad": None,
    }
    if figures.se_a is not None and figures.se_d is not None:
        variance, cov = figures.se_a**2, figures.cov_ad or 0.0
        moved["se_d"] = float(np.sqrt(max(figures.se_d**2 + ratio**2 * variance - 2 * ratio * cov, 0.0)))
        moved["cov_ad"] = (cov - ratio * variance) / scale
    if figures.c is not None:
        moved |= {"c": figures.c, "se_c": figures.se_c, "cov_ac": None, "cov_dc": None}
        if figures.cov_ac is not None and figures.cov_dc is not None:
            moved |= {"cov_ac": figures.cov_ac / scale, "cov_dc": figures.cov_dc - ratio * figures.cov_ac}
    return moved


def _items(figures: Sequence[Figures]) -> Items:
    return Items.dichotomous(
        [one.a for one in figures], [one.b for one in figures], c=[one.c or 0.0 for one in figures]
    )


def _covariance(figures: Sequence[Figures], model: str, mean_variance: float) -> FloatArray | None:
    """Return the covariance of slopes, intercepts and asymptotes; None where errors are not known.

    Only the errors of single items are kept. Between items stands what their calibration makes common: the mean
    ability of the persons, taken as 0, moves every intercept by ``a`` times its error, so that
    ``cov(d_i, d_j) = a_i a_j var(mean)``; and the slope of a 1PL scale is one for all items. Otherwise items are
    taken as independent. Errors of the shift come within about 2 % of those from the whole covariance.
    """
    blocks = [block for one in figures if (block := _block(one)) is not None]
    if len(blocks) < len(figures):
        return None
    found = np.asarray(block_diag(*blocks))
    sizes = [len(block) for block in blocks]
    item, starts = np.repeat(np.arange(len(sizes)), sizes), np.cumsum([0, *sizes[:-1]])
    common = np.zeros(item.size)
    common[starts + 1] = [one.a for one in figures]
    between = mean_variance * np.outer(common, common)
    shared = figures[0].se_a or 0.0
    if model == COMMON_SLOPE and shared > 0:
        # Given the slope, nothing else is common: cov(d_i, d_j) = cov(a, d_i) cov(a, d_j) / var(a).
        common[starts] = shared
        common[starts + 1] = [(one.cov_ad or 0.0) / shared for one in figures]
        between += np.outer(common, common)
    return np.where(item[:, None] == item, found, between)


def _block(figures: Figures) -> FloatArray | None:
    """Return the covariance of an item's slope, intercept and, above 0, asymptote."""
    if figures.se_a is None or figures.se_d is None:
        return None
    ad = figures.cov_ad or 0.0
    found = np.array([[figures.se_a**2, ad], [ad, figures.se_d**2]])
    if not figures.c:
        return found
    if figures.se_c is None or figures.cov_ac is None or figures.cov_dc is None:
        return None
    cross = np.array([[figures.cov_ac], [figures.cov_dc]])
    return np.block([[found, cross], [cross.T, np.array([[figures.se_c**2]])]])


def _line(line: Transformation) -> dict[str, float | None]:
    return {
        "scale": float(line.scale),
        "shift": float(line.shift),
        "scale_error": _known(line.scale_error),
        "shift_error": _known(line.shift_error),
    }


def _errors(covariance: FloatArray) -> dict[str, float | None]:
    scale, shift = np.sqrt(np.diag(covariance))
    return {"scale": _known(scale), "shift": _known(shift)}


def _methods(new: Items, old: Items) -> list[dict[str, Any]]:
    """Return scale and shift by every method, from the anchors that were kept."""
    found = []
    for method in COMPARED:
        try:
            line = link(new, old, linker=Linker(method)).transformation
        except ValueError:  # such as difficulties without spread under mean–sigma
            continue
        found.append({"method": method.value, "scale": float(line.scale), "shift": float(line.shift)})
    return found


def _anchors(
    common: list[Anchor], old: list[Figures], found: Purification, line: Transformation
) -> list[dict[str, Any]]:
    drift = found.drift
    errors = [(_error(anchor.new), _error(former)) for anchor, former in zip(common, old, strict=True)]
    error = np.hypot(*(np.array(errors) * [line.scale, 1.0]).T)
    return [
        {
            "item_id": anchor.item_id,
            "name": anchor.name,
            "b_new": anchor.new.b,
            "b_old": old[at].b,
            "b_linked": float(line.scale * anchor.new.b + line.shift),
            "a_new": anchor.new.a,
            "a_old": old[at].a,
            **_asymptotes(anchor.new, old[at]),
            "displacement": _known(drift.displacement[at]),
            "error": _known(error[at]),
            "robust_z": _known(np.fmax(np.abs(drift.robust_z_b[at]), np.abs(drift.robust_z_a[at]))),
            "area": _known(drift.area[at]),
            "kept": bool(verdict.kept),
            "reason": verdict.reason.value,
            "step": int(verdict.step),
        }
        for at, (anchor, verdict) in enumerate(zip(common, found.verdicts, strict=True))
    ]


def _error(figures: Figures) -> float:
    return math.nan if figures.se_b is None else figures.se_b


def _asymptotes(new: Figures, old: Figures) -> dict[str, float | None]:
    """Return the lower asymptotes of an anchor where it has one on either scale."""
    return {} if new.c is None and old.c is None else {"c_new": new.c, "c_old": old.c}


def _on_old(item: Anchor, line: Transformation) -> dict[str, Any]:
    on_old = transform(item.new, float(line.scale), float(line.shift))
    return {"item_id": item.item_id, "name": item.name, "is_new": item.old is None, **on_old}


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
