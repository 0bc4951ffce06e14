"""A 3PL scale from its calibration to curves, exports, assembly, fit and a link."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from openpyxl import load_workbook
from sqlalchemy import select

from exam_engine.calibration import service as calibration
from exam_engine.calibration.rules import Method
from exam_engine.papers.bank import read_bank
from exam_engine.psychometrics.irt.items import Items
from itembank.base.db import Database, Scope
from itembank.items.models import Item
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Role
from itembank.statistics import service as statistics
from itembank.statistics.models import Scale
from tests.factories.statistics import as_csv, make_items

N_ITEMS = 8
TRUTH = Items.dichotomous(np.full(N_ITEMS, 1.5), np.linspace(-0.8, 1.2, N_ITEMS), c=0.24)


def draw(ability: float, seed: int, n: int = 1200) -> NDArray[np.int8]:
    rng = np.random.default_rng(seed)
    chance = TRUTH.expected_score(rng.normal(ability, 1.0, n))
    return (rng.random(chance.shape) < chance).astype(np.int8)


@pytest.fixture
def bank(database: Database, institution: Institution) -> tuple[UUID, list[str]]:
    with database.session(scope=Scope.everything()) as session:
        return make_items(session, institution=institution, level=4, count=N_ITEMS)


def calibrate(
    client: TestClient, bank: tuple[UUID, list[str]], marks: NDArray[np.int8], **fields: str
) -> Any:
    form = {"name": "三参数量表", "occupation_id": str(bank[0]), "level": "4", "method": "3pl"}
    files = {"responses": ("r.csv", as_csv(bank[1], marks), "text/csv")}
    return client.post("/analysis/files", data=form | fields, files=files)


def newest(database: Database) -> Scale:
    with database.session(scope=Scope.everything()) as session:
        return statistics.list_scales(session)[0]


def keep(database: Database, institution: Institution, bank: tuple[UUID, list[str]], method: Method) -> Scale:
    """A scale of an earlier day, of an abler group."""
    with database.session(scope=Scope.everything()) as session:
        ids = {item.reference: item.id for item in session.scalars(select(Item))}
        marks = draw(0.5, 9)
        return calibration.calibrate_now(
            session,
            actor=SYSTEM,
            institution_id=institution.id,
            occupation_id=bank[0],
            level=4,
            name="旧量表",
            method=method,
            responses={ids[name]: marks[:, at].tolist() for at, name in enumerate(bank[1])},
            now=database.clock.now() - timedelta(days=30),
        )


def test_a_3pl_scale_shows_exports_and_assembles_with_its_asymptotes(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    bank: tuple[UUID, list[str]],
    database: Database,
) -> None:
    login(Role.PSYCHOMETRICIAN)
    assert calibrate(client, bank, draw(0.0, 3), prior_mean="-1.1", prior_sd="0.3").status_code == 303
    run_jobs()
    scale = newest(database)
    url = f"/analysis/scales/{scale.id}"
    page = client.get(f"{url}?order=c").text
    kept = client.get(f"{url}/scale.json").json()
    item = client.get(f"{url}/items/{_first(database)}").text
    over_time = client.get(f"/analysis/items/{_first(database)}").text

    assert "SE(c)" in page
    assert "均值 -1.1，标准差 0.3" in page
    assert kept["settings"] == {"prior_c": {"mean": -1.1, "sd": 0.3}}
    assert kept["summary"]["priors"] == ["logit c ~ normal(-1.1, 0.3)"]
    assert kept["summary"]["converged"]
    found = {row["item"]: row for row in kept["items"]}[bank[1][0]]
    assert found["c"] == pytest.approx(0.24, abs=0.12)
    assert 0 < found["se_c"] < 0.2
    shown = f"{found['c']:.3f} ± {found['se_c']:.3f}"
    assert f"<dd>{shown}" in item
    assert f"{found['c']:.2f} ± {found['se_c']:.2f}" in over_time
    known = Items.dichotomous([found["a"]], [found["b"]], c=[found["c"]])
    assert f"{known.expected_score(-3.0)[0, 0]:.3f}" in item
    lines = client.get(f"{url}/items.csv").content.decode("utf-8-sig").splitlines()
    column = lines[0].split(",").index("c")
    assert float(lines[1].split(",")[column]) == pytest.approx(found["c"], abs=1e-6)
    sheet = load_workbook(io.BytesIO(client.get(f"{url}/items.xlsx").content)).worksheets[0]
    assert sheet.cell(2, column + 1).value == pytest.approx(found["c"], abs=1e-6)
    with database.session(scope=Scope.everything()) as session:
        pool = read_bank(session, bank[0], 4)
    assert pool.scale_id == scale.id
    assert {one.reference: one.c for one in pool.items}[bank[1][0]] == found["c"]


def test_a_calibration_again_gives_the_same_figures_with_the_same_prior(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    bank: tuple[UUID, list[str]],
    database: Database,
) -> None:
    login(Role.PSYCHOMETRICIAN)
    calibrate(client, bank, draw(0.0, 4), prior_c="none")
    run_jobs()
    first = newest(database)
    sent = client.post(f"/analysis/scales/{first.id}/again")
    run_jobs()
    second = newest(database)
    page = client.get(f"/analysis/scales/{second.id}").text

    assert sent.status_code == 303
    assert second.id != first.id
    assert second.summary["again"]["agrees"]
    assert second.summary["again"]["compared"] > 10 * N_ITEMS
    assert second.summary["priors"] == []
    assert "不设（极大似然）" in page
    assert "项数值全部一致" in page


def test_a_prior_out_of_range_and_a_small_sample_are_refused_by_name(
    client: TestClient, login: Callable[..., str], bank: tuple[UUID, list[str]]
) -> None:
    login(Role.PSYCHOMETRICIAN)

    wild = calibrate(client, bank, draw(0.0, 5), prior_mean="-1.4", prior_sd="0")
    words = calibrate(client, bank, draw(0.0, 5), prior_mean="低")
    small = calibrate(client, bank, draw(0.0, 5, 600))

    assert wild.status_code == words.status_code == small.status_code == 422
    assert "标准差须在 0.05 至 5 之间" in wild.text
    assert "请输入数字" in words.text
    assert "3PL 模型（至少需要 1000 人）" in small.text
    assert "Rasch, 1PL, 2PL" in small.text


@pytest.mark.parametrize("older", [Method.THREE_PL, Method.TWO_PL])
def test_a_linked_3pl_scale_keeps_its_asymptotes_and_other_models_are_named(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    bank: tuple[UUID, list[str]],
    database: Database,
    institution: Institution,
    older: Method,
) -> None:
    old = keep(database, institution, bank, older)
    login(Role.PSYCHOMETRICIAN)
    calibrate(client, bank, draw(0.0, 6))
    run_jobs()
    new = newest(database)
    fields = {"report_name": "链接", "new_scale": str(new.id), "old_scale": str(old.id)}
    client.post("/analysis/ask/linking", data=fields)
    run_jobs()
    listed = client.get("/analysis/reports").text
    url = "/analysis/reports/" + listed.split('href="/analysis/reports/')[1].split('"')[0]
    page = client.get(url).text
    line = client.get(f"{url}/report.json").json()["results"]["line"]
    client.post(f"{url}/adopt", data={"scale_name": "链接后的量表"})

    adopted = newest(database)
    with database.session(scope=Scope.everything()) as session:
        before = {row.item_id: row for row in statistics.item_parameters(session, new.id)}
        after = {row.item_id: row for row in statistics.item_parameters(session, adopted.id)}
    assert adopted.model.value == "3pl"
    assert {key: row.c for key, row in after.items()} == {key: row.c for key, row in before.items()}
    for key, row in after.items():
        assert row.b == pytest.approx(line["scale"] * (before[key].b or 0.0) + line["shift"])
    assert ("两个量表的模型不同" in page) == (older is Method.TWO_PL)
    assert "下渐近线 c 保持不变" in page
    assert "重新校准" not in client.get(f"/analysis/scales/{adopted.id}").text


def test_the_fit_of_a_3pl_scale_is_judged_with_guessing(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    bank: tuple[UUID, list[str]],
    database: Database,
    institution: Institution,
) -> None:
    scale = keep(database, institution, bank, Method.THREE_PL)
    login(Role.PSYCHOMETRICIAN)
    client.post(f"/analysis/scales/{scale.id}/fit")
    run_jobs()
    listed = client.get("/analysis/reports").text
    url = "/analysis/reports/" + listed.split('href="/analysis/reports/')[1].split('"')[0]
    page = client.get(url).text
    found = client.get(f"{url}/report.json").json()["results"]

    assert found["model"] == "3pl"
    assert not any(item["misfits"] for item in found["items"])
    assert found["test"]["rmsea"] < 0.05
    assert "三参数逻辑斯蒂模型（3PL）" in page
    assert "p 值只是近似值" in page


def _first(database: Database) -> UUID:
    with database.session(scope=Scope.everything()) as session:
        return session.scalars(select(Item.id).order_by(Item.number)).first() or UUID(int=0)
