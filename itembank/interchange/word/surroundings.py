"""What stands at and around a line: labels, places, and what the next lines look like. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence

from itembank.interchange.marks import (
    ANSWER_LINE,
    BARE_KEY,
    KEY_FIRST,
    OWN_ANSWER,
    STEM_BRACKET,
    fold,
    read_number,
)
from itembank.interchange.options import Marker, best_chain, markers
from itembank.interchange.report import Place
from itembank.interchange.word.blocks import TRUTH_PAIR, ends_with_truth
from itembank.interchange.word.headings import read_heading
from itembank.interchange.word.reading import Line

LOOK_AHEAD = 8


def opening_label(folded: str) -> Marker | None:
    """Return the option label a line opens with, or None."""
    first = next(iter(markers(folded)), None)
    return first if first is not None and first.opens_line else None


def place_of(lines: Sequence[Line], number: int | None = None) -> Place:
    """Return where lines stand."""
    first, last = lines[0], lines[-1]
    if first.table:
        return Place("table", first.row, last.row, sheet=str(first.table), number=number)
    return Place("paragraph", first.paragraph, max(last.paragraph, first.paragraph), number=number)


def shape_after(lines: Sequence[Line], index: int, *, expected: int) -> str:
    """Return what follows a line: options (from A), more (a later label), answer or none."""
    for line in lines[index + 1 : index + 1 + LOOK_AHEAD]:
        if not line.text.strip():
            continue
        label = opening_label(line.folded)
        if label is not None and (label.style != "bare" or label.label == "A"):
            return "options" if label.label == "A" else "more"
        if TRUTH_PAIR.fullmatch(line.folded):
            return "options"
        if ANSWER_LINE.match(line.folded) or BARE_KEY.fullmatch(line.folded):
            return "answer"
        if read_number(line.folded, expected=expected) or KEY_FIRST.match(line.folded):
            return "none"
        if read_heading(line.text, line.folded, is_styled=line.is_heading):
            return "none"
        if best_chain(markers(line.folded)):
            return "none"
    return "none"


def stands_alone(lines: Sequence[Line], index: int) -> bool:
    """Return whether a heading or a numbered question follows, so that a line above is no stem."""
    following = next((other for other in lines[index + 1 :] if other.text.strip()), None)
    if following is None:
        return False
    heading = read_heading(following.text, following.folded, is_styled=following.is_heading)
    return heading is not None or read_number(following.folded, expected=1) is not None


def looks_like_question(lines: Sequence[Line], index: int, *, expected: int) -> bool:
    """Return whether options or an answer stand on or below this line."""
    line, ahead = lines[index], shape_after(lines, index, expected=expected)
    return (
        bool(best_chain(markers(line.folded)))
        or ends_with_truth(line.folded)
        or ahead in {"options", "answer"}
        or (ahead == "more" and any(m.label == "A" for m in markers(line.folded)))
    )


def split_joined(line: Line) -> list[Line]:
    """Return the questions that share one line (``1.…√ 2.…×``) as lines of their own."""
    if OWN_ANSWER.search(line.text):
        line = _part(line, OWN_ANSWER.sub("", line.text))
    number = read_number(line.folded, expected=0)
    if number is None or number.style != "mark":
        return [line]
    cuts, value = [0], number.value
    while True:
        begin = cuts[-1]
        match = re.compile(rf"(?<=[\s√×)。])(?={value + 1}\s*[.、](?!\d))").search(line.folded, begin + 1)
        if match is None:
            break
        head = line.folded[begin : match.start()]
        if not (ends_with_truth(head) or best_chain(markers(head)) or STEM_BRACKET.search(head)):
            break
        cuts.append(match.start())
        value += 1
    ends = [*cuts[1:], len(line.text)]
    return [_part(line, line.text[begin:end]) for begin, end in zip(cuts, ends, strict=True)]


def _part(line: Line, text: str) -> Line:
    return Line(
        line.paragraph, text, fold(text), line.is_heading, line.has_picture, line.has_formula, line.raised,
        line.table, line.row,
    )  # fmt: skip
