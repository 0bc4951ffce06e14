"""From released results to a certificate in the browser, with everybody in their own role."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from exam_engine.certificates.models import Certificate
from exam_engine.recognition.models import Decision
from itembank.base.db import Database, Scope
from itembank.base.fonts import FontMissing, find_fonts
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.factories.recognition import MARKED, World, make_world, release_all


@pytest.fixture
def world(database: Database, institution) -> World:
    with database.session(scope=Scope.everything()) as session:
        world = make_world(session, names=("张伟", "王小明", "李静"), institution=institution)
        release_all(session, world, right=(6, 2, 5))
        return world


@pytest.fixture
def centre(database: Database, institution: Institution) -> Institution:
    with database.session(scope=Scope.everything()) as session:
        return session.get_one(Institution, institution.parent_id)


@pytest.fixture
def monday(monkeypatch: pytest.MonkeyPatch, clock) -> None:
    """The day of the notice: the calendar of the year it lies in is known."""
    begun = clock.offset
    monkeypatch.setattr(type(clock), "now", lambda self: MARKED + (self.offset - begun))


def publish(client, login, world: World) -> str:
    login(Role.EXAM_OFFICER)
    page = f"/recognition/plans/{world.plan.id}"
    suggested = re.search(r'name="last_day"[^>]*value="([^"]+)"', client.get(page).text)
    assert suggested is not None
    answer = client.post(f"{page}/notice", data={"last_day": suggested[1], "contact": "0931-0000000"})
    assert answer.status_code == 303, answer.text
    slug = re.search(r"/public/notices/([\w-]+)", client.get(page).text)
    assert slug is not None
    return slug[1]


def waiting(database: Database) -> list[str]:
    with database.session(scope=Scope.everything()) as session:
        query = select(Decision.id).where(Decision.state == "waiting").order_by(Decision.id)
        return [str(found) for found in session.scalars(query)]


def test_the_whole_way_to_a_certificate(
    client, login, world: World, centre, database: Database, clock, monday
) -> None:
    try:
        find_fonts()
    except FontMissing as missing:
        pytest.skip(str(missing))
    slug = publish(client, login, world)
    plan = f"/recognition/plans/{world.plan.id}"
    assert client.post(f"{plan}/certificates").status_code == 409

    login(Role.CENTRE_OFFICER, institution=centre)
    queue = client.get("/recognition/approvals").text
    early = client.post("/recognition/approvals", data={"then": "approve", "decision": waiting(database)})
    assert "张伟" in queue
    assert "王小明" not in queue
    assert early.status_code == 409
    assert "期满前不得审核" in early.text
    clock.advance(timedelta(days=8))
    login(Role.CENTRE_OFFICER, institution=centre)
    done = client.post("/recognition/approvals", data={"then": "approve", "decision": waiting(database)})
    assert done.status_code == 303

    login(Role.EXAM_OFFICER)
    assert "颁发证书" in client.get(plan).text
    assert client.post(f"{plan}/certificates").status_code == 303
    again = client.post(f"{plan}/certificates")
    assert again.status_code == 409
    listed = client.get("/certificates").text
    with database.session(scope=Scope.everything()) as session:
        first, second = session.scalars(select(Certificate).order_by(Certificate.number))
    assert first.number in listed
    assert second.number in listed
    pdf = client.get(f"/certificates/{first.id}/certificate.pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert client.get(f"/certificates/{first.id}/certificate.pdf").content == pdf.content
    text = "".join(PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text().split())
    assert first.number in text
    assert "张伟" in text
    assert "公示已" not in client.get(f"/public/notices/{slug}").text


def test_an_objection_stops_the_centre_until_it_is_decided(
    client, login, world: World, centre, database: Database, clock, monday
) -> None:
    slug = publish(client, login, world)
    client.cookies.clear()
    filed = client.post(
        f"/public/notices/{slug}/objections",
        data={"position": "1", "ground": "此人未参加考试", "objector": "刘女士"},
    )
    reference = re.search(r'class="code">([A-Z0-9]{12})<', filed.text)
    assert reference is not None
    assert "已受理" in client.get(f"/public/objections?reference={reference[1]}").text
    clock.advance(timedelta(days=8))

    login(Role.CENTRE_OFFICER, institution=centre)
    stopped = client.post("/recognition/approvals", data={"then": "approve", "decision": waiting(database)})
    assert stopped.status_code == 409
    assert "异议未处理完毕" in stopped.text or "件异议未处理" in stopped.text

    login(Role.QUALITY_SUPERVISOR)
    listed = client.get("/recognition/objections").text
    page = re.search(r"/recognition/objections/[0-9a-f-]{36}", listed)
    assert page is not None
    assert "刘女士" in client.get(page[0]).text
    empty = client.post(f"{page[0]}/decision", data={"verdict": "upheld", "finding": ""})
    early = client.post(f"{page[0]}/decision", data={"verdict": "upheld", "finding": "系他人代考"})
    assert (empty.status_code, early.status_code) == (422, 409)
    client.post(f"{page[0]}/investigation")
    done = client.post(f"{page[0]}/decision", data={"verdict": "upheld", "finding": "系他人代考"})
    assert done.status_code == 303

    login(Role.CENTRE_OFFICER, institution=centre)
    assert len(waiting(database)) == 1
    assert "张伟" not in client.get("/recognition/approvals").text
    assert "异议成立" in client.get(f"/public/objections?reference={reference[1]}").text


def test_an_institution_never_approves_its_own_results(
    client, login, world: World, database: Database, monday
) -> None:
    publish(client, login, world)
    for role in (Role.EXAM_OFFICER, Role.INSTITUTION_ADMINISTRATOR, Role.CENTRE_OFFICER):
        login(role)
        answer = client.post(
            "/recognition/approvals", data={"then": "approve", "decision": waiting(database)}
        )

        assert answer.status_code == 403
    assert len(waiting(database)) == 2


def test_a_notice_that_is_too_short_is_refused_beside_its_field(client, login, world: World, monday) -> None:
    login(Role.EXAM_OFFICER)

    answer = client.post(f"/recognition/plans/{world.plan.id}/notice", data={"last_day": "2026-03-06"})
    unknown = client.post(f"/recognition/plans/{world.plan.id}/notice", data={"last_day": "2031-03-06"})

    assert answer.status_code == 422
    assert 'id="last_day-error"' in answer.text
    assert "公示期仅 4 个工作日" in answer.text
    assert unknown.status_code == 503
    assert "年的工作日安排" in unknown.text


def test_the_centre_returns_with_a_reason_and_nothing_is_issued(
    client, login, world: World, centre, database: Database, clock, monday
) -> None:
    publish(client, login, world)
    clock.advance(timedelta(days=8))
    login(Role.CENTRE_OFFICER, institution=centre)
    chosen = waiting(database)

    without = client.post("/recognition/approvals", data={"then": "return", "decision": chosen})
    nobody = client.post("/recognition/approvals", data={"then": "approve"})
    client.post("/recognition/approvals", data={"then": "return", "decision": chosen, "comment": "材料不全"})
    login(Role.EXAM_OFFICER)

    assert (without.status_code, nobody.status_code) == (422, 422)
    assert "材料不全" in client.get(f"/recognition/plans/{world.plan.id}").text
    assert client.post(f"/recognition/plans/{world.plan.id}/certificates").status_code == 409
