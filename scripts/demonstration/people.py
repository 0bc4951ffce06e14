"""The demonstration's people, all of them invented: staff, candidates and their drawn portraits."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, timedelta

from PIL import Image, ImageDraw

from itembank.people.rules import Role

PROVINCE = "62"
CENTRE = "示范省职业技能鉴定指导中心（演示）"
INSTITUTION = "启明职业技能评价中心（演示）"
CREDIT_CODE = "52620000MJDEM00000"
SITE_SEQUENCE = "990001"


@dataclass(frozen=True)
class Staff:
    """An account to be made."""

    username: str
    name: str
    roles: tuple[Role, ...]
    place: str = INSTITUTION
    """Name of the institution; empty for the platform."""


STAFF = (
    Staff("writer", "陈知行", (Role.ITEM_WRITER,)),
    Staff("reviewer", "林慎言", (Role.REVIEWER,)),
    Staff("papers", "周既明", (Role.PAPER_MANAGER,)),
    Staff("psychometrician", "沈亦衡", (Role.PSYCHOMETRICIAN,)),
    Staff("officer", "赵立新", (Role.EXAM_OFFICER,)),
    Staff("invigilator", "孙守正", (Role.INVIGILATOR,)),
    Staff("examiner1", "何国强", (Role.PRACTICAL_EXAMINER,)),
    Staff("examiner2", "吕文斌", (Role.PRACTICAL_EXAMINER,)),
    Staff("examiner3", "施佩兰", (Role.PRACTICAL_EXAMINER,)),
    Staff("marker", "张晓薇", (Role.MARKER,)),
    Staff("supervisor", "严正宏", (Role.QUALITY_SUPERVISOR,)),
    Staff("admin", "吴淑敏", (Role.INSTITUTION_ADMINISTRATOR,)),
    Staff("auditor", "秦明远", (Role.AUDITOR,)),
    Staff("centre", "高景春", (Role.CENTRE_OFFICER,), CENTRE),
    Staff("platform", "管世杰", (Role.PLATFORM_ADMINISTRATOR,), ""),
)


@dataclass(frozen=True)
class Candidate:
    """A person who does not exist; the citizen number has a right check character and an unused serial."""

    name: str
    sex: str
    born_on: date
    telephone: str
    works_since: date
    serial: int
    """Characters 15–17 of the citizen number, 990 and up; odd for men."""
    source: str = "国有企业"

    @property
    def citizen_number(self) -> str:
        body = f"620102{self.born_on:%Y%m%d}{self.serial:03d}"
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        total = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True))
        return body + "10X98765432"[total % 11]


def _candidate(name: str, sex: str, born: tuple[int, int, int], since: int, number: int) -> Candidate:
    serial = 991 + 2 * (number % 4) if sex == "男" else 990 + 2 * (number % 4)
    return Candidate(name, sex, date(*born), f"1390000{number:04d}", date(since, 7, 1), serial)


SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜"
GIVEN = {
    "男": ("伟", "建国", "志强", "海涛", "一凡", "俊杰", "文博", "天宇", "立群", "永胜"),
    "女": ("敏", "秀英", "丽娟", "晓燕", "思雨", "雅琴", "佳宁", "春兰", "玉洁", "静怡"),
}

PAST = (
    _candidate("郑一鸣", "男", (1992, 3, 14), 2012, 1),
    _candidate("苏若兰", "女", (1995, 8, 2), 2015, 2),
    _candidate("韩大川", "男", (1989, 11, 23), 2009, 3),
    _candidate("冯巧云", "女", (1997, 5, 9), 2017, 4),
    _candidate("魏长庚", "男", (1990, 1, 30), 2010, 5),
)
"""They sat the earlier exam; the first is the one whose certificate is shown."""

PRESENT = (
    _candidate("江晓帆", "女", (1998, 4, 18), 2018, 11),
    _candidate("梁志远", "男", (1996, 9, 6), 2016, 12),
    _candidate("唐婉清", "女", (1999, 12, 11), 2019, 13),
    _candidate("邓建业", "男", (1991, 6, 27), 2011, 14),
    _candidate("罗浩然", "男", (1994, 2, 8), 2014, 15),
    _candidate("曹月明", "女", (1993, 10, 15), 2013, 16),
)
"""They are registered for the sitting that is open; the first is the visitor's."""

UPCOMING = (
    _candidate("许致远", "男", (1997, 7, 7), 2017, 21),
    _candidate("贺春梅", "女", (1992, 11, 19), 2012, 22),
    _candidate("白少峰", "男", (2001, 3, 25), 2022, 23),
)
"""Their claims wait for the qualification review; the last has not worked long enough for his."""


def crowd(count: int) -> tuple[Candidate, ...]:
    """Return candidates with names from a short list; every other one comes from a school."""
    return tuple(_one_of_many(number) for number in range(count))


def _one_of_many(number: int) -> Candidate:
    sex = "男" if number % 3 else "女"
    given = GIVEN[sex]
    name = SURNAMES[number % len(SURNAMES)] + given[number // len(SURNAMES) % len(given)]
    born_on = date(1985, 1, 1) + timedelta(days=9 * number)
    serial = 997 if sex == "男" else 996
    source = "技师学院" if number % 2 else "国有企业"
    return Candidate(name, sex, born_on, f"138{number:08d}", date(born_on.year + 20, 7, 1), serial, source)


def portrait(candidate: Candidate) -> bytes:
    """Return a drawn head and shoulders as JPEG, 358 × 441, on the white ground that photographs need."""
    image = Image.new("RGB", (358, 441), "white")
    draw = ImageDraw.Draw(image)
    coat = ("#27496d", "#5b4b6b", "#2f5d50", "#6b4a3a")[candidate.serial % 4]
    draw.ellipse((20, 320, 338, 640), fill=coat)
    draw.polygon(((140, 330), (218, 330), (179, 400)), fill="white")
    draw.rectangle((150, 270, 208, 345), fill="#dcb394")
    if candidate.sex == "女":
        draw.rounded_rectangle((86, 95, 272, 340), radius=80, fill="#2a2320")
        draw.rectangle((150, 290, 208, 345), fill="#dcb394")
    draw.ellipse((104, 95, 254, 300), fill="#e6c2a4")
    draw.pieslice((98, 78, 260, 262), 180, 360, fill="#2a2320")
    for x in (146, 202):
        draw.ellipse((x, 190, x + 11, 199), fill="#332a26")
    draw.arc((150, 225, 208, 262), 25, 155, fill="#a2604f", width=4)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88)
    return out.getvalue()
