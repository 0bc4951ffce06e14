"""Registration lists: every breach is named by row and column."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.sittings.cells import read_citizen_id, read_day, read_name
from exam_engine.sittings.columns import HeaderMissing, ListEmpty
from exam_engine.sittings.conditions import generic_conditions
from exam_engine.sittings.lists import PlanFacts, read_list
from itembank.base.errors import ExamError
from itembank.taxonomy.rules import Level
from tests.factories.people import citizen_id
from tests.factories.sittings import HEADERS, candidate_row

TODAY = date(2026, 6, 1)
PLAN = PlanFacts("电工", Level.FOUR, "", generic_conditions(4, TODAY), TODAY)


def breaches(**cells: str) -> dict[str, str]:
    """Return column → code of the one row's breaches."""
    found = read_list([HEADERS, candidate_row(1, **cells)], PLAN)
    return {error.column: error.error.code for error in found.errors}


def test_a_good_row_is_read_with_sex_and_birth_from_the_id() -> None:
    found = read_list([HEADERS, candidate_row(7, 证件号="11010519491231002x")], PLAN)

    candidate = found.candidates[0]
    assert not found.errors
    assert (candidate.document_number, candidate.sex) == ("11010519491231002X", "女")
    assert candidate.born_on == date(1949, 12, 31)
    assert candidate.started_work_on == date(2012, 7, 1)


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"姓名": ""}, "姓名", "cell_missing"),
        ({"姓名": "张3"}, "姓名", "cell_name_wrong"),
        ({"证件类型": "学生证"}, "证件类型", "cell_not_offered"),
        ({"证件号": "110105194912310021"}, "证件号", "citizen_id_checksum"),
        ({"证件号": "1101051949123100"}, "证件号", "citizen_id_length"),
        ({"证件号": "1.10105194912E+17"}, "证件号", "cell_digits_lost"),
        ({"证件号": "110105194913310023"}, "证件号", "citizen_id_checksum"),
        ({"性别": "女"}, "性别", "contradicts_citizen_id"),
        ({"出生日期": "1990-01-02"}, "出生日期", "contradicts_citizen_id"),
        ({"文化程度": "学士"}, "文化程度", "cell_not_offered"),
        ({"证书领取": "快递"}, "收件地址", "address_missing"),
        ({"职业名称": "焊工"}, "职业名称", "differs_from_plan"),
        ({"工种名称": "维修电工"}, "工种名称", "differs_from_plan"),
        ({"级别": "三级/高级工"}, "级别", "differs_from_plan"),
        ({"级别": "九级"}, "级别", "level_wrong"),
        ({"申报条件": "9"}, "申报条件", "cell_condition_wrong"),
        ({"手机号码": "12345"}, "手机号码", "cell_telephone_wrong"),
        ({"参加工作时间": "2099-01-01"}, "参加工作时间", "cell_date_wrong"),
        ({"序号": "一"}, "序号", "cell_not_offered"),
    ],
)
def test_a_breach_is_named(cells: dict[str, str], column: str, code: str) -> None:
    assert breaches(**cells) == {column: code}


def test_a_wrong_check_character_is_named_with_the_right_one() -> None:
    found = read_list([HEADERS, candidate_row(1, 证件号="110105194912310021")], PLAN)

    assert found.errors[0].row == 2
    assert found.errors[0].error.facts["right"] == "X"


def test_other_documents_need_sex_and_birth() -> None:
    assert breaches(证件类型="护照", 证件号="E12345678") == {
        "性别": "cell_missing",
        "出生日期": "cell_missing",
    }
    assert not breaches(证件类型="护照", 证件号="E12345678", 性别="女", 出生日期="1990/1/2")


def test_a_repeated_document_is_named_with_its_first_row() -> None:
    rows = [HEADERS, candidate_row(1), candidate_row(2, 证件号=citizen_id(1))]

    error = read_list(rows, PLAN).errors[0]

    assert (error.row, error.error.code, error.error.facts["first"]) == (3, "repeated_in_list", 2)


def test_all_breaches_of_all_rows_are_told_at_once() -> None:
    rows = [HEADERS, candidate_row(1, 姓名="", 级别=""), candidate_row(2), candidate_row(3, 考生来源="")]

    found = read_list(rows, PLAN)

    assert [(error.row, error.column) for error in found.errors] == [
        (2, "姓名"),
        (2, "级别"),
        (4, "考生来源"),
    ]
    assert found.rows == 3


def test_headers_are_found_below_a_title_by_their_other_names_and_in_any_order() -> None:
    title = ["电工四级报名表"]
    headers = ["*" + {"证件号": "身份证号码", "级别": "等级"}.get(name, name) for name in reversed(HEADERS)]
    rows = [title, headers, list(reversed(candidate_row(1)))]

    found = read_list(rows, PLAN)

    assert [candidate.row for candidate in found.candidates] == [3]


def test_a_table_without_headers_or_people_is_refused() -> None:
    with pytest.raises(HeaderMissing):
        read_list([["a", "b"]], PLAN)
    with pytest.raises(ListEmpty):
        read_list([HEADERS], PLAN)


def test_a_missing_required_column_is_told_before_any_row() -> None:
    headers = [header for header in HEADERS if header != "申报条件"]

    found = read_list([headers, ["x"] * len(headers)], PLAN)

    assert [(error.column, error.error.code) for error in found.errors] == [
        ("申报条件", "list_column_missing")
    ]


@pytest.mark.parametrize(
    ("written", "kept"),
    [("张 三", "张三"), ("买买提•艾力", "买买提·艾力"), ("𬭎䶮", "𬭎䶮"), ("Anna Li", "Anna Li")],
)
def test_names_are_kept_as_they_are_but_for_filling(written: str, kept: str) -> None:
    assert read_name(written) == kept


@pytest.mark.parametrize("text", ["2019-10-01", "2019/10/1", "2019.10.1", "20191001", "2019年10月1日"])
def test_dates_are_read_as_people_write_them(text: str) -> None:
    assert read_day(text, today=TODAY) == date(2019, 10, 1)


@given(st.text(max_size=30))
def test_any_text_is_an_id_or_a_named_refusal(text: str) -> None:
    with suppress(ExamError):
        number, _, _ = read_citizen_id(text)

        assert len(number) == 18


@given(st.lists(st.lists(st.text(max_size=12), max_size=18), max_size=6))
def test_any_rows_below_the_headers_are_candidates_or_named_refusals(rows: list[list[str]]) -> None:
    try:
        found = read_list([HEADERS, *rows], PLAN)
    except ListEmpty:
        assert not any(cell.strip() for row in rows for cell in row)
    else:
        assert len(found.candidates) <= found.rows
        assert found.errors or len(found.candidates) == found.rows
