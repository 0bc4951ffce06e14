"""Methods, states and refusals of standard-setting workshops. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from itembank.base.errors import Conflict, Forbidden, Invalid
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


class NotLeader(Forbidden):
    """Somebody else leads this workshop."""

    code = "standard_not_leader"
    message = "Only {leader}, who leads this workshop, may do this."


class NotYourTask(Forbidden):
    """The judge is excluded."""

    code = "standard_judge_excluded"
    message = "You no longer take part in this workshop. Ask its leader."


class NotAgreed(Conflict):
    """Items are shown after the judge has agreed to keep them to themselves."""

    code = "standard_not_agreed"
    message = "Read the description and confirm confidentiality first."


class DraftOnly(Conflict):
    """The first round has been opened."""

    code = "standard_draft_only"
    message = "The first round has been opened; this can no longer be changed."


class RoundNotOpen(Conflict):
    """There is no round to rate in."""

    code = "standard_round_not_open"
    message = "No round is open at present, so nothing can be rated. Your earlier ratings are kept."


class RoundUnderWay(Conflict):
    """The judges are still rating."""

    code = "standard_round_under_way"
    message = "A round is open. Close it first."


class RoundsUsedUp(Conflict):
    """All planned rounds were held."""

    code = "standard_rounds_used_up"
    message = "All {planned} planned rounds have been held."


class NoRoundHeld(Conflict):
    """There are no ratings to compute from."""

    code = "standard_no_round_held"
    message = "No round has been closed yet, so there is nothing to compute from."


class QuestionsNotOpen(Conflict):
    """The final questions are not asked at present."""

    code = "standard_questions_not_open"
    message = "The final questions are not open at present."


class NoQuestionsPlanned(Conflict):
    """The workshop was opened without final questions."""

    code = "standard_no_questions"
    message = "This workshop was opened without the final questions."


class QuestionsOutstanding(Conflict):
    """The final questions were planned and have not been asked."""

    code = "standard_questions_outstanding"
    message = "The final questions (Hofstee) have not been asked yet. Open them, then close the workshop."


class WorkshopOver(Conflict):
    """Nothing changes any more."""

    code = "standard_workshop_over"
    message = "This workshop is over; nothing of it can be changed."


class NotClosed(Conflict):
    """There is no result to record."""

    code = "standard_not_closed"
    message = "Only the result of a closed workshop that is not recorded yet can be recorded."


class FourEyes(Forbidden):
    """The recorder took part."""

    code = "standard_four_eyes"
    message = "A result is recorded by a second person, who neither led the workshop nor judged in it."


class TooFewJudges(Conflict):
    """There is no panel yet."""

    code = "standard_too_few_judges"
    message = "{count} judges take part; at least {minimum} are needed."


class TooManyJudges(Invalid):
    """The panel is larger than a workshop takes."""

    code = "standard_too_many_judges"
    message = "A workshop has at most {limit} judges."


class RoundIncomplete(Conflict):
    """Some judges have not rated everything."""

    code = "standard_round_incomplete"
    message = "Not everything is rated yet: {judges}. Wait for them, or exclude them with a reason."


class AnswersIncomplete(Conflict):
    """Some judges have not answered the final questions."""

    code = "standard_answers_incomplete"
    message = "These judges have not answered the final questions yet: {judges}. Wait, or exclude them with a reason."


class JudgeUnsuited(Invalid):
    """An account without a judge's role at this institution."""

    code = "standard_judge_unsuited"
    message = "Choose judges among the item writers, reviewers, examiners and markers of your institution."


class LeaderJudges(Invalid):
    """The leader cannot judge."""

    code = "standard_leader_judges"
    message = "The leader of a workshop does not judge in it."


class ReasonMissing(Invalid):
    """A reason is required."""

    code = "standard_reason_missing"
    message = "State the reason in at least five characters; it stands in the record."


class RatingInvalid(Invalid):
    """A rating is no number within bounds."""

    code = "standard_rating_invalid"
    message = "No. {position}: “{value}” is not a whole number from {lowest} to {highest}."


class PositionUnknown(Invalid):
    """There is nothing at that place."""

    code = "standard_position_unknown"
    message = "There is no. {position} in this workshop; it has {count}."


class BoundsInvalid(Invalid):
    """The final answers contradict each other."""

    code = "standard_bounds_invalid"
    message = "The lowest value must be below the highest one."


class CutBoundsInvalid(BoundsInvalid):
    """The acceptable cut scores do not rise."""

    code = "standard_cut_bounds_invalid"
    message = "The lowest acceptable cut score {lowest} must be below the highest {highest}."


class FailBoundsInvalid(BoundsInvalid):
    """The acceptable fail rates do not rise."""

    code = "standard_fail_bounds_invalid"
    message = "The lowest acceptable fail rate {lowest} must be below the highest {highest}."


class ItemsUnknown(Invalid):
    """Numbers that are no active items of the occupation and level."""

    code = "standard_items_unknown"
    message = "Not an active item of this occupation and level: {numbers}."


class ItemNumbersUnreadable(Invalid):
    """The list of item numbers cannot be read."""

    code = "standard_item_numbers_unreadable"
    message = "“{text}” is not an item number or a range such as 20-30."


class ItemCountWrong(Invalid):
    """A workshop needs some items, and not too many."""

    code = "standard_item_count_wrong"
    message = "{count} items are chosen; a workshop takes 1 to {limit}."


class BasisMissing(Invalid):
    """Neither a paper nor items were chosen."""

    code = "standard_basis_missing"
    message = "Choose either a sealed paper, or a bank and its items."


class PaperUnusable(Invalid):
    """The paper is not sealed."""

    code = "standard_paper_unusable"
    message = "Choose a sealed paper: the content of others may still change."


class ScaleMissing(Invalid):
    """The bookmark method needs item parameters."""

    code = "standard_scale_missing"
    message = "The bookmark method orders items by difficulty: choose a scale with item parameters."


class ItemsNotCalibrated(Invalid):
    """Some items have no parameters on the scale."""

    code = "standard_items_not_calibrated"
    message = "{count} items have no usable parameters on the scale {scale}: {numbers}."


class SittingMissing(Invalid):
    """The method needs a marked sitting."""

    code = "standard_sitting_missing"
    message = "This method works on candidates: choose a marked sitting."


class SittingUnusable(Invalid):
    """A sitting without marks, or of another occupation or level."""

    code = "standard_sitting_unusable"
    message = "Choose a marked theory sitting of the same occupation and level."


class CandidateCountWrong(Invalid):
    """A sitting with nobody in it, or too many to judge."""

    code = "standard_candidate_count_wrong"
    message = "{count} candidates have marks in this sitting; this method takes 2 to {limit}."


class ScoresMissing(Invalid):
    """The final questions need a distribution of scores."""

    code = "standard_scores_missing"
    message = "The final questions (Hofstee) need the scores of a marked sitting: choose one as impact data."


class NothingComputable(Conflict):
    """The ratings do not determine a cut score."""

    code = "standard_nothing_computable"
    message = "No cut score follows from these ratings."


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
