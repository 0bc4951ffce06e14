"""When a question can enter the bank: the same checks for every format and for the repair form. No I/O."""

from __future__ import annotations

import re
from dataclasses import replace

from itembank.interchange.findings import Finding
from itembank.interchange.report import (
    FALSE_LABEL,
    FALSE_TEXT,
    MULTIPLE,
    SINGLE,
    TRUE_FALSE,
    TRUE_LABEL,
    TRUE_TEXT,
    DraftQuestion,
    ParsedOption,
    ParsedQuestion,
    Rejected,
)
from itembank.items.rules import (
    LABELS,
    LEAST_OPTIONS,
    MAX_EXPLANATION,
    MAX_OPTION,
    MAX_STEM,
    MOST_OPTIONS,
    same_text,
)

TRUE_FALSE_OPTIONS = (ParsedOption(TRUE_LABEL, TRUE_TEXT), ParsedOption(FALSE_LABEL, FALSE_TEXT))

_ENTITY = re.compile(r"&(?:[a-z]{2,8}|#\d{2,5});")


def refuse(draft: DraftQuestion, reason: Finding) -> Rejected:
    """Return the draft as a refusal."""
    return Rejected(draft.place, reason, draft.raw, draft.number, draft)


def check(draft: DraftQuestion) -> ParsedQuestion | Rejected:
    """Return the draft as a question, or as a refusal with the first reason found."""
    reason = _stem_problem(draft) or _option_problem(draft) or _key_problem(draft)
    if reason is not None or draft.type is None:
        return refuse(draft, reason or Finding.of("type_unknown", type="", expected=SINGLE))
    warnings = draft.warnings
    texts = [draft.stem, *(option.text for option in draft.options)]
    entity = next((match.group(0) for text in texts if (match := _ENTITY.search(text))), None)
    if entity is not None:
        warnings = (*warnings, Finding.of("entities", text=entity))
    options = TRUE_FALSE_OPTIONS if draft.type == TRUE_FALSE else draft.options
    return ParsedQuestion(
        place=draft.place,
        number=draft.number,
        type=draft.type,
        stem=draft.stem,
        options=options,
        key=tuple(sorted(draft.key)) if draft.type == MULTIPLE else draft.key,
        explanation=draft.explanation,
        category=draft.category,
        reference=draft.reference,
        difficulty=draft.difficulty,
        importance=draft.importance,
        point_code=draft.point_code,
        warnings=warnings,
        raw=draft.raw,
        source_key=draft.source_key,
    )


def _stem_problem(draft: DraftQuestion) -> Finding | None:
    if not re.search(r"\w", draft.stem):
        return Finding.of("stem_missing")
    if len(draft.stem) > MAX_STEM:
        return Finding.of("stem_too_long", length=len(draft.stem), limit=MAX_STEM)
    if len(draft.explanation) > MAX_EXPLANATION:
        return Finding.of("explanation_too_long", length=len(draft.explanation), limit=MAX_EXPLANATION)
    return None


def _option_problem(draft: DraftQuestion) -> Finding | None:
    if draft.type == TRUE_FALSE:
        return None
    options = draft.options
    if not options:
        return Finding.of("options_missing")
    if not LEAST_OPTIONS <= len(options) <= MOST_OPTIONS:
        return Finding.of("option_count", count=len(options), least=LEAST_OPTIONS, most=MOST_OPTIONS)
    found, expected = [option.label for option in options], list(LABELS[: len(options)])
    if found != expected:
        return Finding.of("option_labels", found="".join(found), expected="".join(expected))
    seen: dict[str, str] = {}
    for option in options:
        text = same_text(option.text)
        if not text:
            return Finding.of("option_empty", label=option.label)
        if text in seen:
            return Finding.of("option_duplicate", first=seen[text], second=option.label)
        if len(option.text) > MAX_OPTION:
            return Finding.of(
                "option_too_long", label=option.label, length=len(option.text), limit=MAX_OPTION
            )
        seen[text] = option.label
    return None


def _key_problem(draft: DraftQuestion) -> Finding | None:
    labels = (
        {TRUE_LABEL, FALSE_LABEL} if draft.type == TRUE_FALSE else {option.label for option in draft.options}
    )
    if not draft.key:
        return Finding.of("key_missing")
    unknown = [letter for letter in draft.key if letter not in labels]
    if unknown or len(set(draft.key)) != len(draft.key):
        return Finding.of("key_unknown", key="".join(draft.key), labels="".join(sorted(labels)))
    if draft.type in {SINGLE, TRUE_FALSE} and len(draft.key) > 1:
        return Finding.of("key_too_many", count=len(draft.key), key="".join(draft.key))
    if draft.type == MULTIPLE and len(draft.key) < 2:
        return Finding.of("key_too_few", key="".join(draft.key))
    return None


def with_warning(draft: DraftQuestion, finding: Finding) -> DraftQuestion:
    """Return the draft with one more warning."""
    return replace(draft, warnings=(*draft.warnings, finding))
