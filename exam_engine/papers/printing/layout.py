"""From a paper's content and a printed sequence to what stands on the pages. No I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from exam_engine.assembly.sequence import Arranged, Arrangement, SequenceItems, SequenceRules, arrange
from exam_engine.assembly.solver import WorkExhausted
from exam_engine.papers.content import SealedEntry, SealedPaper, Section
from exam_engine.papers.printing import rules
from exam_engine.papers.printing.formulas import Piece, pieces, plain_text
from exam_engine.papers.printing.rules import OrderNotFound, Variant
from itembank.items.rules import FALSE_LABEL, TRUE_LABEL, ItemType

LETTERS = "ABCDEFGHIJK"


@dataclass(frozen=True)
class Head:
    """What stands above a paper."""

    institution: str
    occupation: str
    level: str
    label: str
    variant: Variant
    minutes: int
    total_marks: Decimal
    state: str
    digest: str
    is_draft: bool

    @property
    def title(self) -> str:
        """The name of the examination."""
        return "职业技能等级认定理论知识试卷"

    @property
    def subject(self) -> str:
        """Occupation and level in a line."""
        return f"{self.occupation}　{self.level}"


@dataclass(frozen=True)
class PrintedOption:
    """An option as it stands on the page, and the letter it has in the paper's content."""

    letter: str
    text: tuple[Piece, ...]
    was: str


@dataclass(frozen=True)
class PrintedItem:
    """An item as it stands on the page."""

    number: int
    stem: tuple[Piece, ...]
    options: tuple[PrintedOption, ...]
    columns: int
    answer: str
    source: int
    """Its position in the paper's content, from 1."""

    @property
    def moves(self) -> str:
        """Letters that the options have in the content, in printed order; "" where none moved."""
        was = "".join(option.was for option in self.options)
        return "" if was == "".join(option.letter for option in self.options) else was


@dataclass(frozen=True)
class PrintedSection:
    """Items of one type."""

    numeral: str
    type: ItemType
    marks_each: Decimal
    items: tuple[PrintedItem, ...]
    longest_run: int

    @property
    def name(self) -> str:
        """Name of the type."""
        return rules.TYPE_NAMES[self.type]

    @property
    def total(self) -> Decimal:
        """Marks of the section."""
        return self.marks_each * len(self.items)

    @property
    def span(self) -> str:
        """From which to which item."""
        first, last = self.items[0].number, self.items[-1].number
        return f"第 {first} 题" if first == last else f"第 {first} 题～第 {last} 题"

    @property
    def heading(self) -> str:
        """Heading with what to do, marks for each, marks in all."""
        each, total = rules.plain(self.marks_each), rules.plain(self.total)
        what = rules.INSTRUCTIONS[self.type]
        return f"{self.numeral}、{self.name}（{self.span}。{what}。每题 {each} 分，满分 {total} 分。）"

    @property
    def marking(self) -> str:
        """How the section is marked."""
        each = rules.plain(self.marks_each)
        how = rules.MARKING[self.type].format(marks=each)
        return f"{self.numeral}、{self.name}（{self.span}。{how}。满分 {rules.plain(self.total)} 分。）"


@dataclass(frozen=True)
class PrintedPaper:
    """Everything that the printed documents of one variant need."""

    head: Head
    sections: tuple[PrintedSection, ...]

    @property
    def sequence(self) -> str:
        """What the order of items and options is recognised by: twelve digits, alike wherever the order is."""
        moves = [
            f"{item.number} {item.source} {item.moves}" for section in self.sections for item in section.items
        ]
        return hashlib.sha256("\n".join(moves).encode()).hexdigest()[:12]

    @property
    def footer(self) -> str:
        """What a printed page is matched by."""
        head = self.head
        return f"{head.label}　{head.variant} 卷　{head.state}　题序码 {self.sequence}　内容摘要 SHA-256 {head.digest}"

    @property
    def is_rearranged(self) -> bool:
        """Whether an item or option stands elsewhere than in the content."""
        return any(
            item.number != item.source or item.moves for section in self.sections for item in section.items
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What a candidate must know before the first item."""
        return (
            f"考试时间：{self.head.minutes} 分钟。满分：{rules.plain(self.head.total_marks)} 分。",
            "请先在密封线内填写姓名、准考证号和所在单位，并在答题卡上填写、填涂本人信息。",
            "请仔细阅读各部分的答题要求，按要求作答；使用答题卡的，以答题卡上的答案为准。",
            "请保持卷面整洁，不得在密封线内书写与个人信息无关的内容，不得作任何标记。",
            "考试结束时，试卷、答题卡和草稿纸一并交回，不得带出考场。",
        )


def print_layout(paper: SealedPaper, head: Head) -> PrintedPaper:
    """Return a paper as its variant prints it.

    Variants hang on which items the paper holds, not on its state: what is printed before and after sealing is alike.
    Raises OrderNotFound when the search for a section's order ends at its limit.
    """
    variant = list(Variant).index(head.variant)
    sections, first = [], 1
    for number, section in enumerate(paper.sections):
        try:
            one, run = arrange_section(section, variant, _seed(paper) + number)
        except WorkExhausted:
            kind = section.type.value
            raise OrderNotFound(label=head.label, kind=kind, variant=head.variant.value) from None
        sections.append(_section(section, one, run, number, first))
        first += len(section.entries)
    return PrintedPaper(head, tuple(sections))


def _seed(paper: SealedPaper) -> int:
    ids = [f"{entry.item_id} {entry.version_id}" for entry in paper.entries]
    return int(hashlib.sha256("\n".join([str(paper.paper_id), *ids]).encode()).hexdigest()[:12], 16)


def arrange_section(section: Section, variant: int, seed: int) -> tuple[Arrangement, int]:
    """Return a section's sequence and the most equal answers in a row that it keeps to.

    Where keys of true/false items do not allow the usual limit, the least one that they do allow is kept.
    Raises WorkExhausted.
    """
    items = sequence_items(section.entries)
    longest_run = rules.LONGEST_RUNS.get(section.type, rules.LONGEST_RUN)
    found = arrange(items, SequenceRules(longest_run=longest_run), seed=seed, variants=variant + 1)
    if not isinstance(found, Arranged):
        assert found.possible is not None  # nothing is pinned: only the run can be in the way
        longest_run = int(found.possible)
        found = arrange(items, SequenceRules(longest_run=longest_run), seed=seed, variants=variant + 1)
    assert isinstance(found, Arranged)
    return found.variants[variant], longest_run


def sequence_items(entries: Sequence[SealedEntry]) -> SequenceItems:
    """Return a section's items as the kernel of sequences takes them."""
    labels = [_labels(entry) for entry in entries]
    return SequenceItems(
        ids=[str(entry.item_id) for entry in entries],
        sections=[""] * len(entries),
        options=[len(own) for own in labels],
        keys=[
            [own.index(label) for label in entry.content.key]
            for entry, own in zip(entries, labels, strict=True)
        ],
        fixed=[
            range(len(own))
            if entry.type is ItemType.TRUE_FALSE
            else rules.fixed_options(entry.content.stem, [option.text for option in entry.content.options])
            for entry, own in zip(entries, labels, strict=True)
        ],
    )


def _labels(entry: SealedEntry) -> list[str]:
    if entry.type is ItemType.TRUE_FALSE:
        return [TRUE_LABEL, FALSE_LABEL]  # whether or not its content spells them out
    return [option.label for option in entry.content.options]


def _section(section: Section, one: Arrangement, run: int, number: int, first: int) -> PrintedSection:
    items = tuple(
        _item(section.entries[at], one.options[at], one.keys[at], first + place, first + at)
        for place, at in enumerate(one.order)
    )
    return PrintedSection(rules.numeral(number + 1), section.type, section.marks_each, items, run)


def _item(
    entry: SealedEntry, order: Sequence[int], key: Sequence[int], number: int, source: int
) -> PrintedItem:
    content = entry.content
    if entry.type is ItemType.TRUE_FALSE:
        answer = rules.RIGHT if content.key == (TRUE_LABEL,) else rules.WRONG
        return PrintedItem(number, pieces(content.stem), (), 1, answer, source)
    options = tuple(
        PrintedOption(LETTERS[place], pieces(content.options[at].text), LETTERS[at])
        for place, at in enumerate(order)
    )
    stem = (
        content.stem
        if rules.ANSWER_SPACE.search(content.stem)
        else content.stem.rstrip(" 　。.") + rules.EMPTY_BRACKETS
    )
    broken = any("\n" in option.text for option in content.options)
    widths = [rules.width_of(plain_text(option.text)) for option in options]
    columns = 1 if broken else rules.option_columns(widths)
    return PrintedItem(number, pieces(stem), options, columns, "".join(LETTERS[at] for at in key), source)
