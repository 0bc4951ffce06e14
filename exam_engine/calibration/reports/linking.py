"""The report that links two scales of one occupation and level: anchors, constants, drift. No I/O."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from exam_engine.calibration.reports.rules import TooFewAnchors
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.linking.drift import AREA_LIMIT, DISPLACEMENT_LIMIT, ROBUST_Z_LIMIT
from exam_engine.psychometrics.linking.link import MINIMUM_ANCHORS, Linker, Method, link
from exam_engine.psychometrics.linking.purification import Purification, purify
from exam_engine.psychometrics.linking.transformation import Transformation

FORMAT = 1
LEAST = 3
"""Common items without which no link is made; below `MINIMUM_ANCHORS` it is advised against."""

COMPARED = (Method.MEAN, Method.MEAN_MEAN, Method.MEAN_SIGMA, Method.HAEBARA, Method.STOCKING_LORD)


@dataclass(frozen=True)
class Anchor:
    """An item with parameters on the new scale and perhaps on the old one, in logits."""

    item_id: str
    name: str
    new: tuple[float, ...]
    """Discrimination, difficulty, errors of slope, difficulty and intercept, covariance of slope and intercept."""
    old: tuple[float, ...] | None


@dataclass(frozen=True)
class ScalePair:
    """Two scales as they are to be linked: the frozen input of the report."""

    new: str
    old: str
    is_rasch: bool
    """Whether both are Rasch scales: then only the shift is to be found."""
    items: tuple[Anchor, ...]

    def to_bytes(self) -> bytes:
        """Return the canonical bytes: JSON with sorted keys."""
        content = {"format": FORMAT, **asdict(self)}
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> ScalePair:
        """Read back what `to_bytes` gave; raises ValueError for a format that is not known."""
        data = json.loads(content)
        if data["format"] != FORMAT:
            raise ValueError(f"scale pair format {data['format']} is not known")
        items = tuple(
            Anchor(
                item["item_id"],
                item["name"],
                tuple(item["new"]),
                None if item["old"] is None else tuple(item["old"]),
            )
            for item in data["items"]
        )
        return cls(data["new"], data["old"], data["is_rasch"], items)


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
    common = [item for item in pair.items if item.old is not None and item.new[0] > 0 and item.old[0] > 0]
    if len(common) < LEAST:
        raise TooFewAnchors(minimum=LEAST, found=len(common))
    new, old = np.array([item.new for item in common]), np.array([item.old for item in common])
    method = Method(settings.get("method") or (Method.MEAN if pair.is_rasch else Method.STOCKING_LORD))
    first, second = _items(new), _items(old)
    found = purify(
        first,
        second,
        linker=Linker(method),
        covariance_new=_covariance(new),
        covariance_old=_covariance(old),
    )
    progress(60, 100, "linking")
    line = found.link.transformation
    return {
        "new": pair.new,
        "old": pair.old,
        "method": method.value,
        "n_common": len(common),
        "n_kept": int(found.kept.sum()),
        "warnings": [warning.value for warning in found.link.warnings],
        "limits": {
            "robust_z": ROBUST_Z_LIMIT,
            "displacement": DISPLACEMENT_LIMIT,
            "area": AREA_LIMIT,
            "anchors": MINIMUM_ANCHORS,
        },
        "line": _line(line),
        "anchor_error": _errors(found.link.anchor_covariance),
        "methods": _methods(first.take(found.kept), second.take(found.kept)),
        "anchors": _anchors(common, new, old, found, line),
        "items": [_on_old(item, line) for item in pair.items],
        "cautions": [],
    }


def summary_of(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a list of reports shows."""
    dropped = sum(1 for anchor in results["anchors"] if not anchor["kept"])
    return {"persons": None, "items": results["n_common"], "flagged": dropped, "serious": 0}


def transform(figures: tuple[float, ...], scale: float, shift: float) -> dict[str, float]:
    """Return parameters on the old scale, with the errors they had; those of the link are not in them.

    ``a' = a / A``, ``b' = A b + B``, ``d' = d − a B / A``.

    >>> transform((1.0, 0.5, 0.1, 0.2, 0.15, 0.0), 2.0, 1.0)["b"]
    2.0
    """
    a, b, se_a, se_b, se_d, cov = figures
    ratio = shift / scale
    return {
        "a": a / scale,
        "b": scale * b + shift,
        "d": -a * b - a * ratio,
        "se_a": se_a / scale,
        "se_b": scale * se_b,
        "se_d": float(np.sqrt(max(se_d**2 + (ratio * se_a) ** 2 - 2 * ratio * cov, 0.0))),
        "cov_ad": (cov - ratio * se_a**2) / scale,
    }


def _items(figures: FloatArray) -> Items:
    return Items.dichotomous(figures[:, 0], figures[:, 1])


def _covariance(figures: FloatArray) -> FloatArray:
    """Return the covariance of slopes and intercepts: items are taken as independent, as their errors are kept."""
    size = len(figures)
    found = np.zeros((2 * size, 2 * size))
    at = 2 * np.arange(size)
    found[at, at] = figures[:, 2] ** 2
    found[at + 1, at + 1] = figures[:, 4] ** 2
    found[at, at + 1] = found[at + 1, at] = figures[:, 5]
    return found


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
    common: list[Anchor], new: FloatArray, old: FloatArray, found: Purification, line: Transformation
) -> list[dict[str, Any]]:
    drift = found.drift
    error = np.sqrt((line.scale * new[:, 3]) ** 2 + old[:, 3] ** 2)
    return [
        {
            "item_id": anchor.item_id,
            "name": anchor.name,
            "b_new": anchor.new[1],
            "b_old": float(old[at, 1]),
            "b_linked": float(line.scale * anchor.new[1] + line.shift),
            "a_new": anchor.new[0],
            "a_old": float(old[at, 0]),
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


def _on_old(item: Anchor, line: Transformation) -> dict[str, Any]:
    on_old = transform(item.new, float(line.scale), float(line.shift))
    return {"item_id": item.item_id, "name": item.name, "is_new": item.old is None, **on_old}


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
