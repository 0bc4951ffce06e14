"""The state of the bank and an item over time, as pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
from fastapi.testclient import TestClient
from sqlalchemy import select

from exam_engine.calibration import service as calibration
from exam_engine.calibration.rules import Method
from exam_engine.psychometrics.irt.items import Items as KnownItems
from itembank.base.db import Database, Scope
from itembank.items.models import Item
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM, Role
from tests.factories.people import make_institution
from tests.factories.statistics import make_answered_sitting, make_items, simulate_answers

N_ITEMS = 12


def fill(database: Database, institution: Institution) -> list[str]:
    """Two scales, between which the fourth item became harder, and a report; the last two items have nothing."""
    with database.session(scope=Scope.everything()) as session:
        occupation_id, references = make_items(session, institution=institution, level=4, count=N_ITEMS + 2)
        ids = {
            item.reference: item.id for item in session.scalars(select(Item)) if item.reference in references
        }
        item_ids = [ids[reference] for reference in references]
        now = database.clock.now()
        for days, name in ((20, "旧量表"), (10, "新量表")):
            rng = np.random.default_rng(days)
            b = np.linspace(-1.5, 1.5, N_ITEMS) + np.where(np.arange(N_ITEMS) == 3, days == 10, 0.0)
            chance = KnownItems.dichotomous(np.ones(N_ITEMS), b).probability(rng.normal(size=1500))[..., 1]
            marks = (rng.random(chance.shape) < chance).astype(np.int8)
            calibration.calibrate_now(
                session,
                actor=SYSTEM,
                institution_id=institution.id,
                occupation_id=occupation_id,
                level=4,
                name=name,
                method=Method.RASCH,
                responses={item_ids[k]: marks[:, k].tolist() for k in range(N_ITEMS)},
                now=now - timedelta(days=days),
            )
        marks = simulate_answers(60, N_ITEMS)
        marks[:, 5] = marks[:, :5].sum(axis=1) < 3
        sitting = make_answered_sitting(
            session,
            institution=institution,
            occupation_id=occupation_id,
            item_ids=item_ids[:N_ITEMS],
            marks=marks,
            starts_at=now - timedelta(days=2),
        )
        calibration.report_sitting_now(
            session,
            actor=SYSTEM,
            institution_id=institution.id,
            name="五月理论",
            sitting_ids=[sitting.id],
            now=now,
        )
        return [str(one) for one in item_ids]


def test_the_state_of_the_bank_counts_and_lists_what_deserves_attention(
    client: TestClient, login: Callable[..., str], database: Database, institution: Institution
) -> None:
    items = fill(database, institution)
    login(Role.PSYCHOMETRICIAN)

    page = client.get("/analysis/bank").text
    drifting = client.get("/analysis/bank?show=drifting").text
    suspect = client.get("/analysis/bank?show=suspect").text
    unknown = client.get("/analysis/bank?show=unknown").text
    table = client.get("/analysis/bank/state.csv?show=unknown").content.decode("utf-8-sig")

    assert "难度漂移" in page
    assert f"/analysis/items/{items[3]}" in drifting
    assert drifting.count('href="/analysis/items/') == 1
    assert f"/analysis/items/{items[5]}" in suspect
    assert [one for one in items if f"/analysis/items/{one}" in unknown] == items[N_ITEMS:]
    assert table.count("\n") == 3
    assert client.get("/analysis/bank?bank=nothing&show=<script>&page=99").status_code == 200


def test_an_item_over_time_shows_scales_reports_options_and_use(
    client: TestClient, login: Callable[..., str], database: Database, institution: Institution
) -> None:
    items = fill(database, institution)
    login(Role.PSYCHOMETRICIAN)

    page = client.get(f"/analysis/items/{items[5]}").text
    charts = [
        client.get(f"/analysis/items/{items[5]}/chart/file", params={"name": name, "form": form})
        for name in ("difficulty", "share", "curve", "information")
        for form in ("svg", "png")
    ]
    nothing = client.get(f"/analysis/items/{items[-1]}/chart/file")
    bare = client.get(f"/analysis/items/{items[-1]}").text
    login(Role.PAPER_MANAGER)
    without_keys = client.get(f"/analysis/items/{items[5]}").text

    assert page.count("<svg") == 5
    assert all(text in page for text in ("旧量表", "新量表", "五月理论", "答案可能有误", "使用历史"))
    assert all(chart.content[:4] in (b"<svg", b"\x89PNG") for chart in charts)
    assert nothing.status_code == 404
    assert "还没有该题的统计数据" in bare
    assert "选项分析" not in without_keys
    assert "选择答案 B" not in without_keys


def test_another_institutions_items_are_not_there(
    client: TestClient, login: Callable[..., str], database: Database, institution: Institution
) -> None:
    items = fill(database, institution)
    with database.session(scope=Scope.everything()) as session:
        other = make_institution(session)
    login(Role.PSYCHOMETRICIAN, institution=other)

    assert client.get(f"/analysis/items/{items[0]}").status_code == 404
    assert "题库中还没有试题" in client.get("/analysis/bank").text
    login(Role.INVIGILATOR)
    assert client.get("/analysis/bank").status_code == 403
