"""What a statistics report is, and its refusals. No I/O."""

from __future__ import annotations

from enum import StrEnum

from itembank.base.errors import Conflict, Invalid, NotFound


class ReportKind(StrEnum):
    """What a report looks at."""

    SITTING = "sitting"
    DIF = "dif"
    LINKING = "linking"
    FORENSICS = "forensics"
    FIT = "fit"


ABOUT_PERSONS = frozenset({ReportKind.FORENSICS})
"""Kinds that raise suspicion against single candidates: for psychometricians only."""


class Section(StrEnum):
    """What a security report looks at besides pairs."""

    TIMES = "times"
    CHANGES = "changes"
    PREKNOWLEDGE = "preknowledge"
    JUMPS = "jumps"


class Marking(StrEnum):
    """How the items that may have been known beforehand are told."""

    NONE = "none"
    LIST = "list"
    """Named by the psychometrician."""
    EARLIER = "earlier"
    """All that stood in an earlier sitting of the occupation and level."""


class Caution(StrEnum):
    """What the figures of a report cannot carry."""

    FEW_PERSONS = "few_persons"
    SOME_PERSONS = "some_persons"
    SEVERAL_FORMS = "several_forms"
    SMALL_FORM = "small_form"
    MARKS_NOT_WEIGHTED = "marks_not_weighted"
    NO_OPTIONS = "no_options"
    LEFT_OUT = "left_out"
    ITEMS_WITHOUT_VARIATION = "items_without_variation"


FEW_PERSONS_BELOW = 30
"""Below this a correlation of an item with the test has a standard error above 0.18: it describes these people only."""

SOME_PERSONS_BELOW = 200
"""Below this classical item statistics serve to find gross faults (Crocker & Algina, 1986, chapter 14, ask for 200 and
five to ten persons an item)."""


class Attribute(StrEnum):
    """What a book may keep of each person beside the answers; nothing that the registration does not state."""

    SITTING = "sitting"
    ROOM = "room"
    SEAT = "seat"
    SEATS_PER_ROW = "seats_per_row"
    SOURCE = "source"
    EDUCATION = "education"
    GROUP = "group"
    """A column of a file."""


COMPARABLE = (Attribute.ROOM, Attribute.SITTING, Attribute.SOURCE, Attribute.EDUCATION)
"""What sittings' candidates can be compared by."""


SEATED = (Attribute.ROOM, Attribute.SEAT, Attribute.SEATS_PER_ROW)
"""What a report on similarity keeps of each candidate."""


class Treatment(StrEnum):
    """What a what-if does with an item."""

    KEEP = "keep"
    DROP_RESCALE = "drop_rescale"
    """Without the item; the score is out of the remaining marks."""
    DROP_CREDIT = "drop_credit"
    """Everybody who had the item gets its marks."""
    REKEY = "rekey"
    """Another answer is right instead."""
    ALSO = "also"
    """Another answer is right as well."""

    @property
    def needs_key(self) -> bool:
        return self in (Treatment.REKEY, Treatment.ALSO)


class ReportNotFound(NotFound):
    """No such report, or not of this institution."""

    code = "statistics.report_not_found"
    message = "No such report."


class ReportNotReady(Conflict):
    """The report is still being computed, or its computation failed."""

    code = "statistics.report_not_ready"
    message = "This report has no figures yet."


class NothingToReport(Conflict):
    """The sittings hold no attempt that counts."""

    code = "statistics.nothing_to_report"
    message = "No attempts count in these sittings: nobody handed in, or all attempts are void."


class DifferentPassMarks(Conflict):
    """Sittings with several pass marks have no common cut."""

    code = "statistics.different_pass_marks"
    message = "The sittings have different pass marks. Make one report for each."


class TreatmentUnknown(Invalid):
    """A what-if names an item or an answer that the report does not hold."""

    code = "statistics.treatment_unknown"
    message = "Item {item}: “{value}” cannot be its answer. Its options are {options}."


class NothingTreated(Invalid):
    """A what-if that keeps everything changes nothing."""

    code = "statistics.nothing_treated"
    message = "Choose something else than “keep” for at least one item."


class EverythingDropped(Invalid):
    """A what-if leaves a form without marks."""

    code = "statistics.everything_dropped"
    message = "The form {form} would have no marks left. Keep at least one of its items."


class InputAltered(Conflict):
    """The stored input is not what was frozen."""

    code = "statistics.input_altered"
    message = (
        "The stored input of this report does not match its digest. Its figures cannot be computed again."
    )


class TooFewGroups(Conflict):
    """A comparison needs two groups of some size."""

    code = "statistics.too_few_groups"
    message = "Two groups of at least {minimum} persons are needed. Found: {groups}."


class GroupColumnMissing(Invalid):
    """The file has no such column."""

    code = "statistics.group_column_missing"
    message = "The file has no column “{column}”. Its first columns are {columns}."


class GroupMissing(Invalid):
    """Nobody has a group."""

    code = "statistics.group_missing"
    message = "The column “{column}” is empty in every row."


class TooFewAnchors(Conflict):
    """Two scales share too few items to be linked."""

    code = "statistics.too_few_anchors"
    message = "The scales share {found} items with positive discrimination; a link needs at least {minimum}."


class ScalesDoNotFit(Conflict):
    """Scales of different occupations or levels, or one and the same."""

    code = "statistics.scales_do_not_fit"
    message = "Choose two different scales with parameters, of one occupation and level."


class AlreadyAdopted(Conflict):
    """A link becomes a scale once."""

    code = "statistics.already_adopted"
    message = "This link has become the scale “{name}” already."


class NothingToCompare(Conflict):
    """No form has the candidates and the known options that a comparison of pairs needs."""

    code = "statistics.nothing_to_compare"
    message = "No form was taken by at least {minimum} candidates whose chosen options are known."


class MarkedUnknown(Invalid):
    """A name in the list of marked items is no item of the sitting, or of several."""

    code = "statistics.marked_unknown"
    message = (
        "These are not items of the sitting's papers: {names}. "
        "Give reference numbers, #numbers or ids, one a line."
    )


class MarkedNothing(Invalid):
    """Pre-knowledge was asked for without items."""

    code = "statistics.marked_nothing"
    message = "List the items that may have been known, one a line."


class MarkedTooFew(Invalid):
    """Pre-knowledge compares marked items with others: both are needed."""

    code = "statistics.marked_too_few"
    message = (
        "{marked} items would be marked and {others} not. At least {least_marked} marked and {least_others} other "
        "items are needed."
    )


class NothingToFit(Conflict):
    """Fit needs items and persons."""

    code = "statistics.nothing_to_fit"
    message = "Fit is computed from {items} items and {persons} persons on; this scale rests on fewer."


class NoAnswersKept(Conflict):
    """A scale without parameters, or one whose answers are not kept with it."""

    code = "statistics.no_answers_kept"
    message = (
        "No answers are kept with the scale “{name}”, or it holds no parameters: its fit cannot be computed."
    )
