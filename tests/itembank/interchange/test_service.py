"""Imports kept in the bank: batch, rows, duplicates, repair."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from itembank.base.db import Database, Scope
from itembank.base.errors import NotFound
from itembank.interchange import service
from itembank.interchange.errors import FileType
from itembank.interchange.models import ImportBatch, ImportRow
from itembank.interchange.report import ParsedOption
from itembank.interchange.rules import DuplicateQuestion, RepairRefused, RowDecided, RowStatus
from itembank.items import service as items
from itembank.items.models import Item
from itembank.items.rules import ItemStatus
from itembank.items.service import ItemFilter
from itembank.people.models import Institution
from itembank.people.rules import Actor
from itembank.taxonomy import service as taxonomy
from tests.factories.word_sheets import sheet

SHEET = (
    "一、单选题", "1.测长度用", "A.卷尺", "B.天平\tA", "2.测质量用", "A.卷尺", "B.天平",
    "3.测长度用", "A.天平", "B.卷尺\tB", "三、判断题", "4.水会结冰。√",
)  # fmt: skip


@pytest.fixture
def actor(institution: Institution) -> Actor:
    return Actor("system", institution_id=institution.id)


def bring(
    session: Session, actor: Actor, database: Database, *lines: str, **more: object
) -> service.Imported:
    taxonomy.seed_occupations(session)
    occupation = taxonomy.occupation_by_code(session, "4-04-05-05")
    return service.import_file(
        session,
        actor=actor,
        data=sheet(lines or SHEET),
        filename="复习.docx",
        occupation_id=occupation.id,
        level=5,
        now=database.clock.now(),
        **more,  # type: ignore[arg-type]
    )


def test_good_questions_become_unclassified_drafts(
    session: Session, actor: Actor, database: Database
) -> None:
    done = bring(session, actor, database)

    kept = items.find_items(session, items.matching_ids(session, ItemFilter()))
    assert (done.report.found, done.report.imported, len(done.report.rejected)) == (4, 3, 1)
    assert {(item.status, item.point_id, item.source) for item in kept} == {
        (ItemStatus.DRAFT, None, "复习.docx")
    }
    contents = items.read_contents(session, [item.current_version_id for item in kept])
    assert {(content.stem, content.key) for content in contents.values()} == {
        ("测长度用", ("A",)), ("测长度用", ("B",)), ("水会结冰。", ("T",)),
    }  # fmt: skip


def test_twins_in_a_file_may_not_stand_in_one_paper(
    session: Session, actor: Actor, database: Database
) -> None:
    bring(session, actor, database)

    kept = items.matching_ids(session, ItemFilter())
    assert [len(group) for group in items.enemies(session, kept).values()] == [2]


def test_rows_keep_place_reason_and_raw_text(session: Session, actor: Actor, database: Database) -> None:
    batch = bring(session, actor, database).batch

    rows, total = service.list_rows(session, batch.id)
    assert total == 4
    assert [row.status for row in rows] == [
        RowStatus.IMPORTED, RowStatus.REJECTED, RowStatus.IMPORTED, RowStatus.IMPORTED,
    ]  # fmt: skip
    assert rows[1].reason is not None
    assert (rows[1].reason.code, str(rows[1].place)) == ("key_missing", "paragraphs 5–7, question 2")
    assert rows[1].raw == "2.测质量用\nA.卷尺\nB.天平"
    only, _ = service.list_rows(session, batch.id, status=RowStatus.REJECTED)
    assert [row.number for row in only] == [2]


def test_texts_are_sealed(session: Session, actor: Actor, database: Database) -> None:
    bring(session, actor, database)
    session.flush()

    stored = [bytes(value) for table in ("import_row", "import_batch") for value in
              session.scalars(text(f"SELECT sealed FROM {table}"))]  # fmt: skip
    assert stored
    assert all("测".encode() not in value and b"paragraph" not in value for value in stored)


def test_what_the_bank_has_is_listed_as_duplicate(session: Session, actor: Actor, database: Database) -> None:
    bring(session, actor, database)
    again = bring(session, actor, database).report

    assert again.imported == 0
    assert sorted(entry.reason.code for entry in again.rejected) == ["duplicate"] * 3 + ["key_missing"]


def test_a_refused_file_leaves_nothing(session: Session, actor: Actor, database: Database) -> None:
    with pytest.raises(FileType):
        taxonomy.seed_occupations(session)
        service.import_file(
            session,
            actor=actor,
            data=b"%PDF",
            filename="x.pdf",
            occupation_id=taxonomy.occupation_by_code(session, "4-04-05-05").id,
            level=5,
            now=database.clock.now(),
        )

    assert session.scalars(select(ImportBatch)).all() == []
    assert session.scalars(select(Item)).all() == []


def rejected_row(session: Session, batch: ImportBatch) -> service.RowView:
    return service.list_rows(session, batch.id, status=RowStatus.REJECTED)[0][0]


def test_a_refused_question_can_be_repaired_once(session: Session, actor: Actor, database: Database) -> None:
    batch = bring(session, actor, database).batch
    row = rejected_row(session, batch)
    repaired = replace(row.draft, type="single_choice", key=("B",))
    item = service.repair(session, actor=actor, row_id=row.id, draft=repaired, now=database.clock.now())

    assert items.read_content(session, item.current_version_id).key == ("B",)
    assert item.reference == "2"
    assert service.find_row(session, row.id).status is RowStatus.REPAIRED
    assert service.find_batch(session, batch.id)[1].in_bank == 4
    with pytest.raises(RowDecided):
        service.discard(session, actor=actor, row_id=row.id, now=database.clock.now())


def test_a_repair_is_checked_like_an_import(session: Session, actor: Actor, database: Database) -> None:
    row = rejected_row(session, bring(session, actor, database).batch)
    now = database.clock.now()

    with pytest.raises(RepairRefused, match="Answer “C”"):
        service.repair(session, actor=actor, row_id=row.id, draft=replace(row.draft, key=("C",)), now=now)
    same = replace(
        row.draft,
        stem="测长度用",
        options=(ParsedOption("A", "天平"), ParsedOption("B", "卷尺")),
        key=("B",),
    )
    with pytest.raises(DuplicateQuestion):
        service.repair(session, actor=actor, row_id=row.id, draft=same, now=now)
    assert service.find_row(session, row.id).status is RowStatus.REJECTED


def test_a_question_can_be_set_aside_and_stays_in_the_report(
    session: Session, actor: Actor, database: Database
) -> None:
    batch = bring(session, actor, database).batch
    row = rejected_row(session, batch)
    service.discard(session, actor=actor, row_id=row.id, now=database.clock.now())
    report = service.report_json(session, batch.id)

    assert (report["found"], report["imported"]) == (4, 3)
    assert report["rejected"][0]["status"] == "discarded"
    assert {item["no"] for item in report["items"]} == {1, 3, 4}
    assert service.next_waiting(session, batch.id, 0) is None


def test_an_unknown_point_is_a_warning(session: Session, actor: Actor, database: Database) -> None:
    question = {"type": "true_false", "stem": "水会结冰。", "key": True, "point": "A-1"}
    data = json.dumps({"format": "exam-engine-items", "version": 1, "items": [question]})
    taxonomy.seed_occupations(session)
    done = service.import_file(
        session,
        actor=actor,
        data=data.encode(),
        filename="x.json",
        occupation_id=taxonomy.occupation_by_code(session, "4-04-05-05").id,
        level=5,
        now=database.clock.now(),
    )

    assert [warning.code for warning in done.report.items[0].warnings] == ["point_unknown"]


def test_another_institution_sees_nothing(session: Session, actor: Actor, database: Database) -> None:
    batch = bring(session, actor, database).batch
    session.commit()

    with database.session(scope=Scope.of([UUID(int=1)])) as other:
        assert other.scalars(select(ImportRow)).all() == []
        with pytest.raises(NotFound):
            service.find_batch(other, batch.id)
