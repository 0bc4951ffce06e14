"""What a blueprint says. No I/O.

The same fields everywhere; docs/blueprint.md describes them for authors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from exam_engine.papers.rules import MINUTES, TOTAL_MARKS

ItemKind = Literal["single_choice", "multiple_choice", "true_false"]
EqualBy = Literal["type", "category", "node1", "node2", "node3", "importance", "difficulty_level"]
Importance = Literal["X", "Y", "Z"]
DEPTHS = 3
"""An outline has three depths; its points hang below the third."""
MAX_ROWS = 200
Text = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]*$", max_length=80)]
"""One line of plain text."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Section(_Part):
    """All items of one type, each worth the same."""

    type: ItemKind
    count: int = Field(ge=1, le=500)
    marks: Decimal = Field(gt=0, le=100, max_digits=6, decimal_places=2)


class Row(_Part):
    """An amount of items with certain attributes; several attributes hold at once (a crossing)."""

    name: Text = Field(min_length=1)
    node: Text | None = None
    """Code of a node of the outline, parts joined by hyphens: ``A-B``; its whole subtree counts."""
    category: Text | None = None
    importance: Importance | None = None
    difficulty: tuple[int, int] | None = None
    """From and to, 1 easiest … 5 hardest."""
    type: ItemKind | None = None
    minimum: int | None = Field(None, ge=0, le=500)
    maximum: int | None = Field(None, ge=0, le=500)
    share: Decimal | None = Field(None, ge=0, le=100)
    """Percentage of the items of the paper, or of the section when ``type`` is given."""
    tolerance: Decimal = Field(Decimal(0), ge=0, le=100)
    """Percentage points by which the share may be missed; whole items are always allowed for."""
    points: int | None = Field(None, ge=1, le=500)
    """At least so many different assessment points among the row's items."""
    weight: float | None = Field(None, gt=0, le=100)
    """The row is a wish: it may be missed, and each item too many or too few counts so much, as a deviation from a
    target does (0.01: like 1 %). None: it must hold."""

    @model_validator(mode="before")
    @classmethod
    def _one_difficulty(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and isinstance(data.get("difficulty"), int):
            return {**data, "difficulty": (data["difficulty"], data["difficulty"])}
        return data


class InformationPoint(_Part):
    """Test information wanted at one ability."""

    theta: float = Field(ge=-6, le=6)
    goal: float = Field(gt=0, le=1000)
    tolerance: float | None = Field(None, gt=0)


class CurvePoint(_Part):
    """Expected score wanted at one ability, in marks."""

    theta: float = Field(ge=-6, le=6)
    goal: float = Field(gt=0, le=10_000)
    tolerance: float | None = Field(None, gt=0)


class MeanProportion(_Part):
    """Mean of the proportions correct that the items had at earlier sittings."""

    goal: float = Field(gt=0, lt=1)
    tolerance: float | None = Field(None, gt=0, lt=1)


class Earlier(_Part):
    """At most so many items in common with each of the latest sealed papers."""

    maximum: int = Field(ge=0, le=500)
    papers: int | None = Field(None, ge=1, le=1000)
    """With how many of the latest; None: with all."""


class MeanDifficulty(_Part):
    """Mean of the difficulty levels 1–5, for a bank that is not calibrated."""

    goal: float = Field(ge=1, le=5)
    tolerance: float | None = Field(None, gt=0)


Group = Annotated[tuple[Text, ...], Field(min_length=2)]


class BlueprintSpec(_Part):
    """Everything a form must be. Marks are exact."""

    sections: tuple[Section, ...] = Field(min_length=1)
    total_marks: Decimal = Field(TOTAL_MARKS, gt=0, le=10_000, decimal_places=2)
    minutes: int = Field(MINUTES, ge=1, le=600)
    rows: tuple[Row, ...] = Field((), max_length=MAX_ROWS)
    max_per_point: int | None = Field(None, ge=1, le=500)
    min_points: int | None = Field(None, ge=1, le=500)
    """At least so many different assessment points in a form."""
    equal: tuple[EqualBy, ...] = ()
    """Attributes whose combinations occur equally often in all forms."""
    share_items: bool = False
    max_use: int | None = Field(None, ge=2, le=1000)
    """When forms share items: in how many forms one may stand."""
    max_common: int | None = Field(None, ge=0, le=500)
    """When forms share items: most items that any two have in common."""
    earlier: Earlier | None = None
    unused_since: date | None = None
    """No item that was sealed into a paper on this day or later."""
    unused_papers: int | None = Field(None, ge=1, le=1000)
    """No item of so many of the latest sealed papers."""
    most_used: int | None = Field(None, ge=0, le=1000)
    """No item that stands in more sealed papers than this."""
    enemies: tuple[Group, ...] = ()
    """Groups of items of which at most one may appear in a form: numbers, ``ref:`` and a foreign number, or ids."""
    include: tuple[Text, ...] = ()
    exclude: tuple[Text, ...] = ()
    information: tuple[InformationPoint, ...] = Field((), max_length=20)
    curve: tuple[CurvePoint, ...] = Field((), max_length=20)
    mean_difficulty: MeanDifficulty | None = None
    mean_p: MeanProportion | None = None

    @property
    def length(self) -> int:
        """Number of items of a form."""
        return sum(section.count for section in self.sections)

    @property
    def needs_parameters(self) -> bool:
        """Whether only calibrated items can be judged by it."""
        return bool(self.information or self.curve)

    def marks_of(self, kind: str) -> Decimal:
        """Marks of one item of a type."""
        return next(section.marks for section in self.sections if section.type == kind)

    def bounds_of(self, row: Row) -> tuple[int, int | None]:
        """Return minimum and maximum count of a row, its share worked out on the items of paper or section."""
        base = sum(s.count for s in self.sections if row.type in (None, s.type))
        return count_bounds(row, base)


def count_bounds(row: Row, base: int) -> tuple[int, int | None]:
    """Return minimum and maximum count of a row whose share is taken of ``base`` items."""
    low, high = row.minimum or 0, row.maximum
    if row.share is not None:
        least = math.floor(base * (row.share - row.tolerance) / 100)
        most = math.ceil(base * (row.share + row.tolerance) / 100)
        low = max(low, least, 0)
        high = most if high is None else min(high, most)
    return low, high
