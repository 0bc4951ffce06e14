"""The columns of a registration list. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from itembank.base.errors import Invalid

CITIZEN_ID = "身份证"
DOCUMENT_KINDS = (CITIZEN_ID, "士兵证", "军官证", "警官证", "港澳台证", "护照", "其他")
EDUCATIONS = (
    "博士",
    "研究生",
    "大学本科",
    "大学专科和专科学校",
    "中等专业学校",
    "技校",
    "高级技校",
    "技师学院",
    "高中",
    "职高",
    "初中",
    "小学",
)
SOURCES = (
    "国有企业",
    "集体企业",
    "私营企业",
    "个体外企",
    "外商投资",
    "港澳台商投资",
    "职业高中",
    "普通技工学校",
    "高级技工学校",
    "技师学院",
    "职业技术学院",
    "普通中专",
    "普通高中",
    "普通大专",
    "普通大学",
    "其他",
)
"""Offered in the template. The official list is longer than what is published of it, so others are taken too."""
PICK_UP, COURIER = "自取", "快递到付"
COLLECTIONS = (PICK_UP, COURIER)
SEXES = ("男", "女")


@dataclass(frozen=True)
class Column:
    """One column of the list: its header, other headers seen for it, and its rule in words."""

    header: str
    required: bool
    hint: str = ""
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    example: str = ""


COLUMNS = (
    Column("序号", True, "从 1 开始的自然数", ("编号",), example="1"),
    Column("姓名", True, "与证件一致", ("考生姓名",), example="王晓明"),
    Column("证件类型", True, "", ("证件类别",), DOCUMENT_KINDS, CITIZEN_ID),
    Column(
        "证件号", True, "以文本格式填写", ("证件号码", "身份证号", "身份证号码"), example="11010519491231002X"
    ),
    Column("性别", False, "证件类型为身份证时可不填，由证件号推出", (), SEXES),
    Column("出生日期", False, "如 1990-10-01；证件类型为身份证时可不填，由证件号推出", ("出生年月日",)),
    Column("文化程度", True, "", ("学历",), EDUCATIONS, "高中"),
    Column("考生来源", True, "", (), SOURCES, "国有企业"),
    Column("证书领取", True, "选择快递到付的须填写收件地址", ("证书领取方式",), COLLECTIONS, PICK_UP),
    Column("职业名称", True, "与计划的职业一致", ("职业", "职业（工种）"), example="电工"),
    Column("工种名称", False, "计划指定工种时须一致，未指定时不填", ("工种", "职业方向", "工种/职业方向")),
    Column("级别", True, "如 四级/中级工", ("等级", "认定级别", "申报级别"), example="四级/中级工"),
    Column("申报条件", True, "申报条件的序号，如 1", ("申报条件序号",), example="1"),
    Column("手机号码", False, "11 位手机号", ("手机", "手机号", "联系电话")),
    Column("参加工作时间", False, "如 2015-07 或 2015-07-01", ("参加工作日期",)),
    Column("从事专业", False, "现从事的专业或岗位", ("从事岗位",)),
    Column("收件地址", False, "证书快递到付时必填", ("邮寄地址", "地址")),
    Column("申报依据", False, "支持申报条件的证明材料，如工作年限证明、证书编号", ("条件依据",)),
)
_BY_HEADER = {name: column for column in COLUMNS for name in (column.header, *column.aliases)}


class HeaderMissing(Invalid):
    """No row of the file has the headers."""

    code = "list_header_missing"
    message = "None of the first ten rows holds the column headers 姓名 and 证件号. Use the template."


class ColumnMissing(Invalid):
    """A required column is not in the file."""

    code = "list_column_missing"
    message = "The required column is missing."


class ListEmpty(Invalid):
    """There is nobody in the list."""

    code = "list_empty"
    message = "The list holds no candidates below its headers."


def find_header(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]]:
    """Return the index of the header row and header → column index; raises HeaderMissing."""
    for index, row in enumerate(rows[:10]):
        found: dict[str, int] = {}
        for position, cell in enumerate(row):
            header = re.split(r"[\s*＊]", cell.strip().strip("*＊"))[0]
            if header in _BY_HEADER:
                found.setdefault(_BY_HEADER[header].header, position)
        if "姓名" in found and "证件号" in found:
            return index, found
    raise HeaderMissing
