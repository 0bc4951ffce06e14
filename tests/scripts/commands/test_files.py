"""What the statistics commands make of files as others write them, of places they cannot write, of an end too soon."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scripts.cli import main
from scripts.commands.output import decimals, whole_file

Printed = pytest.CaptureFixture[str]


def rows(n_persons: int = 200, n_items: int = 6) -> list[list[str]]:
    rng = np.random.default_rng(11)
    theta = rng.normal(size=(n_persons, 1))
    scores = rng.random((n_persons, n_items)) < 1 / (1 + np.exp(np.linspace(-1, 1, n_items) - theta))
    return scores.astype(int).astype(str).tolist()


def write(path: Path, cells: list[list[str]], header: list[str] | None = None) -> Path:
    names = header or [f"Q{at}" for at in range(1, len(cells[0]) + 1)]
    path.write_text("\n".join(",".join(row) for row in [names, *cells]) + "\n", "utf-8")
    return path


def likelihood(path: Path, capsys: Printed, *options: str) -> str:
    assert main(["irt", "calibrate", str(path), "--model", "rasch", *options]) == 0
    return next(line for line in capsys.readouterr().out.splitlines() if line.startswith("log-likelihood"))


def test_codes_of_what_was_not_presented_are_named_and_then_taken(tmp_path: Path, capsys: Printed) -> None:
    cells = rows()
    for at, row in enumerate(cells):
        row[at % 6] = "NA"
    coded = write(tmp_path / "coded.csv", cells)
    blank = write(tmp_path / "blank.csv", [["" if cell == "NA" else cell for cell in row] for row in cells])

    assert main(["irt", "calibrate", str(coded), "--model", "rasch"]) == 1
    refusal = capsys.readouterr().err

    assert 'if "NA" means not presented, say --absent=NA' in refusal
    assert likelihood(coded, capsys, "--absent=NA") == likelihood(blank, capsys)


def test_numbers_as_data_frames_write_them(tmp_path: Path, capsys: Printed) -> None:
    cells = rows()
    cells[3][2] = ""
    decimal = [[f"{cell}.0" if cell else "" for cell in row] for row in cells]

    first = likelihood(write(tmp_path / "a.csv", decimal), capsys)
    assert first == likelihood(write(tmp_path / "b.csv", cells), capsys)
    decimal[0][0] = "0.5"
    assert main(["irt", "calibrate", str(write(tmp_path / "c.csv", decimal)), "--model", "rasch"]) == 1
    assert 'row 2, column 1 (Q1): "0.5"' in capsys.readouterr().err


def test_a_file_without_a_header_says_so(tmp_path: Path, capsys: Printed) -> None:
    path = write(tmp_path / "bare.csv", rows()[1:], header=rows()[0])

    assert main(["ctt", str(path)]) == 1
    assert "row 1: the file has no header row with item names" in capsys.readouterr().err


def test_columns_that_are_hardly_items_are_pointed_out(tmp_path: Path, capsys: Printed) -> None:
    cells = [[*row, str(at % 2)] for at, row in enumerate(rows())]
    names = [*(f"Q{at}" for at in range(1, 7)), "group"]
    letters = [[*row[:-1], "AB"[int(row[-1])]] for row in cells]

    assert main(["irt", "calibrate", str(write(tmp_path / "a.csv", cells, names)), "--model", "rasch"]) == 0
    assert "taken as items: group; a column that is none is named" in capsys.readouterr().err
    assert main(["irt", "calibrate", str(write(tmp_path / "b.csv", letters, names)), "--model", "rasch"]) == 1
    assert 'if "group" is no item, leave it out with --ignore' in capsys.readouterr().err


def test_groups_too_small_for_a_mean_are_refused(tmp_path: Path, capsys: Printed) -> None:
    names = [*(f"Q{at}" for at in range(1, 7)), "room"]
    path = write(tmp_path / "a.csv", [[*row, str(max(at, 4))] for at, row in enumerate(rows())], names)

    assert main(["irt", "calibrate", str(path), "--model", "rasch", "--group", "room"]) == 1
    assert "needs at least 10 persons; 10, 100, 101" in capsys.readouterr().err


def test_differential_functioning_by_calibration_needs_the_persons_of_the_model(
    tmp_path: Path, capsys: Printed
) -> None:
    names = [*(f"Q{at}" for at in range(1, 7)), "room"]
    path = write(tmp_path / "a.csv", [[*row, "AB"[at % 2]] for at, row in enumerate(rows())], names)
    command = ["irt", "dif", str(path), "--group", "room", "--method", "lord"]

    assert main(command) == 1
    refusal = capsys.readouterr().err
    assert (
        "100 persons in the smaller group are too few for 2pl, which needs 500: take --model rasch" in refusal
    )
    assert main([*command, "--model", "rasch"]) == 0


def test_decisions_of_few_persons_say_how_rough_they_are(tmp_path: Path, capsys: Printed) -> None:
    assert main(["ctt", str(write(tmp_path / "a.csv", rows(60))), "--cut", "3"]) == 0
    assert "decisions: fewer than 500 persons, the figures are rough" in capsys.readouterr().err


def test_what_was_there_stays_until_the_new_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old", "utf-8")

    with pytest.raises(RuntimeError), whole_file(path) as file:
        file.write("half of the new")
        raise RuntimeError
    assert path.read_text("utf-8") == "old"
    with whole_file(path) as file:
        file.write("new")
    assert path.read_text("utf-8") == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_places_that_cannot_be_written_are_refused_before_the_work(tmp_path: Path, capsys: Printed) -> None:
    path = write(tmp_path / "a.csv", rows())
    before = path.read_bytes()

    for out, reason in [
        (tmp_path, "Is a directory"),
        (tmp_path / "no" / "x.csv", "there is no such folder"),
        (path, "would be overwritten"),
    ]:
        assert main(["irt", "calibrate", str(path), "--model", "rasch", "--out", str(out)]) == 1
        assert reason in capsys.readouterr().err
    assert path.read_bytes() == before


def test_a_key_that_is_written_otherwise_is_refused(tmp_path: Path, capsys: Printed) -> None:
    path = write(tmp_path / "a.csv", [["ab"[int(cell)] for cell in row] for row in rows()])
    key = tmp_path / "key.csv"
    key.write_text("item,key\n" + "".join(f"Q{at},B\n" for at in range(1, 7)), "utf-8")

    assert main(["ctt", str(path), "--key", str(key)]) == 1
    refusal = capsys.readouterr().err
    assert f"{key}: nobody gave any right answer" in refusal
    assert 'has the key "B" and answers such as "a"' in refusal
    key.write_text(key.read_text("utf-8").replace("B", "b"), "utf-8")
    assert main(["ctt", str(path), "--key", str(key)]) == 0


def test_item_tables_and_keys_are_refused_by_file(tmp_path: Path, capsys: Printed) -> None:
    path = write(tmp_path / "a.csv", rows())
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("name\nQ1\n", "utf-8")

    assert main(["irt", "score", str(path), "--items", str(wrong)]) == 1
    assert f'{wrong}: row 1: there is no column "item"' in capsys.readouterr().err
    assert main(["ctt", str(path), "--key", str(wrong)]) == 1
    assert f"{wrong}: row 1: there must be the columns" in capsys.readouterr().err


def test_a_reader_that_leaves_hears_nothing_more(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", rows(30, 400))
    command = [sys.executable, "-m", "scripts.cli", "ctt", str(path), "--json"]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        said = running.stderr.read()

    assert running.wait() == 141
    assert "Traceback" not in said
    assert "roken pipe" not in said


def test_numbers_for_people() -> None:
    shown = [decimals(value) for value in (float("nan"), -1e-9, 0.0, 2e-5, -0.25, 1234567.0)]

    assert shown == ["—", "0.000", "0.000", "<0.001", "-0.250", "1.235e+06"]
