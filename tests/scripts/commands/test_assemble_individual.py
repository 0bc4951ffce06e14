"""`exam-engine assemble --individual` as its users call it."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from scripts.cli import main

SPECIFICATION = """
[[rule]]
kind = "count"
name = "length"
exactly = 10

[[rule]]
kind = "count"
name = "some of the first unit"
where = { unit = "u1" }
minimum = 2

[[target]]
kind = "information"
name = "information"
theta = 0.0
goal = 2.0
"""


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    (tmp_path / "spec.toml").write_text(SPECIFICATION, "utf-8")
    rows = [[f"Q{k}", 0.8 + k % 7 / 10, (k * 37 % 60 - 30) / 15, f"u{k % 4}"] for k in range(1, 81)]
    with (tmp_path / "pool.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "a", "b", "unit"], *rows])
    files = [str(tmp_path / name) for name in ("pool.csv", "spec.toml")]
    return ["assemble", *files, "--out", str(tmp_path / "out"), "--individual"]


def test_forms_come_as_one_file_with_exposure_overlap_and_fairness(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "40", "--max-exposure", "0.25", "--max-overlap", "6", "--tolerance", "0.05"]) == 0

    rows = list(csv.DictReader((tmp_path / "out" / "forms.csv").read_text("utf-8").splitlines()))
    forms = [{row["id"] for row in rows if row["form"] == str(f)} for f in range(1, 41)]
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert [row["position"] for row in rows] == [str(k) for _ in range(40) for k in range(1, 11)]
    assert {len(form) for form in forms} == {10}
    shared = Counter(len(a & b) for k, a in enumerate(forms) for b in forms[:k])
    assert report["overlap"]["pairs_by_shared_items"] == [shared[k] for k in range(max(shared) + 1)]
    assert max(shared) <= report["overlap"]["cap"] == 6
    uses = Counter(row["id"] for row in rows)
    assert report["exposure"]["largest"] == max(uses.values()) / 40 <= 0.25
    rates = csv.DictReader((tmp_path / "out" / "exposure.csv").read_text("utf-8").splitlines())
    assert {row["id"]: float(row["rate"]) for row in rates} == {
        f"Q{k}": uses[f"Q{k}"] / 40 for k in range(1, 81)
    }
    assert {one["name"] for one in report["fairness"]} == {"information at 0", "expected score at 0"}
    assert report["targets"][0]["minimum"] >= 2.0 * 0.95
    assert "40 individual forms from 80 items" in capsys.readouterr().out


def test_an_exposure_that_no_forms_can_keep_is_told_with_the_least(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "40", "--max-exposure", "0.1"]) == 3

    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert (report["status"], report["cap"], report["proven"]) == ("infeasible", "exposure", True)
    assert report["least"] >= 10 / 80
    assert "0.1 is impossible, at least" in capsys.readouterr().out
    assert not (tmp_path / "out" / "forms.csv").exists()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["0"], "--individual, 0"),
        (["12001"], "--individual, 12001"),
        (["5", "--forms", "2"], "--forms, 2"),
        (["5", "--max-exposure", "0"], "--max-exposure, 0"),
        (["5", "--max-overlap", "-1"], "--max-overlap, -1"),
        (["5", "--tolerance", "nan"], "--tolerance, nan"),
        (["5", "--processes", "0"], "--processes, 0"),
        (["5", "--max-overlap", "10"], "max_overlap 10 limits nothing"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    words: list[str], options: list[str], word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, *options]) == 1

    assert word in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_options_of_individual_forms_need_them(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words[:-1], "--forms", "2", "--max-overlap", "3"]) == 1

    assert "it belongs to --individual" in capsys.readouterr().err


def test_a_time_limit_ends_undecided(words: list[str], tmp_path: Path) -> None:
    assert main([*words, "40", "--time-limit", "1e-6"]) == 4

    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert (report["status"], report["ended_by"]) == ("undecided", "time limit")
