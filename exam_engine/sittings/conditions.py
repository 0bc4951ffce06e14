"""Entry conditions 申报条件: the generic ones, and what of a claim a computer can check. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from itembank.base.errors import Invalid


@dataclass(frozen=True)
class EntryCondition:
    """One condition of a level in one generation of rules, numbered as registration lists name it."""

    level: int
    ordinal: int
    text: str
    generation: str
    jurisdiction: str
    source: str
    effective_from: date
    expires_on: date | None = None
    minimum_age: int | None = None
    minimum_work_years: int | None = None

    def is_in_force(self, on: date) -> bool:
        """Tell whether the condition applies on a day."""
        return self.effective_from <= on and (self.expires_on is None or on <= self.expires_on)


class ConditionUnknown(Invalid):
    """There is no condition of that ordinal."""

    code = "condition_unknown"
    message = "There is no entry condition {ordinal} for this level; the conditions are numbered 1 to {last}."


class ConditionLineWrong(Invalid):
    """A line of configured conditions cannot be read."""

    code = "condition_line_wrong"
    message = "Line {line}: write the condition, and after it, if a computer is to check them, “| age | years of work”."


@dataclass(frozen=True)
class ConditionLine:
    """One configured condition as written."""

    text: str
    minimum_age: int | None
    minimum_work_years: int | None


def read_conditions(text: str) -> tuple[ConditionLine, ...]:
    """Return the conditions of a text, one a line: ``condition | least age | least years of work``.

    The two numbers may be left out; empty lines are skipped. Raises ConditionLineWrong.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        parts = [part.strip() for part in line.replace("｜", "|").split("|")]
        numbers = [*parts[1:], "", ""][:2]
        is_readable = len(parts) <= 3 and all(
            not each or (each.isascii() and each.isdigit() and int(each) < 100) for each in numbers
        )
        if not is_readable or not 2 <= len(parts[0]) <= 400:
            raise ConditionLineWrong(line=number)
        age, years = (int(each) if each else None for each in numbers)
        found.append(ConditionLine(parts[0], age, years))
    if not found:
        raise ConditionLineWrong(line=1)
    return tuple(found)


@dataclass(frozen=True)
class Finding:
    """A doubt about a claim, for the person who reviews it. ``code`` names the text, ``facts`` fill it."""

    code: str
    facts: dict[str, object]


def _generation(
    name: str, source: str, effective_from: date, rows: Sequence[tuple[int, str, int | None, int | None]]
) -> tuple[EntryCondition, ...]:
    found: list[EntryCondition] = []
    for level, text, age, years in rows:
        ordinal = 1 + sum(row.level == level for row in found)
        found.append(
            EntryCondition(
                level,
                ordinal,
                text,
                name,
                "全国",
                source,
                effective_from,
                minimum_age=age,
                minimum_work_years=years,
            )
        )
    return tuple(found)


_WORK = "累计从事本职业或相关职业工作满{}年"

# Levels 5 to 3 in the present generation. Only the year of the edition is known, so it begins on 1 January.
_PRESENT = _generation(
    "2023",
    "国家职业标准编制技术规程（2023年版）",
    date(2023, 1, 1),
    [
        (5, "年满16周岁，拟从事本职业或相关职业工作", 16, None),
        (5, "年满16周岁，从事本职业或相关职业工作", 16, None),
        (4, _WORK.format(5), None, 5),
        (4, "取得本职业或相关职业五级/初级工证书后，" + _WORK.format(3), None, 3),
        (
            4,
            "取得本专业或相关专业的技工院校或中等及以上职业院校、专科及以上普通高等学校毕业证书（含在读应届毕业生）",
            None,
            None,
        ),
        (3, _WORK.format(10), None, 10),
        (3, "取得本职业或相关职业四级/中级工证书后，" + _WORK.format(4), None, 4),
        (3, "取得符合专业对应关系的初级职称后，" + _WORK.format(1), None, 1),
        (3, "取得本专业或相关专业的技工院校高级工班及以上毕业证书（含在读应届毕业生）", None, None),
        (
            3,
            "取得本职业或相关职业四级/中级工证书，并取得高等职业学校、专科及以上普通高等学校"
            "本专业或相关专业毕业证书（含在读应届毕业生）",
            None,
            None,
        ),
    ],
)

# Levels 2 and 1 still follow the generation before.
_FORMER = _generation(
    "2018",
    "国家职业技能标准编制技术规程（2018年版）",
    date(2018, 1, 1),
    [
        (2, "取得本职业或相关职业三级/高级工证书后，" + _WORK.format(4), None, 4),
        (
            2,
            "取得本职业或相关职业三级/高级工证书的高级技工学校、技师学院毕业生，" + _WORK.format(3),
            None,
            3,
        ),
        (2, "取得本职业或相关职业预备技师证书的技师学院毕业生，" + _WORK.format(2), None, 2),
        (1, "取得本职业或相关职业二级/技师证书后，" + _WORK.format(4), None, 4),
    ],
)

GENERIC_CONDITIONS = _PRESENT + _FORMER
"""They apply wherever no condition is configured for the occupation and level."""


def generic_conditions(level: int, on: date) -> tuple[EntryCondition, ...]:
    """Return the generic conditions of a level in force on a day, by ordinal."""
    return tuple(row for row in GENERIC_CONDITIONS if row.level == level and row.is_in_force(on))


def condition_of(conditions: Sequence[EntryCondition], ordinal: int) -> EntryCondition:
    """Return the condition with this ordinal; raises ConditionUnknown."""
    for condition in conditions:
        if condition.ordinal == ordinal:
            return condition
    raise ConditionUnknown(ordinal=ordinal, last=max((row.ordinal for row in conditions), default=0))


def whole_years(since: date, until: date) -> int:
    """Return the completed years from one day to another."""
    return until.year - since.year - ((until.month, until.day) < (since.month, since.day))


def doubts(
    condition: EntryCondition, *, born_on: date, started_work_on: date | None, on: date
) -> tuple[Finding, ...]:
    """Return what the stated dates say against a claim; the reviewer decides, with the evidence in hand."""
    found = []
    age = whole_years(born_on, on)
    if condition.minimum_age is not None and age < condition.minimum_age:
        found.append(Finding("age", {"age": age, "least": condition.minimum_age}))
    if condition.minimum_work_years is not None:
        if started_work_on is None:
            found.append(Finding("work_start_missing", {"least": condition.minimum_work_years}))
        elif (years := whole_years(started_work_on, on)) < condition.minimum_work_years:
            found.append(Finding("work_years", {"years": years, "least": condition.minimum_work_years}))
    return tuple(found)
