"""What can be asked of item statistics: keep a scale, list scales, read parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from itembank.base import audit
from itembank.people.rules import Actor
from itembank.statistics import store
from itembank.statistics.models import ItemParameter, Scale
from itembank.statistics.rules import ScaleHasNoParameters, ScaleModel, ScaleNotFound, flags_of


@dataclass(frozen=True)
class ItemFigures:
    """Statistics of one item, to be kept."""

    item_id: UUID
    n_responses: int
    p_value: float | None
    point_biserial: float | None
    corrected_point_biserial: float | None
    is_constant: bool
    a: float | None = None
    b: float | None = None
    d: float | None = None
    se_a: float | None = None
    se_b: float | None = None
    se_d: float | None = None
    cov_ad: float | None = None
    c: float | None = None
    se_c: float | None = None
    cov_ac: float | None = None
    cov_dc: float | None = None
    options: list[dict[str, Any]] | None = None


@dataclass(frozen=True)
class ScaleDraft:
    """A finished calibration, to be kept."""

    institution_id: UUID
    occupation_id: UUID
    level: int
    name: str
    model: ScaleModel
    n_persons: int
    summary: dict[str, Any]
    source: dict[str, Any]
    items: Sequence[ItemFigures]


@dataclass(frozen=True)
class ItemTable:
    """The items of a scale as arrays of one length; NaN where something is not known.

    Attributes
    ----------
    item_ids : tuple of UUID
    a, b : ndarray
        Discrimination per logit and difficulty in logits.
    c : ndarray
        Lower asymptote; 0 for items of models without one.
    se_a, se_b, se_c : ndarray
        Their standard errors.
    p_value, point_biserial : ndarray
        Proportion correct and corrected point-biserial.
    n_responses : ndarray of int
    """

    item_ids: tuple[UUID, ...]
    a: NDArray[np.float64]
    b: NDArray[np.float64]
    c: NDArray[np.float64]
    se_a: NDArray[np.float64]
    se_b: NDArray[np.float64]
    se_c: NDArray[np.float64]
    p_value: NDArray[np.float64]
    point_biserial: NDArray[np.float64]
    n_responses: NDArray[np.int64]

    @property
    def is_calibrated(self) -> NDArray[np.bool_]:
        """Which items have parameters."""
        return np.isfinite(self.a) & np.isfinite(self.b)


def keep_scale(session: Session, *, actor: Actor, draft: ScaleDraft, now: datetime) -> Scale:
    """Keep a calibration as a new scale; scales are never changed."""
    scale = Scale(
        institution_id=draft.institution_id,
        occupation_id=draft.occupation_id,
        level=draft.level,
        name=draft.name,
        model=draft.model,
        n_persons=draft.n_persons,
        n_items=len(draft.items),
        summary=draft.summary,
        source=draft.source,
        created_by=actor.id,
        created_at=now,
    )
    session.add(scale)
    session.flush()
    for item in draft.items:
        flags = flags_of(
            n_responses=item.n_responses,
            p_value=item.p_value,
            discrimination=item.corrected_point_biserial,
            is_constant=item.is_constant,
        )
        session.add(
            ItemParameter(
                institution_id=draft.institution_id,
                scale_id=scale.id,
                flags=[flag.value for flag in flags],
                **vars(item),
            )
        )
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="scale.created",
        subject=("scale", scale.id),
        institution_id=draft.institution_id,
        detail={
            "name": draft.name,
            "model": draft.model.value,
            "items": len(draft.items),
            "persons": draft.n_persons,
        },
    )
    return scale


def list_scales(
    session: Session, *, occupation_id: UUID | None = None, level: int | None = None
) -> Sequence[Scale]:
    """Return the scales in scope, newest first."""
    return store.scales(session, occupation_id=occupation_id, level=level)


def find_scale(session: Session, scale_id: UUID) -> Scale:
    """Return a scale; raises ScaleNotFound."""
    scale = store.scale(session, scale_id)
    if scale is None:
        raise ScaleNotFound
    return scale


def item_parameters(session: Session, scale_id: UUID) -> Sequence[ItemParameter]:
    """Return the rows of a scale in the order in which they were calibrated."""
    return store.parameters(session, scale_id)


def item_parameter(session: Session, scale_id: UUID, item_id: UUID) -> ItemParameter:
    """Return an item's row on a scale; raises ScaleNotFound where it has none."""
    found = store.parameter(session, scale_id, item_id)
    if found is None:
        raise ScaleNotFound
    return found


def item_history(session: Session, item_id: UUID) -> Sequence[tuple[Scale, ItemParameter]]:
    """Return what is known of an item on every scale, newest first."""
    return store.history(session, item_id)


def parameters(session: Session, scale_id: UUID) -> ItemTable:
    """Return the items of a scale as arrays.

    Raises
    ------
    ScaleNotFound
        If there is no such scale in scope.
    ScaleHasNoParameters
        If the scale holds classical statistics only.
    """
    scale = find_scale(session, scale_id)
    if not scale.model.has_parameters:
        raise ScaleHasNoParameters(name=scale.name)
    rows = store.parameters(session, scale_id)

    def column(name: str) -> NDArray[np.float64]:
        return np.array([getattr(row, name) for row in rows], dtype=np.float64)

    b, c = column("b"), column("c")
    return ItemTable(
        item_ids=tuple(row.item_id for row in rows),
        a=column("a"),
        b=b,
        c=np.where(np.isnan(c) & np.isfinite(b), 0.0, c),
        se_a=column("se_a"),
        se_b=column("se_b"),
        se_c=column("se_c"),
        p_value=column("p_value"),
        point_biserial=column("corrected_point_biserial"),
        n_responses=np.array([row.n_responses for row in rows], dtype=np.int64),
    )
