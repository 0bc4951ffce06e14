"""The original bank as this driver knows it: read as data from the demonstration's files."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "demonstration"
PREFIX = "HL-"


@dataclass(frozen=True)
class Question:
    """One question with the key that candidates are simulated by."""

    reference: str
    point: str
    type: str
    difficulty: int
    stem: str
    options: tuple[str, ...]
    key: tuple[str, ...]
    explanation: str


@cache
def questions() -> tuple[Question, ...]:
    """The whole bank, numbered in file order."""
    rows = [
        row
        for path in sorted(FOLDER.glob("items-*.toml"))
        for row in tomllib.loads(path.read_text("utf-8"))["items"]
    ]
    return tuple(
        Question(
            f"{PREFIX}{number:04d}",
            row["point"],
            row["type"],
            row["difficulty"],
            row["stem"],
            tuple(row.get("options", ())),
            tuple(row["key"]),
            row["explanation"],
        )
        for number, row in enumerate(rows, 1)
    )


def outline_file() -> bytes:
    """The outline 鉴定要素细目表 as a file to upload."""
    return (FOLDER / "outline.toml").read_bytes()


def bank_file(*, broken: int = 1) -> bytes:
    """The bank in the documented JSON, with ``broken`` further questions whose key names no option."""
    items = [
        {
            "type": question.type,
            "stem": question.stem,
            **({"options": list(question.options)} if question.options else {}),
            "key": list(question.key),
            "explanation": question.explanation,
            "difficulty": question.difficulty,
            "reference": question.reference,
        }
        for question in questions()
    ]
    items += [
        {"type": "single_choice", "stem": f"演练用错题第{n}题（　）。", "options": ["甲", "乙"], "key": ["D"]}
        for n in range(1, broken + 1)
    ]
    content = {"format": "exam-engine-items", "version": 1, "items": items}
    return json.dumps(content, ensure_ascii=False).encode()


def placement_sheet() -> bytes:
    """Which question belongs to which assessment point."""
    rows = [f"{question.reference},{question.point}" for question in questions()]
    return ("来源编号,鉴定点代码\n" + "\n".join(rows) + "\n").encode()


def fingerprint(text: str) -> str:
    """What a stem or option is recognised by on a page: its words without formulas, marks and spaces."""
    return re.sub(r"[\W_]+", "", re.sub(r"\$[^$]*\$", "", text))
