"""What a standard-setting workshop refuses, each with its code and the facts. No I/O."""

from __future__ import annotations

from itembank.base.errors import Conflict, Forbidden, Invalid


class NotLeader(Forbidden):
    """Somebody else leads this workshop."""

    code = "standard_not_leader"
    message = "Only {leader}, who leads this workshop, may do this."


class LeadsAlready(Conflict):
    """The actor leads the workshop."""

    code = "standard_leads_already"
    message = "You lead this workshop already."


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


class NotExcluded(Conflict):
    """There is no exclusion to withdraw."""

    code = "standard_not_excluded"
    message = "This judge takes part already."


class RoundMissed(Conflict):
    """An excluded judge left the newest closed round unfinished."""

    code = "standard_round_missed"
    message = (
        "Round {round} was closed without all ratings of this judge, so its result would leave them out again. "
        "Readmit them while the next round is open."
    )


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
    message = "This workshop has no number {position}: its numbers run from 1 to {count}."


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


class ResultUnusable(Conflict):
    """A workshop whose result cannot set this pass mark."""

    code = "standard_result_unusable"
    message = "Choose a recorded result of the same occupation and level, for a theory sitting."


class ResultAltered(Conflict):
    """A stored result no longer matches its digest."""

    code = "standard_result_altered"
    message = (
        "The stored result of {name} was altered since it was frozen. It cannot be used; tell the auditor."
    )
