"""A blueprint for fewer items, in proportion. No I/O."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

from exam_engine.papers.apportion import largest_remainder
from exam_engine.papers.blueprint.spec import BlueprintSpec, Row


def shortened(spec: BlueprintSpec, length: int) -> BlueprintSpec:
    """Return the blueprint of a form of ``length`` items: sections, rows, goals and minutes in proportion.

    Sections keep their marks an item, so that the total marks become fewer. Limits of rows are rounded outwards to
    whole items; shares stay as they are. Items to be included stay.

    Raises
    ------
    ValueError
        If the length is longer than the blueprint's, or a section would be left without an item.

    Examples
    --------
    >>> from exam_engine.papers.blueprint.spec import Section
    >>> spec = BlueprintSpec(sections=(Section(type="single_choice", count=60, marks=1),
    ...                                Section(type="true_false", count=40, marks=1)))
    >>> short = shortened(spec, 30)
    >>> [section.count for section in short.sections], short.total_marks
    ([18, 12], Decimal('30'))
    """
    whole = spec.length
    if not 1 <= length <= whole:
        raise ValueError(f"a form of {length} items cannot be a shorter one of {whole}")
    if length == whole:
        return spec
    part = Fraction(length, whole)
    counts = largest_remainder(length, [Decimal(section.count) for section in spec.sections])
    if not all(counts):
        raise ValueError(f"{length} items are too few for {len(counts)} sections in proportion")
    sections = tuple(
        section.model_copy(update={"count": count})
        for section, count in zip(spec.sections, counts, strict=True)
    )
    total = sum((section.count * section.marks for section in sections), Decimal(0))
    marks = float(total / spec.total_marks)
    return spec.model_copy(
        update={
            "sections": sections,
            "total_marks": total,
            "minutes": math.ceil(spec.minutes * part),
            "rows": tuple(_row(row, part) for row in spec.rows),
            "min_points": None if spec.min_points is None else math.floor(spec.min_points * part) or None,
            "information": tuple(
                goal.model_copy(update={"goal": goal.goal * float(part)}) for goal in spec.information
            ),
            "curve": tuple(goal.model_copy(update={"goal": goal.goal * marks}) for goal in spec.curve),
        }
    )


def _row(row: Row, part: Fraction) -> Row:
    return row.model_copy(
        update={
            "minimum": None if row.minimum is None else math.floor(row.minimum * part),
            "maximum": None if row.maximum is None else math.ceil(row.maximum * part),
            "points": None if row.points is None else math.floor(row.points * part) or None,
        }
    )
