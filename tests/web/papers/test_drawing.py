"""Drawn individual forms as the officer and the second person read of them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from exam_engine.papers import service as papers
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import Role
from itembank.taxonomy.models import Occupation
from tests.conftest import Login, OpenSession
from tests.factories.growing import calibrate
from tests.factories.theory import Individual, make_individual


@pytest.fixture
def made(open_session: OpenSession, institution: Institution, clock: ShiftedClock) -> Individual:
    """A calibrated bank, its blueprint, and a draft sitting with three seated candidates."""
    found = make_individual(open_session, institution, starts=clock.now() + timedelta(hours=2))
    with open_session() as session:
        blueprint = papers.find_blueprint(session, found.blueprint_id)
        calibrate(session, institution, session.get_one(Occupation, blueprint.occupation_id))
    return found


def test_what_forms_have_in_common_is_said_without_the_scale_and_their_state_in_one_word(
    client: TestClient, login: Login, made: Individual, open_session: OpenSession, database: Database
) -> None:
    paper_id = made.draw(open_session, max_overlap=9)
    with database.session(scope=Scope.everything()) as session:
        drawing = papers.find_paper(session, paper_id).assembly_id
    sitting = f"/plans/{made.plan_id}/sittings/{made.sitting_id}"
    login(Role.EXAM_OFFICER)
    result = client.get(f"/papers/drawings/{drawing}").text
    pages = [result, client.get(f"{sitting}/forms").text]
    login(Role.PAPER_MANAGER)
    pages += [client.get(where).text for where in (f"/papers/{paper_id}", "/papers")]

    assert "能力 0 处的测量精度（信息量）" in result
    assert re.search(r"能力 −\d 的考生预期得分", result)
    assert "能力以题库量表的平均水平为 0" in result
    assert not re.search("θ|logit", result)
    for page in pages:
        assert '<span class="badge badge-warn">待第二人审批</span>' in page
        assert "草稿" not in page
