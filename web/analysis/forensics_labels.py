"""Words of security reports."""

from __future__ import annotations

from web.i18n import N_

INDICES: dict[str, str] = {
    "person_fit": N_("Times unlike anybody's at this speed"),
    "effort": N_("Rapid answers above 10 %"),
    "wrong_to_right": N_("Number changed from wrong to right"),
    "erasure": N_("Changed answers better than the others"),
    "group_wrong_to_right": N_("Rooms: number changed from wrong to right"),
    "group_erasure_index": N_("Rooms: changed answers better than the others"),
    "predictive": N_("Score on the marked items"),
    "fast_and_correct": N_("Right and fast on the marked items"),
    "gain_z": N_("Gain beyond the errors of both scores"),
    "gain": N_("Gain beyond that of others with the same score"),
    "group_gain": N_("Rooms: gain beyond that of other rooms"),
}
"""Index → what it asks of a person or a room."""

ABSENT: dict[tuple[str, str], str] = {
    ("times", "no_history"): N_(
        "No history of saves is kept for these attempts: there are no times to look at."
    ),
    ("times", "few_times"): N_(
        "{persons} candidates have known times on 10 items or more, {items} items have 20 times. "
        "Needed are 20 candidates and 10 items."
    ),
    ("changes", "no_history"): N_(
        "No history of saves is kept for these attempts: nobody knows what was answered first."
    ),
    ("changes", "few_persons"): N_("{persons} candidates have answers that can be compared; 20 are needed."),
    ("changes", "few_changes"): N_(
        "{changed} answers of {persons} candidates were changed, {wrong_to_right} of them from wrong to right. "
        "Below 20 of these nobody can say how many are usual."
    ),
    ("preknowledge", "not_asked"): N_(
        "No items were marked as possibly known beforehand. Ask for a new report and mark them."
    ),
    ("preknowledge", "few_persons"): N_("Fewer than 20 candidates: nothing can be expected of anybody."),
    ("preknowledge", "few_items"): N_(
        "{persons} candidates answered 5 marked and 10 other items that tell anybody apart; 20 are needed."
    ),
    ("jumps", "nobody"): N_(
        "None of these candidates sat for this occupation and level at this institution before."
    ),
    ("jumps", "few_persons"): N_(
        "{persons} candidates sat before, {without} did not. Below 10 nobody can say what gain is usual."
    ),
    ("jumps", "alike"): N_("The scores of those who sat before do not vary enough to be compared."),
}
"""Section and reason → why it has no figures."""

CAUTIONS: dict[str, str] = {
    "few_persons": N_("Fewer than 50 candidates: how many changes are usual is rough."),
    "not_converged": N_("What is usual could not be estimated well: read the counts, not the p values."),
}
"""What makes changed answers rough."""

MARKINGS: dict[str, str] = {
    "none": N_("no items: leave pre-knowledge out"),
    "list": N_("the items listed here"),
    "earlier": N_("all items that stood in an earlier sitting"),
}
"""How items that may have been known are chosen."""
