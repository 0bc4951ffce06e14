"""Collections through the pages: asked for, made, examined, sealed, and chosen for a sitting of their way only."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from exam_engine.papers import service as papers
from exam_engine.papers.models import Paper
from exam_engine.papers.rules import PaperCheck
from exam_engine.sittings.models import Sitting
from exam_engine.sittings.rules import Way
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import Role
from itembank.taxonomy.models import Occupation
from tests.conftest import Login
from tests.factories.growing import calibrate
from tests.factories.theory import Individual, make_individual

CHECKS = [check.value for check in PaperCheck]
ASKED = {"way": "multistage", "length": "6", "first": "3", "modules": "2"}
ADAPTIVE = {
    "way": "adaptive",
    "length": "6",
    "shortest": "6",
    "standard_error": "",
    "cap": "",
    "cohort": "200",
}


@pytest.fixture
def made(database: Database, institution: Institution, clock: ShiftedClock) -> Individual:
    """A calibrated bank, its blueprint, and a draft sitting with a seated candidate."""
    found = make_individual(
        lambda: database.session(scope=Scope.everything()),
        institution,
        starts=clock.now() + timedelta(hours=2),
        count=1,
    )
    with database.session(scope=Scope.everything()) as session:
        blueprint = papers.find_blueprint(session, found.blueprint_id)
        calibrate(session, institution, session.get_one(Occupation, blueprint.occupation_id))
    return found


@pytest.fixture
def blueprint(made: Individual) -> str:
    return f"/blueprints/{made.blueprint_id}/growing"


WRONG = {
    "cap=x": "单题曝光率上限（%）：“x”不是数字。",
    "cap=101": "单题曝光率上限（%）：101 不在 5 至 100 之间。",
    "length=99": "一次考试的题数：99 不在 5 至 10 之间。",
}


def test_what_cannot_be_is_refused_where_it_was_typed_or_by_the_job(
    client: TestClient, login: Login, run_jobs: Callable[[], int], blueprint: str
) -> None:
    login(Role.PAPER_MANAGER)

    for typed, told in WRONG.items():
        refused = client.post(blueprint, data=ADAPTIVE | dict([typed.split("=")]))
        assert refused.status_code == 422
        assert f'<p class="field-error">{told}</p>' in refused.text
    assembly = client.post(blueprint, data=ADAPTIVE | {"cap": "5"}).headers["location"]
    run_jobs()

    assert "少于要求的 6 题" in client.get(assembly).text


def test_a_collection_is_made_examined_sealed_and_given_in_its_own_way_only(
    client: TestClient,
    login: Login,
    run_jobs: Callable[[], int],
    database: Database,
    made: Individual,
    blueprint: str,
) -> None:
    login(Role.PAPER_MANAGER)
    assembly = client.post(blueprint, data=ASKED).headers["location"]
    waiting = client.get(assembly).text
    run_jobs()
    shown = client.get(assembly).text
    found = re.search(r'class="button button-primary" href="(/papers/([0-9a-f-]+))"', shown)
    assert found is not None
    paper, paper_id = found.groups()
    login(Role.REVIEWER)
    draft = client.get(paper).text
    assert client.post(f"{paper}/seal", data={"check": CHECKS}).status_code == 303
    verified = client.post(f"{paper}/verify").text

    assert "两阶段考试题集" in waiting
    assert "3 / 3 / 3" in shown
    assert "题集的规则核对" in draft
    assert "在全部 2 条路径上均满足" in verified

    here = f"/plans/{made.plan_id}/sittings/{made.sitting_id}"
    login(Role.EXAM_OFFICER)
    assert client.post(f"{here}/way", data={"way": "fixed"}).status_code == 303
    refused = client.post(f"{here}/papers", data={"paper_ids": [paper_id]})
    assert refused.status_code == 409
    assert "封存时的发卷方式是“两阶段考试：" in refused.text
    assert paper_id not in client.get(here).text
    assert client.post(f"{here}/way", data={"way": "multistage"}).status_code == 303
    assert client.post(f"{here}/papers", data={"paper_ids": [paper_id]}).status_code == 303
    chosen = client.get(here).text
    assert re.search(rf'value="{paper_id}" checked', chosen)
    assert 'value="multistage" checked' in chosen

    with database.session(scope=Scope.everything()) as session:
        assert session.get_one(Sitting, made.sitting_id).way is Way.MULTISTAGE
        stored = session.get_one(Paper, UUID(paper_id))
        collection = dict(stored.collection or {})
        stored.collection = collection | {"panel": collection["panel"] | {"cuts": [99]}}
    login(Role.REVIEWER)
    assert "与封存内容不一致" in client.post(f"{paper}/verify").text
