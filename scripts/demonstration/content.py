"""Reading the demonstration's own outline, items and practical task."""

from __future__ import annotations

import tomllib
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
    folder = files(__package__)
    names = sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.name.startswith("items-") and entry.name.endswith(".toml")
    )
    raw = [item for name in names for item in _read(name)["items"]]
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
        for number, item in enumerate(raw, start=1)
    )
