"""What a sheet has been cut into so far: the open question, its section, and where each paragraph went. No I/O."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from itembank.interchange.findings import Finding
from itembank.interchange.marks import Number
from itembank.interchange.report import Located
from itembank.interchange.word.answers import AnswerList
from itembank.interchange.word.blocks import Block, Piece
from itembank.interchange.word.headings import Heading, Section
from itembank.interchange.word.reading import Line
from itembank.interchange.word.surroundings import place_of

_FAMILY = {"mark": "plain", "space": "plain", "bare": "plain"}
MAX_BLOCK_LINES, MAX_BLOCK = 80, 12_000
"""What is longer is no question; it also bounds the time that a hostile file can take."""


@dataclass(slots=True)
class Cut:
    """The sheet cut into its parts."""

    blocks: list[Block] = field(default_factory=list)
    lists: list[AnswerList] = field(default_factory=list)
    notes: list[Located] = field(default_factory=list)
    covered: dict[int, str] = field(default_factory=dict)


class Cutting:
    """A sheet while it is cut; ``current`` is the question that is still open."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.cut = Cut()
        self.section = Section()
        self.category = ""
        self.current: Block | None = None
        self.last_number, self.last_style, self.last_mark = 0, "", ""
        self.fresh = True
        self.families: Counter[str] = Counter()
        self.answers: AnswerList | None = None
        self.pending: tuple[Line, Heading] | None = None

    def cover(self, line: Line, kind: str) -> None:
        """Remember what a paragraph was taken for; the most specific kind of its lines stays."""
        if self.cut.covered.get(line.paragraph, "blank") == "blank":
            self.cut.covered[line.paragraph] = kind

    def note(self, line: Line) -> None:
        """Keep text that belongs to no question as a warning."""
        self.cover(line, "note")
        finding = Finding.of("outside_question", text=line.text.strip()[:200])
        self.cut.notes.append(Located(place_of([line]), finding))

    def flush(self) -> None:
        """Close the open question."""
        if self.current is not None:
            self.cut.blocks.append(self.current)
            self.current = None

    def open(self, line: Line, *, number: Number | None = None, key_first: str = "", cut: int = 0) -> None:
        """Begin a question on ``line``, of which the first ``cut`` characters are its number."""
        self.flush()
        self.current = Block(self.section, key_first=key_first)
        if number is not None:
            self.current.number, self.current.style = number.value, number.style
            self.last_number, self.last_style = number.value, number.style
            self.last_mark = self.mark_of(line)
            self.families[family_of(number)] += 1
        self.fresh = False
        self.add(line, line.text[cut:])

    def add(self, line: Line, text: str | None = None) -> None:
        """Add a line to stem or options of the open question."""
        assert self.current is not None
        size = sum(len(piece.text) for piece in self.current.body) + len(line.text)
        if len(self.current.body) >= MAX_BLOCK_LINES or size > MAX_BLOCK:
            section = self.current.section
            self.flush()
            self.current = Block(section)
        self.current.body.append(Piece(line, line.text if text is None else text))
        self.current.raw.append(line)
        self.cover(line, "question")

    def add_to(self, role: list[Piece], line: Line) -> None:
        """Add a line to answers or explanation of the open question."""
        assert self.current is not None
        role.append(Piece(line, line.text))
        self.current.raw.append(line)
        self.cover(line, "question")

    def leave_out(self, line: Line) -> None:
        """Keep a line that no sheet has out of every question, and say so."""
        self.flush()
        self.cover(line, "note")
        finding = Finding.of("too_long", length=len(line.text), text=line.text.strip()[:80])
        self.cut.notes.append(Located(place_of([line]), finding))

    def begin(self, heading: Heading) -> None:
        """Start a section under a heading."""
        self.fresh = True
        if not heading.names_type:
            self.category = heading.title
            self.section = Section(
                self.section.index + 1,
                heading.title,
                self.section.hint,
                self.section.is_indefinite,
                self.section.unsupported,
                self.section.true_letter,
                self.category,
            )
            return
        self.section = Section(
            self.section.index + 1,
            heading.title,
            heading.hint,
            heading.is_indefinite,
            heading.unsupported,
            heading.true_letter,
            self.category,
        )

    @staticmethod
    def mark_of(line: Line) -> str:
        """Return what a line writes after its number, as it is written."""
        match = re.match(r"\D*\d+\s*([.、,:)\]。．，：）】题]*)", line.text)
        return match[1] if match else ""


def family_of(number: Number) -> str:
    """Return which numbers a number is counted with: a point, a space or nothing after it are alike."""
    return _FAMILY.get(number.style, number.style)
