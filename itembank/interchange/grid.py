"""Questions as rows under a header: the XLSX template and Word tables of the same kind. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from itembank.interchange.checking import check, refuse
from itembank.interchange.findings import Finding
from itembank.interchange.marks import DIFFICULTIES, clean, fold, letters_of, truth_of
from itembank.interchange.options import best_chain, markers
from itembank.interchange.report import (
    FALSE_LABEL,
    MULTIPLE,
    SINGLE,
    TRUE_FALSE,
    TRUE_LABEL,
    DraftQuestion,
    ImportReport,
    ParsedOption,
    ParsedQuestion,
    Place,
    QuestionType,
    Rejected,
)
from itembank.items.rules import LABELS

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "number": ("序号", "题号", "no", "number", "#"),
    "type": ("题型", "类型", "试题类型", "题目类型", "type"),
    "stem": ("题干", "题目", "试题", "试题内容", "题目内容", "问题", "内容", "stem", "question"),
    "options": ("选项", "备选项", "备选答案", "options"),
    "key": ("答案", "正确答案", "参考答案", "标准答案", "key", "answer"),
    "explanation": ("解析", "答案解析", "试题解析", "explanation"),
    "category": ("分类", "类别", "章节", "知识点", "category"),
    "point_code": ("鉴定点代码", "鉴定点", "point code", "point_code"),
    "importance": ("重要程度", "importance"),
    "difficulty": ("难度", "难易程度", "difficulty"),
    "reference": ("编号", "试题编号", "外部编号", "reference"),
}
OPTION_HEADER = re.compile(r"(?:选项|答案|option)?\s*([A-K])(?:\s*选项)?", re.IGNORECASE)

TYPE_WORDS: Mapping[str, QuestionType] = {
    "单选": SINGLE, "单选题": SINGLE, "单项选择": SINGLE, "单项选择题": SINGLE, "single": SINGLE,
    "single_choice": SINGLE, "1": SINGLE,
    "多选": MULTIPLE, "多选题": MULTIPLE, "多项选择": MULTIPLE, "多项选择题": MULTIPLE, "multiple": MULTIPLE,
    "multiple_choice": MULTIPLE, "2": MULTIPLE,
    "判断": TRUE_FALSE, "判断题": TRUE_FALSE, "是非题": TRUE_FALSE, "true_false": TRUE_FALSE, "3": TRUE_FALSE,
}  # fmt: skip
TYPE_NAMES: Mapping[QuestionType, str] = {SINGLE: "单选题", MULTIPLE: "多选题", TRUE_FALSE: "判断题"}
IMPORTANCES = ("X", "Y", "Z")


def header_of(row: Sequence[str]) -> dict[str, int] | None:
    """Return which column holds what, or None when there is no stem or no answer column."""
    columns: dict[str, int] = {}
    for index, cell in enumerate(row):
        name = fold(clean(cell)).strip().strip("*").strip().lower()
        known = next((field for field, names in COLUMNS.items() if name in names), None)
        option = OPTION_HEADER.fullmatch(name)
        if known is not None:
            columns.setdefault(known, index)
        elif option is not None:
            columns.setdefault(f"option {option[1].upper()}", index)
    return columns if {"stem", "key"} <= columns.keys() else None


def read_rows(
    rows: Iterable[tuple[Place, Sequence[str]]], columns: Mapping[str, int], *, format: str
) -> ImportReport:
    """Return the questions of rows; an empty row is no question."""
    items: list[ParsedQuestion] = []
    rejected: list[Rejected] = []
    inferred = 0
    for place, row in rows:
        cells = {name: clean(row[index]).strip() for name, index in columns.items() if index < len(row)}
        if not any(cells.get(name) for name in cells if name not in {"number", "type"}):
            continue
        outcome = read_row(place, cells)
        inferred += not cells.get("type") and isinstance(outcome, ParsedQuestion)
        (items.append(outcome) if isinstance(outcome, ParsedQuestion) else rejected.append(outcome))
    general = (Finding.of("type_from_key", count=inferred),) if inferred else ()
    return ImportReport(format=format, items=tuple(items), rejected=tuple(rejected), general=general)


def read_row(place: Place, cells: Mapping[str, str]) -> ParsedQuestion | Rejected:
    """Return one row as a question or a refusal that names the column."""
    number = int(cells["number"]) if re.fullmatch(r"\d{1,6}", cells.get("number", "")) else None
    draft = DraftQuestion(
        place=replace(place, number=number),
        raw="\n".join(f"{name}: {text}" for name, text in cells.items() if text),
        number=number,
        stem=cells.get("stem", ""),
        options=options_of(cells),
        explanation=cells.get("explanation", ""),
        category=cells.get("category", ""),
        reference=cells.get("reference", ""),
        point_code=cells.get("point_code", ""),
        source_key=cells.get("key", ""),
    )
    for name in ("stem", "key"):
        if not cells.get(name):
            return refuse(draft, Finding.of("column_missing", column=COLUMNS[name][0]))
    draft, problem = _graded(draft, cells)
    if problem is not None:
        return refuse(draft, problem)
    kind: QuestionType | None = None
    if cells.get("type"):
        kind = TYPE_WORDS.get(fold(cells["type"]).strip().lower())
        if kind is None:
            expected = "、".join(TYPE_NAMES.values())
            return refuse(
                draft, Finding.of("column_value", column="题型", value=cells["type"], expected=expected)
            )
    return resolve(draft, kind, cells["key"])


def resolve(draft: DraftQuestion, kind: QuestionType | None, key: str) -> ParsedQuestion | Rejected:
    """Return the checked question for a written key: letters, or a word for true or false."""
    truths = {option.label: truth_of(option.text, loose=kind == TRUE_FALSE) for option in draft.options}
    is_pair = len(truths) == 2 and set(truths.values()) == {True, False}
    letters = letters_of(key)
    truth = truth_of(key, loose=kind == TRUE_FALSE)
    if kind == TRUE_FALSE or (kind is None and (is_pair or (not draft.options and truth is not None))):
        if is_pair and letters is not None and len(letters) == 1 and letters[0] in truths:
            truth = truths[letters[0]]
        if truth is None:
            wrong = Finding.of("column_value", column="答案", value=key, expected="正确 / 错误")
            return refuse(replace(draft, type=TRUE_FALSE), wrong)
        label = TRUE_LABEL if truth else FALSE_LABEL
        return check(replace(draft, type=TRUE_FALSE, options=(), key=(label,)))
    if letters is None:
        return refuse(replace(draft, type=kind), Finding.of("key_unknown", key=key, labels="".join(truths)))
    return check(replace(draft, type=kind or (SINGLE if len(letters) == 1 else MULTIPLE), key=letters))


def options_of(cells: Mapping[str, str]) -> tuple[ParsedOption, ...]:
    """Return the options of a row: one column each, or all in one cell with their labels."""
    single = [(label, cells[f"option {label}"]) for label in LABELS if f"option {label}" in cells]
    while single and not single[-1][1]:
        single.pop()
    if single:
        return tuple(ParsedOption(label, text) for label, text in single)
    text = cells.get("options", "")
    chain = best_chain(markers(fold(text)))
    if not chain:
        return ()
    ends = [marker.start for marker in chain[1:]] + [len(text)]
    return tuple(
        ParsedOption(marker.label, text[marker.end : end].strip().rstrip(";；|").strip())
        for marker, end in zip(chain, ends, strict=True)
    )


def _graded(draft: DraftQuestion, cells: Mapping[str, str]) -> tuple[DraftQuestion, Finding | None]:
    """Return the draft with importance and difficulty, or the column that is wrong."""
    importance = fold(cells.get("importance", "")).upper() or None
    if importance is not None and importance not in IMPORTANCES:
        value = cells["importance"]
        return draft, Finding.of("column_value", column="重要程度", value=value, expected="X / Y / Z")
    written = fold(cells.get("difficulty", "")).removesuffix(".0")
    difficulty = DIFFICULTIES.get(written)
    if written and difficulty is None:
        return draft, Finding.of("column_value", column="难度", value=written, expected="1–5")
    return replace(draft, importance=importance, difficulty=difficulty), None
