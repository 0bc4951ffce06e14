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


WRONG: list[tuple[dict[str, str], dict[str, str], dict[str, str]]] = [
    (ADAPTIVE, {"cap": "x"}, {"cap": "“x”不是数字。"}),
    (
        ADAPTIVE,
        {"length": "99", "standard_error": "2", "shortest": "", "cap": "101", "cohort": "９"},
        {
            "length": "99 不在 5 至 10 之间。",
            "standard_error": "2 不在 0.1 至 0.9 之间。",
            "shortest": "此项必填。",
            "cap": "101 不在 5 至 100 之间。",
            "cohort": "9 不在 10 至 100000 之间。",
        },
    ),
    # Of another field that is wrong it is not known whether this one is too many for it.
    (ADAPTIVE, {"length": "4", "shortest": "7"}, {"length": "4 不在 5 至 10 之间。"}),
    (ADAPTIVE, {"shortest": "7"}, {"shortest": "7 不在 1 至 6 之间。"}),
    (
        ASKED,
        {"length": "x", "first": "0", "modules": "4"},
        {"length": "“x”不是数字。", "first": "0 不在 1 至 9 之间。", "modules": "4 不在 2 至 3 之间。"},
    ),
]
SAID = re.compile(r'<p class="field-error" id="(\w+)-error">(.*?)</p>')


@pytest.mark.parametrize(("asked", "typed", "told"), WRONG)
def test_all_that_is_wrong_is_named_at_once_beside_its_field(
    client: TestClient,
    login: Login,
    blueprint: str,
    asked: dict[str, str],
    typed: dict[str, str],
    told: dict[str, str],
) -> None:
    login(Role.PAPER_MANAGER)
    form = client.get(blueprint).text
    assert "蓝图为此安排 90 分钟，每题约 540 秒" in form
    assert not re.search("θ|logit", form)

    refused = client.post(blueprint, data=asked | typed)

    assert refused.status_code == 422
    assert dict(SAID.findall(refused.text)) == told
    assert all(f'name="{name}" type="text" value="{value}"' in refused.text for name, value in typed.items())


def test_a_cap_that_cannot_be_kept_is_refused_by_the_job(
    client: TestClient, login: Login, run_jobs: Callable[[], int], blueprint: str
) -> None:
    login(Role.PAPER_MANAGER)
    assembly = client.post(blueprint, data=ADAPTIVE | {"cap": "5"}).headers["location"]
    run_jobs()

    assert "少于要求的 6 题" in client.get(assembly).text


def test_a_made_collection_tells_when_its_tests_end(
    client: TestClient, login: Login, run_jobs: Callable[[], int], blueprint: str
) -> None:
    login(Role.PAPER_MANAGER)
    ends = {"standard_error": "0.8", "shortest": "5"}
    assembly = client.post(blueprint, data=ADAPTIVE | ends).headers["location"]
    run_jobs()

    shown = client.get(assembly).text

    assert "<dt>达到此标准误时结束</dt><dd>0.8</dd>" in shown
    assert "<dt>至少作答题数</dt><dd>5</dd>" in shown


def test_a_cancelled_collection_says_so_once_and_leads_to_its_settings(
    client: TestClient, login: Login, run_jobs: Callable[[], int], blueprint: str
) -> None:
    login(Role.PAPER_MANAGER)
    assembly = client.post(blueprint, data=ADAPTIVE).headers["location"]
    client.post(f"{assembly}/cancel")
    run_jobs()

    shown = client.get(assembly).text

    assert shown.count("已取消") == 1
    assert f'href="{blueprint}">更改设定</a>' in shown


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
    assert "所选试卷按 54 分钟编制。" in chosen  # 90 for 10 items by its blueprint, 6 of them here
    assert re.search(rf'value="{paper_id}" checked', chosen)
    assert 'value="multistage" checked' in chosen

    with database.session(scope=Scope.everything()) as session:
        assert session.get_one(Sitting, made.sitting_id).way is Way.MULTISTAGE
        stored = session.get_one(Paper, UUID(paper_id))
        collection = dict(stored.collection or {})
        stored.collection = collection | {"panel": collection["panel"] | {"cuts": [99]}}
    login(Role.REVIEWER)
    assert "与封存内容不一致" in client.post(f"{paper}/verify").text
