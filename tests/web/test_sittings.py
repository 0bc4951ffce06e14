"""Filing, plans, registrations, sittings and tickets as their users meet them."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from pypdf import PdfReader

from exam_engine.sittings import service as sittings
from itembank.base.db import Database, Scope
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.factories.people import make_institution
from tests.factories.sittings import (
    NOW,
    approve,
    arranged_sitting,
    candidate_row,
    document_of,
    file_levels,
    list_file,
    make_picture,
    make_plan,
    make_room,
    make_sitting,
    officer_of,
    register,
)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def everything(database: Database) -> Any:
    return lambda: database.session(scope=Scope.everything())


def test_a_centre_files_and_the_institution_plans_within_it(
    client: TestClient, login: Any, everything: Any, institution: Institution
) -> None:
    with everything() as session:
        occupation = file_levels(session, institution, (5,))
        centre = people.find_institution(session, institution.parent_id)
    filing = {
        "institution_id": str(institution.id),
        "occupation_id": str(occupation.id),
        "levels": ["4", "3"],
        "number": "备002",
        "valid_from": "2026-01-01",
        "valid_until": "2028-12-31",
    }
    login(Role.CENTRE_OFFICER, institution=centre)
    wrong = client.post("/filing", data={**filing, "valid_until": "2025-01-01"})
    written = client.post("/filing", data=filing)
    page = client.get("/filing")

    login(Role.EXAM_OFFICER)
    plan = {
        "name": "电工四级",
        "occupation_id": str(occupation.id),
        "level": "4",
        "examined_on": "2026-07-01",
    }
    without = client.post("/plans", data=plan)
    outside = client.post("/plans", data={**plan, "level": "2", "components": ["theory"]})
    made = client.post("/plans", data={**plan, "components": ["theory", "practical"]})

    assert (wrong.status_code, written.status_code) == (422, 303)
    assert "不能早于起始日期" in wrong.text
    assert "四级/中级工" in page.text
    assert (without.status_code, outside.status_code, made.status_code) == (422, 422, 303)
    assert "未备案“电工 二级/技师”" in outside.text
    assert "电工四级" in client.get("/plans").text
    assert "报名" in client.get(made.headers["location"]).text
    assert client.post("/filing", data=filing).status_code == 403


def test_a_list_is_checked_previewed_and_imported(
    client: TestClient, login: Any, everything: Any, institution: Institution
) -> None:
    with everything() as session:
        plan = make_plan(session, institution)
    login(Role.EXAM_OFFICER)
    address = f"/plans/{plan.id}/registrations"

    def send(*rows: list[str]) -> Any:
        return client.post(f"{address}/import", files={"list": ("名单.xlsx", list_file(rows), XLSX)})

    wrong = send(candidate_row(1), candidate_row(2, 证件号="110105194912310021", 级别="五级"))
    right = send(candidate_row(1), candidate_row(2, 参加工作时间=""))
    confirm = re.search(rf"{address}/import/[0-9a-f-]+", right.text)
    assert confirm
    done = client.post(confirm[0])
    twice = client.post(confirm[0])

    assert wrong.status_code == 422
    assert "校验码不正确" in wrong.text
    assert "应为：四级/中级工" in wrong.text
    assert "未填参加工作时间" in right.text
    assert (done.status_code, twice.status_code) == (303, 404)
    assert "共 2 条" in client.get(address).text or "2" in client.get(address).text
    assert client.get(f"{address}?text={document_of(2)}&status=claimed").text.count("registration_ids") == 2


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"PK\x03\x04broken", "不是可读取的"),
        ("a.csv", "甲,乙\n1,2\n".encode(), "列标题"),
        ("a.csv", b"\xff\xfe\x00\x00", "不是可读取的"),
        ("a.xlsx", b"", "列标题"),
    ],
)
def test_files_that_are_no_list_are_refused_by_name(
    name: str,
    content: bytes,
    said: str,
    client: TestClient,
    login: Any,
    everything: Any,
    institution: Institution,
) -> None:
    with everything() as session:
        plan = make_plan(session, institution)
    login(Role.EXAM_OFFICER)

    answer = client.post(f"/plans/{plan.id}/registrations/import", files={"list": (name, content)})

    assert answer.status_code == 422
    assert said in answer.text
    assert client.post(f"/plans/{plan.id}/registrations/import").status_code == 422


def test_a_long_list_is_imported_by_a_job(
    client: TestClient, login: Any, everything: Any, institution: Institution, run_jobs: Any
) -> None:
    with everything() as session:
        plan = make_plan(session, institution)
    login(Role.EXAM_OFFICER)
    address = f"/plans/{plan.id}/registrations"
    content = list_file([candidate_row(number) for number in range(1, 302)])

    preview = client.post(f"{address}/import", files={"list": ("名单.xlsx", content, XLSX)})
    confirm = re.search(rf"{address}/import/[0-9a-f-]+", preview.text)
    assert confirm
    job = client.post(confirm[0]).headers["location"]
    ran = run_jobs()

    assert ran == 1
    assert address in client.get(job).text
    with everything() as session:
        assert sittings.list_registrations(session, plan.id)[1] == 301


def test_the_template_has_the_columns(
    client: TestClient, login: Any, everything: Any, institution: Institution
) -> None:
    with everything() as session:
        plan = make_plan(session, institution)
    login(Role.EXAM_OFFICER)

    answer = client.get(f"/plans/{plan.id}/registrations/template.xlsx")

    sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert [cell.value for cell in sheet[1]][:4] == ["序号", "姓名", "证件类型", "证件号"]


def test_claims_are_reviewed_and_corrected_with_reasons(
    client: TestClient, login: Any, everything: Any, institution: Institution
) -> None:
    with everything() as session:
        plan = make_plan(session, institution)
        rows = [str(row.id) for row in register(session, plan, officer_of(institution), 3)]
        name = sittings.view_registration(session, UUID(rows[0])).person.name
    login(Role.EXAM_OFFICER)
    address = f"/plans/{plan.id}/registrations"

    nobody = client.post(f"{address}/review", data={"verdict": "approve"})
    silent = client.post(f"{address}/review", data={"verdict": "reject", "registration_ids": rows[:1]})
    rejected = client.post(
        f"{address}/review", data={"verdict": "reject", "registration_ids": rows[:1], "reason": "证明不足"}
    )
    rest = client.post(f"{address}/review", data={"verdict": "approve", "everybody": "true"})
    correction = {
        "name": name,
        "education": "高中",
        "source": "国有企业",
        "collection": "自取",
        "condition": "2",
        "telephone": "1",
        "reason": "录入错误",
    }
    bad = client.post(f"{address}/{rows[0]}", data=correction)
    good = client.post(f"{address}/{rows[0]}", data={**correction, "telephone": "13900000000"})
    page = client.get(f"{address}/{rows[0]}").text

    assert [a.status_code for a in (nobody, silent, rejected, rest)] == [422, 422, 303, 303]
    assert (bad.status_code, good.status_code) == (422, 303)
    assert "不是11位手机号码" in bad.text
    for said in ("证明不足", "录入错误", "“13800000000” → “13900000000”", "待审核"):
        assert said in page


def test_photographs_are_uploaded_and_shown(
    client: TestClient, login: Any, everything: Any, institution: Institution
) -> None:
    with everything() as session:
        plan = make_plan(session, institution)
        row = register(session, plan, officer_of(institution), 1)[0]
        number = sittings.view_registration(session, row.id).person.document_number
    login(Role.EXAM_OFFICER)
    address = f"/plans/{plan.id}/registrations"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr(f"{number}.jpg", make_picture())
        package.writestr("other.jpg", b"x")

    none = client.get(f"{address}/{row.id}/photo")
    broken = client.post(f"{address}/{row.id}/photo", files={"photo": ("a.jpg", b"no picture")})
    report = client.post(f"{address}/photos", files={"archive": ("p.zip", archive.getvalue())})
    shown = client.get(f"{address}/{row.id}/photo")
    not_zip = client.post(f"{address}/photos", files={"archive": ("p.zip", b"no zip")})

    assert (none.status_code, broken.status_code, not_zip.status_code) == (404, 422, 422)
    assert "已保存1张照片" in report.text
    assert "other.jpg" in report.text
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")


def test_a_sitting_is_arranged_published_and_its_tickets_printed(
    client: TestClient, login: Any, everything: Any, institution: Institution
) -> None:
    with everything() as session:
        actor = officer_of(institution)
        plan = make_plan(session, institution, components=["practical"])
        rows = register(session, plan, actor, 3)
        approve(session, plan, actor, rows)
        sitting = make_sitting(session, plan, actor)
        room = make_room(session, actor, capacity=2)
        big = make_room(session, actor, capacity=2)
    login(Role.EXAM_OFFICER)
    address = f"/plans/{plan.id}/sittings/{sitting.id}"

    too_small = client.post(f"{address}/arrange", data={"room_ids": [str(room.id)]})
    early = client.post(f"{address}/publish")
    arranged = client.post(f"{address}/arrange", data={"room_ids": [str(room.id), str(big.id)]})
    page = client.get(address)
    before = client.post(f"/plans/{plan.id}/tickets", data={"which": "chosen"})
    tickets = client.post(f"/plans/{plan.id}/tickets", data={"which": "missing"})
    again = client.post(f"/plans/{plan.id}/tickets", data={"which": "missing"})
    csv = client.post(f"/plans/{plan.id}/tickets", data={"which": "all", "as_csv": "true"})
    sheets = [client.get(f"{address}/print/{sheet}") for sheet in ("attendance", "seats", "doors")]

    assert (too_small.status_code, early.status_code, arranged.status_code) == (422, 409, 303)
    assert "需安排3人" in too_small.text
    assert "应有2人" not in page.text  # practical: examiners are asked for
    assert "应有3人" in page.text
    assert before.status_code == 422
    codes = re.findall(r'data-ticket="(\d{19})" data-code="([2-9A-Z]{4}-[2-9A-Z]{4})"', tickets.text)
    assert len(codes) == 3
    assert tickets.headers["cache-control"] == "no-store"
    assert again.status_code == 409
    assert csv.text.count("\n") == 4
    for ticket, code in codes:
        assert ticket in csv.text
        assert code not in csv.text
    assert all(sheet.status_code == 200 and codes[0][0] in sheet.text for sheet in (sheets[0], sheets[2]))
    assert client.get(f"{address}/print/other").status_code == 404


def test_times_and_rules_are_refused_beside_their_fields(
    client: TestClient, login: Any, everything: Any, institution: Institution
) -> None:
    with everything() as session:
        plan = make_plan(session, institution)
    login(Role.EXAM_OFFICER)
    sitting = {
        "component": "theory",
        "starts_at": "2026-07-01T09:00",
        "ends_at": "2026-07-01T10:30",
        "limit_minutes": "90",
    }

    def send(**changes: str) -> Any:
        return client.post(f"/plans/{plan.id}/sittings", data={**sitting, **changes})

    assert "超过了开考至统一结束的时长" in send(limit_minutes="91").text
    assert "不得晚于" in send(ends_at="2026-07-01T09:00").text
    assert send(starts_at="yesterday").status_code == 422
    assert send(component="review").status_code == 422
    made = send()
    assert made.status_code == 303
    page = client.get(made.headers["location"]).text
    assert "2026-07-01T09:00" in page
    assert "没有本职业、级别的已封存试卷" in page
    assert "请先选择至少一套已封存的试卷" in client.post(made.headers["location"] + "/arrange").text


def test_rooms_and_staff(client: TestClient, login: Any, everything: Any, institution: Institution) -> None:
    with everything() as session:
        plan, sitting, _ = arranged_sitting(session, institution)
        room = sittings.list_rooms(session)[0]
    login(Role.INVIGILATOR, username="jiankao")
    login(Role.QUALITY_SUPERVISOR, username="dudao")
    login(Role.EXAM_OFFICER)
    with everything() as session:
        staff = {u.username: u.id for u, _ in people.members(session, institution.id)}
    address = f"/plans/{plan.id}/sittings/{sitting.id}"
    duty = {"room_id": str(room.id), "user_id": str(staff["jiankao"]), "duty": "examiner"}
    watch = {**duty, "user_id": str(staff["dudao"]), "duty": "supervisor"}

    added = client.post("/rooms", data={"name": "实训室", "capacity": "12", "seats_per_row": "4"})
    twice = client.post("/rooms", data={"name": "实训室", "capacity": "12"})
    changed = client.post(f"/rooms/{room.id}", data={"capacity": "0"})
    on = client.post(f"{address}/staff", data=duty)
    offered = client.get(address).text
    watched = client.post(f"{address}/staff", data=watch)
    shown = client.get(address).text
    off = client.post(f"{address}/staff/release", data=duty)
    stranger = client.post(f"{address}/staff", data={**duty, "user_id": str(plan.id)})

    assert [a.status_code for a in (added, twice, changed, on, watched, off, stranger)] == [
        303,
        422,
        422,
        303,
        303,
        303,
        404,
    ]
    assert "jiankao · 考评员" in shown
    assert "dudao · 质量督导员</option>" in offered
    assert "dudao · 质量督导员<form" in shown


def test_a_sibling_institution_finds_nothing(
    client: TestClient, login: Any, everything: Any, institution: Institution
) -> None:
    with everything() as session:
        plan, sitting, rows = arranged_sitting(session, institution)
        sibling = make_institution(session)
    login(Role.EXAM_OFFICER, institution=sibling)

    for path in (
        f"/plans/{plan.id}",
        f"/plans/{plan.id}/registrations",
        f"/plans/{plan.id}/registrations/{rows[0].id}",
        f"/plans/{plan.id}/sittings/{sitting.id}",
        f"/plans/{plan.id}/sittings/{sitting.id}/print/attendance",
        f"/plans/{plan.id}/tickets",
    ):
        assert client.get(path).status_code == 404, path
    assert client.post(f"/plans/{plan.id}/tickets", data={"which": "all"}).status_code == 404
    assert plan.name not in client.get("/plans").text


def text_of(answer: Any) -> str:
    """Return the text of a PDF without its spaces."""
    assert answer.headers["content-type"] == "application/pdf"
    return re.sub(
        r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    )


def test_sheets_and_tickets_are_printed_as_pdf(
    client: TestClient, login: Any, everything: Any, institution: Institution
) -> None:
    with everything() as session:
        plan, sitting, rows = arranged_sitting(session, institution)
        sittings.keep_photo(
            session,
            actor=officer_of(institution),
            registration_id=rows[0].id,
            filename="a.jpg",
            content=make_picture(),
            now=NOW,
        )
        seat = sittings.list_seats(session, sitting.id)[0]
    login(Role.EXAM_OFFICER)
    address = f"/plans/{plan.id}/sittings/{sitting.id}/print"

    attendance, seats, doors = (
        text_of(client.get(f"{address}/{kind}.pdf")) for kind in ("attendance", "seats", "doors")
    )
    tickets = text_of(client.post(f"/plans/{plan.id}/tickets", data={"which": "all", "output": "pdf"}))

    name, number = seat.candidate.person.name, str(seat.candidate.registration.ticket_number)
    assert "考生签到表" in attendance
    assert seat.candidate.person.document_number not in attendance
    for text in (attendance, doors, tickets):
        assert name in text
        assert number in text
    assert name in seats
    assert re.search(r"入场码[2-9A-Z]{4}-[2-9A-Z]{4}", tickets)


def test_a_centre_configures_entry_conditions(
    client: TestClient, login: Any, everything: Any, institution: Institution
) -> None:
    with everything() as session:
        plan = make_plan(session, institution)
        centre = people.find_institution(session, institution.parent_id)
    conditions = {
        "occupation_id": str(plan.occupation_id),
        "level": "4",
        "generation": "2026",
        "text": "专用条件一 | | 3\n专用条件二",
        "jurisdiction": "测试省",
        "source": "测试文件",
        "effective_from": "2026-01-01",
    }
    login(Role.CENTRE_OFFICER, institution=centre)

    wrong = client.post("/filing/conditions", data={**conditions, "text": "条件 | 三年"})
    written = client.post("/filing/conditions", data=conditions)
    twice = client.post("/filing/conditions", data=conditions)

    assert [answer.status_code for answer in (wrong, written, twice)] == [422, 303, 422]
    assert "第1行无法识别" in wrong.text
    login(Role.EXAM_OFFICER)
    assert "专用条件二" in client.get("/filing/conditions").text
    assert "专用条件一" in client.get(f"/plans/{plan.id}").text
    assert client.post("/filing/conditions", data=conditions).status_code == 403
