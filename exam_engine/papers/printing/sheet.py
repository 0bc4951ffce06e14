"""What answer sheet and key hold, in PDF and in Word alike. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

from exam_engine.papers.printing import rules
from exam_engine.papers.printing.layout import PrintedItem, PrintedSection
from itembank.items.rules import ItemType

TICKET_DIGITS = 19
"""Digits of an admission ticket number: day, province, site, serial."""

FIELDS = ("姓　　名", "准考证号", "工作单位")

CARD_NOTES = (
    "1. 姓名、单位用黑色字迹签字笔填写；",
    "2. 准考证号逐位填写，并用 2B 铅笔填涂对应的数字；",
    "3. 答案用 2B 铅笔填涂，修改时擦净；",
    "4. 保持清洁，不折叠，不作标记。",
)

TABLE_NOTE = (
    "“原题号”是题目在试卷内容（系统中所存）中的位置；“选项”依次列出卷面 A、B、C……各项在试卷内容中的字母，"
    "“—”表示选项未调换。"
)

GROUP = 5
"""Items that stand below each other on an answer sheet."""


def letters_of(section: PrintedSection, item: PrintedItem) -> list[str]:
    """Return what can be filled in for an item."""
    if section.type is ItemType.TRUE_FALSE:
        return [rules.RIGHT, rules.WRONG]
    return [option.letter for option in item.options]


def card_groups(section: PrintedSection) -> tuple[int, list[Sequence[PrintedItem]]]:
    """Return how many groups stand side by side on an answer sheet, and the groups."""
    widest = max((len(letters_of(section, item)) for item in section.items), default=0)
    columns = 8 if widest <= 2 else 5 if widest <= 4 else 4 if widest <= 5 else 3 if widest <= 7 else 2
    return columns, [section.items[at : at + GROUP] for at in range(0, len(section.items), GROUP)]
