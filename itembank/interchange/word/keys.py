"""The answer of one question: every place that may hold one is read, then they must agree. No I/O."""

from __future__ import annotations

import re

from itembank.interchange.findings import Finding
from itembank.interchange.marks import (
    ANSWER,
    ANSWER_LINE,
    BARE_KEY,
    EMPTY_BLANK,
    EXPLANATION,
    LETTERS,
    LOOSE_TRUTH,
    STEM_BRACKET,
    STEM_RULE,
    TRUTH,
    fold,
    is_sorted_once,
    letters_of,
    truth_of,
)
from itembank.interchange.report import SINGLE, TRUE_FALSE
from itembank.interchange.word.blocks import TRAILING_KEY, Answer, Block, Reading

_BRACKET_END = re.compile(rf"[(\[]\s*(?P<key>{LETTERS})\s*[)\]]\s*[。.]?\s*$")
_SPACE_END = re.compile(r"(?P<before>\S)[ ]+(?P<key>[A-K]{1,6})\s*[。.]?\s*$")
_GLUED_END = re.compile(r"(?P<before>[\u3400-\u9fff。;!?])(?P<key>[A-K]{1,6})\s*$")
_STEM_TAIL = re.compile(rf"(?:\t\s*|\s{{2,}})(?P<key>{LETTERS})\s*$")
_TRUTH_TAIL = re.compile(
    rf"(?:[\s\"”“]*(?P<tick>[√×])|(?:\t\s*|\s{{2,}}|(?<=[。.;!?])\s*)(?P<word>{TRUTH}))\s*[\"”。.]?\s*$"
)
_TRUTH_SPACE = re.compile(rf"\s(?P<word>{LOOSE_TRUTH})\s*$")
_LETTER_SPACE = re.compile(r"\s(?P<key>[AB])\s*$")
_TICK_END = re.compile(r"\s*(?P<tick>[√×])\s*$")


def answer_of(text: str, source: str, *, loose: bool, is_weak: bool = False) -> Answer:
    """Return a candidate; ``F`` and ``T`` stay both letter and truth until the options are known."""
    letters, truth = letters_of(text), truth_of(text, loose=loose)
    if letters is not None:
        letters = tuple(sorted(letters))
    return Answer(fold(text).strip(), letters, truth, source, is_weak)


def option_ends(options: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return options without empty lines at their ends; gaps on the line stay, an answer may follow them."""
    return [(label, text.strip("\n")) for label, text in options]


def find_answers(block: Block, reading: Reading) -> list[Answer]:
    """Return every candidate, taking it out of stem and options."""
    loose = reading.hint == TRUE_FALSE or (not reading.options and block.truth_options is None)
    found: list[Answer] = []
    if block.key_first:
        found.append(answer_of(block.key_first, "before the number", loose=loose))
    found += _written(reading)
    if reading.options:
        found += _in_options(reading)
    else:
        found += _after_statement(reading, loose=loose)
    found += _in_stem(reading, loose=loose)
    if block.listed is not None:
        found.append(answer_of(block.listed[0], "answer list", loose=loose))
    return found


def _written(reading: Reading) -> list[Answer]:
    """Return answers that are called so: own lines, and 答案 inside stem or last option."""
    found = []
    for piece in reading.block.answers:
        bare = BARE_KEY.fullmatch(piece.folded)
        if bare is not None:
            found.append(answer_of(bare["key"], "answer line", loose=True))
            continue
        start = ANSWER_LINE.match(piece.folded)
        rest = piece.text[start.end() if start else 0 :]
        remark = EXPLANATION.search(fold(rest))
        if remark and remark.start() > 0:
            extra = rest[remark.end() :].strip()
            reading.explanation = "\n".join(part for part in (extra, reading.explanation) if part)
            rest = rest[: remark.start()]
        rest = rest.strip().strip("（）()[]【】")
        if not rest:
            continue
        if letters_of(rest) is None and truth_of(rest, loose=True) is None:
            match = ANSWER.match(piece.folded.lstrip())
            if match is None:
                continue
            tail = rest_of_answer(piece.text.lstrip()[match.end() :], reading)
            reading.explanation = "\n".join(part for part in (tail, reading.explanation) if part)
            rest = match["key"]
        found.append(answer_of(rest, "answer line", loose=True))
    for index in range(-1, len(reading.options)):
        text = reading.stem if index < 0 else reading.options[index][1]
        match = ANSWER.search(fold(text))
        if match is None:
            continue
        remark = EXPLANATION.match(fold(text)[match.end() :].lstrip(" 。.;,、)]"))
        tail = text[match.end() :].lstrip(" 。.;,、)]】）")
        if index < 0:
            reading.stem = text[: match.start()] + ("" if remark else " " + tail)
        else:
            label = reading.options[index][0]
            reading.options[index] = (label, text[: match.start()])
        if remark:
            reading.explanation = "\n".join(
                p for p in (tail[remark.end() :].strip(), reading.explanation) if p
            )
        found.append(answer_of(match["key"], "written answer", loose=True))
    return found


def rest_of_answer(tail: str, reading: Reading) -> str:
    """Return what follows a written answer; the repeated text of the option says nothing."""
    tail = tail.strip(" 。.;；,，、)）]】")
    if tail[:1] in "(（" and not re.search(r"[)）]", tail):
        tail = tail[1:].strip()
    return "" if tail in {text.strip() for _, text in reading.options} else tail


def _in_options(reading: Reading) -> list[Answer]:
    """Return answers at the ends of options, the last one first of all."""
    found: list[Answer] = []
    last = len(reading.options) - 1
    ticked: list[str] = []
    for index, (label, text) in enumerate(reading.options):
        folded = fold(text)
        tick = _TICK_END.search(folded)
        if tick and folded[: tick.start()].strip() and truth_of(folded[: tick.start()]) is None:
            if tick["tick"] == "√":
                ticked.append(label)
            reading.options[index] = (label, text[: tick.start()])
            continue
        match = TRAILING_KEY.search(folded)
        if match and folded[: match.start()].strip() and letters_of(match["key"]) is not None:
            reading.options[index] = (label, text[: match.start()])
            found.append(answer_of(match["key"], f"after option {label}", loose=False))
            if index != last:
                reading.warn("key_after_option", label=label)
            continue
        if index == last:
            found += _weak_end(reading, folded)
    if ticked:
        reading.warn("checked_mark")
        found.append(Answer("".join(ticked), tuple(ticked), None, "ticked options"))
    return found


def _weak_end(reading: Reading, folded: str) -> list[Answer]:
    """Return an answer that could also be text: in brackets, or after one space."""
    labels = {name for name, _ in reading.options}
    glued_end = _GLUED_END.search(folded)
    if glued_end and set(glued_end["key"]) <= labels and is_sorted_once(tuple(glued_end["key"])):
        stands_off = glued_end["before"] in "。.;!?"
        source = "end of the last option" if stands_off else "doubtful end"
        return [Answer(glued_end["key"], tuple(glued_end["key"]), None, source, is_weak=True)]
    match = _BRACKET_END.search(folded) or _SPACE_END.search(folded)
    letters = letters_of(match["key"]) if match else None
    if match is None or letters is None or not set(letters) <= labels or not is_sorted_once(letters):
        return []
    start = match.start() if "before" not in match.groupdict() else match.end("before")
    if not folded[:start].strip():
        return []
    before = folded[:start].rstrip()[-1:]
    glued = folded[start - 1 : start] == before and "before" not in match.groupdict()
    doubtful = (before.isascii() and before.isalnum()) or (glued and len(letters) > 1)
    source = "doubtful end" if doubtful else "end of the last option"
    return [Answer(match["key"], letters, None, source, is_weak=True)]


def _after_statement(reading: Reading, *, loose: bool) -> list[Answer]:
    """Return the truth mark (or a letter) after a statement without options."""
    folded = fold(reading.stem)
    match = _TRUTH_TAIL.search(folded)
    if match is None and reading.hint == TRUE_FALSE:
        match = _TRUTH_SPACE.search(folded)
    if match and folded[: match.start()].strip():
        groups = match.groupdict()
        mark = groups.get("tick") or groups["word"]
        reading.stem = reading.stem[: match.start()]
        return [answer_of(mark, "after the statement", loose=loose)]
    letter = TRAILING_KEY.search(folded)
    if letter is None and reading.block.section.true_letter:
        letter = _LETTER_SPACE.search(folded)
    if letter and folded[: letter.start()].strip():
        reading.stem = reading.stem[: letter.start()]
        return [answer_of(letter["key"], "after the statement", loose=loose)]
    return []


def _in_stem(reading: Reading, *, loose: bool) -> list[Answer]:
    """Return answers in the stem's brackets; the brackets stay as an empty blank unless they close it."""
    folded = fold(reading.stem)
    labels = {label for label, _ in reading.options}
    found: list[Answer] = []
    pieces: list[str] = []
    position = 0
    has_blank = bool(EMPTY_BLANK.search(folded))
    for match in sorted(
        [*STEM_BRACKET.finditer(folded), *STEM_RULE.finditer(folded)], key=lambda m: m.start()
    ):
        candidate = answer_of(match["key"], "brackets in the stem", loose=loose)
        if not _fits(candidate, labels, reading, match, folded):
            continue
        if has_blank and candidate.letters is not None and len(candidate.letters) > 1:
            candidate = Answer(
                candidate.text, candidate.letters, None, "brackets beside a blank", is_weak=True
            )
        elif _is_abbreviation(reading, candidate, found):
            reading.warn("letters_in_text", text=candidate.text)
            continue
        found.append(candidate)
        if candidate.is_weak:
            continue
        at_edge = not folded[match.end() :].strip(" 。.\t") or not folded[: match.start()].strip()
        blank = "" if not reading.options and reading.block.truth_options is None and at_edge else "（　）"
        pieces += [reading.stem[position : match.start()], blank]
        position = match.end()
    pieces.append(reading.stem[position:])
    reading.stem = "".join(pieces)
    tail = _STEM_TAIL.search(fold(reading.stem))
    if reading.options and tail and set(letters_of(tail["key"]) or "-") <= labels:
        found.append(answer_of(tail["key"], "end of the stem", loose=False))
        reading.stem = reading.stem[: tail.start()]
    return found


def _fits(candidate: Answer, labels: set[str], reading: Reading, match: re.Match[str], folded: str) -> bool:
    """Return whether a bracket can hold an answer of this question at all."""
    if reading.options or reading.block.truth_options is not None:
        if candidate.letters is None:
            return candidate.truth is not None and _all_truth(reading)
        if reading.block.truth_options is not None:
            labels = {"A", "B"}
        fits = set(candidate.letters) <= labels or len(candidate.letters) == 1
        return fits and is_sorted_once(candidate.letters)
    if candidate.truth is None:
        return reading.hint == TRUE_FALSE and candidate.letters is not None and len(candidate.letters) == 1
    if candidate.letters is not None and reading.hint != TRUE_FALSE:
        return False  # (F) in a sentence
    ends = not folded[match.end() :].strip(" 。.\t\n") or match.start() == 0
    return ends or candidate.text in {"√", "×"} or reading.hint == TRUE_FALSE


def _all_truth(reading: Reading) -> bool:
    return reading.block.truth_options is not None or all(
        truth_of(text, loose=True) is not None for _, text in reading.options
    )


def _is_abbreviation(reading: Reading, candidate: Answer, found: list[Answer]) -> bool:
    """Return whether letters in brackets are a word of the stem: two of them where one answer is due."""
    others = [*reading.answers, *found]
    return (
        candidate.letters is not None
        and len(candidate.letters) > 1
        and reading.hint == SINGLE
        and any(other.letters is not None and len(other.letters) == 1 for other in others)
    )


def settle(answers: list[Answer], reading: Reading) -> tuple[Answer | None, Finding | None]:
    """Return the one answer, or the reason why there is none; both None when nothing was written."""
    strong = [answer for answer in answers if not answer.is_weak]
    weak = [answer for answer in answers if answer.is_weak]
    for first in strong:
        for second in strong:
            if first.meaning != second.meaning and _meaning(first, reading) != _meaning(second, reading):
                return None, Finding.of("key_conflict", first=first.text, second=second.text)
    if strong:
        for other in weak:
            if other.letters == strong[0].letters and other.source != "doubtful end":
                _drop_end(other, reading)
            else:
                reading.warn("letters_in_text", text=other.text)
        return strong[0], None
    if not weak:
        return None, None
    doubtful = [answer for answer in weak if answer.source != "end of the last option"]
    if doubtful or len({answer.letters for answer in weak}) > 1:
        return None, Finding.of("key_ambiguous", text=(doubtful or weak)[0].text)
    _drop_end(weak[0], reading)
    reading.warn("key_weak", text=weak[0].text)
    return weak[0], None


def _drop_end(answer: Answer, reading: Reading) -> None:
    """Take an answer off the end of the last option."""
    label, text = reading.options[-1]
    folded = fold(text)
    match = _BRACKET_END.search(folded) or _SPACE_END.search(folded) or _GLUED_END.search(folded)
    if answer.source == "end of the last option" and match:
        start = match.start() if "before" not in match.groupdict() else match.end("before")
        reading.options[-1] = (label, text[:start])


def _meaning(answer: Answer, reading: Reading) -> object:
    """Return an answer as the truth it stands for, so that ``B`` and ``×`` can agree."""
    options = dict(reading.options) or dict(zip("AB", reading.block.truth_options or (), strict=False))
    if answer.letters is not None and len(answer.letters) == 1 and answer.letters[0] in options:
        truth = truth_of(options[answer.letters[0]], loose=True)
        return truth if truth is not None else answer.letters
    return answer.truth if answer.truth is not None else answer.meaning
