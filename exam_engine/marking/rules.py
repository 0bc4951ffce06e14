"""How an answer and a practical task are marked. No I/O."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from itembank.base.errors import Conflict, Invalid

MINIMUM_EXAMINERS = 3
"""Practical examiners a task: at least three, and odd."""

FULL_SCORE = Decimal(100)
"""Theory, practical and comprehensive review are each out of 100."""

MARK_UNIT = Decimal("0.01")
"""Marks and scores are kept to this unit; shown without trailing zeros."""

SCORE_STEP = Decimal("0.1")
"""Step in which examiners enter the points of a rubric line."""


class MultipleMarking(StrEnum):
    """How a multiple-choice answer earns marks."""

    ALL_OR_NOTHING = "all_or_nothing"
    SUBSET = "subset"


class TaskStatus(StrEnum):
    """Whether a practical task can be scored."""

    DRAFT = "draft"
    ACTIVE = "active"


class SheetStatus(StrEnum):
    """Whether an examiner still writes on a score sheet."""

    DRAFT = "draft"
    SUBMITTED = "submitted"


DEFAULT_MULTIPLE = MultipleMarking.ALL_OR_NOTHING


class RubricUnusable(Invalid):
    """A rubric cannot be used as written; nothing is repaired silently."""

    code = "rubric_unusable"
    message = "The rubric of “{task}” cannot be used: it has no lines."


class RubricLineRepeated(RubricUnusable):
    """A line's code occurs twice."""

    code = "rubric_line_repeated"
    message = "The rubric of “{task}” cannot be used: line {line} occurs more than once."


class RubricLineWithoutPoints(RubricUnusable):
    """A line has no points to give."""

    code = "rubric_line_without_points"
    message = "The rubric of “{task}” cannot be used: line {line} has no points."


class RubricSumDiffers(RubricUnusable):
    """The lines do not add up to the stated total."""

    code = "rubric_sum_differs"
    message = (
        "The rubric of “{task}” cannot be used: its lines add up to {found}, the stated total is {total}."
    )


class ExaminersUneven(Conflict):
    """The number of submitted sheets is not odd or below the minimum."""

    code = "examiners_not_odd"
    message = (
        "{count} score sheets are submitted. A practical result needs an odd number of examiners, "
        "at least {minimum}."
    )


class LineScoreInvalid(Invalid):
    """A rubric line's points are missing, out of bounds or between steps."""

    code = "line_score_invalid"
    message = "Line {line}: {value} is not a number of points from 0 to {highest} in steps of {step}."


@dataclass(frozen=True)
class RubricLine:
    """One line of a score record (评分记录表)."""

    code: str
    points: Decimal
    text: str = ""


@dataclass(frozen=True)
class LineMean:
    """The examiners' mean on one line, exact, with the entered scores beside it."""

    line: RubricLine
    scores: tuple[Decimal, ...]

    @property
    def mean(self) -> Fraction:
        return sum((Fraction(score) for score in self.scores), Fraction(0)) / len(self.scores)


def mark_choice(
    key: Sequence[str],
    response: object,
    *,
    marks: Decimal,
    multiple: MultipleMarking = DEFAULT_MULTIPLE,
) -> Decimal:
    """Return the marks of a choice or true/false answer; the order of its labels does not matter.

    What is not a list of labels earns nothing. Under ``SUBSET`` an incomplete answer without a wrong label
    earns its share of the key, rounded half up.
    """
    right = frozenset(key)
    if not right:
        raise ValueError("an item without key cannot be marked")
    chosen = _labels(response)
    if chosen == right:
        return marks
    if multiple is MultipleMarking.SUBSET and len(right) > 1 and chosen and chosen < right:
        return (marks * len(chosen) / len(right)).quantize(MARK_UNIT, ROUND_HALF_UP)
    return Decimal(0)


def _labels(response: object) -> frozenset[str]:
    if not isinstance(response, list | tuple) or not all(isinstance(label, str) for label in response):
        return frozenset()
    return frozenset(response)


def check_rubric(task: str, lines: Sequence[RubricLine], *, total: Decimal) -> None:
    """Raise RubricUnusable when lines are missing, repeated, without points, or miss the stated total."""
    codes = [line.code for line in lines]
    repeated = sorted({code for code in codes if codes.count(code) > 1})
    without = [line.code for line in lines if not line.points.is_finite() or line.points <= 0]
    found = sum((line.points for line in lines), Decimal(0))
    if not lines:
        raise RubricUnusable(task=task)
    if repeated:
        raise RubricLineRepeated(task=task, line=repeated[0])
    if without:
        raise RubricLineWithoutPoints(task=task, line=without[0])
    if found != total:
        raise RubricSumDiffers(task=task, found=plain(found), total=plain(total))


def check_partial_sheet(lines: Sequence[RubricLine], scores: Mapping[str, Decimal]) -> None:
    """Raise LineScoreInvalid unless the points given so far are in bounds and on the step."""
    known = {line.code: line for line in lines}
    for code, score in scores.items():
        highest = known[code].points if code in known else Decimal(0)
        if code not in known or not score.is_finite() or not 0 <= score <= highest or score % SCORE_STEP:
            raise LineScoreInvalid(line=code, value=score, highest=plain(highest), step=SCORE_STEP)


def check_sheet(lines: Sequence[RubricLine], scores: Mapping[str, Decimal]) -> None:
    """Raise LineScoreInvalid unless every line, and no other, has points in bounds and on the step."""
    check_partial_sheet(lines, scores)
    for line in lines:
        if line.code not in scores:
            raise LineScoreInvalid(line=line.code, value="—", highest=plain(line.points), step=SCORE_STEP)


Examiner = TypeVar("Examiner", bound=Hashable)


def check_examiners(count: int) -> None:
    """Raise ExaminersUneven unless ``count`` is odd and at least MINIMUM_EXAMINERS."""
    if count < MINIMUM_EXAMINERS or count % 2 == 0:
        raise ExaminersUneven(count=count, minimum=MINIMUM_EXAMINERS)


def combine_sheets(
    lines: Sequence[RubricLine], sheets: Mapping[Examiner, Mapping[str, Decimal]]
) -> tuple[tuple[LineMean, ...], Decimal]:
    """Return each line's mean over the examiners, and their sum rounded once, half up, to MARK_UNIT.

    Raises
    ------
    ExaminersUneven
        If the number of sheets is even or below three.
    LineScoreInvalid
        If a sheet misses a line or leaves its bounds.
    """
    check_examiners(len(sheets))
    for sheet in sheets.values():
        check_sheet(lines, sheet)
    means = tuple(LineMean(line, tuple(sheet[line.code] for sheet in sheets.values())) for line in lines)
    exact = sum((mean.mean for mean in means), Fraction(0))
    return means, rounded(exact)


def rounded(value: Fraction) -> Decimal:
    """Return an exact value rounded half up to MARK_UNIT."""
    return (Decimal(value.numerator) / value.denominator).quantize(MARK_UNIT, ROUND_HALF_UP)


def to_hundred(earned: Decimal, total: Decimal) -> Decimal:
    """Return marks out of ``total`` as a score out of 100, rounded half up to MARK_UNIT."""
    if total <= 0 or not 0 <= earned <= total:
        raise ValueError(f"{earned} of {total} marks")
    return (earned * FULL_SCORE / total).quantize(MARK_UNIT, ROUND_HALF_UP)


def plain(value: Decimal) -> str:
    """Return a Decimal as people write it: ``60``, ``59.5``, never ``6E+1``."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
