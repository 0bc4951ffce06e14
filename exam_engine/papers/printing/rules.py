"""What can be printed, in which words, and what is refused. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

from exam_engine.papers.rules import PaperStatus
from itembank.base.errors import Conflict, Invalid
from itembank.items.rules import ItemType


class Document(StrEnum):
    """What is printed of a paper."""

    PAPER = "paper"
    ANSWERS = "answers"
    KEY = "key"


class Format(StrEnum):
    """As what it is printed."""

    PDF = "pdf"
    WORD = "docx"


class Variant(StrEnum):
    """Sequences of the same items; A is nearest to the order of the paper."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


MEDIA_TYPES = {
    Format.PDF: "application/pdf",
    Format.WORD: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
NAMES: Mapping[Document, str] = {
    Document.PAPER: "试卷",
    Document.ANSWERS: "答题卡",
    Document.KEY: "标准答案及评分标准",
}

TYPE_NAMES: Mapping[ItemType, str] = {
    ItemType.SINGLE_CHOICE: "单项选择题",
    ItemType.MULTIPLE_CHOICE: "多项选择题",
    ItemType.TRUE_FALSE: "判断题",
}
INSTRUCTIONS: Mapping[ItemType, str] = {
    ItemType.SINGLE_CHOICE: "选择一个正确的答案，将相应的字母填入题内的括号中",
    ItemType.MULTIPLE_CHOICE: "每题有两个或两个以上正确的答案，将相应的字母全部填入题内的括号中",
    ItemType.TRUE_FALSE: "将判断结果填入括号中，正确的填“√”，错误的填“×”",
}
MARKING: Mapping[ItemType, str] = {
    ItemType.SINGLE_CHOICE: "答对得 {marks} 分，答错、不答或多选不得分",
    ItemType.MULTIPLE_CHOICE: "全部选对得 {marks} 分，错选或不答不得分，少选按本场考试规定的评分规则计分",
    ItemType.TRUE_FALSE: "判断正确得 {marks} 分，判断错误或不答不得分",
}
RIGHT, WRONG = "√", "×"

LONGEST_RUNS: Mapping[ItemType, int] = {ItemType.TRUE_FALSE: 4}
LONGEST_RUN = 3
"""Equal answers in a row that printed papers keep to where their keys allow it."""

PRINTABLE = (PaperStatus.DRAFT, PaperStatus.APPROVED, PaperStatus.SEALED)

STATES: Mapping[PaperStatus, str] = {
    PaperStatus.DRAFT: "送审稿",
    PaperStatus.APPROVED: "已审批，待封存",
    PaperStatus.SEALED: "已封存",
}
WATERMARK = "样卷　送审稿"
CONFIDENTIAL = "机密★启用前"


class PaperNotPrintable(Conflict):
    """A discarded paper is not printed."""

    code = "paper_not_printable"
    message = "Paper {label} was discarded and is not printed."


class CollectionNotPrinted(Conflict):
    """What tests grow from is no paper: whoever held all of it would know every item that anybody can be given."""

    code = "paper_collection_not_printed"
    message = (
        "Paper {label} holds the items of adaptive or two-stage tests, which are given on the screen only: it is not "
        "printed."
    )


class PaperEmpty(Conflict):
    """There is nothing to print."""

    code = "paper_empty"
    message = "Paper {label} holds no item."


class OnlyDraftPrinted(Conflict):
    """Copies for review are made of drafts only."""

    code = "paper_review_copy_of_draft_only"
    message = "Paper {label} is past review: only who may print papers gets it now."


class OrderNotFound(Conflict):
    """The search for the order of a variant ended at its limit."""

    code = "paper_order_not_found"
    message = (
        "Variant {variant} of paper {label}: for the section “{kind}” no order was found within the search limit in "
        "which answers are balanced and never too many equal ones follow each other. Print another variant."
    )


class SignUndrawable(Invalid):
    """A formula holds a sign that no font has."""

    code = "formula_sign_undrawable"
    message = "A formula of paper {label} holds a sign that no installed font can draw: {reason}"


def check_printable(label: str, status: PaperStatus, items: int) -> None:
    """Raise PaperNotPrintable or PaperEmpty."""
    if status not in PRINTABLE:
        raise PaperNotPrintable(label=label)
    if not items:
        raise PaperEmpty(label=label)


# --- options that keep their place ---------------------------------------------------------------------------

_ALL_OF_THEM = re.compile(
    r"^(以上|上述|前述|前面|以下|下列)|[都均皆全](不|非)?(是|对|错|可|包括|正确|错误|有可能|需要|符合|属于)"
    r"|^(其他|其它|无)$|none of|all of",
    re.IGNORECASE,
)
"""“All of the above” and its like: such an option keeps its place."""

_LETTERS = re.compile(
    r"(?<![A-Za-z])[A-H](\s*[、,，和与及或]\s*[A-H])+(?![A-Za-z])|(选项|答案)\s*[A-H]|[A-H]\s*(项|选项)"
)
"""An option or stem that names options by their letters: then none may move."""

_QUANTITY = re.compile(r"^[^\d+\-−.]{0,4}([+\-−]?\d+(?:\.\d+)?)")


def fixed_options(stem: str, options: Sequence[str]) -> frozenset[int]:
    """Return the places of options that do not move.

    All of them where stem or options name options by letter, and where quantities stand in order.
    """
    everything = frozenset(range(len(options)))
    texts = [option.strip() for option in options]
    if any(_LETTERS.search(text) for text in (stem, *texts)):
        return everything
    amounts = [_QUANTITY.match(text) for text in texts]
    if len(texts) > 2 and all(amounts):
        values = [float(amount.group(1).replace("−", "-")) for amount in amounts if amount]
        if values in (sorted(values), sorted(values, reverse=True)):
            return everything
    return frozenset(place for place, text in enumerate(texts) if _ALL_OF_THEM.search(text))


# --- words ---------------------------------------------------------------------------------------------------

_DIGITS = "零一二三四五六七八九十"


def numeral(number: int) -> str:
    """Return a number from 1 to 99 in Chinese: 一, 十二, 二十."""
    if number <= 10:
        return _DIGITS[number]
    tens, ones = divmod(number, 10)
    return f"{_DIGITS[tens] if tens > 1 else ''}十{_DIGITS[ones] if ones else ''}"


def plain(value: Decimal) -> str:
    """Return marks without trailing zeros."""
    return format(value.normalize(), "f")


ANSWER_SPACE = re.compile(r"[（(][\s\u3000]*[)）]|[_＿]{2,}")
"""Where an answer goes in a stem; one without gets brackets at its end."""
EMPTY_BRACKETS = "（　　）。"

LINE_EMS = 42.0
"""Characters of full width that a line of options holds; PDF and Word have the same width."""


def option_columns(widths: Sequence[float]) -> int:
    """Return how many options stand side by side, 1, 2 or 4, for their widths in ems."""
    widest = max(widths, default=0.0) + 2.5  # the letter and a gap
    return next((columns for columns in (4, 2) if widest <= LINE_EMS / columns), 1)


def width_of(text: str) -> float:
    """Return the rough width of a text in ems."""
    return sum(1.0 if ord(char) > 0x2E7F or char in "“”‘’…—·×÷√" else 0.55 for char in text)
