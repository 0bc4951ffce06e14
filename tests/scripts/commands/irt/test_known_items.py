"""The commands that take an item table: simulate, score, fit, link, dif."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from exam_engine.calibration.item_table import read_items
from exam_engine.psychometrics.dif.mantel_haenszel import mantel_haenszel
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.scoring import score_eap, score_ml, sum_score_eap
from scripts.cli import main
from tests.scripts.commands.irt.conftest import A, B, write_table

Printed = pytest.CaptureFixture[str]


def simulated(table: Path, folder: Path, *more: str, persons: int = 1200, seed: int = 3) -> Path:
    out = folder / f"responses{seed}.csv"
    assert (
        main(
            [
                "irt",
                "simulate",
                str(table),
                "--persons",
                str(persons),
                "--seed",
                str(seed),
                "--out",
                str(out),
                *more,
            ]
        )
        == 0
    )
    return out


def scores_in(path: Path) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    rows = list(csv.reader(path.read_text("utf-8").splitlines()))[1:]
    return np.array([[int(cell or -1) for cell in row] for row in rows])


def answer(printed: Printed, *words: str) -> dict[str, object]:
    printed.readouterr()
    assert main([*words, "--json"]) == 0
    found = json.loads(printed.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_simulation_has_a_seed_and_is_read_back(table: Path, tmp_path: Path, capsys: Printed) -> None:
    theta = tmp_path / "theta.csv"
    first = simulated(table, tmp_path, "--missing", "0.2", "--abilities", str(theta)).read_bytes()

    again = simulated(table, tmp_path, "--missing", "0.2").read_bytes()
    other = simulated(table, tmp_path, "--missing", "0.2", seed=4).read_bytes()

    matrix = scores_in(tmp_path / "responses3.csv")
    assert first == again != other
    assert matrix.shape == (1200, 10)
    assert (matrix[:, 8:].max(), matrix[:, :8].max()) == (2, 1)
    assert np.mean(matrix < 0) == pytest.approx(0.2, abs=0.02)
    assert len(theta.read_text("utf-8").splitlines()) == 1201


def test_scores_are_those_of_the_kernels(table: Path, items: Items, tmp_path: Path, capsys: Printed) -> None:
    path = simulated(table, tmp_path, persons=50)
    given = ["irt", "score", str(path), "--items", str(table), "--ability", "0.2,1.5"]

    eap = answer(capsys, *given)
    mle = answer(capsys, *given, "--method", "mle")
    raw = answer(capsys, *given, "--method", "sum")

    matrix = scores_in(path)
    expected = score_eap(matrix, items, mean=0.2, variance=1.5)
    assert [row["theta"] for row in eap["persons"]] == pytest.approx(expected.theta.tolist())  # type: ignore[attr-defined]
    likely = [row["theta"] for row in mle["persons"] if row["outcome"] == "estimated"]  # type: ignore[attr-defined]
    assert likely == pytest.approx(
        [one for one in score_ml(matrix, items).theta.tolist() if np.isfinite(one)]
    )
    conversion = sum_score_eap(items, mean=0.2, variance=1.5)
    assert [row["se"] for row in raw["persons"]] == pytest.approx(  # type: ignore[attr-defined]
        conversion.se[matrix.sum(axis=1)].tolist()
    )


def test_ability_is_estimated_and_stated_unless_it_is_given(
    table: Path, tmp_path: Path, capsys: Printed
) -> None:
    path = simulated(table, tmp_path, "--ability", "0.7,2", persons=4000)

    found = answer(capsys, "irt", "score", str(path), "--items", str(table))

    ability = found["ability"]
    assert isinstance(ability, dict)
    assert ability["source"] == "estimated"
    assert ability["mean"] == pytest.approx(0.7, abs=0.1)
    assert ability["variance"] == pytest.approx(2.0, abs=0.25)
    few = simulated(table, tmp_path, persons=1, seed=5)
    assert main(["irt", "score", str(few), "--items", str(table)]) == 0
    assert "ability is taken to have mean 0 and variance 1" in capsys.readouterr().err


def test_persons_keep_their_names_and_come_once(table: Path, tmp_path: Path, capsys: Printed) -> None:
    path = tmp_path / "named.csv"
    path.write_text("person,Q1,Q2,Q3\n丙,1,1,0\n甲,1,1,1\n乙,,,\n", "utf-8")
    out = tmp_path / "scores.csv"
    words = ["irt", "score", str(path), "--items", str(table), "--person", "person", "--method", "mle"]

    assert main([*words, "--out", str(out)]) == 0

    rows = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    assert [(row["person"], row["outcome"]) for row in rows] == [
        ("丙", "estimated"),
        ("甲", "above_scale"),
        ("乙", "nothing_answered"),
    ]
    assert rows[1]["theta"] == ""
    path.write_text("person,Q1,Q2,Q3\n甲,1,1,0\n甲,1,1,1\n", "utf-8")
    assert main(words) == 1
    assert "persons named more than once: 甲" in capsys.readouterr().err


def test_columns_without_parameters_are_named_and_scores_must_fit(
    table: Path, tmp_path: Path, capsys: Printed
) -> None:
    path = tmp_path / "strange.csv"
    path.write_text("Q1,Q2,X9\n1,0,1\n0,1,0\n", "utf-8")
    assert main(["irt", "score", str(path), "--items", str(table)]) == 0
    assert "left out: X9" in capsys.readouterr().err
    path.write_text("X1,X2\n1,0\n", "utf-8")
    assert main(["irt", "score", str(path), "--items", str(table)]) == 1
    assert "no column of the response file is an item" in capsys.readouterr().err
    path.write_text("Q1,Q2\n1,2\n", "utf-8")
    assert main(["irt", "score", str(path), "--items", str(table)]) == 1
    assert "item Q2: score 2, but its highest in the item table is 1" in capsys.readouterr().err


def test_fit_finds_the_pair_that_was_copied(tmp_path: Path, capsys: Printed) -> None:
    table = write_table(tmp_path / "items.csv", Items.dichotomous(A, B))
    path = simulated(table, tmp_path, persons=1500)
    matrix = scores_in(path)
    matrix[:, 1] = matrix[:, 0]
    lines = [",".join(f"Q{at}" for at in range(1, 9)), *(",".join(map(str, row)) for row in matrix.tolist())]
    path.write_text("\n".join(lines), "utf-8")

    found = answer(capsys, "irt", "fit", str(path), "--items", str(table), "--known")

    pairs, test, rows = found["pairs"], found["test"], found["items"]
    assert isinstance(pairs, list)
    assert isinstance(test, dict)
    assert isinstance(rows, list)
    assert {pairs[0]["item"], pairs[0]["with"]} == {"Q1", "Q2"}
    assert test["p"] < 0.001
    assert [row["item"] for row in rows] == [f"Q{at}" for at in range(1, 9)]
    assert all(row["infit"] > 0 for row in rows)
    assert main(["irt", "fit", str(path), "--items", str(table)]) == 0
    assert "M2" in capsys.readouterr().out


def test_what_cannot_be_tested_is_said(table: Path, tmp_path: Path, capsys: Printed) -> None:
    path = simulated(table, tmp_path, "--missing", "0.5", persons=40)

    assert main(["irt", "fit", str(path), "--items", str(table)]) == 0

    assert "M2 was not computed" in capsys.readouterr().err


def test_linking_finds_the_line_and_writes_the_table_on_the_other_scale(
    tmp_path: Path, capsys: Printed
) -> None:
    scale = Items.dichotomous(A, B)
    old = write_table(tmp_path / "old.csv", scale)
    new = write_table(tmp_path / "new.csv", scale.rescaled(0.8, 0.3))
    out = tmp_path / "linked.csv"

    for method in ("mm", "ms", "gm", "haebara", "sl"):
        found = answer(capsys, "irt", "link", str(new), str(old), "--method", method, "--out", str(out))
        assert found["scale"] == pytest.approx(1.25)
        assert found["shift"] == pytest.approx(-0.375)
    linked = read_items(out.read_bytes())
    np.testing.assert_allclose(linked.items.b, B, atol=1e-6)
    np.testing.assert_allclose(linked.items.a, A, atol=1e-6)
    assert main(["irt", "link", str(new), str(old), "--purify"]) == 0
    stranger = write_table(tmp_path / "other.csv", scale, tuple(f"X{at}" for at in range(8)))
    assert main(["irt", "link", str(stranger), str(old)]) == 1
    assert "no item in common" in capsys.readouterr().err


@pytest.fixture
def two_groups(tmp_path: Path) -> Path:
    rng = np.random.default_rng(2)
    theta = rng.normal(size=1600)
    focal = np.arange(1600) % 2 == 1
    harder = np.where(focal[:, None] & (np.arange(12) == 3), 1.3, 0.0)
    right = rng.random((1600, 12)) < 1 / (1 + np.exp(np.linspace(-1, 1, 12) + harder - theta[:, None]))
    lines = [",".join(["site", *(f"Q{at}" for at in range(1, 13))])]
    lines += [
        ",".join(["west" if one else "east", *map(str, row)])
        for one, row in zip(focal, right.astype(int).tolist(), strict=True)
    ]
    path = tmp_path / "groups.csv"
    path.write_text("\n".join(lines), "utf-8")
    return path


@pytest.mark.parametrize("method", ["mh", "mantel", "std", "logistic", "sibtest", "lord", "lr"])
def test_every_method_finds_the_item_that_is_harder_for_one_group(
    method: str, two_groups: Path, capsys: Printed
) -> None:
    found = answer(
        capsys, "irt", "dif", str(two_groups), "--group", "site", "--method", method, "--model", "rasch"
    )

    rows = found["items"]
    assert isinstance(rows, list)
    assert (found["reference"], found["focal"]) == ("east", "west")
    assert (rows[3]["flagged"], rows[3]["favours"]) == (True, "reference")
    assert sum(row["flagged"] for row in rows) <= 4
    largest = max(rows, key=lambda row: abs(row["effect"]))
    assert largest["item"] == "Q4"


def test_the_figures_are_those_of_the_kernel(two_groups: Path, capsys: Printed) -> None:
    found = answer(
        capsys, "irt", "dif", str(two_groups), "--group", "site", "--focal", "east", "--reference", "west"
    )

    rows = list(csv.reader(two_groups.read_text("utf-8").splitlines()))[1:]
    direct = mantel_haenszel(
        np.array([[int(cell) for cell in row[1:]] for row in rows]), [row[0] != "west" for row in rows]
    )
    items = found["items"]
    assert isinstance(items, list)
    assert [row["effect"] for row in items] == pytest.approx(direct.effect.tolist())


def test_groups_are_asked_for_and_not_guessed(two_groups: Path, capsys: Printed) -> None:
    assert main(["irt", "dif", str(two_groups)]) == 1
    assert "needs --group COLUMN" in capsys.readouterr().err
    for method in ("mh", "lord"):
        words = ["irt", "dif", str(two_groups), "--group", "site", "--focal", "north", "--method", method]
        assert main(words) == 1
        assert "north" in capsys.readouterr().err
