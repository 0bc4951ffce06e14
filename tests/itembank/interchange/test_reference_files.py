"""Files that circulate, read in full; skipped where the reference data is absent."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from itembank.interchange.formats import parse

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


def test_an_untidy_review_sheet_is_imported_whole(reference_data: Path) -> None:
    report = parse((reference_data / "itembank-aitrainer-l5-theory.docx").read_bytes())

    assert (report.found, report.imported) == (230, 230)
    assert Counter(item.type for item in report.items) == {"single_choice": 200, "true_false": 30}
    assert {len(item.options) for item in report.items if item.type == "single_choice"} == {4}
    assert set(report.covered) == set(range(1, 1070))
    assert Counter(report.covered.values()) == {"question": 1061, "blank": 5, "heading": 3}


def test_the_sheet_s_answers_are_the_letters_that_end_its_questions(reference_data: Path) -> None:
    report = parse((reference_data / "itembank-aitrainer-l5-theory.docx").read_bytes())

    for item in report.items:
        written = item.raw.rstrip()[-1]
        expected = (
            {"A": "正确", "B": "错误", "√": "正确", "×": "错误"}.get(written)
            if item.type == "true_false"
            else written
        )
        found = {option.label: option.text for option in item.options}[item.key[0]]
        assert (found if item.type == "true_false" else item.key[0]) == expected


def test_a_foreign_json_bank_is_imported_whole_by_its_mapping(reference_data: Path) -> None:
    report = parse(
        (reference_data / "itembank-aitrainer-l3-theory.json").read_bytes(),
        mapping=(EXAMPLES / "mapping-labelled-options.toml").read_bytes(),
    )

    assert (report.found, report.imported) == (900, 900)
    assert Counter(item.type for item in report.items) == {
        "multiple_choice": 300, "true_false": 300, "single_choice": 300,
    }  # fmt: skip
    assert all(item.category and item.reference for item in report.items)
