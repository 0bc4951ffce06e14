"""One question's lines, and what can be said of them before they are interpreted. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from itembank.interchange.findings import Finding
from itembank.interchange.marks import LETTERS, STEM_BRACKET, TRUTH, fold, letters_of, truth_of
from itembank.interchange.options import Marker, best_chain, markers
from itembank.interchange.report import QuestionType
from itembank.interchange.word.headings import Section
from itembank.interchange.word.reading import Line

TRAILING_KEY = re.compile(
    rf"(?:[\"”“]\s*|\t[\s\"”“]*|\s{{2,}})(?:[(\[]\s*)?(?P<key>{LETTERS}|[√×])(?:\s*[)\]])?\s*[\"”.。;、,]?\s*$"
)
"""An answer after the last option, set off by a tab, a quotation mark or a wide gap."""

TRUTH_PAIR = re.compile(
    r"\s*[□○◯☐]?\s*(?P<first>正确|对|√|错误|错|×)[\s/、,|]+[□○◯☐]?\s*(?P<second>正确|对|√|错误|错|×)"
    r"(?P<tail>[\s\"”“]*[(\[]?[ABab]?[)\]]?)\s*$"
)
"""``正确　错误`` on a line: options without letters."""

_TRUTH_END = re.compile(
    rf"(?:[√×]|(?:\t|\s{{2,}}|(?<=[。.;!?])\s*|[(\[]\s*)(?:{TRUTH})\s*[)\]]?)\s*[\"”。.]?\s*$"
)


@dataclass(slots=True)
class Piece:
    """A line of a question, cut so that the number is gone."""

    line: Line
    text: str

    @property
    def folded(self) -> str:
        """Return the recognisable form."""
        return fold(self.text)


@dataclass(slots=True)
class Block:
    """The lines of one question, in their roles."""

    section: Section
    number: int | None = None
    style: str = ""
    key_first: str = ""
    body: list[Piece] = field(default_factory=list)
    answers: list[Piece] = field(default_factory=list)
    explanation: list[Piece] = field(default_factory=list)
    raw: list[Line] = field(default_factory=list)
    listed: tuple[str, str] | None = None
    """Answer and explanation from an answer list."""
    difficulty: str = ""
    truth_options: tuple[str, str] | None = None

    def text(self) -> str:
        """Return stem and options as one text."""
        return "\n".join(piece.text for piece in self.body)

    def chain(self) -> list[Marker]:
        """Return the option labels found so far."""
        return best_chain(markers(fold(self.text())))

    @property
    def has_options(self) -> bool:
        """Return whether options have begun."""
        return self.truth_options is not None or bool(self.chain())

    @property
    def has_key(self) -> bool:
        """Return whether an answer has been seen."""
        if self.answers or self.key_first:
            return True
        text = fold(self.text())
        if self.chain():
            return bool(TRAILING_KEY.search(text)) or self._bracket(letters=True)
        return ends_with_truth(text) or self._bracket(letters=False)

    @property
    def is_complete(self) -> bool:
        """Return whether the next text can be a new question."""
        if self.key_first and not self.answers and letters_of(self.key_first) is not None:
            return self.has_options  # the letter before the number is known before the options are
        return self.has_options or self.has_key

    def _bracket(self, *, letters: bool) -> bool:
        chain = self.chain()
        stem = fold(self.text())[: chain[0].start if chain else None]
        for match in STEM_BRACKET.finditer(stem):
            if letters and letters_of(match["key"]) is not None:
                return True
            if not letters and truth_of(match["key"]) is not None:
                return True
        return False


@dataclass(frozen=True, slots=True)
class Answer:
    """One place that may give the answer."""

    text: str
    letters: tuple[str, ...] | None
    truth: bool | None
    source: str
    is_weak: bool = False

    @property
    def meaning(self) -> object:
        """Return what makes two answers the same."""
        return self.letters if self.letters is not None else self.truth


@dataclass(slots=True)
class Reading:
    """What is being read of one question."""

    block: Block
    text: str
    chain: list[Marker] = field(default_factory=list)
    stem: str = ""
    options: list[tuple[str, str]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    explanation: str = ""
    hint: QuestionType | None = None
    is_indefinite: bool = False
    tagged: bool = False

    def warn(self, code: str, **facts: object) -> None:
        """Add a warning."""
        self.warnings.append(Finding.of(code, **facts))


def ends_with_truth(folded: str) -> bool:
    """Return whether a text ends with √, × or a set-off word for true or false."""
    return bool(_TRUTH_END.search(folded))
