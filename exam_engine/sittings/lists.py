"""Reading a registration list against its plan: candidates, and every row that breaks a rule. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from exam_engine.sittings.cells import (
    DOCUMENT_NUMBER,
    EXPONENT,
    AddressMissing,
    CellMissing,
    CellNotOffered,
    CellTooLong,
    ContradictsId,
    DiffersFromPlan,
    DigitsLost,
    DocumentNumberWrong,
    OrdinalWrong,
    RepeatedInList,
    read_citizen_id,
    read_day,
    read_mobile,
    read_name,
    read_ordinal,
)
from exam_engine.sittings.columns import (
    CITIZEN_ID,
    COLLECTIONS,
    COLUMNS,
    COURIER,
    DOCUMENT_KINDS,
    EDUCATIONS,
    SEXES,
    ColumnMissing,
    ListEmpty,
    find_header,
)
from exam_engine.sittings.conditions import EntryCondition
from itembank.base.errors import ExamError
from itembank.taxonomy.rules import Level, LevelWrong, read_level


@dataclass(frozen=True)
class RowError:
    """Where a list breaks which rule: spreadsheet row, column, and the refusal with its facts."""

    row: int
    column: str
    value: str
    error: ExamError


@dataclass(frozen=True)
class ListedCandidate:
    """One row of a registration list that keeps all rules."""

    row: int
    ordinal: int
    name: str
    document_kind: str
    document_number: str
    sex: str
    born_on: date
    education: str
    source: str
    collection: str
    condition: int
    telephone: str = ""
    started_work_on: date | None = None
    trade: str = ""
    address: str = ""
    ground: str = ""


@dataclass(frozen=True)
class PlanFacts:
    """What rows are compared with."""

    occupation: str
    level: Level
    work_type: str
    conditions: Sequence[EntryCondition]
    today: date


@dataclass
class CandidateList:
    """What a file holds: rows that keep the rules, and every breach."""

    candidates: list[ListedCandidate] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    rows: int = 0


def read_list(rows: Sequence[Sequence[str]], plan: PlanFacts) -> CandidateList:
    """Read a registration list against its plan; every breach is kept, none stops the reading.

    Raises HeaderMissing or ListEmpty.
    """
    header, positions = find_header(rows)
    result = CandidateList()
    for column in COLUMNS:
        if column.required and column.header not in positions:
            result.errors.append(RowError(header + 1, column.header, "", ColumnMissing()))
    if result.errors:
        return result
    first_seen: dict[tuple[str, str], int] = {}
    for index, row in enumerate(rows[header + 1 :], header + 2):
        if not any(cell.strip() for cell in row):
            continue
        result.rows += 1
        cells = {name: row[at].strip() if at < len(row) else "" for name, at in positions.items()}
        reader = _RowReader(index, cells, plan)
        candidate = reader.read()
        result.errors += reader.errors
        if candidate is None:
            continue
        key = candidate.document_kind, candidate.document_number
        if key in first_seen:
            value = candidate.document_number
            result.errors.append(RowError(index, "证件号", value, RepeatedInList(first=first_seen[key])))
        first_seen.setdefault(key, index)
        result.candidates.append(candidate)
    if not result.rows:
        raise ListEmpty
    return result


class _RowReader:
    def __init__(self, row: int, cells: Mapping[str, str], plan: PlanFacts) -> None:
        self.row, self.cells, self.plan = row, cells, plan
        self.errors: list[RowError] = []

    def _refuse(self, column: str, error: ExamError) -> None:
        self.errors.append(RowError(self.row, column, self.cells.get(column, ""), error))

    def _text(self, column: str, most: int = 30, *, required: bool = False) -> str:
        value = self.cells.get(column, "")
        if required and not value:
            self._refuse(column, CellMissing())
        if len(value) > most:
            self._refuse(column, CellTooLong(most=most, length=len(value)))
        return value

    def _choice(self, column: str, allowed: Sequence[str]) -> str:
        value = self._text(column, 60, required=True)
        if value and value not in allowed:
            self._refuse(column, CellNotOffered(value=value, allowed="、".join(allowed)))
        return value

    def _try(self, column: str, read: Callable[[str], Any], default: Any = None) -> Any:
        value = self.cells.get(column, "")
        try:
            return read(value) if value else default
        except ExamError as error:
            self._refuse(column, error)
            return default

    def read(self) -> ListedCandidate | None:
        """Return the candidate, or None when a rule was broken."""
        self._text("序号", 10, required=True)
        ordinal = self._try("序号", read_ordinal, 0)
        self._text("姓名", 60, required=True)
        name = self._try("姓名", read_name, "")
        kind = self._choice("证件类型", DOCUMENT_KINDS)
        number, sex, born_on = self._document(kind)
        education = self._choice("文化程度", EDUCATIONS)
        source = self._text("考生来源", required=True)
        collection = self.cells.get("证书领取", "").replace("快递到付", "快递").replace("快递", COURIER)
        if collection not in COLLECTIONS:
            self._choice("证书领取", COLLECTIONS)
        address = self._text("收件地址", 200)
        if collection == COURIER and not address:
            self._refuse("收件地址", AddressMissing())
        self._check_plan()
        condition = self._condition()
        telephone = self._try("手机号码", read_mobile, "")
        started = self._try(
            "参加工作时间", lambda text: read_day(text, today=self.plan.today, month_is_enough=True)
        )
        trade, ground = self._text("从事专业", 60), self._text("申报依据", 400)
        if self.errors or born_on is None:
            return None
        return ListedCandidate(
            self.row,
            ordinal,
            name,
            kind,
            number,
            sex,
            born_on,
            education,
            source,
            collection,
            condition,
            telephone,
            started,
            trade,
            address,
            ground,
        )

    def _document(self, kind: str) -> tuple[str, str, date | None]:
        number = self._text("证件号", 60, required=True)
        sex = self.cells.get("性别", "")
        born = self._try("出生日期", lambda text: read_day(text, today=self.plan.today))
        if kind == CITIZEN_ID:
            if not number:
                return "", sex, None
            found = self._try("证件号", read_citizen_id)
            if found is None:
                return number, sex, None
            number, right_sex, right_born = found
            if sex and sex != right_sex:
                self._refuse("性别", ContradictsId(value=sex, right=right_sex))
            if born and born != right_born:
                self._refuse("出生日期", ContradictsId(value=born.isoformat(), right=right_born.isoformat()))
            return number, right_sex, right_born
        if kind not in DOCUMENT_KINDS:
            return number, sex, born
        if number:
            tidy = number.upper().replace(" ", "")
            if EXPONENT.fullmatch(number):
                self._refuse("证件号", DigitsLost(value=number))
            elif not DOCUMENT_NUMBER.fullmatch(tidy):
                self._refuse("证件号", DocumentNumberWrong())
            number = tidy
        self._choice("性别", SEXES)
        if not self.cells.get("出生日期"):
            self._refuse("出生日期", CellMissing())
        return number, sex, born

    def _check_plan(self) -> None:
        occupation = self._text("职业名称", 80, required=True)
        if occupation and re.sub(r"\s", "", occupation) != re.sub(r"\s", "", self.plan.occupation):
            self._refuse("职业名称", DiffersFromPlan(value=occupation, right=self.plan.occupation))
        work_type = self._text("工种名称", 80)
        if work_type not in ("", "--", "无", self.plan.work_type):
            self._refuse("工种名称", DiffersFromPlan(value=work_type, right=self.plan.work_type or "--"))
        if level := self._text("级别", required=True):
            try:
                if read_level(level) != self.plan.level:
                    raise DiffersFromPlan(value=level, right=self.plan.level.label)
            except (LevelWrong, DiffersFromPlan) as error:
                self._refuse("级别", error)

    def _condition(self) -> int:
        text = self._text("申报条件", required=True)
        ordinals = {row.ordinal for row in self.plan.conditions}
        if text and not (text.isascii() and text.isdigit() and len(text) < 4 and int(text) in ordinals):
            self._refuse("申报条件", OrdinalWrong(value=text, last=max(ordinals, default=0)))
            return 0
        return int(text or 0)
