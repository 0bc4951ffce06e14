"""Levels, occupation codes, and what an outline (鉴定要素细目表) must add up to. No I/O."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Protocol

from itembank.base.errors import Invalid


def N_(message: str) -> str:  # noqa: N802  the usual name for “translate later”
    """Mark ``message`` for the catalogue; the web translates it where it is shown."""
    return message


FULL_WEIGHT = Decimal(100)
DEPTHS = 3
"""鉴定范围 has three depths; assessment points hang below the third."""


class Level(IntEnum):
    """Skill levels that are examined; the lower the number, the higher the skill [规程 9]."""

    FIVE = 5
    FOUR = 4
    THREE = 3
    TWO = 2
    ONE = 1

    @property
    def label(self) -> str:
        """The level as certificates print it."""
        return LEVEL_LABELS[self]


LEVEL_LABELS: dict[Level, str] = {
    Level.FIVE: "五级/初级工",
    Level.FOUR: "四级/中级工",
    Level.THREE: "三级/高级工",
    Level.TWO: "二级/技师",
    Level.ONE: "一级/高级技师",
}


class Importance(StrEnum):
    """How much an assessment point matters: X core 核心, Y general 一般, Z auxiliary 辅助."""

    X = "X"
    Y = "Y"
    Z = "Z"


class OutlineStatus(StrEnum):
    """Whether items may still be placed on an outline's points."""

    ACTIVE = "active"
    RETIRED = "retired"


class OccupationCodeWrong(Invalid):
    """The text is not an occupation code."""

    code = "occupation_code_wrong"
    message = "“{value}” is not an occupation code such as 4-04-05-05."


class LevelWrong(Invalid):
    """The text is not a level that is examined."""

    code = "level_wrong"
    message = "“{value}” is not a level: use 5 (五级/初级工) to 1 (一级/高级技师)."


_OCCUPATION = re.compile(r"([1-8])-(\d{2})-(\d{2})-(\d{2})")


def split_occupation_code(text: str) -> tuple[str, str, str, str]:
    """Return the parts (大类, 中类, 小类, 细类) of a code such as ``4-04-05-05``.

    Raises OccupationCodeWrong.
    """
    found = _OCCUPATION.fullmatch(text.strip())
    if found is None:
        raise OccupationCodeWrong(value=text.strip()[:40])
    return found[1], found[2], found[3], found[4]


class CodeParts(Protocol):
    """Whatever keeps an occupation code in its parts."""

    major: str
    middle: str
    minor: str
    detail: str


def occupation_code(occupation: CodeParts) -> str:
    """Return the code as it is printed: ``4-04-05-05``."""
    return f"{occupation.major}-{occupation.middle}-{occupation.minor}-{occupation.detail}"


def split_point_code(text: str) -> tuple[str, ...]:
    """Return the parts of a point's code: ``A-B-C-001``, ``1.2.3.001`` or the last part alone."""
    return tuple(part for part in re.split(r"[-－—.．·/\s]+", text.strip().upper()) if part)


def read_level(value: object) -> Level:
    """Return the level that ``5``, ``"五级"``, ``"初级工"`` or ``"五级/初级工"`` names.

    Raises LevelWrong.
    """
    text = str(value).strip().replace("／", "/")
    for level, label in LEVEL_LABELS.items():
        if text in {str(level.value), label, *label.split("/")}:
            return level
    raise LevelWrong(value=text[:40])


@dataclass(frozen=True)
class Counts:
    """Numbers of points by importance, written ``X:Y:Z``."""

    x: int = 0
    y: int = 0
    z: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.x + other.x, self.y + other.y, self.z + other.z)

    def __str__(self) -> str:
        return f"{self.x}:{self.y}:{self.z}"


@dataclass(frozen=True)
class Point:
    """An assessment point 鉴定点 as a source lists it."""

    code: str
    name: str
    importance: Importance


@dataclass(frozen=True)
class Scope:
    """A 鉴定范围 as a source lists it, with what stands below."""

    code: str
    name: str
    weight: Decimal
    stated: Counts | None = None
    scopes: tuple[Scope, ...] = ()
    points: tuple[Point, ...] = ()

    def counted(self) -> Counts:
        """Return the counts of the points really listed below."""
        own = Counter(point.importance for point in self.points)
        total = Counts(own[Importance.X], own[Importance.Y], own[Importance.Z])
        for scope in self.scopes:
            total += scope.counted()
        return total


@dataclass(frozen=True)
class Function:
    """One 职业功能 of a standard's weight table, with its shares of theory and skill in per cent."""

    name: str
    theory: Decimal
    skill: Decimal


@dataclass(frozen=True)
class OutlineSource:
    """An outline as read from a file, before it is stored."""

    title: str
    version: str
    level: Level
    occupation: tuple[str, str, str, str]
    scopes: tuple[Scope, ...]
    functions: tuple[Function, ...] = ()


@dataclass(frozen=True)
class OutlineWarning:
    """Something in which a source contradicts itself; it is shown, never repaired silently."""

    code: str
    message: str
    """English template over ``facts``."""
    facts: dict[str, object] = field(default_factory=dict)


WARNINGS = {
    "counts_differ": N_("{place}: stated {stated} (X:Y:Z), listed {listed}."),
    "weights_below_differ": N_("{place}: its weight is {weight}, the parts below add up to {total}."),
    "weights_not_full": N_("The weights of the outline add up to {total}, not 100."),
    "theory_not_full": N_("The theory weights of the standard's table add up to {total}, not 100."),
    "skill_not_full": N_("The skill weights of the standard's table add up to {total}, not 100."),
    "function_weight_differs": N_("{place}: its weight is {weight}, the standard's table gives {expected}."),
    "function_not_in_outline": N_(
        "{place} stands in the standard's table with {expected} but not in the outline."
    ),
}
"""English templates by code."""


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _warning(code: str, **facts: object) -> OutlineWarning:
    shown = {name: _plain(fact) if isinstance(fact, Decimal) else str(fact) for name, fact in facts.items()}
    return OutlineWarning(code, WARNINGS[code], dict(shown))


def _walk(scopes: Sequence[Scope], above: str = "") -> Iterator[tuple[str, Scope]]:
    for scope in scopes:
        place = f"{above}-{scope.code}" if above else scope.code
        yield place, scope
        yield from _walk(scope.scopes, place)


def check_outline(scopes: Sequence[Scope], functions: Sequence[Function] = ()) -> list[OutlineWarning]:
    """Recompute an outline's totals and return where it contradicts itself or the weight table."""
    found: list[OutlineWarning] = []
    total = sum((scope.weight for scope in scopes), Decimal(0))
    if total != FULL_WEIGHT:
        found.append(_warning("weights_not_full", total=total))
    for place, scope in _walk(scopes):
        where = f"{place} {scope.name}"
        below = sum((part.weight for part in scope.scopes), Decimal(0))
        if scope.scopes and below != scope.weight:
            found.append(_warning("weights_below_differ", place=where, weight=scope.weight, total=below))
        listed = scope.counted()
        if scope.stated is not None and scope.stated != listed:
            found.append(_warning("counts_differ", place=where, stated=scope.stated, listed=listed))
    return found + _check_functions(scopes, functions)


def _check_functions(scopes: Sequence[Scope], functions: Sequence[Function]) -> list[OutlineWarning]:
    if not functions:
        return []
    found = []
    theory = sum((function.theory for function in functions), Decimal(0))
    skill = sum((function.skill for function in functions), Decimal(0))
    if theory != FULL_WEIGHT:
        found.append(_warning("theory_not_full", total=theory))
    if skill not in (FULL_WEIGHT, Decimal(0)):  # a table may give theory alone
        found.append(_warning("skill_not_full", total=skill))
    # A 职业功能 is a scope of the first or second depth, by name.
    weights = {
        scope.name: (place, scope.weight)
        for place, scope in reversed(list(_walk(scopes)))
        if place.count("-") < DEPTHS - 1
    }
    for function in functions:
        if function.name not in weights:
            if function.theory:
                found.append(
                    _warning("function_not_in_outline", place=function.name, expected=function.theory)
                )
            continue
        place, weight = weights[function.name]
        if weight != function.theory:
            found.append(
                _warning(
                    "function_weight_differs",
                    place=f"{place} {function.name}",
                    weight=weight,
                    expected=function.theory,
                )
            )
    return found
