"""`exam-engine paper`: exit codes and what is printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from itembank.base.db import Scope
from itembank.people.rules import Role
from scripts.cli import main
from scripts.site import open_site
from tests.factories.papers import actor_of, make_bank
from tests.factories.people import make_institution

BLUEPRINT = """
name = "命令行蓝图"
occupation = "4-04-05-05"
level = 3
max_per_point = 1
equal = ["type", "category"]
[[sections]]
type = "single_choice"
count = 5
marks = 12
[[sections]]
type = "true_false"
count = 5
marks = 8
"""


@pytest.fixture
def blueprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A blueprint file beside a site with a small bank, a manager and a reviewer."""
    monkeypatch.setenv("EXAM_ENGINE_DATA", str(tmp_path / "site"))
    site = open_site()
    with site.database.session(scope=Scope.everything()) as session:
        institution = make_institution(session)
        make_bank(session, institution)
        actor_of(session, institution, Role.PAPER_MANAGER, username="manager")
        actor_of(session, institution, Role.REVIEWER, username="second")
    site.database.dispose()
    file = tmp_path / "blueprint.toml"
    file.write_text(BLUEPRINT, "utf-8")
    return file


def test_assemble_and_seal(blueprint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(
        ["paper", "assemble", str(blueprint), "--forms", "2", "--as", "manager", "--seed", "3", "--json"]
    )
    made = json.loads(capsys.readouterr().out)
    numbers = [paper["number"] for paper in made["papers"]]
    own = main(["paper", "seal", *numbers, "--as", "manager"])
    refusal = capsys.readouterr().err
    sealed = main(["paper", "seal", *numbers, "--as", "second"])

    assert code == 0
    assert made["outcome"]["run"]["seed"] == 3
    assert all(len(paper["items"]) == 10 and paper["marks"] == "100.00" for paper in made["papers"])
    assert (own, sealed) == (1, 0)
    assert "not_permitted" in refusal or "own_paper" in refusal
    assert capsys.readouterr().out.count("sha256") == 2


def test_an_impossible_blueprint_exits_with_3_and_names_the_rows(
    blueprint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = '[[rows]]\nname = "基础单选"\ncategory = "基础"\ntype = "single_choice"\nminimum = 5\n'
    blueprint.write_text(BLUEPRINT + rows, "utf-8")

    code = main(["paper", "assemble", str(blueprint), "--forms", "3", "--as", "manager"])
    printed = capsys.readouterr().out

    assert code == 3
    assert "基础单选: ≥ 5 items" in printed
    assert "needs 15 over all forms, the pool has 12" in printed
    assert "lower the minimum from 5 to 4" in printed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "cannot be read"),
        (BLUEPRINT.replace("count = 5", "count = 0", 1), "sections[1]: “count” is 0"),
        (BLUEPRINT.replace("marks = 12", "marks = 11"), "add up to 95"),
        (BLUEPRINT.replace("4-04-05-05", "nonsense"), "occupation_code_wrong"),
    ],
)
def test_a_file_that_is_wrong_exits_with_1_and_says_where(
    blueprint: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    blueprint.write_text(text, "utf-8")

    code = main(["paper", "assemble", str(blueprint), "--as", "manager"])

    assert code == 1
    assert words in capsys.readouterr().err


def test_a_file_that_is_not_there_or_not_text_exits_with_1(
    blueprint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["paper", "assemble", str(blueprint) + "x", "--as", "manager"]) == 1
    blueprint.write_bytes(b"\xff\xfe\x00")
    assert main(["paper", "assemble", str(blueprint), "--as", "manager"]) == 1
    assert "not UTF-8" in capsys.readouterr().err


def test_the_role_is_asked_for(blueprint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paper", "assemble", str(blueprint), "--as", "second"]) == 1
    assert "not_permitted" in capsys.readouterr().err


def test_print_writes_every_document_for_its_owner_alone(
    blueprint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["paper", "assemble", str(blueprint), "--forms", "1", "--as", "manager", "--json"])
    number = json.loads(capsys.readouterr().out)["papers"][0]["number"]
    main(["paper", "seal", number, "--as", "second"])
    capsys.readouterr()
    words = ["paper", "print", number, "--variant", "B", "--format", "docx", "--out", str(tmp_path / "out")]

    refused = main([*words, "--as", "second"])
    refusal = capsys.readouterr().err
    printed = main([*words, "--as", "manager"])
    said = capsys.readouterr().out
    again = main([*words, "--as", "manager"])

    assert (refused, printed, again) == (1, 0, 1)
    assert "not_permitted" in refusal
    assert "print_exists" in capsys.readouterr().err
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"{number}_B卷_{what}.docx" for what in ("试卷", "答题卡", "标准答案及评分标准")}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "out").iterdir())
    assert said.count("sha256") == 3
