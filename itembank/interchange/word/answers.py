"""Answer lists after a section or the sheet (``1-5 ABCDA``, ``1.√ 2.×``, two-row tables). No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from itembank.interchange.marks import EXPLANATION, LOOSE_TRUTH, fold, letters_of, truth_of
from itembank.interchange.report import QuestionType

_KEY = rf"(?:[A-K](?:[、,;]?[A-K]){{0,9}}(?![A-Za-z])|{LOOSE_TRUTH}(?![A-Za-z]))"
_PAIR = re.compile(
    rf"\s*[(\[]?(?P<no>\d{{1,4}})[)\]]?\s*[.、:)\-—]*\s*[(\[]?\s*(?P<key>{_KEY})\s*[)\]]?\s*[;,。、]?"
)
_RANGE = re.compile(
    r"\s*[(\[]?(?P<first>\d{1,4})\s*[-~—–至到]+\s*(?P<last>\d{1,4})[)\]]?\s*(?:题)?\s*[:.、)]?\s*"
    r"(?P<keys>[A-K√×TF对错](?:[\s,、]*[A-K√×TF对错])*|[A-K]{1,10}(?:[\s,、;]+[A-K]{1,10})*)\s*[;。]?"
)
_LINE = re.compile(
    rf"\s*[(\[]?(?P<no>\d{{1,4}})[)\]]?\s*[.、:)]*\s*(?:[\[(]?\s*(?:参考|正确)?答案\s*[\])]?\s*[:]?)?\s*[\[(]?\s*"
    rf"(?P<key>{_KEY})\s*[\])]?\s*(?P<rest>(?:$|[\s。.;,(\[]|解析|【).*)$",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class ListedAnswer:
    """One entry of an answer list."""

    number: int
    key: tuple[str, ...] | bool
    text: str
    explanation: str = ""


@dataclass(slots=True)
class AnswerList:
    """The entries that stand together, with the type their heading names."""

    hint: QuestionType | None
    section: int
    entries: list[ListedAnswer] = field(default_factory=list)


def _value(text: str) -> tuple[str, ...] | bool | None:
    truth = truth_of(text)
    if truth is not None and letters_of(text) is None:
        return truth
    return letters_of(text) or truth_of(text, loose=True)


def read_answers(folded: str, *, least: int = 2) -> list[ListedAnswer]:
    """Return the entries of a line that holds nothing but number–answer pairs; empty otherwise."""
    found: list[ListedAnswer] = []
    position = 0
    while position < len(folded) and folded[position:].strip(" \t;,。、"):
        span = _RANGE.match(folded, position)
        if span:
            keys = _range_keys(span)
            if keys is None:
                return []
            found += keys
            position = span.end()
            continue
        pair = _PAIR.match(folded, position)
        value = _value(pair["key"]) if pair else None
        if pair is None or value is None or pair.end() == position:
            return []
        found.append(ListedAnswer(int(pair["no"]), value, pair["key"]))
        position = pair.end()
    return found if len(found) >= least else []


def _range_keys(span: re.Match[str]) -> list[ListedAnswer] | None:
    first, last = int(span["first"]), int(span["last"])
    count = last - first + 1
    if not 1 <= count <= 200:
        return None
    words = [word for word in re.split(r"[\s,、;]+", span["keys"].strip()) if word]
    if len(words) != count:
        words = list("".join(words))
    if len(words) != count:
        return None
    values = [_value(word) for word in words]
    if any(value is None for value in values):
        return None
    return [
        ListedAnswer(first + offset, value, words[offset])
        for offset, value in enumerate(values)
        if value is not None
    ]


def read_answer_line(text: str, folded: str) -> ListedAnswer | None:
    """Return one entry with its explanation (``12.C 解析：…``), as an answer part gives them."""
    match = _LINE.fullmatch(folded)
    value = _value(match["key"]) if match else None
    if match is None or value is None:
        return None
    rest = text[match.start("rest") :].lstrip(" 。.;；，,\t").rstrip()
    explanation = EXPLANATION.match(fold(rest))
    return ListedAnswer(
        int(match["no"]), value, match["key"], rest[explanation.end() :].strip() if explanation else rest
    )


def read_answer_table(rows: Sequence[Sequence[str]]) -> list[ListedAnswer]:
    """Return the entries of a table whose rows alternate 题号 and 答案; empty for any other table."""
    found: list[ListedAnswer] = []
    pending: list[str] | None = None
    for row in rows:
        cells = [fold(cell).strip() for cell in row]
        if not cells:
            continue
        head = cells[0]
        if re.fullmatch(r"题\s*号|序\s*号|题目|编号", head) and all(
            re.fullmatch(r"\d{0,4}", cell) for cell in cells[1:]
        ):
            pending = cells[1:]
        elif pending is not None and re.fullmatch(r"(?:参考|正确|标准)?答\s*案|选项", head):
            for number, key in zip(pending, cells[1:], strict=False):
                value = _value(key) if key else None
                if number and value is not None:
                    found.append(ListedAnswer(int(number), value, key))
            pending = None
        elif any(cells):
            return []
    return found
