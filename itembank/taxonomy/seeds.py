"""Occupations that every site starts with, as the classification of 2022 lists them."""

from __future__ import annotations

from datetime import date

CLASSIFICATION_2022 = date(2022, 9, 28)
"""职业分类大典（2022年版）was published on this day."""

OCCUPATIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("4-01-06-02", "互联网营销师", ("选品员", "直播销售员", "视频创推员", "平台管理员")),
    ("4-03-02-01", "中式烹调师", ()),
    ("4-03-02-07", "茶艺师", ()),
    ("4-04-05-05", "人工智能训练师", ("数据标注员", "人工智能算法测试员")),
    ("4-07-03-04", "企业人力资源管理师", ()),
    ("4-10-01-02", "育婴员", ()),
    ("4-10-01-05", "养老护理员", ()),
    ("4-10-03-02", "美发师", ()),
    ("4-12-01-01", "汽车维修工", ()),
    ("4-14-02-02", "健康管理师", ()),
    ("6-18-01-01", "车工", ()),
    ("6-18-02-04", "焊工", ("电焊工", "气焊工", "钎焊工")),
    ("6-20-01-01", "装配钳工", ()),
    ("6-31-01-02", "机修钳工", ()),
    ("6-31-01-03", "电工", ()),
)
"""Code, name, work types 工种. The platform's administrator adds others."""
