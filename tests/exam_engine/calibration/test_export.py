"""The item table as a file."""

from __future__ import annotations

import csv

from exam_engine.calibration.export import to_csv
from exam_engine.calibration.outcome import ItemOutcome


def item(name: str) -> ItemOutcome:
    return ItemOutcome(name, 10, 0.5, None, -0.1, is_constant=False, a=1.0, b=-0.25)


def test_what_is_not_known_is_empty() -> None:
    (row,) = csv.DictReader(to_csv([item("Q1")]).splitlines())

    assert row["item"] == "Q1"
    assert row["b"] == "-0.250000"
    assert row["point_biserial"] == ""
    assert row["is_constant"] == "0"


def test_a_name_never_becomes_a_formula_in_a_spreadsheet() -> None:
    table = [item("=1+1"), item("17")]

    assert [line.split(",")[0] for line in to_csv(table, for_spreadsheet=True).splitlines()[1:]] == [
        "'=1+1",
        "17",
    ]
    assert to_csv(table).splitlines()[1].startswith("=1+1,")
