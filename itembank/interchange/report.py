"""What an import found: questions, refusals and warnings, the same for every format. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from itembank.interchange.findings import Finding

QuestionType = Literal["single_choice", "multiple_choice", "true_false"]

SINGLE: QuestionType = "single_choice"
MULTIPLE: QuestionType = "multiple_choice"
TRUE_FALSE: QuestionType = "true_false"

MAX_QUESTIONS = 5_000
"""Questions in one file; an import answers within seconds and larger banks come in parts."""

TRUE_LABEL, FALSE_LABEL = "T", "F"
TRUE_TEXT, FALSE_TEXT = "正确", "错误"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something stands; ``sheet`` names the sheet, the table or the JSON path."""

    kind: Literal["paragraph", "table", "row", "path", "form"]
    first: int = 0
    last: int = 0
    sheet: str = ""
    number: int | None = None

    def finding(self) -> Finding:
        """Return the place as a translatable sentence."""
        many = self.last > self.first
        code = f"{self.kind}s" if many else self.kind
        if self.number is not None:
            code += "_number"
        facts = {"first": self.first, "last": self.last, "sheet": self.sheet, "number": self.number}
        return Finding.place(code, **facts)

    def __str__(self) -> str:
        return str(self.finding())


@dataclass(frozen=True, slots=True)
class ParsedOption:
    """One option as it will be shown."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class ParsedQuestion:
    """A question that can enter the bank as it stands."""

    place: Place
    number: int | None
    type: QuestionType
    stem: str
    options: tuple[ParsedOption, ...]
    key: tuple[str, ...]
    explanation: str = ""
    category: str = ""
    reference: str = ""
    difficulty: int | None = None
    importance: str | None = None
    point_code: str = ""
    warnings: tuple[Finding, ...] = ()
    raw: str = ""
    source_key: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A question, or what looks like one, that a person has to repair."""

    place: Place
    reason: Finding
    raw: str
    number: int | None = None
    draft: DraftQuestion | None = None


@dataclass(frozen=True, slots=True)
class DraftQuestion:
    """What could be read of a question before it was checked; it fills the repair form."""

    place: Place
    raw: str
    number: int | None = None
    type: QuestionType | None = None
    stem: str = ""
    options: tuple[ParsedOption, ...] = ()
    key: tuple[str, ...] = ()
    explanation: str = ""
    category: str = ""
    reference: str = ""
    difficulty: int | None = None
    importance: str | None = None
    point_code: str = ""
    warnings: tuple[Finding, ...] = ()
    source_key: str = ""


@dataclass(frozen=True, slots=True)
class Located:
    """A warning about a place in the file that belongs to no single question."""

    place: Place
    finding: Finding


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Everything found in one file; ``found`` is always ``imported + rejected``."""

    format: str
    items: tuple[ParsedQuestion, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    notes: tuple[Located, ...] = ()
    general: tuple[Finding, ...] = ()
    covered: dict[int, str] = field(default_factory=dict)
    """For Word: what each paragraph was taken for (question, heading, answers, note, blank, rejected)."""

    @property
    def found(self) -> int:
        """Return how many questions the file holds."""
        return len(self.items) + len(self.rejected)

    @property
    def imported(self) -> int:
        """Return how many of them can enter the bank."""
        return len(self.items)

    def warnings(self) -> list[str]:
        """Return every warning with its place, in English."""
        lines = [str(finding) for finding in self.general]
        lines += [f"{note.place}: {note.finding}" for note in self.notes]
        lines += [f"{item.place}: {warning}" for item in self.items for warning in item.warnings]
        return lines

    def as_json(self) -> dict[str, Any]:
        """Return the report in its documented JSON form (docs/import-formats.md)."""
        return {
            "format": self.format,
            "found": self.found,
            "imported": self.imported,
            "rejected": [rejected_json(entry) for entry in self.rejected],
            "warnings": self.warnings(),
            "items": [item_json(item) for item in self.items],
        }


def rejected_json(entry: Rejected) -> dict[str, Any]:
    """Return a refusal as the report shows it."""
    return {
        "where": str(entry.place),
        "no": entry.number,
        "reason": str(entry.reason),
        "code": entry.reason.code,
        "facts": entry.reason.as_json()["facts"],
        "text": entry.raw,
    }


def item_json(item: ParsedQuestion) -> dict[str, Any]:
    """Return an imported question as the report shows it."""
    return {
        "no": item.number,
        "type": item.type,
        "stem": item.stem,
        "options": [{"label": option.label, "text": option.text} for option in item.options],
        "key": list(item.key),
        "where": str(item.place),
        "key_as_written": item.source_key,
        "explanation": item.explanation,
        "category": item.category,
        "reference": item.reference,
        "warnings": [str(warning) for warning in item.warnings],
    }


def merge(reports: Sequence[ImportReport], *, format: str, general: Iterable[Finding] = ()) -> ImportReport:
    """Join the reports of the parts of one file, keeping their order."""
    return ImportReport(
        format=format,
        items=tuple(item for report in reports for item in report.items),
        rejected=tuple(entry for report in reports for entry in report.rejected),
        notes=tuple(note for report in reports for note in report.notes),
        general=(*general, *(finding for report in reports for finding in report.general)),
        covered={key: kind for report in reports for key, kind in report.covered.items()},
    )
