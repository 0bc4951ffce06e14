"""Statistics reports as a psychometrician uses them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from sqlalchemy import select

from exam_engine.calibration import service as calibration
from exam_engine.delivery.models import Attempt
from itembank.base.audit import AuditEntry
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.conftest import OpenSession
from tests.factories.kept import once
from tests.factories.people import make_institution
from tests.factories.statistics import make_answered_sitting, make_items, simulate_answers

N_ITEMS = 12
N_PERSONS = 60


@dataclass(frozen=True)
class World:
    """A sitting that is over, with its items."""

    sitting_id: UUID
    item_ids: list[UUID]
    marks: np.ndarray


@pytest.fixture
def world(open_session: OpenSession, institution: Institution, clock: ShiftedClock) -> World:
    """Twelve items of one mark with key B; the third is miskeyed: who is strong chooses C."""
    starts_at = clock.now() - timedelta(days=1)
    return once("a miskeyed sitting", open_session, lambda: make_world(open_session, institution, starts_at))


def make_world(open_session: OpenSession, institution: Institution, starts_at: datetime) -> World:
    with open_session() as session:
        occupation_id, references = make_items(session, institution=institution, level=4, count=N_ITEMS)
        found = calibration.identify(session, references, occupation_id=occupation_id, level=4)
        item_ids = [found[reference][0] for reference in references]
        marks = simulate_answers(N_PERSONS, N_ITEMS)
        marks[:, 2] = marks[:, [0, 1, *range(3, N_ITEMS)]].sum(axis=1) < 6
        marks[5, 9:] = -1
        sitting = make_answered_sitting(
            session,
            institution=institution,
            occupation_id=occupation_id,
            item_ids=item_ids,
            marks=marks,
            starts_at=starts_at,
        )
    return World(sitting.id, item_ids, marks)


def ask(client: TestClient, world: World, name: str = "一月理论") -> str:
    """Ask for a report; returns the job's address."""
    sent = client.post(
        "/analysis/reports/sitting", data={"report_name": name, "sittings": [str(world.sitting_id)]}
    )
    assert sent.status_code == 303, sent.text
    return str(sent.headers["location"])


def report_url(client: TestClient) -> str:
    """The newest report's address."""
    page = client.get("/analysis/reports").text
    return "/analysis/reports/" + page.split('href="/analysis/reports/')[1].split('"')[0]


def test_a_sitting_becomes_a_report(
    client: TestClient, login: Callable[..., str], run_jobs: Callable[[], int], world: World
) -> None:
    login(Role.PSYCHOMETRICIAN)
    ask(client, world)
    before = client.get(report_url_waiting(client)).text
    run_jobs()
    url = report_url(client)
    page = client.get(url).text
    figures = client.get(url + "/report.json").json()

    assert "正在计算" in before
    right = (world.marks == 1).sum(axis=1) * 100 / N_ITEMS
    assert figures["results"]["persons"] == N_PERSONS
    assert figures["results"]["scores"]["mean"] == pytest.approx(right.mean(), abs=0.01)
    assert figures["results"]["passed"] == int((np.round(right, 2) >= 60).sum())
    third = figures["results"]["items"][2]
    assert third["signs"][0]["sign"] == "key_suspect"
    assert (third["signs"][0]["option"], third["signs"][0]["key"]) == ("C", "B")
    assert "答案可能有误" in page
    assert page.count("<svg") == 2
    assert figures["report"]["input_sha256"]
    blank = figures["results"]["items"][9]
    assert blank["left_open"] + blank["not_reached"] == 1


def report_url_waiting(client: TestClient) -> str:
    return report_url(client)


def test_files_of_a_report(
    client: TestClient, login: Callable[..., str], run_jobs: Callable[[], int], world: World
) -> None:
    login(Role.PSYCHOMETRICIAN)
    ask(client, world)
    run_jobs()
    url = report_url(client)

    svg = client.get(url + "/chart/file", params={"name": "distribution"})
    png = client.get(url + "/chart/file", params={"name": "options-2", "form": "png"})
    table = client.get(url + "/items.csv").content.decode("utf-8-sig")
    book = load_workbook(io.BytesIO(client.get(url + "/report.xlsx").content))

    assert svg.text.startswith("<svg")
    assert "var(" not in svg.text
    assert png.content.startswith(b"\x89PNG")
    assert table.count("\n") == N_ITEMS + 1
    assert len(book.sheetnames) >= 5
    assert client.get(url + "/chart/file", params={"name": "nothing"}).status_code == 404


def test_a_report_runs_again_from_its_frozen_input(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    world: World,
    database: Database,
) -> None:
    login(Role.PSYCHOMETRICIAN)
    ask(client, world)
    run_jobs()
    first = report_url(client)
    with database.session(
        scope=Scope.everything()
    ) as session:  # what happens to the answers later changes nothing
        for attempt in session.scalars(select(Attempt)):
            attempt.terminated_reason = "later"

    client.post(first + "/again")
    run_jobs()
    second = report_url(client)

    assert second != first
    assert "项数值全部一致" in client.get(second).text
    former, again = (client.get(url + "/report.json").json() for url in (first, second))
    assert former["results"] == again["results"]
    assert again["report"]["agreement"]["agrees"] is True


def test_what_ifs_stand_side_by_side_and_a_decision_is_recorded(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    world: World,
    database: Database,
) -> None:
    login(Role.PSYCHOMETRICIAN)
    ask(client, world)
    run_jobs()
    url = report_url(client)

    def attempt(name: str, **fields: str) -> int:
        sent = client.post(url + "/what-ifs", data={"what_if_name": name, **fields})
        return int(sent.status_code)

    assert attempt("改答案", **{"treat-2": "rekey", "key-2": "c"}) == 303
    assert attempt("剔除", **{"treat-2": "drop_rescale"}) == 303
    assert attempt("送分", **{"other_item": "2", "other_treatment": "drop_credit"}) == 303
    assert attempt("什么都不改") == 422
    assert attempt("没有这个选项", **{"treat-2": "rekey", "key-2": "X"}) == 422
    refused = client.post(url + "/decision", data={"number": "1", "reason": ""})
    decided = client.post(url + "/decision", data={"number": "1", "reason": "命题人与审核人确认 C 正确"})
    page = client.get(url).text
    what_ifs = client.get(url + "/report.json").json()["what_ifs"]

    right = (world.marks == 1).astype(int)
    rekeyed, dropped, credited = right.copy(), np.delete(right, 2, axis=1), right.copy()
    rekeyed[:, 2] = world.marks[:, 2] == 0
    credited[:, 2] = 1
    for view, marks in zip(what_ifs, (rekeyed, dropped, credited), strict=True):
        score = np.round(marks.sum(axis=1) * 100 / marks.shape[1], 2)
        assert view["effect"]["passed"] == int((score >= 60).sum())
        assert view["effect"]["scores"]["mean"] == pytest.approx(score.mean(), abs=0.01)
    assert refused.status_code == 422
    assert decided.status_code == 303
    assert "命题人与审核人确认" in page
    with database.session(scope=Scope.everything()) as session:
        actions = list(session.scalars(select(AuditEntry.action)))
        told = json.dumps([entry.detail for entry in session.scalars(select(AuditEntry))])
    assert actions.count("statistics_report.tried") == 3
    assert "statistics_report.decided" in actions
    assert '"C"' not in told


def test_who_reads_no_keys_sees_none(
    client: TestClient, login: Callable[..., str], run_jobs: Callable[[], int], world: World
) -> None:
    login(Role.PSYCHOMETRICIAN)
    ask(client, world)
    run_jobs()
    url = report_url(client)
    login(Role.PAPER_MANAGER)

    page = client.get(url)
    figures = client.get(url + "/report.json").json()
    item = client.get(url + "/item", params={"number": "3"}).text

    assert page.status_code == 200
    assert all(entry["options"] == [] for entry in figures["results"]["items"])
    assert "key" not in figures["results"]["items"][2]["signs"][0]
    assert "选项分析" not in item
    assert client.post(url + "/again").status_code == 403
    assert client.post(url + "/what-ifs", data={"what_if_name": "x"}).status_code == 403


def test_nobody_elsewhere_finds_a_report(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    world: World,
    database: Database,
) -> None:
    login(Role.PSYCHOMETRICIAN)
    ask(client, world)
    run_jobs()
    url = report_url(client)
    with database.session(scope=Scope.everything()) as session:
        other = make_institution(session)
    login(Role.PSYCHOMETRICIAN, institution=other)

    for path in ("", "/item", "/items.csv", "/report.xlsx", "/report.json", "/chart/file"):
        assert client.get(url + path).status_code == 404
    assert client.post(url + "/again").status_code == 404
    assert client.post(url + "/decision", data={"number": "0", "reason": "nothing at all"}).status_code == 404


def test_a_sitting_under_way_or_unknown_is_refused(
    client: TestClient, login: Callable[..., str], world: World
) -> None:
    login(Role.PSYCHOMETRICIAN)

    nothing = client.post("/analysis/reports/sitting", data={"report_name": "空"})
    unknown = client.post(
        "/analysis/reports/sitting", data={"report_name": "空", "sittings": [str(world.item_ids[0])]}
    )

    assert nothing.status_code == 422
    assert unknown.status_code == 422


def test_a_cancelled_report_says_so_and_holds_no_figures(
    client: TestClient, login: Callable[..., str], run_jobs: Callable[[], int], world: World
) -> None:
    login(Role.PSYCHOMETRICIAN)
    job = ask(client, world)
    client.post(job + "/cancel")
    url = report_url(client)

    assert run_jobs() == 0
    assert "计算已取消" in client.get(url).text
    assert client.get(url + "/report.json").status_code == 409
    assert client.post(url + "/again").status_code == 409
    assert client.post(
        url + "/what-ifs", data={"what_if_name": "x", "treat-2": "drop_credit"}
    ).status_code in (
        409,
        422,
    )
