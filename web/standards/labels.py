"""Words of standard setting."""

from __future__ import annotations

from exam_engine.psychometrics.standard_setting.compromise import Outcome
from exam_engine.psychometrics.standard_setting.panel import Warn
from exam_engine.standard_setting.figures import Reason
from exam_engine.standard_setting.rules import Method, WorkshopStatus
from web.i18n import N_

METHODS: dict[Method, str] = {
    Method.ANGOFF: N_("Modified Angoff"),
    Method.YES_NO: N_("Yes/no Angoff"),
    Method.BOOKMARK: N_("Bookmark"),
    Method.BORDERLINE: N_("Borderline group"),
    Method.CONTRASTING: N_("Contrasting groups"),
}

EXPLANATIONS: dict[Method, str] = {
    Method.ANGOFF: N_(
        "Judges state for each item how many of 100 just-qualified candidates would get it right."
    ),
    Method.YES_NO: N_("Judges state for each item whether a just-qualified candidate would get it right."),
    Method.BOOKMARK: N_(
        "Items are ordered from easy to hard; judges mark the page from which on a just-qualified candidate no "
        "longer answers with the required probability. Needs item parameters on a scale."
    ),
    Method.BORDERLINE: N_(
        "Judges who know the candidates of a finished sitting name those who are just at the border. "
        "They do not see scores."
    ),
    Method.CONTRASTING: N_(
        "Judges who know the candidates of a finished sitting say who is qualified and who is not. "
        "They do not see scores."
    ),
}

QUESTIONS: dict[Method, str] = {
    Method.ANGOFF: N_("Of 100 just-qualified candidates, how many answer this item correctly?"),
    Method.YES_NO: N_("Does a just-qualified candidate answer this item correctly?"),
    Method.BOOKMARK: N_(
        "Which is the first page that a just-qualified candidate no longer answers correctly with a probability "
        "of {probability}?"
    ),
    Method.BORDERLINE: N_("Where does this candidate stand, as you know their work?"),
    Method.CONTRASTING: N_("Is this candidate qualified, as you know their work?"),
}

CHOICES: dict[Method, tuple[tuple[int, str], ...]] = {
    Method.YES_NO: ((1, N_("Yes")), (0, N_("No"))),
    Method.BORDERLINE: (
        (0, N_("Clearly not qualified")),
        (1, N_("At the border")),
        (2, N_("Clearly qualified")),
    ),
    Method.CONTRASTING: ((0, N_("Not qualified")), (1, N_("Qualified"))),
}
"""What a judge chooses from, where it is no number."""

STATUSES: dict[WorkshopStatus, tuple[str, str]] = {
    WorkshopStatus.DRAFT: (N_("In preparation"), "neutral"),
    WorkshopStatus.RATING: (N_("Round open"), "info"),
    WorkshopStatus.BETWEEN: (N_("Between rounds"), "warn"),
    WorkshopStatus.QUESTIONS: (N_("Final questions open"), "info"),
    WorkshopStatus.CLOSED: (N_("Waits for the second person"), "warn"),
    WorkshopStatus.RECORDED: (N_("Recorded"), "good"),
    WorkshopStatus.ABANDONED: (N_("Abandoned"), "neutral"),
}
"""State → words and tone."""

CUTS: dict[str, str] = {
    "cut": N_("Recommended cut score"),
    "cut - 1 SE": N_("One standard error below"),
    "cut + 1 SE": N_("One standard error above"),
    "regulation": N_("60 by regulation"),
    "hofstee": N_("Hofstee compromise"),
    "own": N_("Your own cut score"),
}
"""Names of the cuts whose effect is shown."""

REASONS: dict[str, str] = {
    Reason.TOO_FEW: N_("The figures appear as soon as two judges have rated everything."),
    Reason.EMPTY_GROUP: N_(
        "Most judges put nobody into one of the classes that are compared, so no cut score follows."
    ),
    Reason.REVERSED: N_(
        "The candidates whom the judges call qualified did not score higher than the others, so no cut score follows."
    ),
}
"""Why there is no cut score."""

WARNINGS: dict[str, str] = {
    Warn.FEW_JUDGES: N_("The panel is small: one judge more or less moves the cut score."),
    Warn.NO_ERROR: N_("No standard error can be computed from these ratings."),
    Warn.INCOMPLETE: N_("Some judges left items out; their cut scores rest on what they rated."),
    Warn.OUTLYING_JUDGES: N_(
        "At least one judge stands far from the others. Talk about it before the next round."
    ),
    Warn.FEW_PERSONS: N_("Fewer than 30 candidates are in a class that is compared: the cut score is rough."),
    Warn.SEPARATED: N_(
        "The scores of the two groups do not overlap: every cut score between them sorts all candidates alike. "
        "The middle is shown, without standard error."
    ),
    Warn.REVERSED: N_("Those judged better did not score higher."),
    Warn.NO_CROSSING: N_("The curves do not cross within the accepted range."),
    Warn.SEVERAL_CROSSINGS: N_("The curves cross more than once."),
    Warn.UNREACHED: N_("Some items reach the response probability nowhere and have no page."),
    Warn.OUT_OF_RANGE: N_(
        "The cut score lies beyond all scores that candidates had: it follows from the curve, not from candidates."
    ),
}
"""What the kernels warn of."""

OUTCOMES: dict[str, str] = {
    Outcome.TOO_MANY_FAIL: N_(
        "Even at the lowest cut score more candidates would fail than the judges accept."
    ),
    Outcome.TOO_FEW_FAIL: N_(
        "Even at the highest cut score fewer candidates would fail than the judges expect."
    ),
}
"""Why the final questions lead to no compromise."""

HEADINGS = (
    *(N_("Summary"), N_("Judges"), N_("Items"), N_("Ratings"), N_("Pass rate by cut score"), N_("Pass rate")),
    *(N_("Cut score (out of 100)"), N_("Name"), N_("Leader"), N_("Just-qualified candidate"), N_("Paper")),
    *(N_("Scale"), N_("Sitting of the impact data"), N_("Closed at"), N_("Recommended cut score")),
    *(N_("Standard error"), N_("Median"), N_("In marks of the paper"), N_("With the excluded judges")),
    *(
        N_("Hofstee compromise"),
        N_("Code"),
        N_("Judge"),
        N_("Excluded"),
        N_("Reason"),
        N_("Cut score"),
        N_("No."),
    ),
    *(
        N_("Item number"),
        N_("Item marks"),
        N_("p"),
        N_("Mean rating"),
        N_("Lowest value"),
        N_("Highest value"),
        N_("SD"),
    ),
    *(N_("round"), N_("judge"), N_("excluded"), N_("position"), N_("item"), N_("rating"), N_("marks")),
    N_("p_value"),
)
"""Headings of the workbook that standard_setting.export asks for."""
