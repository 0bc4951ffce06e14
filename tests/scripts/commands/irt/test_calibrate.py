"""`exam-engine irt calibrate` as its users call it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from scripts.cli import main
from tests.reference.lsat import LSAT6


@pytest.fixture
def lsat6(tmp_path: Path) -> Path:
    path = tmp_path / "lsat6.csv"
    rows = [",".join(pattern) for pattern, count in LSAT6.items() for _ in range(count)]
    path.write_text("\n".join(["Q1,Q2,Q3,Q4,Q5", *rows]), "utf-8")
    return path


def test_calibrates_prints_json_and_writes_the_table(
    lsat6: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "items.csv"

    code = main(["irt", "calibrate", str(lsat6), "--model", "2pl", "--out", str(out), "--json"])

    printed = json.loads(capsys.readouterr().out)
    table = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    assert code == 0
    assert printed["log_likelihood"] == pytest.approx(-2466.653, abs=5e-4)
    assert printed["converged"] is True
    assert {"iterations", "gradient_norm", "seconds"} <= printed.keys()
    assert [item["a"] for item in printed["items"]] == pytest.approx(
        [0.826, 0.723, 0.891, 0.688, 0.657], abs=5e-4
    )
    assert [float(row["b"]) for row in table] == pytest.approx(
        [-3.359, -1.370, -0.280, -1.866, -3.126], abs=5e-4
    )


def test_prints_a_table_for_people(lsat6: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["irt", "calibrate", str(lsat6), "--model", "rasch"]) == 0

    printed = capsys.readouterr().out
    assert "1000 persons, 5 items, rasch" in printed
    assert "converged after" in printed


def test_bad_input_is_refused_with_every_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("Q1,Q2\n1,x\n2,0\n", "utf-8")

    code = main(["irt", "calibrate", str(path)])

    printed = capsys.readouterr().err
    assert code == 1
    assert "calibration.responses_refused" in printed
    assert "row 2, column 2 (Q2)" in printed
    assert "row 3, column 1 (Q1)" in printed


def test_a_small_sample_is_refused_for_2pl_and_warned_about_for_rasch(
    lsat6: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = lsat6.with_name("small.csv")
    lines = lsat6.read_text("utf-8").splitlines()
    small.write_text("\n".join(lines[:1] + lines[1::20]), "utf-8")

    assert main(["irt", "calibrate", str(small), "--model", "2pl"]) == 1
    assert "50 persons are too few" in capsys.readouterr().err
    assert main(["irt", "calibrate", str(small), "--model", "rasch"]) == 0
    assert "fewer than 100 persons" in capsys.readouterr().err


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["irt", "calibrate", str(tmp_path / "none.csv")]) == 1
    assert "none.csv" in capsys.readouterr().err


def test_scores_of_several_categories_get_steps_under_rasch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "scores.csv", tmp_path / "items.csv"
    scores = ["0,0,0", "0,1,1", "1,0,0", "1,1,1", "1,2,0", "2,1,1", "2,2,1", "2,2,0"]
    path.write_text("\n".join(["Q1,Q2,Q3", *(row for row in scores for _ in range(20))]), "utf-8")

    code = main(["irt", "calibrate", str(path), "--model", "rasch", "--out", str(out), "--json"])

    printed = json.loads(capsys.readouterr().out)
    table = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    first, last = printed["items"][0], printed["items"][2]
    assert code == 0
    assert printed["converged"] is True
    assert len(first["steps"]) == len(first["se_steps"]) == len(first["intercepts"]) == 2
    assert first["b"] == pytest.approx(sum(first["steps"]) / 2)
    assert last["steps"] is None
    assert float(table[0]["step2"]) == pytest.approx(first["steps"][1], abs=1e-6)
    assert float(table[0]["d1"]) == pytest.approx(-first["steps"][0], abs=1e-6)
    assert table[2]["step1"] == table[2]["b"]
    assert table[2]["step2"] == ""

    assert main(["irt", "calibrate", str(path), "--model", "rasch"]) == 0
    assert "step 2" in capsys.readouterr().out
    assert main(["irt", "calibrate", str(path), "--model", "2pl"]) == 1
    assert "must be 0, 1 or empty" in capsys.readouterr().err


def test_a_score_nobody_got_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("Q1,Q2,Q3\n" + "0,1,0\n1,0,1\n2,0,0\n2,1,3\n" * 30, "utf-8")

    assert main(["irt", "calibrate", str(path), "--model", "rasch"]) == 1
    assert "Item Q3: nobody got score 2" in capsys.readouterr().err


def test_groups_fixed_items_and_priors_from_the_command_line(
    lsat6: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, *rows = lsat6.read_text("utf-8").splitlines()
    schools = tmp_path / "schools.csv"
    lines = [f"p{at},{'north' if at % 2 else 'south'},x{at},{row}" for at, row in enumerate(rows)]
    schools.write_text("\n".join([f"person,school,remark,{header}", *lines]), "utf-8")
    fixed = tmp_path / "fixed.csv"
    fixed.write_text("item,a,b\nQ1,0.8,-3.3\nQ2,0.7,-1.4\n", "utf-8")
    columns = ["--group", "school", "--ignore", "remark"]

    code = main(
        ["irt", "calibrate", str(schools), *columns, "--fix", str(fixed), "--prior", "a=-0.3,0.4", "--json"]
    )

    printed = json.loads(capsys.readouterr().out)
    assert code == 0
    assert [group["group"] for group in printed["groups"]] == ["north", "south"]
    assert all(group["se_mean"] > 0 for group in printed["groups"])
    assert [item["is_fixed"] for item in printed["items"]] == [True, True, False, False, False]
    assert printed["items"][0]["b"] == pytest.approx(-3.3)
    assert printed["priors"] == ["log a ~ normal(-0.3, 0.4)"]

    assert main(["irt", "calibrate", str(schools), *columns]) == 0
    assert "south" in capsys.readouterr().out
    assert main(["irt", "calibrate", str(schools), "--group", "class"]) == 1
    assert "row 1 (class): the header has no column of this name" in capsys.readouterr().err


def test_wrong_usage_of_priors_and_models_is_explained(
    lsat6: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for wrong in (
        ["--prior", "z=0,1"],
        ["--prior", "a=0"],
        ["--item-model", "5pl=Q1"],
        ["--item-model", "2pl"],
    ):
        with pytest.raises(SystemExit) as stopped:
            main(["irt", "calibrate", str(lsat6), *wrong])
        assert stopped.value.code == 2
    assert "LETTER=MEAN,SD" in capsys.readouterr().err


def test_warnings_name_the_items(lsat6: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    header, *rows = lsat6.read_text("utf-8").splitlines()
    path = tmp_path / "odd.csv"
    path.write_text(
        "\n".join([f"{header},turned,same,unseen", *(f"{row},{1 - int(row[4])},1," for row in rows)]), "utf-8"
    )

    assert main(["irt", "calibrate", str(path)]) == 0

    printed = capsys.readouterr().err
    assert "items that discriminate the wrong way round, check their keys: turned" in printed
    assert "have no parameters: same, unseen" in printed


def test_one_person_and_too_few_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "one.csv"
    path.write_text("Q1,Q2,Q3\n1,0,1\n", "utf-8")

    for model in ("2pl", "3pl", "graded"):
        assert main(["irt", "calibrate", str(path), "--model", model]) == 1
        assert "1 persons are too few" in capsys.readouterr().err
    assert main(["irt", "calibrate", str(path), "--model", "rasch"]) == 1
    assert "Only 0 items tell persons apart" in capsys.readouterr().err
    path.write_text("Q1,Q2,Q3\n,,\n", "utf-8")
    assert main(["irt", "calibrate", str(path), "--model", "rasch"]) == 1
    assert "no responses to calibrate" in capsys.readouterr().err


def test_unlinked_blocks_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "blocks.csv"
    rows = ["1,0,,", "0,1,,", ",,1,0", ",,0,1", "1,1,,", ",,0,0", "0,0,,", ",,1,1"]
    path.write_text("\n".join(["Q1,Q2,Q3,Q4", *rows * 20]), "utf-8")

    assert main(["irt", "calibrate", str(path), "--model", "rasch"]) == 1
    assert "Q1, Q2 | Q3, Q4" in capsys.readouterr().err


def test_perfect_patterns_and_duplicated_items(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "perfect.csv"
    path.write_text("Q1,Q2,Q3\n" + "1,1,1\n0,0,0\n" * 60 + "1,0,1\n0,1,1\n1,0,0\n" * 20, "utf-8")
    assert main(["irt", "calibrate", str(path), "--model", "rasch", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["converged"]
    assert all(item["se_b"] > 0 for item in found["items"])
    path.write_text("Q1,Q2,Q1\n1,0,1\n", "utf-8")
    assert main(["irt", "calibrate", str(path)]) == 1
    assert "row 1, column 3 (Q1): the item name appears in an earlier column" in capsys.readouterr().err
