"""`exam-engine ctt` as its users call it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from exam_engine.psychometrics.ctt import analyse_items, analyse_reliability
from scripts.cli import main


def write_scores(path: Path, n_persons: int = 400) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    rng = np.random.default_rng(5)
    theta = rng.normal(size=(n_persons, 1))
    scores = (rng.random((n_persons, 10)) < 1 / (1 + np.exp(np.linspace(-1, 1, 10) - theta))).astype(int)
    scores[:, 9] += scores[:, 8]
    lines = [",".join(f"Q{at}" for at in range(1, 11)), *(",".join(map(str, row)) for row in scores.tolist())]
    path.write_text("\n".join(lines), "utf-8")
    return scores


def test_figures_are_those_of_the_kernels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "scores.csv", tmp_path / "items.csv"
    scores = write_scores(path)

    assert main(["ctt", str(path), "--cut", "6", "--out", str(out), "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    items = analyse_items(scores, highest=2)
    assert [row["p"] for row in found["items"]] == pytest.approx(items.p_value.tolist())
    assert found["reliability"]["alpha"] == pytest.approx(analyse_reliability(scores, highest=2).alpha)
    assert 0.5 < found["decisions"]["consistency"] < found["decisions"]["accuracy"] < 1
    assert found["scores"]["mean"] == pytest.approx(scores.sum(axis=1).mean())
    table = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    assert float(table[3]["r_rest"]) == items.corrected_point_biserial[3]


def test_options_show_a_wrong_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scores = write_scores(tmp_path / "scores.csv")[:, :9]
    letters = np.where(scores == 1, "A", np.where(np.arange(9) % 2, "B", "C"))
    lines = [",".join(f"Q{at}" for at in range(1, 10)), *(",".join(row) for row in letters.tolist())]
    (tmp_path / "answers.csv").write_text("\n".join(lines), "utf-8")
    keys = [f"Q{at},{'C' if at == 5 else 'A'}" for at in range(1, 10)]
    (tmp_path / "key.csv").write_text("\n".join(["item,key", *keys]), "utf-8")
    words = ["ctt", str(tmp_path / "answers.csv"), "--key", str(tmp_path / "key.csv")]

    assert main([*words, "--json"]) == 0

    options = json.loads(capsys.readouterr().out)["options"]
    wrong = [row for row in options if row["item"] == "Q5" and row["option"] == "C *"]
    assert "key_negative" in wrong[0]["problem"]
    assert main(words) == 0
    assert "key_negative" in capsys.readouterr().out


def test_gaps_letters_and_nobody_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "scores.csv"
    write_scores(path)
    text = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([text[0], ",,,,,,,,,1", *text[1:]]), "utf-8")
    assert main(["ctt", str(path), "--cut", "6"]) == 1
    assert "decisions need a raw score" in capsys.readouterr().err
    assert main(["ctt", str(path)]) == 0
    assert "not everybody saw every item" in capsys.readouterr().err
    path.write_text("Q1,Q2\nA,B\n", "utf-8")
    assert main(["ctt", str(path)]) == 1
    assert "row 2, column 2 (Q2)" in capsys.readouterr().err
    path.write_text("Q1,Q2\n,\n", "utf-8")
    assert main(["ctt", str(path)]) == 1
    assert "no responses" in capsys.readouterr().err


def test_one_person_has_no_reliability_but_an_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "one.csv"
    path.write_text("Q1,Q2,Q3\n1,0,1\n", "utf-8")

    assert main(["ctt", str(path), "--json"]) == 0

    printed = capsys.readouterr()
    assert json.loads(printed.out)["items"][0]["r_rest"] is None
    assert "answered alike" in printed.err
