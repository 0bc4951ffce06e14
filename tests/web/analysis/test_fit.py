"""The fit of a scale, from its page to the item and the state of the bank."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
from fastapi.testclient import TestClient
from sqlalchemy import select

from exam_engine.calibration import service as calibration
from exam_engine.calibration.rules import Method
from itembank.base.db import Database, Scope
from itembank.items.models import Item
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Role
from tests.factories.statistics import make_items

N_ITEMS, ODD = 16, 5


def make_scale(database: Database, institution: Institution, method: Method) -> tuple[str, str]:
    """A scale of 1,500 persons; one item hardly depends on ability. Returns its id and that item's."""
    rng = np.random.default_rng(6)
    theta = rng.normal(size=1500)
    chance = 1 / (1 + np.exp(np.linspace(-1.5, 1.5, N_ITEMS) - theta[:, None]))
    chance[:, ODD] = 0.5 + 0.1 * np.tanh(theta)
    marks = (rng.random(chance.shape) < chance).astype(np.int8)
    with database.session(scope=Scope.everything()) as session:
        occupation_id, references = make_items(session, institution=institution, level=4, count=N_ITEMS)
        ids = {item.reference: item.id for item in session.scalars(select(Item))}
        scale = calibration.calibrate_now(
            session,
            actor=SYSTEM,
            institution_id=institution.id,
            occupation_id=occupation_id,
            level=4,
            name="五月量表",
            method=method,
            responses={ids[references[k]]: marks[:, k].tolist() for k in range(N_ITEMS)},
            now=database.clock.now() - timedelta(days=1),
        )
        return str(scale.id), str(ids[references[ODD]])


def test_a_misfitting_item_is_named_on_its_report_its_page_and_in_the_bank(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    database: Database,
    institution: Institution,
) -> None:
    scale_id, item_id = make_scale(database, institution, Method.RASCH)
    login(Role.PSYCHOMETRICIAN)
    before = client.get("/analysis/bank").text
    client.post(f"/analysis/scales/{scale_id}/fit")
    run_jobs()
    listed = client.get("/analysis/reports").text
    url = "/analysis/reports/" + listed.split('href="/analysis/reports/')[1].split('"')[0]
    page = client.get(url).text
    item = client.get(f"/analysis/items/{item_id}").text
    bank = client.get("/analysis/bank?show=misfitting").text
    client.post(url + "/again")
    run_jobs()

    assert "不拟合" in page
    assert page.count("<svg") == 2
    assert "不符合量表模型" in item
    assert f"/analysis/items/{item_id}" in bank
    assert "show=misfitting" not in before
    assert client.get(url + "/chart/file", params={"name": f"curve-{ODD}"}).text.startswith("<svg")
    assert client.get(url + "/items.csv").content.decode("utf-8-sig").count("\n") == N_ITEMS + 1
    assert client.get(url + "/report.xlsx").status_code == 200
    assert (
        "项数值全部一致"
        in client.get(client.get("/analysis/reports").text.split('<td><a href="')[1].split('"')[0]).text
    )


def test_a_scale_without_parameters_says_why_it_has_no_fit(
    client: TestClient, login: Callable[..., str], database: Database, institution: Institution
) -> None:
    scale_id, _ = make_scale(database, institution, Method.CLASSICAL)
    login(Role.PSYCHOMETRICIAN)

    sent = client.post(f"/analysis/scales/{scale_id}/fit")
    login(Role.REVIEWER)

    assert "无法检验拟合" in client.get(sent.headers["location"]).text
    assert client.post(f"/analysis/scales/{scale_id}/fit").status_code == 403
