"""`exam-engine forensics` as its users call it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from scripts.cli import main


@pytest.fixture
def room(tmp_path: Path) -> list[str]:
    rng = np.random.default_rng(8)
    theta = rng.normal(size=(60, 1))
    right = rng.random((60, 40)) < 1 / (1 + np.exp(np.linspace(-1, 1, 40) - theta))
    letters = np.where(right, "A", rng.choice(["B", "C", "D"], (60, 40)))
    letters[7, :36] = letters[3, :36]
    header = ["person", "room", *(f"Q{at}" for at in range(1, 41))]
    lines = [[f"p{at}", "east" if at < 30 else "west", *row] for at, row in enumerate(letters.tolist())]
    with (tmp_path / "answers.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *lines])
    keys = ["item,key,options", *(f"Q{at},A,A B C D" for at in range(1, 41))]
    (tmp_path / "key.csv").write_text("\n".join(keys), "utf-8")
    return ["forensics", str(tmp_path / "answers.csv"), "--key", str(tmp_path / "key.csv")]


def test_the_copier_is_found_with_every_index_and_error_rates_are_shown(
    room: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pairs.csv"
    indices = ["--index", "omega", "--index", "gbt", "--index", "k2"]

    assert main([*room, "--ignore", "room", *indices, "--rooms", "3", "--out", str(out), "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    for index in ("omega", "gbt", "k2"):
        first = next(row for row in found["pairs"] if row["index"] == index)
        assert {first["source"], first["copier"]} == {"p3", "p7"}
        assert first["flagged"]
    assert [rate["index"] for rate in found["error_rates"]] == ["omega", "gbt", "k2"]
    assert found["counts"]["gbt"]["n_tests"] == 60 * 59 // 2
    assert len(list(csv.DictReader(out.read_text("utf-8").splitlines()))) == len(found["pairs"])


def test_only_pairs_of_one_room_are_compared(room: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*room, "--group", "room", "--index", "gbt", "--rooms", "0"]) == 0

    assert f"of {2 * (30 * 29 // 2)} tests flagged" in capsys.readouterr().out


def test_few_persons_are_refused_and_a_column_without_a_key_is_named(
    room: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = Path(room[1])
    lines = answers.read_text("utf-8").splitlines()
    assert main([*room, "--rooms", "0"]) == 0
    assert "columns without a key, left out: room" in capsys.readouterr().err
    answers.write_text("\n".join(lines[:10]), "utf-8")
    assert main(room) == 1
    assert "fewer than 20 persons" in capsys.readouterr().err
    answers.write_text("\n".join([lines[0], lines[1].replace("A", "Z")]), "utf-8")
    assert main(room) == 1
    assert "none of the item's options" in capsys.readouterr().err
