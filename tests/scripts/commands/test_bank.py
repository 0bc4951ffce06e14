"""`exam-engine bank` as its users call it, in an empty data folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from itembank.base.db import Scope
from itembank.people import service as people
from itembank.people.rules import Actor
from itembank.taxonomy import service as taxonomy
from scripts.cli import main
from scripts.site import open_site
from tests.factories.bank import outline_source
from tests.factories.word_sheets import sheet


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EXAM_ENGINE_DATA", str(tmp_path / "data"))
    return tmp_path


WHERE = ["--occupation", "4-04-05-05", "--level", "5"]


def test_a_sheet_is_imported_and_reported(data_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, report = data_folder / "复习.docx", data_folder / "r.json"
    file.write_bytes(sheet(["单选题", "1.测长度用", "A.卷尺", "B.天平\tA", "2.测质量用", "A.卷尺", "B.天平"]))

    code = main(["bank", "import", str(file), *WHERE, "--report", str(report)])

    printed = capsys.readouterr().out
    written = json.loads(report.read_text("utf-8"))
    assert code == 0
    assert "found 2, imported 1, rejected 1" in printed
    assert (written["found"], written["imported"]) == (2, 1)
    item = written["items"][0]
    assert (item["no"], item["type"], item["stem"], item["key"]) == (1, "single_choice", "测长度用", ["A"])
    assert item["options"] == [{"label": "A", "text": "卷尺"}, {"label": "B", "text": "天平"}]
    assert written["rejected"][0]["where"] == "paragraphs 5–7, question 2"
    assert written["rejected"][0]["reason"] == "No answer was found."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--occupation", "4-04-05-05", "--level", "9"], "not a level"),
        (["--occupation", "9", "--level", "5"], "occupation"),
        (["--occupation", "4-04-05-05", "--level", "5", "--institution", "没有"], ""),
    ],
)
def test_a_wrong_place_is_refused(
    data_folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    file = data_folder / "x.docx"
    file.write_bytes(sheet(["判断题", "1.水会结冰。√"]))

    assert main(["bank", "import", str(file), *arguments]) == 1
    assert words in capsys.readouterr().err


def test_a_wrong_file_is_refused_by_name(data_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = data_folder / "x.pdf"
    file.write_bytes(b"%PDF-1.7")

    assert main(["bank", "import", str(file), *WHERE]) == 1
    assert "file_type" in capsys.readouterr().err
    assert main(["bank", "import", str(data_folder / "none.docx"), *WHERE]) == 1


def test_the_template_can_be_filled_and_imported(
    data_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = data_folder / "t.xlsx"

    assert main(["bank", "template", str(file)]) == 0
    assert main(["bank", "import", str(file), *WHERE]) == 0
    assert "found 0" in capsys.readouterr().out


def test_items_are_placed_by_their_reference(data_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = open_site()
    with site.database.session(scope=Scope.everything()) as session:
        owner = Actor("system", institution_id=people.platform(session).id)
        taxonomy.import_outline(session, actor=owner, source=outline_source(), now=site.database.clock.now())
    site.database.dispose()
    sheet_file, placement = data_folder / "x.docx", data_folder / "p.csv"
    sheet_file.write_bytes(sheet(["判断题", "1.水会结冰。√", "2.火是冷的。×"]))
    placement.write_text("reference,point\n1,A-A-A-001\n2,B-A-A-002\n", "utf-8")
    where = ["--occupation", "6-31-01-03", "--level", "4"]

    assert main(["bank", "import", str(sheet_file), *where]) == 0
    assert main(["bank", "place", str(placement), *where]) == 0
    assert "placed 2" in capsys.readouterr().out
    placement.write_text("reference,point\n9,A-A-A-001\n", "utf-8")
    assert main(["bank", "place", str(placement), *where]) == 1
    assert "Row 2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [("a,b\n1,2\n", "columns"), ("reference,point\n1,A-A-A-001\n", "outline")],
)
def test_a_placement_that_does_not_fit_is_refused(
    data_folder: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    file = data_folder / "p.csv"
    file.write_text(text, "utf-8")

    assert main(["bank", "place", str(file), *WHERE]) == 1
    assert words in capsys.readouterr().err
