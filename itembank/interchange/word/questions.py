"""From one question's lines to a question or a refusal: stem, options, answer, type. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass

from itembank.interchange.checking import check, refuse
from itembank.interchange.findings import Finding
from itembank.interchange.marks import (
    DIFFICULTIES,
    EXPLANATION,
    INLINE_EXPLANATION,
    MARKS_TAG,
    STEM_PREFIX,
    TYPE_PREFIX,
    TYPE_TAG,
    fold,
    truth_of,
)
from itembank.interchange.options import best_chain, in_columns, markers, strays
from itembank.interchange.report import (
    FALSE_LABEL,
    MULTIPLE,
    SINGLE,
    TRUE_FALSE,
    TRUE_LABEL,
    DraftQuestion,
    ParsedOption,
    ParsedQuestion,
    QuestionType,
    Rejected,
)
from itembank.interchange.word.blocks import Answer, Block, Reading
from itembank.interchange.word.keys import find_answers, option_ends, settle
from itembank.interchange.word.surroundings import place_of

_TAG_TYPES: tuple[tuple[str, QuestionType], ...] = (
    ("单", SINGLE),
    ("多", MULTIPLE),
    ("不定", MULTIPLE),
    ("判断", TRUE_FALSE),
    ("是非", TRUE_FALSE),
)


@dataclass(frozen=True, slots=True)
class Built:
    """A question or refusal, and whether its type had to be read from the key."""

    outcome: ParsedQuestion | Rejected
    type_from_key: bool = False


def build(block: Block) -> Built:
    """Return what one block is."""
    reading = Reading(block, block.text(), hint=block.section.hint, is_indefinite=block.section.is_indefinite)
    found = markers(fold(reading.text))
    reading.chain = best_chain(found)
    extra = strays(fold(reading.text), found, reading.chain)
    columns = in_columns(reading.chain, extra)
    if columns is not None:
        reading.chain, extra = columns, []
    _cut(reading)
    if columns is not None:
        reading.options.sort()
    if re.search(r"\t\s*[、，,]\s*$", reading.stem):
        reading.warn("stray_mark", text=reading.stem.strip()[-1])
    lines = len(reading.stem.strip().splitlines())
    if lines > 1:
        reading.warn("stem_lines", count=lines)
    for label, option in reading.options:
        if "\n" in option.strip():
            reading.warn("option_lines", label=label)
    _strip_tags(reading)
    _explain(reading)
    reading.answers = find_answers(reading.block, reading)
    draft = _draft(reading)
    if block.section.unsupported and not reading.tagged:
        return Built(refuse(draft, Finding.of("type_unsupported", type=block.section.unsupported)))
    for flag, code in (("has_picture", "has_picture"), ("has_formula", "has_formula")):
        if any(getattr(line, flag) for line in block.raw):
            return Built(refuse(draft, Finding.of(code)))
    if extra:
        reading.chain = sorted([*reading.chain, *extra], key=lambda marker: marker.start)
        labels = [marker.label for marker in reading.chain]
        draft = _recut(reading)
        expected = "".join(chr(ord("A") + index) for index in range(max(len(labels), 2)))
        return Built(refuse(draft, Finding.of("option_labels", found="".join(labels), expected=expected)))
    return _decide(reading)


def _recut(reading: Reading) -> DraftQuestion:
    """Return the draft of a question with wrong labels: every label begins an option, for the repair form."""
    reading.warnings = [warning for warning in reading.warnings if warning.code != "option_lines"]
    if len(reading.chain) > 1:
        _cut(reading)
    return _draft(reading)


def _cut(reading: Reading) -> None:
    """Cut the text into stem and options."""
    chain, text = reading.chain, reading.text
    if not chain:
        reading.stem = text
        return
    reading.stem = text[: chain[0].start]
    ends = [marker.start for marker in chain[1:]] + [len(text)]
    reading.options = [
        (marker.label, text[marker.end : end]) for marker, end in zip(chain, ends, strict=True)
    ]
    reading.options = option_ends(reading.options)


def _strip_tags(reading: Reading) -> None:
    """Take ``题目：``, ``[多选题]`` and ``（2分）`` out of the stem."""
    prefix = STEM_PREFIX.match(fold(reading.stem))
    if prefix:
        reading.stem = reading.stem[prefix.end() :]
    reading.stem = re.sub(r"\n\s*选项\s*[:：]\s*$", "", reading.stem.rstrip("\n"))
    folded = fold(reading.stem)
    tag = TYPE_PREFIX.match(folded) or TYPE_TAG.search(folded)
    if tag and (tag.start() <= 2 or tag.end() >= len(folded.rstrip()) - 1):
        kind = next(value for word, value in _TAG_TYPES if tag["tag"].startswith(word))
        if reading.hint not in {None, kind}:
            reading.warn("type_not_heading", heading=reading.block.section.title, type=kind)
        reading.hint, reading.tagged = kind, True
        reading.is_indefinite = "不定" in tag["tag"]
        reading.stem = reading.stem[: tag.start()] + reading.stem[tag.end() :]
        folded = fold(reading.stem)
    marks = MARKS_TAG.search(folded)
    if marks and (marks.start() == 0 or marks.end() == len(folded)):
        reading.stem = reading.stem[: marks.start()] + reading.stem[marks.end() :]


def _explain(reading: Reading) -> None:
    """Join the explanation lines."""
    parts = []
    for piece in reading.block.explanation:
        match = EXPLANATION.match(piece.folded)
        parts.append(piece.text[match.end() if match else 0 :].strip())
    parts.insert(0, _inline_explanation(reading))
    reading.explanation = "\n".join(part for part in parts if part)
    if reading.block.listed is not None and reading.block.listed[1]:
        reading.explanation = "\n".join(
            part for part in (reading.explanation, reading.block.listed[1]) if part
        )


def _inline_explanation(reading: Reading) -> str:
    """Take an explanation off the end of the statement or of the last option."""
    text = reading.options[-1][1] if reading.options else reading.stem
    match = INLINE_EXPLANATION.search(fold(text))
    if match is None or not text[: match.start()].strip():
        return ""
    opening = re.match(r"[\s。)\]√×\"”]+", fold(text)[match.start() :])
    kept = text[: match.start() + (opening.end() if opening else 0)].rstrip().removesuffix("【").rstrip()
    if reading.options:
        reading.options[-1] = (reading.options[-1][0], kept)
    else:
        reading.stem = kept
    return text[match.end() :].strip()


def _draft(reading: Reading, **changes: object) -> DraftQuestion:
    """Return what has been read so far."""
    block = reading.block
    difficulty = DIFFICULTIES.get(block.difficulty) if block.difficulty else None
    if block.difficulty and difficulty is None:
        reading.warn("difficulty_unread", value=block.difficulty)
    raised = "".join(dict.fromkeys(line.raised for line in block.raw if line.raised))
    values: dict[str, object] = {
        "place": place_of(block.raw, block.number),
        "raw": "\n".join(dict.fromkeys(line.text.strip() for line in block.raw)),
        "number": block.number,
        "type": reading.hint,
        "stem": tidy(reading.stem),
        "options": tuple(ParsedOption(label, tidy(text)) for label, text in reading.options),
        "explanation": reading.explanation,
        "category": block.section.category,
        "difficulty": difficulty,
        "warnings": (*reading.warnings, *([Finding.of("raised_text", text=raised)] if raised else [])),
    }
    return DraftQuestion(**(values | changes))  # type: ignore[arg-type]


def tidy(text: str) -> str:
    """Return text without gaps at the ends, tabs as spaces and at most one of two unpaired quotes."""
    text = re.sub(r"[ \t\u3000\xa0]*\n[ \t\u3000\xa0]*", "\n", text.strip())
    text = re.sub(r"\t+", " ", re.sub(r"\t\s*[、，,]\s*$", "", text)).strip()
    for quote in ('"', "”", "“"):
        unpaired = text.count('"') % 2 if quote == '"' else text.count("”") != text.count("“")
        if unpaired and text.endswith(quote):
            text = text[:-1].rstrip()
        elif unpaired and text.startswith(quote):
            text = text[1:].lstrip()
    return text


# The decision -----------------------------------------------------------------------------------------------


def _decide(reading: Reading) -> Built:
    """Return the question with its one answer, or why it has none."""
    block = reading.block
    answer, problem = settle(reading.answers, reading)
    truth = _truth_options(reading)
    draft = _draft(reading)
    if problem is not None:
        return Built(refuse(draft, problem))
    if truth is not None or (not reading.options and _is_statement(reading, answer)):
        return Built(_true_false(reading, answer, truth))
    if answer is None:
        reason = Finding.of("options_missing") if not reading.options else Finding.of("key_missing")
        if not reading.options and reading.hint in {None, TRUE_FALSE}:
            reason = Finding.of("key_missing")
        return Built(refuse(draft, reason))
    letters = answer.letters
    if letters is None:
        wrong = Finding.of(
            "key_unknown", key=answer.text, labels="".join(label for label, _ in reading.options)
        )
        return Built(refuse(draft, wrong if reading.options else Finding.of("options_missing")))
    kind = reading.hint
    if kind in {None, TRUE_FALSE} or (reading.is_indefinite and len(letters) == 1):
        kind = SINGLE if len(letters) == 1 else MULTIPLE
        if reading.hint == TRUE_FALSE or reading.is_indefinite:
            reading.warn("type_not_heading", heading=block.section.title, type=kind)
    draft = _draft(reading, type=kind, key=letters, source_key=answer.text)
    return Built(check(draft), type_from_key=reading.hint is None)


def _is_statement(reading: Reading, answer: Answer | None) -> bool:
    """Return whether a text without options is a true/false statement."""
    if answer is None:
        return reading.hint == TRUE_FALSE
    return answer.truth is not None or reading.hint == TRUE_FALSE


def _truth_options(reading: Reading) -> dict[str, bool] | None:
    """Return which label means true when the two options are 正确 and 错误 in either order."""
    pair = reading.block.truth_options
    if pair is not None and not reading.options:
        reading.warn("unlabelled_true_false")
        return {"A": truth_of(pair[0]) is True, "B": truth_of(pair[1]) is True}
    if len(reading.options) != 2:
        return None
    loose = reading.hint == TRUE_FALSE
    values = [truth_of(text, loose=loose) for _, text in reading.options]
    if None in values or values[0] == values[1]:
        return None
    return {label: value is True for (label, _), value in zip(reading.options, values, strict=True)}


def _true_false(
    reading: Reading, answer: Answer | None, truth: dict[str, bool] | None
) -> ParsedQuestion | Rejected:
    """Return a true/false question."""
    section = reading.block.section
    if truth is None and section.true_letter:
        truth = {"A": section.true_letter == "A", "B": section.true_letter == "B"}
    if reading.hint not in {None, TRUE_FALSE}:
        reading.warn("type_not_heading", heading=section.title, type=TRUE_FALSE)
    draft = _draft(reading, type=TRUE_FALSE)
    if answer is None:
        return refuse(draft, Finding.of("key_missing"))
    verdict = answer.truth
    if answer.letters is not None and truth is not None and set(answer.letters) <= set(truth):
        if len(answer.letters) > 1:
            return refuse(draft, Finding.of("key_too_many", count=len(answer.letters), key=answer.text))
        verdict = truth[answer.letters[0]]
    if verdict is None:
        if truth is None:
            return refuse(draft, Finding.of("key_letter_without_options", key=answer.text))
        return refuse(draft, Finding.of("key_unknown", key=answer.text, labels="".join(truth)))
    label = TRUE_LABEL if verdict else FALSE_LABEL
    return check(_draft(reading, type=TRUE_FALSE, options=(), key=(label,), source_key=answer.text))
