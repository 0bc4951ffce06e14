"""Who gets which printed document of a paper through the pages, and what is recorded of it."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import docx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from exam_engine.delivery.service import Settings
from exam_engine.papers import service as papers
from exam_engine.papers.models import Paper
from exam_engine.papers.rules import PaperStatus
from exam_engine.sittings.rules import Way
from itembank.base.audit import AuditEntry
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.factories.growing import make_collection
from tests.factories.papers import make_sealed_papers

WORD = {"document": "key", "variant": "B", "format": "docx"}


@pytest.fixture
def paper(database: Database, institution: Institution) -> UUID:
    return make_sealed_papers(
        lambda: database.session(scope=Scope.of((institution.id,))), institution, forms=1
    )[0]


def set_status(database: Database, paper_id: UUID, status: PaperStatus) -> None:
    with database.session(scope=Scope.everything()) as session:
        session.execute(update(Paper).where(Paper.id == paper_id).values(status=status))


def records(database: Database) -> list[dict[str, Any]]:
    with database.session(scope=Scope.everything(), writes=False) as session:
        found = select(AuditEntry.detail).where(AuditEntry.action == "paper.printed")
        return list(session.scalars(found.order_by(AuditEntry.number)))


def test_the_manager_downloads_the_key_of_a_sealed_paper_and_it_is_recorded(
    client: TestClient, login: Any, database: Database, paper: UUID
) -> None:
    login(Role.PAPER_MANAGER)

    page = client.get(f"/papers/{paper}/print").text
    answer = client.post(f"/papers/{paper}/print", data=WORD)

    with database.session(scope=Scope.everything(), writes=False) as session:
        stored = papers.find_paper(session, paper)
        label, digest = stored.label, stored.digest
        keys = papers.answer_key(session, paper)
    assert f"/papers/{paper}/print" in client.get(f"/papers/{paper}").text
    assert str(digest) in page
    assert answer.status_code == 200
    assert unquote(answer.headers["content-disposition"]).endswith(f"{label}_B卷_标准答案及评分标准.docx")
    made = docx.Document(io.BytesIO(answer.content))
    said = [cell.text for table in made.tables[1:3] for row in table.rows[1::2] for cell in row.cells[1:]]
    judged = [text for text in said if text in ("√", "×")]
    assert judged.count("√") == sum(key.key == ("T",) for key in keys.values())
    assert len([text for text in said if text]) == len(keys)
    [record] = records(database)
    assert (record["label"], record["document"], record["variant"], record["format"]) == (
        label,
        "key",
        "B",
        "docx",
    )
    assert record["content"] == digest
    assert record["file"] == hashlib.sha256(answer.content).hexdigest()


def test_a_reviewer_gets_watermarked_drafts_and_nothing_later(
    client: TestClient, login: Any, database: Database, paper: UUID
) -> None:
    login(Role.REVIEWER)
    sealed = client.post(f"/papers/{paper}/print", data=WORD)
    later = client.post(f"/papers/{paper}/print/review", data=WORD)
    page = client.get(f"/papers/{paper}/print").text
    login(Role.PAPER_MANAGER)
    client.post(f"/papers/{paper}/print", data=WORD)
    login(Role.REVIEWER)
    set_status(database, paper, PaperStatus.DRAFT)
    draft = client.post(f"/papers/{paper}/print/review", data=WORD)

    assert sealed.status_code == 403
    assert later.status_code == 409
    assert "只有具有印制权限的人员才能获取" in later.text
    assert "没有您可以印制的内容" in page
    assert draft.status_code == 200
    assert "样卷　送审稿" in docx.Document(io.BytesIO(draft.content)).sections[0].header._element.xml
    final, copy = records(database)
    assert (final["status"], copy["status"]) == ("sealed", "draft")
    assert final["sequence"] == copy["sequence"]


def test_a_collection_of_a_growing_test_is_not_printed(
    client: TestClient, login: Any, database: Database, institution: Institution
) -> None:
    settings = Settings(Way.MULTISTAGE, 6, first=3, modules=2)
    collection = f"/papers/{make_collection(database, institution, settings).paper_id}/print"
    login(Role.PAPER_MANAGER)

    page = client.get(collection).text
    answer = client.post(collection, data=WORD)

    assert "题集不印制" in page
    assert 'name="document"' not in page
    assert answer.status_code == 409
    assert "只在机上作答，不印制" in answer.text
    assert records(database) == []


def test_all_documents_of_a_variant_come_in_one_file_each_recorded(
    client: TestClient, login: Any, database: Database, paper: UUID
) -> None:
    login(Role.PAPER_MANAGER)

    answer = client.post(f"/papers/{paper}/print", data={**WORD, "document": "all"})

    assert unquote(answer.headers["content-disposition"]).endswith("_B卷_WORD.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        made = {name.rpartition("_")[2]: packed.read(name) for name in packed.namelist()}
    assert list(made) == ["试卷.docx", "答题卡.docx", "标准答案及评分标准.docx"]
    digests = [hashlib.sha256(content).hexdigest() for content in made.values()]
    assert [record["file"] for record in records(database)] == digests


def test_what_cannot_be_printed_is_refused_on_the_page(
    client: TestClient, login: Any, database: Database, paper: UUID
) -> None:
    login(Role.PAPER_MANAGER)
    wrong = client.post(f"/papers/{paper}/print", data={**WORD, "variant": "Z"})
    set_status(database, paper, PaperStatus.DISCARDED)
    discarded = client.post(f"/papers/{paper}/print", data=WORD)
    with database.session(scope=Scope.everything()) as session:
        session.execute(update(Paper).values(status=PaperStatus.SEALED, digest="0" * 64))
    altered = client.post(f"/papers/{paper}/print", data=WORD)

    assert (wrong.status_code, discarded.status_code, altered.status_code) == (422, 409, 409)
    assert "已作废，不能印制" in discarded.text
    assert records(database) == []
