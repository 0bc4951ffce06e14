"""Registration: import all or nothing, review, corrections with their history, photographs."""

from __future__ import annotations

import io
import zipfile

import pytest
from sqlalchemy.orm import Session

from exam_engine.sittings import service as sittings
from exam_engine.sittings.columns import COLUMNS
from exam_engine.sittings.photos import ArchiveUnreadable, PhotoNotUpright, PhotoTooSmall, PhotoUnreadable
from exam_engine.sittings.rules import (
    NothingChanged,
    ReasonNeeded,
    RegistrationClosed,
    RegistrationStatus,
)
from exam_engine.sittings.service import ListRefused
from exam_engine.sittings.spreadsheet import TableTooLarge, TableUnreadable, read_table
from itembank.base.errors import NotFound
from itembank.people.models import Institution
from tests.factories.sittings import (
    HEADERS,
    NOW,
    candidate_row,
    ids,
    list_file,
    make_picture,
    make_plan,
    officer_of,
    register,
)


def test_a_list_is_previewed_then_imported_whole(session: Session, institution: Institution) -> None:
    plan, actor = make_plan(session, institution), officer_of(institution)

    preview = sittings.preview_list(
        session,
        actor=actor,
        plan_id=plan.id,
        filename="名单.xlsx",
        content=list_file([candidate_row(1), candidate_row(2, 参加工作时间="2024-07")]),
        now=NOW,
    )
    assert sittings.list_registrations(session, plan.id) == ([], 0)
    assert preview.upload_id
    made = sittings.confirm_list(session, actor=actor, plan_id=plan.id, upload_id=preview.upload_id, now=NOW)

    assert [(w.row, w.finding.code) for w in preview.warnings] == [(3, "work_years")]
    assert [row.status for row in made] == [RegistrationStatus.CLAIMED] * 2
    assert made[0].condition_text.startswith("累计从事")
    with pytest.raises(NotFound):
        sittings.confirm_list(session, actor=actor, plan_id=plan.id, upload_id=preview.upload_id, now=NOW)


def test_a_list_with_one_breach_imports_nobody(session: Session, institution: Institution) -> None:
    plan, actor = make_plan(session, institution), officer_of(institution)
    register(session, plan, actor, 1)
    known = sittings.list_registrations(session, plan.id)[0][0].person
    rows = [
        candidate_row(801),
        candidate_row(802, 证件号=known.document_number, 姓名=known.name),
        candidate_row(803, 手机号码="1"),
    ]

    preview = sittings.preview_list(
        session, actor=actor, plan_id=plan.id, filename="a.xlsx", content=list_file(rows), now=NOW
    )

    assert preview.upload_id is None
    assert [(e.row, e.column, e.error.code) for e in preview.errors] == [
        (3, "证件号", "already_registered"),
        (4, "手机号码", "cell_telephone_wrong"),
    ]
    assert sittings.list_registrations(session, plan.id)[1] == 1


def test_somebody_registered_between_preview_and_confirmation_stops_the_import(
    session: Session, institution: Institution
) -> None:
    plan, actor = make_plan(session, institution), officer_of(institution)
    content = list_file([candidate_row(1)])
    send = {"actor": actor, "plan_id": plan.id, "filename": "a.xlsx", "content": content, "now": NOW}
    first = sittings.preview_list(session, **send)
    assert first.upload_id
    upload = sittings.find_upload(session, plan.id, first.upload_id)
    sealed = upload.sealed
    sittings.confirm_list(session, actor=actor, plan_id=plan.id, upload_id=first.upload_id, now=NOW)
    session.expunge(upload)
    upload.sealed = sealed
    session.merge(upload)
    session.flush()

    with pytest.raises(ListRefused):
        sittings.confirm_list(session, actor=actor, plan_id=plan.id, upload_id=first.upload_id, now=NOW)


def test_a_document_known_under_another_name_is_refused(session: Session, institution: Institution) -> None:
    actor = officer_of(institution)
    register(session, make_plan(session, institution), actor, 1)
    known = sittings.list_registrations(session, sittings.list_plans(session)[0].plan.id)[0][0].person
    plan = make_plan(session, institution, filed=False)

    preview = sittings.preview_list(
        session,
        actor=actor,
        plan_id=plan.id,
        filename="a.xlsx",
        content=list_file([candidate_row(1, 证件号=known.document_number, 姓名="冒名者")]),
        now=NOW,
    )

    assert [error.error.code for error in preview.errors] == ["person_differs"]
    assert known.name not in str(preview.errors[0].error)


def test_a_closed_plan_takes_nobody(session: Session, institution: Institution) -> None:
    plan, actor = make_plan(session, institution), officer_of(institution)
    sittings.close_plan(session, actor=actor, plan_id=plan.id)

    with pytest.raises(RegistrationClosed):
        register(session, plan, actor, 1)


def test_the_template_is_a_list_that_its_own_import_understands(
    session: Session, institution: Institution
) -> None:
    plan = make_plan(session, institution)
    facts = sittings.plan_facts(session, plan.id, now=NOW)

    preview = sittings.preview_list(
        session,
        actor=officer_of(institution),
        plan_id=plan.id,
        filename="模板.xlsx",
        content=sittings.template(facts),
        now=NOW,
    )

    assert not preview.errors
    assert read_table("模板.xlsx", sittings.template())[0] == tuple(column.header for column in COLUMNS)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_csv_is_read_in_both_usual_encodings(encoding: str) -> None:
    text = ",".join(HEADERS) + "\n" + ",".join(candidate_row(1)) + "\n,,\n"

    rows = read_table("名单.csv", text.encode(encoding))

    assert rows == [tuple(HEADERS), tuple(candidate_row(1))]


def test_hostile_tables_are_refused() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/worksheets/sheet1.xml", b"0" * (201 * 1024 * 1024))

    for content in (b"\x00\x01\x02", b"PK\x03\x04 not a workbook", b'"open quote'):
        with pytest.raises(TableUnreadable):
            read_table("x.xlsx", content)
    with pytest.raises(TableTooLarge):
        read_table("x.xlsx", bomb.getvalue())
    with pytest.raises(TableTooLarge):
        read_table("x.csv", b"a\n" * 20_001)


def test_claims_are_decided_singly_and_in_bulk_with_a_reason_for_rejection(
    session: Session, institution: Institution
) -> None:
    plan, actor = make_plan(session, institution), officer_of(institution)
    rows = register(session, plan, actor, 4)
    send = {"actor": actor, "plan_id": plan.id, "now": NOW}

    with pytest.raises(ReasonNeeded):
        sittings.review_registrations(
            session, **send, registration_ids=ids(rows[:1]), approve=False, reason=" "
        )
    sittings.review_registrations(
        session, **send, registration_ids=ids(rows[:1]), approve=False, reason="工作年限证明不足"
    )
    changed = sittings.review_registrations(
        session, **send, registration_ids=ids(rows[1:]), approve=True, reason=""
    )
    again = sittings.review_registrations(
        session, **send, registration_ids=ids(rows[1:]), approve=True, reason=""
    )
    with pytest.raises(NotFound):
        sittings.review_registrations(
            session,
            **{**send, "plan_id": actor.institution_id},
            registration_ids=ids(rows),
            approve=True,
            reason="",
        )

    assert (changed, again) == (3, 0)
    event = sittings.read_events(session, rows[0])[-1]
    assert (event.kind, event.old, event.new, event.reason) == (
        "reviewed",
        "claimed",
        "rejected",
        "工作年限证明不足",
    )
    assert event.by == "考务员"


def test_a_correction_keeps_field_old_new_reason_who_and_when(
    session: Session, institution: Institution
) -> None:
    plan, actor = make_plan(session, institution), officer_of(institution)
    row = register(session, plan, actor, 1)[0]
    change = {"actor": actor, "registration_id": row.id, "now": NOW}
    old_name = sittings.view_registration(session, row.id).person.name

    with pytest.raises(ReasonNeeded):
        sittings.change_registration(session, **change, changes={"name": "新名"}, reason="")
    with pytest.raises(NothingChanged):
        sittings.change_registration(session, **change, changes={"name": old_name}, reason="无")
    sittings.change_registration(
        session, **change, changes={"name": "新名", "started_work_on": "2010-01"}, reason="录入错误"
    )

    events = [event for event in sittings.read_events(session, row) if event.kind == "changed"]
    assert [(e.field, e.old, e.new, e.reason, e.at) for e in events] == [
        ("name", old_name, "新名", "录入错误", NOW),
        ("started_work_on", "2012-07-01", "2010-01-01", "录入错误", NOW),
    ]
    assert sittings.view_registration(session, row.id).person.name == "新名"
    assert sittings.list_registrations(session, plan.id, text="新")[1] == 1


def test_a_changed_claim_is_reviewed_again(session: Session, institution: Institution) -> None:
    plan, actor = make_plan(session, institution), officer_of(institution)
    row = register(session, plan, actor, 1)[0]
    sittings.review_registrations(
        session, actor=actor, plan_id=plan.id, registration_ids=[row.id], approve=True, reason="", now=NOW
    )

    sittings.change_registration(
        session, actor=actor, registration_id=row.id, changes={"condition": "2"}, reason="更正", now=NOW
    )

    assert row.status is RegistrationStatus.CLAIMED
    assert "五级/初级工" in row.condition_text


def test_people_are_found_by_name_document_and_status(session: Session, institution: Institution) -> None:
    plan, actor = make_plan(session, institution), officer_of(institution)
    rows = register(session, plan, actor, 3)
    view = sittings.view_registration(session, rows[1].id)

    by_document, _ = sittings.list_registrations(session, plan.id, text=view.person.document_number)
    _, claimed = sittings.list_registrations(session, plan.id, status=RegistrationStatus.CLAIMED)
    page, total = sittings.list_registrations(session, plan.id, page=2, size=2)

    assert [found.registration.id for found in by_document] == [rows[1].id]
    assert (claimed, len(page), total) == (3, 1, 3)
    assert sittings.list_registrations(session, plan.id, text="没有此人") == ([], 0)


def test_photographs_are_kept_re_encoded_and_bad_ones_refused(
    session: Session, institution: Institution
) -> None:
    plan, actor = make_plan(session, institution), officer_of(institution)
    row = register(session, plan, actor, 1)[0]
    send = {"actor": actor, "registration_id": row.id, "filename": "a.jpg", "now": NOW}

    sittings.keep_photo(session, **send, content=make_picture(1000, 1400, "PNG"))

    kept = sittings.read_photo(session, row.id)
    assert kept
    assert kept.startswith(b"\xff\xd8")
    for content, refusal in [
        (b"<svg/>", PhotoUnreadable),
        (make_picture(100, 140), PhotoTooSmall),
        (make_picture(600, 400), PhotoNotUpright),
    ]:
        with pytest.raises(refusal):
            sittings.keep_photo(session, **send, content=content)


def test_an_archive_of_photographs_is_matched_by_document_number(
    session: Session, institution: Institution
) -> None:
    plan, actor = make_plan(session, institution), officer_of(institution)
    rows = register(session, plan, actor, 2)
    number = sittings.view_registration(session, rows[0].id).person.document_number
    other = sittings.view_registration(session, rows[1].id).person.document_number
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr(f"照片/{number}.jpg", make_picture())
        package.writestr(f"{other}.png", b"broken")
        package.writestr("../../陌生人.jpg", make_picture())
    send = {"actor": actor, "plan_id": plan.id, "filename": "p.zip", "now": NOW}

    report = sittings.keep_photos(session, **send, content=archive.getvalue())

    assert (report.kept, report.unmatched) == (1, ["陌生人.jpg"])
    assert [error.code for error in report.refused] == ["photo_unreadable"]
    assert sittings.list_registrations(session, plan.id, without_photo=True)[1] == 1
    with pytest.raises(ArchiveUnreadable):
        sittings.keep_photos(session, **send, content=b"PK\x05\x06 cut")


class FewCharacters:
    """Fonts that lack one character."""

    def missing_characters(self, text: str) -> tuple[str, ...]:
        return tuple(char for char in text if char == "䶮")


def test_a_name_that_certificates_cannot_print_is_warned_of(
    session: Session, institution: Institution
) -> None:
    plan = make_plan(session, institution)

    preview = sittings.preview_list(
        session,
        actor=officer_of(institution),
        plan_id=plan.id,
        filename="a.xlsx",
        content=list_file([candidate_row(1, 姓名="李䶮"), candidate_row(2)]),
        now=NOW,
        fonts=FewCharacters(),
    )

    assert preview.upload_id
    assert [(warned.row, warned.finding.facts) for warned in preview.warnings] == [
        (2, {"characters": "䶮 (U+4DAE)"})
    ]
