"""Linking two scales and adopting the link, as a psychometrician does it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from exam_engine.calibration import service as calibration
from exam_engine.calibration.rules import Method
from itembank.base.db import Database, Scope
from itembank.items.models import Item
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Role
from itembank.statistics import service as statistics
from itembank.statistics.models import Scale
from tests.factories.people import make_institution
from tests.factories.statistics import make_items

SHIFT = 0.7


@pytest.fixture
def scales(database: Database, institution: Institution) -> tuple[Scale, Scale]:
    """An old Rasch scale of items 0 to 11 and a new one of 2 to 15 taken by an abler group; item 5 became harder."""
    b = np.linspace(-1.6, 1.6, 16)
    with database.session(scope=Scope.everything()) as session:
        occupation_id, references = make_items(session, institution=institution, level=4, count=16)
        ids = {item.reference: item.id for item in session.scalars(select(Item))}
        made = []
        for name, days, columns, ability, harder in (
            ("旧量表", 20, range(12), 0.0, 0.0),
            ("新量表", 2, range(2, 16), SHIFT, 1.2),
        ):
            rng = np.random.default_rng(days)
            theta = rng.normal(ability, 1, 3000)
            moved = b + harder * (np.arange(16) == 5)
            marks = (rng.random((3000, 16)) < 1 / (1 + np.exp(moved - theta[:, None]))).astype(np.int8)
            made.append(
                calibration.calibrate_now(
                    session,
                    actor=SYSTEM,
                    institution_id=institution.id,
                    occupation_id=occupation_id,
                    level=4,
                    name=name,
                    method=Method.RASCH,
                    responses={ids[references[k]]: marks[:, k].tolist() for k in columns},
                    now=database.clock.now() - timedelta(days=days),
                )
            )
        return made[0], made[1]


def ask(client: TestClient, new: Scale, old: Scale, method: str = "") -> int:
    fields = {"report_name": "春秋链接", "new_scale": str(new.id), "old_scale": str(old.id)}
    sent = client.post("/analysis/ask/linking", data=fields | {"link_method": method})
    return int(sent.status_code)


def report_url(client: TestClient) -> str:
    page = client.get("/analysis/reports").text
    return "/analysis/reports/" + page.split('href="/analysis/reports/')[1].split('"')[0]


def test_a_link_recovers_the_shift_drops_the_drifted_anchor_and_becomes_a_scale(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    database: Database,
    scales: tuple[Scale, Scale],
) -> None:
    old, new = scales
    login(Role.PSYCHOMETRICIAN)

    assert ask(client, new, old) == 303
    run_jobs()
    url = report_url(client)
    page = client.get(url).text
    found = client.get(url + "/report.json").json()["results"]
    adopted = client.post(url + "/adopt", data={"scale_name": "旧量表 2026 秋"})
    twice = client.post(url + "/adopt", data={"scale_name": "再来一次"})
    scale_page = client.get(adopted.headers["location"]).text

    assert found["method"] == "mean"
    assert found["n_common"] == 10
    assert found["line"]["scale"] == 1
    assert found["line"]["shift"] == pytest.approx(SHIFT, abs=0.1)
    assert 0 < found["line"]["shift_error"] < 0.1
    assert [anchor["name"] for anchor in found["anchors"] if not anchor["kept"]] == ["1005"]
    assert page.count("<svg") == 2
    assert "因漂移剔除" in page
    assert adopted.status_code == 303
    assert twice.status_code == 422
    assert "链接量表：新量表 的试题，采用 旧量表 的度量" in scale_page
    with database.session(scope=Scope.everything()) as session:
        newest = statistics.list_scales(session)[0]
        rows = {row.item_id: row for row in statistics.item_parameters(session, newest.id)}
        former = {row.item_id: row for row in statistics.item_parameters(session, new.id)}
    assert len(rows) == 14
    for item_id, row in rows.items():
        before = former[item_id]
        assert row.a == 1
        assert row.b == pytest.approx((before.b or 0) + found["line"]["shift"])
        assert row.d == pytest.approx(-(row.b or 0))
        assert row.se_d == pytest.approx(before.se_d)
    svg = client.get(url + "/chart/file", params={"name": "drift"})
    assert svg.text.startswith("<svg")
    assert client.get(url + "/report.xlsx").status_code == 200
    client.post(url + "/again")
    run_jobs()
    assert client.get(report_url(client) + "/report.json").json()["report"]["agreement"]["agrees"]


def test_other_methods_can_be_asked_for_and_unfit_scales_are_refused(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    database: Database,
    scales: tuple[Scale, Scale],
) -> None:
    old, new = scales
    login(Role.PSYCHOMETRICIAN)

    assert ask(client, new, new) == 422
    assert ask(client, new, old, "nonsense") == 422
    assert ask(client, new, old, "stocking_lord") == 303
    run_jobs()
    url = report_url(client)
    assert client.get(url + "/report.json").json()["results"]["method"] == "stocking_lord"
    login(Role.REVIEWER)
    assert client.get(url).status_code == 200
    assert client.post(url + "/adopt", data={"scale_name": "不行"}).status_code == 403
    with database.session(scope=Scope.everything()) as session:
        other = make_institution(session)
    login(Role.PSYCHOMETRICIAN, institution=other)
    assert ask(client, new, old) == 404 or ask(client, new, old) == 422
    assert client.post(url + "/adopt", data={"scale_name": "不行"}).status_code == 404
