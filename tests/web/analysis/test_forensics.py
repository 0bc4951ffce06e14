"""Answer similarity as a psychometrician looks at it: pairs, error rates, the map of the seats."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from sqlalchemy import select

from exam_engine.calibration.service import asking
from exam_engine.delivery.models import Answer, Attempt
from exam_engine.sittings.models import Room, Seat
from itembank.base.db import Database, Scope
from itembank.items.models import Item
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.factories.statistics import make_answered_sitting, make_items, simulate_answers
from tests.factories.suspects import add_history

N_ITEMS, N_PERSONS = 42, 24


def make_room(database: Database, institution: Institution) -> str:
    """A sitting in one room; the candidates on seats 9 and 10 share their wrong answers."""
    with database.session(scope=Scope.everything()) as session:
        occupation_id, references = make_items(session, institution=institution, level=4, count=N_ITEMS)
        ids = {item.reference: item.id for item in session.scalars(select(Item))}
        sitting = make_answered_sitting(
            session,
            institution=institution,
            occupation_id=occupation_id,
            item_ids=[ids[reference] for reference in references],
            marks=simulate_answers(N_PERSONS, N_ITEMS),
            starts_at=database.clock.now() - timedelta(days=1),
        )
        room = Room(institution_id=institution.id, name="一号机房", capacity=30, seats_per_row=6)
        session.add(room)
        session.flush()
        attempts = session.scalars(select(Attempt).order_by(Attempt.id)).all()
        rng = np.random.default_rng(5)
        kept: dict[object, list[str]] = {}
        for number, attempt in enumerate(attempts, start=1):
            session.add(
                Seat(
                    institution_id=institution.id,
                    sitting_id=sitting.id,
                    registration_id=attempt.registration_id,
                    room_id=room.id,
                    number=number,
                    paper_id=attempt.paper_id,
                )
            )
            for answer in session.scalars(select(Answer).where(Answer.attempt_id == attempt.id)):
                if answer.response != ["B"]:
                    answer.response = [str(rng.choice(["A", "C", "D"]))]
                if number == 9:
                    kept[answer.item_id] = answer.response
                elif number == 10:
                    answer.response = kept[answer.item_id]
        session.flush()
        add_history(session, sitting.id, [ids[reference] for reference in references])
        return str(sitting.id)


def test_a_copied_pair_is_shown_on_the_map_with_its_evidence(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    database: Database,
    institution: Institution,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asking, "ROOMS_SIMULATED", 3)
    sitting_id = make_room(database, institution)
    login(Role.PSYCHOMETRICIAN)
    fields = {"report_name": "雷同分析", "sitting": sitting_id, "pairs": "rooms", "error_level": "0.01"}
    fields |= {"marking": "list", "marked": "1000 1001，1002\n1003;1004 1005"}
    sent = client.post("/analysis/ask/forensics", data=fields)
    run_jobs()
    listed = client.get("/analysis/reports").text
    url = "/analysis/reports/" + listed.split('href="/analysis/reports/')[1].split('"')[0]
    page = client.get(url).text
    found = client.get(url + "/report.json").json()["results"]
    svg = client.get(url + "/chart/file").text
    table = client.get(url + "/items.csv").content.decode("utf-8-sig")
    book = load_workbook(io.BytesIO(client.get(url + "/report.xlsx").content), read_only=True)
    times, changes = (client.get(url + f"/items.csv?sheet={at}") for at in (2, 3))
    pictures = [client.get(url + f"/chart/file?name={name}").status_code for name in ("times", "jumps")]
    beyond = client.get(url + "/items.csv?sheet=99").status_code
    client.post(url + "/again")
    run_jobs()
    again = client.get(
        "/analysis/reports/"
        + client.get("/analysis/reports").text.split('href="/analysis/reports/')[1].split('"')[0]
    ).text
    wrong = client.post("/analysis/ask/forensics", data=fields | {"error_level": "0.5"})
    few = client.post("/analysis/ask/forensics", data=fields | {"marked": "1000 #2"})
    earlier = client.post("/analysis/ask/forensics", data=fields | {"marking": "earlier"})
    login(Role.PAPER_MANAGER)
    refused = client.get(url)
    elsewhere = client.get("/analysis/reports").text

    assert sent.status_code == 303
    flagged = [pair for pair in found["pairs"] if pair["flagged"]]
    assert [(pair["first"]["seat"], pair["second"]["seat"]) for pair in flagged] == [("9", "10")]
    assert flagged[0]["neighbours"] is True
    assert "一号机房" in page
    assert page.count("<svg") == 4
    assert "seat-out" in svg
    assert "var(" not in svg
    assert "雷同" in page
    assert table.splitlines()[1].split(",")[1:3] == ["一号机房", "9"]
    assert {"作答时间", "改答", "提前知题", "各题作答时间"} <= set(book.sheetnames)
    assert len(times.content.decode("utf-8-sig").splitlines()) == N_PERSONS + 1
    assert changes.content.decode("utf-8-sig").splitlines()[1].startswith("一号机房,1,")
    assert pictures == [200, 404]
    assert beyond == 404
    assert len(found["preknowledge"]["marked"]) == 6
    assert all(found[name]["rates"] for name in ("times", "changes", "preknowledge"))
    assert "本场考生此前均未在本机构参加过" in page
    assert "不是结论" in page
    assert "项数值全部一致" in again
    assert "将标记 2 题" in few.text
    assert "将标记 0 题" in earlier.text
    assert wrong.status_code == 422
    assert "最能说明问题的作答" in page
    assert refused.status_code == 403
    assert client.get(url + "/report.json").status_code == 403
    assert "雷同分析" not in elsewhere
