"""What a form should come near: goals of curves and sums, and what is to be as large or as small as can be.

Every target counts by its deviation in units of its ``scale``, 0 inside what is wanted. The largest deviation over all
targets and forms is made as small as possible: first that of ``priority`` 1, and what is reached there binds the
search for priority 2, and so on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from exam_engine.assembly.where import Where


@dataclass(frozen=True, kw_only=True)
class _NearGoal:
    """What all targets with a goal have.

    Its deviation counts in units of ``scale``, the goal itself when left out; with a ``tolerance`` the target is also a
    rule: ``goal ± tolerance`` or no form.
    """

    name: str
    goal: float
    tolerance: float | None = None
    scale: float | None = None
    priority: int = 1


@dataclass(frozen=True, kw_only=True)
class InformationTarget(_NearGoal):
    """Test information near ``goal`` at ability ``theta``."""

    theta: float


@dataclass(frozen=True, kw_only=True)
class CurveTarget(_NearGoal):
    """The test characteristic curve, the expected score at ability ``theta``, near ``goal``.

    An item counts its expected score: 0 to 1, or to the highest score of a polytomous item. ``marks`` names the numeric
    attribute that the highest score earns, parts of it in proportion.
    """

    theta: float
    marks: str | None = None


@dataclass(frozen=True, kw_only=True)
class SumTarget(_NearGoal):
    """The sum of a numeric attribute over the form near ``goal``."""

    attribute: str


@dataclass(frozen=True, kw_only=True)
class MeanTarget(_NearGoal):
    """The mean of a numeric attribute over the form near ``goal``, such as mean difficulty of an
    uncalibrated bank.

    ``length`` is the number of items of the form.
    """

    attribute: str
    length: int


@dataclass(frozen=True, kw_only=True)
class ScoreTarget(_NearGoal):
    """The expected score of an uncalibrated bank near ``goal``: the sum of proportion correct times marks.

    ``p`` names the numeric attribute with each item's proportion of its marks that candidates earn, ``marks`` that of
    its marks (1 when left out).
    """

    p: str
    marks: str | None = None


@dataclass(frozen=True, kw_only=True)
class Maximise:
    """As large as can be: the sum of an attribute, test information, or a number of items, over a selection.

    With ``theta`` it is information, added up over these abilities; with ``attribute`` the sum of that attribute;
    without both the number of items. The deviation is what is short of the most that the average of all forms could
    reach, in units of that.
    """

    name: str
    attribute: str | None = None
    theta: tuple[float, ...] = ()
    where: Where = ()
    priority: int = 1


@dataclass(frozen=True, kw_only=True)
class Minimise:
    """As small as can be, the opposite of Maximise: use of scarce or over-exposed items."""

    name: str
    attribute: str | None = None
    theta: tuple[float, ...] = ()
    where: Where = ()
    priority: int = 1


@dataclass(frozen=True, kw_only=True)
class Maximin:
    """Test information as large as can be at each ability ``theta``, in proportion to ``weights``, equal when left out.

    The smallest of information divided by weight is made large (van der Linden & Boekkooi-Timminga, 1989). Deviations
    count as for Maximise.
    """

    name: str
    theta: tuple[float, ...]
    weights: tuple[float, ...] | None = None
    priority: int = 1


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Close to a reference form: its information and its expected score at each ability ``theta`` are the goals.

    ``ids`` are the items of that form, which must be in the pool; ``marks`` as for CurveTarget. Deviations are relative
    to the reference form's own values.
    """

    name: str
    ids: tuple[str, ...]
    theta: tuple[float, ...]
    marks: str | None = None
    information: bool = True
    curve: bool = True
    priority: int = 1


Near: TypeAlias = InformationTarget | CurveTarget | SumTarget | MeanTarget | ScoreTarget
"""Targets with a goal of their own."""

Target: TypeAlias = Near | Maximise | Minimise | Maximin | Reference


def needs_parameters(target: Target) -> bool:
    """Tell whether a target asks for calibrated items."""
    if isinstance(target, Maximise | Minimise):
        return bool(target.theta)
    return isinstance(target, InformationTarget | CurveTarget | Maximin | Reference)


def check_target(target: Target) -> None:
    """Raise ValueError, naming the target, when it makes no sense."""
    try:
        check_priority(target.priority)
        if isinstance(target, Near):
            _check_near(target)
        elif isinstance(target, Maximise | Minimise):
            _check_abilities(target.theta)
            if target.theta and target.attribute is not None:
                raise ValueError("theta asks for information, attribute for a sum: give one of them")
        elif isinstance(target, Maximin):
            _check_maximin(target)
        else:
            _check_reference(target)
    except ValueError as error:
        raise ValueError(f"target {target.name!r}: {error}") from None


SMALLEST_SCALE = 1e-6
"""Coefficients divided by less than this are too large for a solver, whose answer would be wrong."""


def check_priority(priority: int) -> None:
    """Raise ValueError unless the priority is a whole number from 1."""
    if priority < 1:
        raise ValueError(f"priority {priority}: the first one is 1")


def _check_near(target: Near) -> None:
    if not math.isfinite(target.goal):
        raise ValueError(f"the goal is {target.goal}")
    if isinstance(target, InformationTarget) and target.goal < 0:
        raise ValueError(f"the goal is {target.goal}: information is never below 0")
    if isinstance(target, MeanTarget) and target.length < 1:
        raise ValueError(f"a form of {target.length} items has no mean")
    for word, value in (("tolerance", target.tolerance), ("scale", target.scale)):
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{word} {value} is not positive")
    if (unit := target.scale or abs(target.goal) or 1.0) < SMALLEST_SCALE:
        raise ValueError(
            f"deviations in units of {unit:g} cannot be told: give a scale from {SMALLEST_SCALE:g}"
        )


def _check_maximin(target: Maximin) -> None:
    _check_abilities(target.theta, needed=True)
    if target.weights is None:
        return
    if len(target.weights) != len(target.theta):
        raise ValueError(f"{len(target.weights)} weights for {len(target.theta)} abilities")
    for weight in target.weights:
        if not (weight > 0 and math.isfinite(weight)):
            raise ValueError(f"weight {weight} is not positive")


def _check_reference(target: Reference) -> None:
    _check_abilities(target.theta, needed=True)
    if not target.ids:
        raise ValueError("names no item")
    if len(set(target.ids)) != len(target.ids):
        raise ValueError("names an item twice")
    if not (target.information or target.curve):
        raise ValueError("asks for neither information nor curve")


def _check_abilities(theta: Sequence[float], *, needed: bool = False) -> None:
    if needed and not theta:
        raise ValueError("names no ability")
    if len(set(theta)) != len(theta):
        raise ValueError("names an ability twice")
    for one in theta:
        if not math.isfinite(one):
            raise ValueError(f"ability {one} is not a number")
