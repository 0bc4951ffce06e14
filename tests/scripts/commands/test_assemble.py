"""`exam-engine assemble` as its users call it."""

from __future__ import annotations

import csv
import ctypes
import json
import re
from pathlib import Path

import pytest

from scripts.cli import main
from scripts.commands import assemble as command
from scripts.commands.output import quiet_solver

EXAMPLE = Path(__file__).parents[3] / "docs" / "assembly.md"


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """The example of docs/assembly.md on a pool that has what it names."""
    [specification] = re.findall(r"```toml\n(.*?)```", EXAMPLE.read_text("utf-8"), re.DOTALL)
    (tmp_path / "spec.toml").write_text(specification, "utf-8")
    rows = [
        [f"Q{k}", 0.8 + k % 7 / 10, (k * 37 % 60 - 30) / 15, ["single", "multiple"][k % 3 == 0], f"u{k % 5}"]
        + [f"c{k // 3}" if k < 12 else "", 40 + k * 13 % 50, "Q21" if k == 20 else ""]
        for k in range(1, 81)
    ]
    with (tmp_path / "pool.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "a", "b", "type", "unit", "case", "seconds", "enemies"], *rows])
    return [
        "assemble",
        str(tmp_path / "pool.csv"),
        str(tmp_path / "spec.toml"),
        "--out",
        str(tmp_path / "out"),
    ]


def test_the_documented_example_gives_forms_in_pool_order_and_the_same_again(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 0
    assert main([*words[:-1], str(tmp_path / "again")]) == 0

    out, again = tmp_path / "out", tmp_path / "again"
    assert sorted(path.name for path in out.iterdir()) == ["form_1.csv", "form_2.csv", "report.json"]
    report = json.loads((out / "report.json").read_text("utf-8"))
    assert report["status"] == "assembled"
    assert all(one["ok"] for rule in report["rules"] for one in rule["forms"])
    assert {"enemies of the pool", "no shared items"} <= {rule["rule"] for rule in report["rules"]}
    assert report["gap"] == pytest.approx(report["deviation"] - report["bound"])
    for number, form in enumerate(report["items"], start=1):
        name = f"form_{number}.csv"
        rows = list(csv.DictReader((out / name).read_text("utf-8").splitlines()))
        assert [row["id"] for row in rows] == sorted(form, key=lambda one: int(one[1:]))
        assert len(rows) == 20
        assert (out / name).read_bytes() == (again / name).read_bytes()
    assert "2 forms of 20 items from 80 (seed 1, HiGHS" in capsys.readouterr().out


def test_impossible_rules_are_named_by_their_author_s_words(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--forms", "5"]) == 3

    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert report["status"] == "infeasible"
    assert report["clash"] == ["length", "no shared items"]
    assert report["shortages"][0] == {"rule": "length", "needs": 100, "has": 80}
    assert "or ask for at most 4 forms" in capsys.readouterr().out
    assert not list((tmp_path / "out").glob("form*"))


def test_limits_end_the_search_undecided_and_the_report_says_which(words: list[str], tmp_path: Path) -> None:
    assert main([*words, "--time-limit", "1e-6"]) == 4
    assert main([*words[:-1], str(tmp_path / "work"), "--work-limit", "1"]) == 4

    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert (report["status"], report["ended_by"]) == ("undecided", "time limit")
    assert json.loads((tmp_path / "work" / "report.json").read_text("utf-8"))["ended_by"] == "work limit"


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--time-limit", "0"], "Option --time-limit, 0: give seconds above 0"),
        (["--time-limit", "nan"], "Option --time-limit, nan"),
        (["--forms", "0"], "Option --forms, 0: give a whole number from 1"),
        (["--seed", "-1"], "Option --seed, -1"),
        (["--seed", str(2**200)], "give a whole number from 0 to 9223372036854775807"),
        (["--forms", "1000000000"], "Option --forms, 1000000000: give a whole number from 1 to 1000"),
        (["--work-limit", "0"], "Option --work-limit, 0"),
    ],
)
def test_options_that_make_no_sense_are_refused_by_name(
    words: list[str], extra: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, *extra]) == 1

    assert message in capsys.readouterr().err


def test_faults_name_the_file_and_nothing_is_written(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pool, specification = tmp_path / "pool.csv", tmp_path / "spec.toml"
    rows = pool.read_text("utf-8")
    pool.write_text(rows.replace("Q5,", "Q4,", 1), "utf-8")
    assert main(words) == 1
    assert 'pool.csv: row 6, column id: "Q4" is the id of row 5 already' in capsys.readouterr().err
    pool.write_text(rows, "utf-8")
    text = specification.read_text("utf-8")
    specification.write_text(text.replace('"seconds"', '"second"'), "utf-8")
    assert main(words) == 1
    assert (
        'spec.toml: rule 6 "time", attribute: the pool has no attribute "second": did you mean "seconds"?'
        in (capsys.readouterr().err)
    )
    specification.write_bytes(b"forms = 2\n# \xff")
    assert main(words) == 1
    assert "spec.toml: line 2 is not UTF-8 text" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pool.csv", "spec.toml"]


def test_an_interruption_leaves_nothing_and_a_full_folder_is_left_alone(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_write_json", interrupted)
    assert main(words) == 130
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pool.csv", "spec.toml"]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine", "utf-8")
    assert main(words) == 1
    assert "is not empty" in capsys.readouterr().err


def test_forms_share_little_with_each_other_and_with_earlier_ones(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "spec.toml").write_text(
        """
        forms = 3
        max_use = "unlimited"
        rule = [
            { kind = "count", name = "length", exactly = 20 },
            { kind = "anchor", name = "common", where = { type = "single" }, exactly = 4 },
            { kind = "overlap", name = "in pairs", maximum = 2 },
            { kind = "earlier", name = "last year", maximum = 3 },
        ]
        """,
        "utf-8",
    )
    assert main(words) == 1
    assert 'rule "last year", papers: is missing: name them there, or by --earlier' in capsys.readouterr().err
    old = [tmp_path / "old_1.csv", tmp_path / "old_2.csv"]
    for path, first in zip(old, (1, 21), strict=True):
        path.write_text("id\n" + "\n".join(f"Q{k}" for k in range(first, first + 20)), "utf-8")

    assert main([*words, "--earlier", *map(str, old)]) == 0

    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    forms = [set(form) for form in report["items"]]
    common = forms[0] & forms[1] & forms[2]
    assert len(common) == 4
    checks = {rule["rule"]: rule["forms"] for rule in report["rules"]}
    for one in checks["in pairs"]:
        both = (forms[one["form"] - 1] & forms[one["other"] - 1]) - common
        assert one["value"] == len(both) <= 2
    assert checks["common"][0]["form"] is None
    assert all(one["value"] <= 3 for one in checks["last year"])


RULE = '[[rule]]\nkind = "count"\nname = "length"\nexactly = 5\n'
TARGET = '[[target]]\nkind = "information"\nname = "cut"\ntheta = 0\n'
ENEMIES = '[[rule]]\nkind = "enemies"\nname = "e"\n'
POOL = "id,a,b,type,enemies\n" + "".join(f"Q{k},1,0,single,\n" for k in range(1, 9))


@pytest.mark.parametrize(
    ("specification", "message"),
    [
        (
            RULE.replace("exactly = 5", "minimum = 3\nmaximum = 1"),
            'rule 1 "length": minimum 3 is above maximum 1',
        ),
        (RULE.replace("5", "9" * 20), "is not a whole number from 0 to 1000000"),
        (RULE + "where = {}", 'rule 1 "length", where: the filter is empty'),
        (RULE.replace("exactly = 5", 'where = { type = "x" }\nmaximum = 5'), "the filter selects no item"),
        (ENEMIES + 'groups = [["Q1", "Q99"]]', 'groups[1]: the pool has no item "Q99"'),
        (f"forms = 1000000000\n{RULE}", "forms: 1000000000 is not a whole number"),
        (f"seed = -1\n{RULE}", "seed: -1 is not a whole number from 0"),
        (f"x = {'[' * 5000}", "this is not TOML: maximum recursion depth exceeded"),
        (f"# deep\n{'a.' * 30000}a = 1", "line 2: a key of more than 64 parts"),
        (RULE.replace("5", "9" * 5000), "this is not TOML"),
        (f"{TARGET}goal = nan", "goal: nan is not a number"),
        (f"{TARGET}goal = 1e-300", "give a scale from 1e-06"),
        (f"{TARGET}goal = 1\nscale = 1e-300", "give a scale from 1e-06"),
    ],
)
def test_specifications_that_cannot_be_used_are_refused_by_place(
    specification: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(POOL.encode(), specification.encode(), tmp_path, capsys, message)


@pytest.mark.parametrize(
    ("pool", "message"),
    [
        (POOL.replace("Q3,1", "Q3,nan"), 'row 4, column a: "nan" is not a number'),
        (POOL.replace("Q3,1", "Q3,-1"), "row 4, column a: -1: a discrimination is above 0"),
        (POOL.replace("Q3,1,0", "Q3,1,1e300"), 'row 4, column b: "1e300" is not a number'),
        (POOL.replace("Q3,1", "Q3,1e9"), "target 'cut': item 'Q3' adds 2.5e+17"),
        (POOL.replace("single,", "single,Q99", 1), 'row 2, column enemies: there is no item "Q99"'),
        (POOL.replace("single,", "single,Q1", 1), 'row 2, column enemies: "Q1" cannot be its own enemy'),
        ("id\n" + "\n".join(map(str, range(1_000_000))), "row 100002: more than 100,000 items"),
        (b"id\n\xff\xff\xfe", "file: neither UTF-8 nor GB 18030 text"),
        ("", 'row 1: there is no column "id"'),
    ],
)
def test_pools_that_cannot_be_used_are_refused_by_row(
    pool: str | bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = pool if isinstance(pool, bytes) else pool.encode()

    assert refused(content, (RULE + f"{TARGET}goal = 1").encode(), tmp_path, capsys, message)


def refused(
    pool: bytes, specification: bytes, folder: Path, capsys: pytest.CaptureFixture[str], message: str
) -> bool:
    """Whether the command refuses with a message and writes nothing."""
    (folder / "p.csv").write_bytes(pool)
    (folder / "s.toml").write_bytes(specification)
    files = [str(folder / "p.csv"), str(folder / "s.toml")]
    code = main(["assemble", *files, "--forms", "1", "--out", str(folder / "out")])
    said = capsys.readouterr().err
    return code == 1 and message in said and not (folder / "out").exists()


def test_what_compiled_code_prints_does_not_reach_stdout(capfd: pytest.CaptureFixture[str]) -> None:
    library = ctypes.CDLL(None)
    print("before")
    with quiet_solver():
        library.puts(b"a remark of the solver")
    print("after")

    assert capfd.readouterr().out == "before\nafter\n"
