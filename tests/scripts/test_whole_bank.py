"""A real bank of 900 items: import by a declared mapping, placement, bulk review, two parallel papers, sealing.

Items i, i + 300 and i + 600 of the bank belong to one assessment point.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from itembank.base.db import Scope as Reach
from itembank.items.models import Item
from itembank.people.models import Institution
from itembank.people.rules import Role
from itembank.review import service as review
from itembank.review.rules import Verdict
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Importance, Level, OutlineSource, Point, Scope, split_occupation_code
from scripts.cli import main
from scripts.site import open_site
from tests.factories.papers import actor_of
from tests.factories.people import NOW, make_institution

CODE, LEVEL, POINTS = "4-04-05-05", "3", 300
MAPPING = Path(__file__).parents[2] / "docs" / "examples" / "mapping-labelled-options.toml"
MARKS = {"single_choice": Decimal("0.5"), "multiple_choice": Decimal(1), "true_false": Decimal("0.5")}
BLUEPRINT = f"""
name = "三级理论"
occupation = "{CODE}"
level = {LEVEL}
max_per_point = 1
equal = ["type", "category"]
sections = [
  {{ type = "single_choice", count = 140, marks = 0.5 }},
  {{ type = "multiple_choice", count = 10, marks = 1 }},
  {{ type = "true_false", count = 40, marks = 0.5 }},
]
"""


def lay_outline(session: Session, institution: Institution) -> None:
    """One scope of 300 points: what the bank's numbering says, and no more."""
    manager = actor_of(session, institution, Role.PAPER_MANAGER, username="manager")
    points = tuple(Point(f"{n:03d}", f"第{n}点", Importance.X) for n in range(1, POINTS + 1))
    source = OutlineSource(
        "三级",
        "1",
        Level.THREE,
        split_occupation_code(CODE),
        (Scope("A", "全部", Decimal(100), points=points),),
    )
    taxonomy.import_outline(session, actor=manager, source=source, now=NOW)


def test_two_parallel_papers_of_190_items_from_900(
    reference_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EXAM_ENGINE_DATA", str(tmp_path / "site"))
    site = open_site()
    with site.database.session(scope=Reach.everything()) as session:
        institution = make_institution(session, name="评价机构")
        taxonomy.seed_occupations(session)
        lay_outline(session, institution)
        writer = actor_of(session, institution, Role.ITEM_WRITER, username="writer")
        reviewer = actor_of(session, institution, Role.REVIEWER, username="reviewer")
    bank = reference_data / "itembank-aitrainer-l3-theory.json"
    with (tmp_path / "places.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["reference", "point"])
        rows.writerows([i, f"A-{(i - 1) % POINTS + 1:03d}"] for i in range(1, 901))
    (tmp_path / "blueprint.toml").write_text(BLUEPRINT, "utf-8")
    where = ["--occupation", CODE, "--level", LEVEL, "--institution", "评价机构", "--as", "writer"]

    assert main(["bank", "import", str(bank), "--mapping", str(MAPPING), *where]) == 0
    assert "found 900, imported 900, rejected 0" in capsys.readouterr().out
    assert main(["bank", "place", str(tmp_path / "places.csv"), *where]) == 0
    with site.database.session(scope=Reach.of((institution.id,))) as session:
        ids = list(session.scalars(select(Item.id)))
        review.submit_for_review(session, actor=writer, item_ids=ids, now=NOW).check_all_done()
        done = review.decide(
            session, actor=reviewer, item_ids=ids, verdict=Verdict.APPROVE, comment="", now=NOW
        )
        assert len(done.done) == 900
        facts = {
            str(item.id): (item.type.value, item.category, item.reference)
            for item in session.scalars(select(Item))
        }
    capsys.readouterr()
    assemble = [
        "paper",
        "assemble",
        str(tmp_path / "blueprint.toml"),
        "--forms",
        "2",
        "--seed",
        "1",
        "--json",
    ]
    assert main([*assemble, "--as", "manager"]) == 0
    made = json.loads(capsys.readouterr().out)
    numbers = [paper["number"] for paper in made["papers"]]
    assert main(["paper", "seal", *numbers, "--as", "manager"]) == 1
    assert "own_paper" in capsys.readouterr().err
    assert main(["paper", "seal", *numbers, "--as", "reviewer"]) == 0
    assert capsys.readouterr().out.count("sha256") == 2

    forms = [[facts[entry["item"]] for entry in paper["items"]] for paper in made["papers"]]
    for form in forms:
        assert Counter(kind for kind, _, _ in form) == {
            "single_choice": 140,
            "multiple_choice": 10,
            "true_false": 40,
        }
        assert sum(MARKS[kind] for kind, _, _ in form) == 100
        assert len({(int(reference or 0) - 1) % POINTS for _, _, reference in form}) == len(form)
    cells = [Counter((kind, category) for kind, category, _ in form) for form in forms]
    assert cells[0] == cells[1]
    assert not set(forms[0]) & set(forms[1])
