"""Sheets of large rooms on paper."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from pypdf import PdfReader

from exam_engine.sittings.sheets import print_sheets
from itembank.base.fonts import FontMissing, FontSet, find_fonts

NOW = datetime(2026, 5, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def fonts() -> FontSet:
    try:
        return find_fonts()
    except FontMissing:
        pytest.skip("no Chinese font is installed")


def plan_of(seats: int, needs: str) -> dict[str, Any]:
    """Return the seat plan of a room with rows of twenty."""
    return {
        "kind": "plan",
        "title": "考场座次表",
        "running": "考场座次表　第三机房",
        "facts": [f"应到 {seats} 人"],
        "foot": [],
        "per_row": 20,
        "wide": True,
        "seats": [
            {"number": f"N{n}.", "name": f"人{n}.", "note": f"K{n}.", "needs": needs} for n in range(seats)
        ],
    }


def pages_of(sheet: dict[str, Any], fonts: FontSet) -> list[str]:
    made = print_sheets(title="座次表", institution="机构", sheets=[sheet], fonts=fonts, timestamp=NOW)
    return [page.extract_text().replace(" ", "") for page in PdfReader(io.BytesIO(made)).pages]


def test_two_hundred_seats_stand_on_one_page(fonts: FontSet) -> None:
    assert len(pages_of(plan_of(200, ""), fonts)) == 1


@pytest.mark.parametrize("lines", range(3, 11))
def test_no_row_of_seats_is_torn_apart(lines: int, fonts: FontSet) -> None:
    seats = 400
    pages = pages_of(plan_of(seats, "\n".join(["加时"] * lines)), fonts)

    names = [set(re.findall(r"人(\d+)\.", page)) for page in pages]
    assert [set(re.findall(r"K(\d+)\.", page)) for page in pages] == names
    assert sum(map(len, names)) == seats


def test_every_page_names_its_room(fonts: FontSet) -> None:
    pages = pages_of(plan_of(400, "加时30分"), fonts)

    assert len(pages) > 1
    assert all("第三机房" in page for page in pages)
