"""`exam-engine assemble` with a table [sequence]: forms in printed order, variants, refusals."""

from __future__ import annotations

import csv
import json
import re
from itertools import groupby
from pathlib import Path

import pytest

from exam_engine.assembly.language import read_specification, write_specification
from scripts.cli import main

EXAMPLE = Path(__file__).parents[3] / "docs" / "printing.md"
RULES = """forms = 2
[[rule]]
kind = "count"
name = "length"
exactly = 24
[[rule]]
kind = "count"
name = "statements"
where = { type = "judge" }
exactly = 10
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        [
            f"Q{k}",
            1,
            k * 7 % 24,
            "judge" if k % 2 else "single",
            2 if k % 2 else 4,
            "TTTF"[k // 2 % 4] if k % 2 else "A",
        ]
        for k in range(60)
    ]
    with (tmp_path / "pool.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "a", "b", "type", "options", "key"], *rows])
    return tmp_path


def words(folder: Path, sequence: str) -> list[str]:
    (folder / "spec.toml").write_text(RULES + sequence, "utf-8")
    return ["assemble", str(folder / "pool.csv"), str(folder / "spec.toml"), "--out", str(folder / "out")]


def documented() -> str:
    [table] = re.findall(r"```toml\n(.*?)```", EXAMPLE.read_text("utf-8"), re.DOTALL)
    return str(table)


def test_forms_come_in_printed_order_with_balanced_letters_for_each_variant(folder: Path) -> None:
    table = documented().replace("options = 4", 'options = "options"').replace('"multiple", ', "")

    assert main(words(folder, table)) == 0

    names = sorted(path.name for path in (folder / "out").glob("*.csv"))
    assert names == ["form_1_A.csv", "form_1_B.csv", "form_2_A.csv", "form_2_B.csv"]
    report = json.loads((folder / "out" / "report.json").read_text("utf-8"))
    for name in names:
        rows = list(csv.DictReader((folder / "out" / name).read_text("utf-8").splitlines()))
        keys = [row["printed_key"] for row in rows]
        assert [row["printed_position"] for row in rows] == [str(at) for at in range(1, 25)]
        assert [row["type"] for row in rows] == ["single"] * 14 + ["judge"] * 10
        assert max(len(list(group)) for _, group in groupby(keys)) <= 3
        assert {keys[:14].count(letter) for letter in "ABCD"} == {3, 4}
        for row in rows[:14]:
            assert row["printed_options"]["ABCD".index(row["printed_key"])] == "A"
    first = csv.DictReader((folder / "out" / names[0]).read_text("utf-8").splitlines())
    hardness = [float(row["b"]) for row in first][:14]
    assert hardness == sorted(hardness)
    assert report["sequence"][0]["variants"][0]["sections"][0]["longest_run"] <= 3
    assert report["sequence"][1]["in_common"][0]["variants"] == "AB"


def test_an_order_that_does_not_exist_is_told_with_the_smallest_run_that_works(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = '[[rule]]\nkind = "count"\nname = "true"\nwhere = { key = "T" }\nexactly = 8\n'
    table = '[sequence]\nkey = "key"\noptions = "options"\nsection = "type"\nlongest_run = 2\n'

    assert main(words(folder, rule + table)) == 3

    report = json.loads((folder / "out" / "report.json").read_text("utf-8"))
    fault = {"form": 1, "section": "judge", "rule": "longest_run", "asked": 2, "possible": 3}
    assert (report["status"], report["sequence"]) == ("infeasible", fault)
    assert [path.name for path in (folder / "out").iterdir()] == ["report.json"]
    assert "the smallest that works is 3" in capsys.readouterr().out


def test_the_documented_table_is_written_as_it_is_read() -> None:
    file = read_specification(RULES + documented() + 'pinned = { "Q 1" = 2 }\nbalance = 1.5\n')

    assert read_specification(write_specification(file)) == file
    assert file.sequence is not None
    assert (file.sequence.variants, dict(file.sequence.rules.pinned)) == (2, {"Q 1": 2})


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('key = "key"', "sequence, options: is missing"),
        ('key = "key"\noptions = 1', "options: 1 is not the name of an attribute"),
        ('key = "keys"\noptions = 4', 'no attribute "keys": did you mean "key"?'),
        ('key = "key"\noptions = 4\nwithin = "hard"', '"hard" is not one of given, easy_to_hard, shuffled'),
        ('key = "key"\noptions = 4\nwithin = "easy_to_hard"', "difficulty: is missing"),
        ('key = "key"\noptions = 4\nvariants = 9', "a whole number from 1 to 8"),
        ('key = "key"\noptions = 4\nsections = ["a"]', "section: is missing"),
        ('key = "key"\noptions = 4\npinned = { Q99 = 1 }', "pinned.Q99: the pool has no such item"),
        ('key = "key"\noptions = 4', 'has "T"; its options are A to D'),
        ('key = "key"\noptions = "key"', 'takes "key" as numbers, another place as labels'),
        ('key = "key"\noptions = "a"\nlongest_run = 0', "longest_run: 0 is not a whole number from 1"),
        (
            'key = "key"\noptions = "options"\nsection = "type"\nsections = ["essay"]',
            "no item of the form is in section",
        ),
        ('key = "key"\noptions = 4\nrun = 3', "run: unknown"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_by_name(
    folder: Path, table: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(folder, f"[sequence]\n{table}\n")) == 1

    assert says in capsys.readouterr().err
    assert not (folder / "out").exists()
