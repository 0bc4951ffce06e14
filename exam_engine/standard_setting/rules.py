"""Methods, states and refusals of standard-setting workshops. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from exam_engine.standard_setting.refusals import (
    CutBoundsInvalid,
    FailBoundsInvalid,
    ItemCountWrong,
    ItemNumbersUnreadable,
    RatingInvalid,
    ReasonMissing,
)
from itembank.people.rules import PERMISSIONS, Action, Role

MAX_ROUNDS = 4
"""More rounds than this no longer move a panel; three are usual (Hambleton & Pitoniak, 2006, p. 436)."""

MINIMUM_JUDGES = 2
"""Below it there is no standard error, so that a round is not opened at all."""

MAX_JUDGES = 60
MAX_ITEMS = 300
MAX_CANDIDATES = 500

DEFAULT_RESPONSE_PROBABILITY = 0.67
"""Mastery of a page in the bookmark method (Mitzel, Lewis, Patz & Green, 2001, p. 260)."""

REGULATION_PASS_MARK = Decimal(60)
"""规程: theory and practical are passed at 60 of 100 unless the plan says otherwise."""


class Method(StrEnum):
    """How the judges' work becomes a cut score."""

    ANGOFF = "angoff"
    YES_NO = "yes_no"
    BOOKMARK = "bookmark"
    BORDERLINE = "borderline"
    CONTRASTING = "contrasting"

    @property
    def judges_items(self) -> bool:
        """Whether each item gets a rating."""
        return self in (Method.ANGOFF, Method.YES_NO)

    @property
    def judges_candidates(self) -> bool:
        """Whether candidates are put into classes."""
        return self in (Method.BORDERLINE, Method.CONTRASTING)

    @property
    def shows_items(self) -> bool:
        """Whether judges read items."""
        return not self.judges_candidates

    @property
    def highest(self) -> int:
        """Highest rating; the lowest is 0."""
        return {Method.ANGOFF: 100, Method.BORDERLINE: 2}.get(self, 1)


class WorkshopStatus(StrEnum):
    """Where a workshop stands."""

    DRAFT = "draft"
    RATING = "rating"
    BETWEEN = "between"
    QUESTIONS = "questions"
    CLOSED = "closed"
    RECORDED = "recorded"
    ABANDONED = "abandoned"

    @property
    def is_final(self) -> bool:
        """Whether nothing of the judges' work changes any more."""
        return self in (WorkshopStatus.CLOSED, WorkshopStatus.RECORDED, WorkshopStatus.ABANDONED)


@dataclass(frozen=True)
class Answers:
    """One judge's answers to the final questions (Hofstee), in percent."""

    lowest_cut: float
    highest_cut: float
    lowest_fail: float
    highest_fail: float


def check_reason(reason: str) -> str:
    """Return the reason without blanks around it; raises ReasonMissing."""
    if len(reason.strip()) < 5:
        raise ReasonMissing
    return reason.strip()


def may_judge(roles: frozenset[Role]) -> bool:
    """Tell whether one of the roles makes somebody a possible judge."""
    return not roles.isdisjoint(PERMISSIONS[Action.STANDARD_RATE])


def read_rating(text: str, *, method: Method, position: int, pages: int) -> int | None:
    """Return a rating as typed, None for an empty field (the rating is withdrawn).

    ``pages`` is the number of pages of the booklet: a bookmark lies on one of them, or behind the last.

    >>> read_rating(" 65 ", method=Method.ANGOFF, position=1, pages=0)
    65

    Raises
    ------
    RatingInvalid
        If it is not a whole number within the method's bounds.
    """
    plain = text.strip().rstrip("%％").strip()
    if not plain:
        return None
    bookmark = method is Method.BOOKMARK
    lowest, highest = (1, pages + 1) if bookmark else (0, method.highest)
    if not re.fullmatch(r"[0-9]{1,4}", plain) or not lowest <= int(plain) <= highest:
        raise RatingInvalid(position=position, value=text.strip()[:20], lowest=lowest, highest=highest)
    return int(plain)


def check_answers(answers: Answers) -> None:
    """Raise CutBoundsInvalid or FailBoundsInvalid unless both pairs rise."""
    if not answers.lowest_cut < answers.highest_cut:
        raise CutBoundsInvalid(lowest=f"{answers.lowest_cut:g}", highest=f"{answers.highest_cut:g}")
    if not answers.lowest_fail < answers.highest_fail:
        raise FailBoundsInvalid(lowest=f"{answers.lowest_fail:g}", highest=f"{answers.highest_fail:g}")


def pass_mark_of(cut: float) -> Decimal:
    """Return the pass mark of a cut score: the nearest half mark, the step in which pass marks are set.

    >>> pass_mark_of(62.37)
    Decimal('62.5')
    >>> pass_mark_of(61.25)
    Decimal('61.5')
    """
    halves = (2 * Decimal(str(cut))).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return min(halves / 2, Decimal(100))


def read_numbers(text: str) -> list[int]:
    """Return the item numbers written as ``3, 5, 20-30``, in order and without repetition.

    >>> read_numbers("3，5、 20-22\\n#5")
    [3, 5, 20, 21, 22]

    Raises
    ------
    ItemNumbersUnreadable
        If something in it is no number or range.
    ItemCountWrong
        If there are more than a workshop takes.
    """
    found: list[int] = []
    for part in re.split(r"[\s,，、;；]+", text.strip()):
        if not part:
            continue
        match = re.fullmatch(r"#?([0-9]{1,9})(?:[-–~～]#?([0-9]{1,9}))?", part)
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise ItemNumbersUnreadable(text=part[:40])
        first, last = int(match[1]), int(match[2] or match[1])
        if last - first >= MAX_ITEMS:
            raise ItemCountWrong(count=last - first + 1, limit=MAX_ITEMS)
        found += range(first, last + 1)
    return list(dict.fromkeys(found))


def is_complete(method: Method, rated: int, count: int) -> bool:
    """Tell whether a judge has rated enough: everything, or with candidates at least one of them."""
    return rated >= 1 if method.judges_candidates or method is Method.BOOKMARK else rated >= count
