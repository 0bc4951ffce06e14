"""The twenty candidates of the chain, and one who is not qualified. All invented."""

from __future__ import annotations

import random
import struct
import zlib
from dataclasses import dataclass, field

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_NAMES = (
    *(
        "孟庆河",
        "石磊",
        "姚春梅",
        "丁建国",
        "程海涛",
        "汪小燕",
        "范志强",
        "段雪峰",
        "雷雨田",
        "侯玉成",
        "龙文斌",
    ),
    *("邵丽华", "万长青", "钱学礼", "覃凤英", "尹德明", "武思源", "乔振华", "贺兰香", "赖永福", "卓一凡"),
)


@dataclass
class Applicant:
    """One person with the part they play."""

    name: str
    number: str
    part: str = "passes"
    ability: float = 2.6
    ticket: str = ""
    code: str = ""
    facts: dict[str, str] = field(default_factory=dict)


def citizen_id(serial: int, born: str) -> str:
    """Return a made-up citizen ID with the right check character (GB 11643)."""
    body = f"620102{born}{serial:03d}"
    return body + "10X98765432"[sum(w * int(d) for w, d in zip(_WEIGHTS, body, strict=True)) % 11]


def applicants() -> list[Applicant]:
    """Return twenty-one people: the first twenty are to sit, the last claims what cannot be shown."""
    rng = random.Random(77)
    people = [
        Applicant(name, citizen_id(101 + 7 * n, f"{rng.randint(1975, 1998)}{rng.randint(1, 12):02d}15"))
        for n, name in enumerate(_NAMES)
    ]
    for person, part in zip(people, ("fails", "absent", "loses the browser", "late", "cheats"), strict=False):
        person.part = part
    people[0].ability = -2.5
    people[-1].part = "unqualified"
    return people


def registration_list(people: list[Applicant], *, spoil: bool = False) -> bytes:
    """Return the list as CSV in the documented columns; ``spoil`` breaks one check character and repeats a row."""
    header = "序号,姓名,证件类型,证件号,文化程度,考生来源,证书领取,职业名称,级别,申报条件,手机号码,"
    header += "参加工作时间,申报依据"
    rows = [header]
    for n, person in enumerate(people, 1):
        number = person.number
        if spoil and n == 3:
            number = number[:-1] + ("0" if number[-1] != "0" else "1")
        if spoil and n == 5:
            number = people[0].number
        rows.append(
            f"{n},{person.name},身份证,{number},高中,国有企业,自取,电工,四级/中级工,1,139{n:08d},2010-07-01,单位开具的工作年限证明"
        )
    return ("\ufeff" + "\r\n".join(rows) + "\r\n").encode()


def portrait(seed: int, width: int = 240, height: int = 336) -> bytes:
    """Return a plain PNG portrait: a head on a ground, in a colour of its own."""
    rng = random.Random(seed)
    ground, head = (
        bytes(rng.randint(170, 230) for _ in range(3)),
        bytes(rng.randint(60, 150) for _ in range(3)),
    )
    rows = []
    for y in range(height):
        row = b"".join(
            head
            if (x - width / 2) ** 2 + (y - height / 2.6) ** 2 < (width / 4) ** 2 or y > height * 0.75
            else ground
            for x in range(width)
        )
        rows.append(b"\0" + row)
    body = zlib.compress(b"".join(rows), 6)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
