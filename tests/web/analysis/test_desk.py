"""The statistics desk as a psychometrician uses it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from exam_engine.calibration import service as calibration
from exam_engine.delivery.models import Attempt
from exam_engine.invigilation.models import Incident
from exam_engine.invigilation.rules import IncidentKind
from exam_engine.sittings.models import Sitting
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import Role
from itembank.statistics import service as statistics
from tests.factories.people import make_institution
from tests.factories.statistics import (
    as_csv,
    make_answered_sitting,
    make_items,
    make_theory_sitting,
    simulate_answers,
)

N_ITEMS = 12


@pytest.fixture
def bank(database: Database, institution: Institution) -> tuple[UUID, list[str]]:
    """Occupation and reference numbers of twelve items of level 4."""
    with database.session(scope=Scope.everything()) as session:
        return make_items(session, institution=institution, level=4, count=N_ITEMS)


def identify_all(session: Session, bank: tuple[UUID, list[str]]) -> list[UUID]:
    found = calibration.identify(session, bank[1], occupation_id=bank[0], level=4)
    return [found[name][0] for name in bank[1]]


def form(bank: tuple[UUID, list[str]], method: str) -> dict[str, Any]:
    return {"name": "电工四级 2026 春", "occupation_id": str(bank[0]), "level": "4", "method": method}


def upload(content: bytes) -> dict[str, Any]:
    return {"responses": ("responses.csv", content, "text/csv")}


def test_a_file_becomes_a_scale_with_curves_table_and_export(
    client: TestClient, login: Callable[..., str], run_jobs: Callable[[], int], bank: tuple[UUID, list[str]]
) -> None:
    login(Role.PSYCHOMETRICIAN)
    names = ["person", *bank[1]]
    answers = simulate_answers(600, N_ITEMS)
    rows = [f"p{row}," + ",".join(map(str, marks)) for row, marks in enumerate(answers)]
    content = "\n".join([",".join(names), *rows]).encode()

    sent = client.post("/analysis/files", data=form(bank, "2pl"), files=upload(content))
    ran = run_jobs()
    job = client.get(sent.headers["location"]).text
    desk = client.get("/analysis").text

    assert sent.status_code == 303
    assert ran == 1
    assert "已完成" in job
    assert "电工四级 2026 春" in desk
    scale_url = desk.split('href="/analysis/scales/')[1].split('"')[0]
    page = client.get(f"/analysis/scales/{scale_url}?order=b").text
    assert page.count("<svg") == 1
    assert all(f">{name}</a>" in page for name in bank[1])
    assert "已收敛" in page
    item_url = page.split(f'href="/analysis/scales/{scale_url}/items/')[1].split('"')[0]
    assert client.get(f"/analysis/scales/{scale_url}/items/{item_url}").text.count("<svg") == 2
    table = client.get(f"/analysis/scales/{scale_url}/items.csv")
    assert table.content.decode("utf-8-sig").count("\n") == N_ITEMS + 1


def test_the_stored_scale_is_read_as_arrays(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    bank: tuple[UUID, list[str]],
    database: Database,
) -> None:
    login(Role.PSYCHOMETRICIAN)
    answers = simulate_answers(300, N_ITEMS)
    answers[:, 0] = 1

    client.post("/analysis/files", data=form(bank, "rasch"), files=upload(as_csv(bank[1], answers)))
    run_jobs()

    with database.session(scope=Scope.everything()) as session:
        (scale,) = statistics.list_scales(session)
        table = statistics.parameters(session, scale.id)
        rows = statistics.item_parameters(session, scale.id)
    assert scale.summary["converged"] is True
    assert "constant_items" in scale.summary["warnings"]
    assert table.is_calibrated.tolist() == [False] + [True] * (N_ITEMS - 1)
    assert np.all(np.diff(table.b[1:]) > -0.5)
    assert "constant" in rows[0].flags


def test_a_bad_file_is_refused_with_its_places_and_keeps_the_form(
    client: TestClient, login: Callable[..., str], run_jobs: Callable[[], int], bank: tuple[UUID, list[str]]
) -> None:
    login(Role.PSYCHOMETRICIAN)

    answer = client.post(
        "/analysis/files", data=form(bank, "rasch"), files=upload(f"{bank[1][0]},9999\n1,1\nx,0\n".encode())
    )
    unknown = client.post(
        "/analysis/files", data=form(bank, "rasch"), files=upload(f"{bank[1][0]},9999\n1,1\n".encode())
    )

    assert answer.status_code == 422
    assert "作答只能是 0、1 或留空" in answer.text
    assert "电工四级 2026 春" in answer.text
    assert unknown.status_code == 422
    assert "9999" in unknown.text
    assert "题库中没有这道试题" in unknown.text
    assert run_jobs() == 0


def test_too_few_persons_for_2pl_are_told_what_else_they_can_do(
    client: TestClient, login: Callable[..., str], bank: tuple[UUID, list[str]]
) -> None:
    login(Role.PSYCHOMETRICIAN)
    content = as_csv(bank[1], simulate_answers(60, N_ITEMS))

    answer = client.post("/analysis/files", data=form(bank, "2pl"), files=upload(content))

    assert answer.status_code == 422
    assert "请改用经典统计，或此样本可用的模型：Rasch, 1PL" in answer.text


def test_a_small_rasch_calibration_carries_its_warning(
    client: TestClient, login: Callable[..., str], run_jobs: Callable[[], int], bank: tuple[UUID, list[str]]
) -> None:
    login(Role.PSYCHOMETRICIAN)
    content = as_csv(bank[1], simulate_answers(60, N_ITEMS))

    client.post("/analysis/files", data=form(bank, "rasch"), files=upload(content))
    run_jobs()
    desk = client.get("/analysis").text

    scale_url = desk.split('href="/analysis/scales/')[1].split('"')[0]
    assert "作答人数偏少" in client.get(f"/analysis/scales/{scale_url}").text


def test_classical_statistics_have_no_parameters_to_show(
    client: TestClient, login: Callable[..., str], run_jobs: Callable[[], int], bank: tuple[UUID, list[str]]
) -> None:
    login(Role.PSYCHOMETRICIAN)
    content = as_csv(bank[1], simulate_answers(40, N_ITEMS))

    client.post("/analysis/files", data=form(bank, "classical"), files=upload(content))
    run_jobs()
    desk = client.get("/analysis").text

    scale_url = desk.split('href="/analysis/scales/')[1].split('"')[0]
    page = client.get(f"/analysis/scales/{scale_url}").text
    assert "<svg" not in page
    assert "SE(b)" not in page


def test_only_a_psychometrician_calibrates_and_only_within_the_institution(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    bank: tuple[UUID, list[str]],
    database: Database,
) -> None:
    content = as_csv(bank[1], simulate_answers(120, N_ITEMS))
    login(Role.ITEM_WRITER)
    refused = client.post("/analysis/files", data=form(bank, "rasch"), files=upload(content))
    login(Role.PSYCHOMETRICIAN)
    client.post("/analysis/files", data=form(bank, "rasch"), files=upload(content))
    run_jobs()
    scale_url = client.get("/analysis").text.split('href="/analysis/scales/')[1].split('"')[0]
    with database.session(scope=Scope.everything()) as session:
        other = make_institution(session)
    login(Role.PSYCHOMETRICIAN, institution=other)

    assert refused.status_code == 403
    assert client.get(f"/analysis/scales/{scale_url}").status_code == 404
    assert client.get(f"/analysis/scales/{scale_url}/items.csv").status_code == 404
    stranger = client.post("/analysis/files", data=form(bank, "rasch"), files=upload(content))
    assert stranger.status_code == 422
    login(Role.INVIGILATOR)
    assert client.get("/analysis").status_code == 403


def test_a_cancelled_calibration_leaves_no_scale(
    client: TestClient, login: Callable[..., str], run_jobs: Callable[[], int], bank: tuple[UUID, list[str]]
) -> None:
    login(Role.PSYCHOMETRICIAN)
    sent = client.post(
        "/analysis/files",
        data=form(bank, "rasch"),
        files=upload(as_csv(bank[1], simulate_answers(120, N_ITEMS))),
    )

    client.post(sent.headers["location"] + "/cancel")

    assert run_jobs() == 0
    assert "/analysis/scales/" not in client.get("/analysis").text


def test_sittings_become_a_scale_with_option_tables(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    bank: tuple[UUID, list[str]],
    database: Database,
    institution: Institution,
) -> None:
    marks = simulate_answers(30, N_ITEMS)
    marks[0, :3] = -1  # left open: wrong
    with database.session(scope=Scope.everything()) as session:
        item_ids = identify_all(session, bank)
        sittings = [
            make_answered_sitting(
                session,
                institution=institution,
                occupation_id=bank[0],
                item_ids=item_ids[half : half + 8],
                marks=marks[:, half : half + 8],
                starts_at=database.clock.now() - timedelta(days=day),
            )
            for half, day in ((0, 1), (4, 2))
        ]
        cheater = session.scalars(
            select(Attempt).where(Attempt.sitting_id == sittings[0].id).order_by(Attempt.id)
        ).first()
        assert cheater is not None
        session.add(
            Incident(
                institution_id=institution.id,
                sitting_id=sittings[0].id,
                registration_id=cheater.registration_id,
                kind=IncidentKind.CHEATING,
                note="夹带",
                recorded_by="user",
                recorded_at=database.clock.now(),
                confirmed_at=database.clock.now(),
            )
        )
    login(Role.PSYCHOMETRICIAN)
    desk = client.get("/analysis").text
    sent = client.post(
        "/analysis/sittings",
        data={
            "sittings_name": "两场合并",
            "sittings_method": "rasch",
            "sittings": [str(one.id) for one in sittings],
        },
    )
    run_jobs()

    assert desk.count('name="sittings"') == 2
    assert sent.status_code == 303
    with database.session(scope=Scope.everything()) as session:
        (scale,) = statistics.list_scales(session)
        rows = {row.item_id: row for row in statistics.item_parameters(session, scale.id)}
    assert scale.n_persons == 59
    assert {"small_sample", "missing_by_design"} <= set(scale.summary["warnings"])
    assert rows[item_ids[0]].n_responses == 29
    assert rows[item_ids[5]].n_responses == 59
    assert rows[item_ids[5]].p_value == pytest.approx(2 * (marks[:, 5] == 1).sum() / 60, abs=0.03)
    options = {option["label"]: option for option in rows[item_ids[11]].options or []}
    assert options["B"]["is_key"]
    assert options["B"]["count"] + options["C"]["count"] == 30
    assert "电工四级理论考试" in client.get(f"/analysis/scales/{scale.id}").text  # where it comes from
    item_page = client.get(f"/analysis/scales/{scale.id}/items/{item_ids[11]}").text
    assert "选项分析" in item_page
    assert "无人选择" in item_page
    client.post(f"/analysis/scales/{scale.id}/again")
    run_jobs()
    with database.session(scope=Scope.everything()) as session:
        again = statistics.list_scales(session)[0]
        repeated = statistics.item_parameter(session, again.id, item_ids[11])
    assert again.summary["again"]["agrees"]
    assert repeated.options == rows[item_ids[11]].options


def test_a_sitting_under_way_and_mixed_sittings_are_refused(
    client: TestClient,
    login: Callable[..., str],
    bank: tuple[UUID, list[str]],
    database: Database,
    institution: Institution,
) -> None:
    now = database.clock.now()
    with database.session(scope=Scope.everything()) as session:
        place = {"institution": institution, "occupation_id": bank[0]}
        running = make_theory_sitting(session, **place, starts_at=now)
        over = [
            make_theory_sitting(session, **place, starts_at=now - timedelta(days=1), level=level)
            for level in (4, 3)
        ]
    login(Role.PSYCHOMETRICIAN)

    def ask(*sittings: Sitting) -> Response:
        data = {
            "sittings_name": "合并",
            "sittings_method": "classical",
            "sittings": [str(one.id) for one in sittings],
        }
        return client.post("/analysis/sittings", data=data)

    assert "尚未结束" in ask(running).text
    assert "同一职业、同一级别" in ask(*over).text
    assert ask(over[0]).status_code == 422
    assert ask().status_code == 422


def test_sittings_without_common_items_are_refused_by_the_items_reference_numbers(
    client: TestClient,
    login: Callable[..., str],
    run_jobs: Callable[[], int],
    bank: tuple[UUID, list[str]],
    database: Database,
    institution: Institution,
) -> None:
    marks = simulate_answers(30, N_ITEMS)
    with database.session(scope=Scope.everything()) as session:
        item_ids = identify_all(session, bank)
        sittings = [
            make_answered_sitting(
                session,
                institution=institution,
                occupation_id=bank[0],
                item_ids=item_ids[half],
                marks=marks[:, half],
                starts_at=database.clock.now() - timedelta(days=1),
            ).id
            for half in (slice(0, 4), slice(4, 8))
        ]
    login(Role.PSYCHOMETRICIAN)
    fields = {"sittings_name": "两场", "sittings_method": "rasch", "sittings": [str(one) for one in sittings]}

    job = client.post("/analysis/sittings", data=fields).headers["location"]
    run_jobs()

    page = client.get(job).text
    assert ", ".join(bank[1][:4]) in page
    assert ", ".join(bank[1][4:8]) in page
    assert str(item_ids[0]) not in page
