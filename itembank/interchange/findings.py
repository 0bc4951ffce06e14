"""Why a question is refused or what to look at: stable codes, English templates, facts. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def N_(message: str) -> str:  # noqa: N802  the usual name for “translate later”
    """Mark ``message`` for the catalogue; the web translates it where it is shown."""
    return message


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason or warning: the web translates ``template``, the facts stay data."""

    code: str
    facts: dict[str, Any] = field(default_factory=dict, compare=True)

    @property
    def template(self) -> str:
        """Return the English sentence with its placeholders."""
        return TEMPLATES[self.code]

    @classmethod
    def of(cls, code: str, **facts: object) -> Finding:
        """Make a finding; an unknown code is a mistake of the programme."""
        if code not in TEMPLATES:
            raise KeyError(code)
        return cls(code, facts)

    @classmethod
    def place(cls, code: str, **facts: object) -> Finding:
        """Make the finding that words a place."""
        return cls.of(f"at_{code}", **facts)

    def as_json(self) -> dict[str, Any]:
        """Return the finding as plain values; a fact may be a finding itself (a place)."""
        facts = {
            name: fact.as_json() if isinstance(fact, Finding) else fact for name, fact in self.facts.items()
        }
        return {"code": self.code, "facts": facts}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Finding:
        """Return the finding that ``as_json`` gave."""
        facts = {
            name: cls.from_json(fact) if isinstance(fact, dict) and "code" in fact else fact
            for name, fact in stored["facts"].items()
        }
        return cls.of(stored["code"], **facts)

    def __str__(self) -> str:
        return self.template.format(**self.facts)

    def __hash__(self) -> int:
        return hash((self.code, tuple(sorted((key, str(value)) for key, value in self.facts.items()))))


PLACES: dict[str, str] = {
    "at_paragraph": N_("paragraph {first}"),
    "at_paragraphs": N_("paragraphs {first}–{last}"),
    "at_paragraph_number": N_("paragraph {first}, question {number}"),
    "at_paragraphs_number": N_("paragraphs {first}–{last}, question {number}"),
    "at_table": N_("table {sheet}, row {first}"),
    "at_tables": N_("table {sheet}, rows {first}–{last}"),
    "at_table_number": N_("table {sheet}, row {first}, question {number}"),
    "at_tables_number": N_("table {sheet}, rows {first}–{last}, question {number}"),
    "at_row": N_("sheet “{sheet}”, row {first}"),
    "at_row_number": N_("sheet “{sheet}”, row {first}, question {number}"),
    "at_path": "{sheet}",
    "at_path_number": N_("{sheet}, question {number}"),
    "at_form": N_("the repair form"),
}

REASONS: dict[str, str] = {
    "stem_missing": N_("The question has no stem."),
    "stem_too_long": N_("The stem has {length} characters; at most {limit} are allowed."),
    "options_missing": N_("The question has no options."),
    "option_count": N_("The question has {count} option(s); {least} to {most} are needed."),
    "option_empty": N_("Option {label} is empty."),
    "option_labels": N_("The option labels are {found}; expected {expected}."),
    "option_duplicate": N_("Options {first} and {second} have the same text."),
    "key_missing": N_("No answer was found."),
    "key_conflict": N_("Two answers disagree: {first} and {second}."),
    "key_unknown": N_("Answer “{key}” is not one of the options {labels}."),
    "key_ambiguous": N_("It is not clear whether “{text}” is the answer or part of the text."),
    "key_too_many": N_("A single-choice question has {count} answers: {key}."),
    "key_too_few": N_("A multiple-choice question has only one answer: {key}."),
    "key_letter_without_options": N_(
        "The answer is the letter “{key}”, but there are no options and nothing says which letter means true."
    ),
    "type_unsupported": N_("Questions of type “{type}” cannot be imported yet."),
    "type_unknown": N_("Type “{type}” is not known; expected one of {expected}."),
    "has_picture": N_("The question contains a picture or an embedded object, which text cannot carry."),
    "has_formula": N_("The question contains a formula, which plain text would spoil."),
    "option_too_long": N_("Option {label} has {length} characters; at most {limit} are allowed."),
    "explanation_too_long": N_("The explanation has {length} characters; at most {limit} are allowed."),
    "content": N_("The question cannot be kept: {problem}"),
    "duplicate": N_("The same question is already in the bank (item {item})."),
    "column_missing": N_("Column “{column}” is empty."),
    "column_value": N_("Column “{column}”: “{value}” is not valid; expected {expected}."),
    "field_missing": N_("Field “{field}” is missing."),
    "field_value": N_("Field “{field}”: “{value}” is not valid; expected {expected}."),
}

WARNINGS: dict[str, str] = {
    "outside_question": N_("Text outside any question was left out: {text}"),
    "too_long": N_("A line of {length} characters was left out: {text}"),
    "answer_without_question": N_(
        "The answer list has an answer for question {number}, which was not found."
    ),
    "answer_list_ambiguous": N_(
        "The answer list gives an answer for question {number}, but several "
        "questions have that number; it was not used."
    ),
    "key_weak": N_("The answer was read from the end of the last option (“{text}”); check it."),
    "key_after_option": N_("The answer stood after option {label}, not after the last one."),
    "letters_in_text": N_("“{text}” in brackets was kept as text because the answer stands elsewhere."),
    "type_from_key": N_(
        "No heading names the question type; it was read from the number of answers for {count} question(s)."
    ),
    "type_not_heading": N_("The heading says “{heading}”, the question reads as {type}."),
    "stem_lines": N_("The stem runs over {count} lines; check that it is one question."),
    "option_lines": N_("Option {label} runs over several lines; check it."),
    "entities": N_("The text contains HTML entities such as “{text}”; they were kept as written."),
    "html_removed": N_("HTML marks were removed from the text."),
    "raised_text": N_("Raised or lowered characters were written as “{text}”; check them."),
    "stray_mark": N_("A stray mark “{text}” was dropped."),
    "number_missing": N_("The question has no number."),
    "number_repeated": N_("Number {number} occurs more than once."),
    "same_in_file": N_("The same question stands at {other}; at most one of them may appear in a paper."),
    "same_other_key": N_(
        "The same question with another answer stands at {other}; at most one of them may appear in a paper."
    ),
    "unlabelled_true_false": N_("The options have no letters; the first was taken as A."),
    "macros_ignored": N_("The file contains macros; they were ignored."),
    "difficulty_unread": N_("Difficulty “{value}” is not one of 1–5 and was left out."),
    "point_unknown": N_("Assessment point “{point}” was not found; the item stays unclassified."),
    "checked_mark": N_("The answer was read from the mark √ at the option(s)."),
}

TEMPLATES: dict[str, str] = {**PLACES, **REASONS, **WARNINGS}
