"""Reading the demonstration's own outline, items and practical task."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

PREFIX = "DG4-"
"""The demonstration's item numbers: 电工, level 4, and a serial."""

SOURCE = "机构自编（演示）"


@dataclass(frozen=True)
class DemonstrationItem:
    """One item of the bank.

    ``options`` are empty for true/false; ``key`` holds option letters, or ``T`` or ``F``.
    """

    reference: str
    point: str
    type: str
    difficulty: int
    stem: str
    options: tuple[str, ...]
    key: str
    explanation: str


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files(__package__) / name).read_text(encoding="utf-8"))


@cache
def outline() -> dict[str, Any]:
    """Return 鉴定要素细目表 as written in ``outline.toml``."""
    return _read("outline.toml")


@cache
def practical_task() -> dict[str, Any]:
    """Return the practical task with its rubric."""
    return _read("practical.toml")


@cache
def items() -> tuple[DemonstrationItem, ...]:
    """Return the whole bank, numbered in the order of the outline."""
    names = sorted(
        entry.name
        for entry in files(__package__).iterdir()
        if entry.name.startswith("items-") and entry.name.endswith(".toml")
    )
    return _numbered([item for name in names for item in _read(name)["items"]], after=0)


@cache
def waiting_items() -> tuple[DemonstrationItem, ...]:
    """Return new items on their way into the bank; one without a point."""
    return _numbered(_read("waiting.toml")["items"], after=len(items()))


def _numbered(raw: Sequence[dict[str, Any]], *, after: int) -> tuple[DemonstrationItem, ...]:
    return tuple(
        DemonstrationItem(
            reference=f"{PREFIX}{number:04d}",
            point=item["point"],
            type=item["type"],
            difficulty=item["difficulty"],
            stem=item["stem"],
            options=tuple(item.get("options", ())),
            key=item["key"],
            explanation=item["explanation"],
        )
        for number, item in enumerate(raw, start=after + 1)
    )


def _functions() -> dict[str, str]:
    """Return the 职业功能 by code of the assessment point."""
    return {
        point["code"]: part["name"]
        for scope in outline()["scopes"]
        for part in scope["scopes"]
        for leaf in part["scopes"]
        for point in leaf["points"]
    }


def as_import_file(added: Sequence[DemonstrationItem]) -> bytes:
    """Return items in the project's own JSON, as docs/import-formats.md describes it."""
    functions = _functions()
    entries = [
        {
            "type": item.type,
            "stem": item.stem,
            **({"options": list(item.options)} if item.options else {}),
            "key": item.key == "T" if item.type == "true_false" else list(item.key),
            "explanation": item.explanation,
            "difficulty": item.difficulty,
            "reference": item.reference,
            "category": functions.get(item.point, ""),
            **({"point": item.point} if item.point else {}),
        }
        for item in added
    ]
    file = {"format": "exam-engine-items", "version": 1, "items": entries}
    return json.dumps(file, ensure_ascii=False, indent=1).encode()
