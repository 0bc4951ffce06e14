"""Why a question is refused or what to look at: stable codes, English templates, facts. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


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

    def __str__(self) -> str:
        return self.template.format(**self.facts)

    def __hash__(self) -> int:
        return hash((self.code, tuple(sorted((key, str(value)) for key, value in self.facts.items()))))


PLACES: dict[str, str] = {
    "at_paragraph": "paragraph {first}",
    "at_paragraphs": "paragraphs {first}–{last}",
    "at_paragraph_number": "paragraph {first}, question {number}",
    "at_paragraphs_number": "paragraphs {first}–{last}, question {number}",
    "at_table": "table {sheet}, row {first}",
    "at_tables": "table {sheet}, rows {first}–{last}",
    "at_table_number": "table {sheet}, row {first}, question {number}",
    "at_tables_number": "table {sheet}, rows {first}–{last}, question {number}",
    "at_row": "sheet “{sheet}”, row {first}",
    "at_row_number": "sheet “{sheet}”, row {first}, question {number}",
    "at_path": "{sheet}",
    "at_path_number": "{sheet}, question {number}",
    "at_form": "the repair form",
}

REASONS: dict[str, str] = {
    "stem_missing": "The question has no stem.",
    "stem_too_long": "The stem has {length} characters; at most {limit} are allowed.",
    "options_missing": "The question has no options.",
    "option_count": "The question has {count} option(s); {least} to {most} are needed.",
    "option_empty": "Option {label} is empty.",
    "option_labels": "The option labels are {found}; expected {expected}.",
    "option_duplicate": "Options {first} and {second} have the same text.",
    "key_missing": "No answer was found.",
    "key_conflict": "Two answers disagree: {first} and {second}.",
    "key_unknown": "Answer “{key}” is not one of the options {labels}.",
    "key_ambiguous": "It is not clear whether “{text}” is the answer or part of the text.",
    "key_too_many": "A single-choice question has {count} answers: {key}.",
    "key_too_few": "A multiple-choice question has only one answer: {key}.",
    "key_letter_without_options": "The answer is the letter “{key}”, but there are no options and "
    "nothing says which letter means true.",
    "type_unsupported": "Questions of type “{type}” cannot be imported yet.",
    "type_unknown": "Type “{type}” is not known; expected one of {expected}.",
    "has_picture": "The question contains a picture or an embedded object, which text cannot carry.",
    "has_formula": "The question contains a formula, which plain text would spoil.",
    "duplicate": "The same question is already in the bank (item {item}).",
    "column_missing": "Column “{column}” is empty.",
    "column_value": "Column “{column}”: “{value}” is not valid; expected {expected}.",
    "field_missing": "Field “{field}” is missing.",
    "field_value": "Field “{field}”: “{value}” is not valid; expected {expected}.",
}

WARNINGS: dict[str, str] = {
    "outside_question": "Text outside any question was left out: {text}",
    "answer_without_question": "The answer list has an answer for question {number}, which was not found.",
    "answer_list_ambiguous": "The answer list gives an answer for question {number}, but several "
    "questions have that number; it was not used.",
    "key_weak": "The answer was read from the end of the last option (“{text}”); check it.",
    "key_after_option": "The answer stood after option {label}, not after the last one.",
    "letters_in_text": "“{text}” in brackets was kept as text because the answer stands elsewhere.",
    "type_from_key": "No heading names the question type; it was read from the number of answers "
    "for {count} question(s).",
    "type_not_heading": "The heading says “{heading}”, the question reads as {type}.",
    "stem_lines": "The stem runs over {count} lines; check that it is one question.",
    "option_lines": "Option {label} runs over several lines; check it.",
    "entities": "The text contains HTML entities such as “{text}”; they were kept as written.",
    "html_removed": "HTML marks were removed from the text.",
    "raised_text": "Raised or lowered characters were written as “{text}”; check them.",
    "stray_mark": "A stray mark “{text}” was dropped.",
    "number_missing": "The question has no number.",
    "number_repeated": "Number {number} occurs more than once.",
    "same_in_file": "The same question stands at {other}.",
    "same_other_key": "The same question with another answer stands at {other}.",
    "unlabelled_true_false": "The options have no letters; the first was taken as A.",
    "macros_ignored": "The file contains macros; they were ignored.",
    "difficulty_unread": "Difficulty “{value}” is not one of 1–5 and was left out.",
    "labels_renamed": "The option labels {found} were written as {expected}.",
    "checked_mark": "The answer was read from the mark √ at the option(s).",
}

TEMPLATES: dict[str, str] = {**PLACES, **REASONS, **WARNINGS}
