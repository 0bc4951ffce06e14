"""The rules of sections as the officer sets them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import SittingStatus
from exam_engine.sittings.sections import SectionsDiffer
from itembank.base.clock import ShiftedClock
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.factories.sittings import officer_of
from tests.factories.theory import make_theory


def test_an_officer_sets_the_rules_of_sections(
    client: TestClient, login: Any, database: Database, institution: Institution, clock: ShiftedClock
) -> None:
    def everything() -> Any:
        return database.session(scope=Scope.everything())

    theory = make_theory(everything, institution, starts=clock.now() + timedelta(hours=2))
    with everything() as session:
        sitting = sittings.find_sitting(session, theory.sitting_id)
        sitting.status, sitting.rules = SittingStatus.DRAFT, None
    login(Role.EXAM_OFFICER)
    address = f"/plans/{theory.plan_id}/sittings/{theory.sitting_id}/sections"
    types = ["single_choice", "true_false"]
    empty = client.get(address)
    refused = [
        client.post(address, data={"types": types, "minutes": minutes, "breaks": breaks})
        for minutes, breaks in (
            (["60", "31"], ["", ""]),
            (["90", ""], ["", ""]),
            (["0", ""], ["", ""]),
            (["", ""], ["", "5"]),
            ([""], [""]),
        )
    ]
    other = client.post(address, data={"types": types[::-1], "minutes": ["", ""], "breaks": ["5", ""]})
    kept = client.post(address, data={"types": types, "minutes": ["40", ""], "breaks": ["10", ""]})

    assert ("单独时间" in empty.text, empty.status_code) == (True, 200)
    assert [answer.status_code for answer in [*refused, other]] == [422] * 6
    assert "91 分钟" in refused[0].text
    assert "第 2 部分是最后一部分" in refused[3].text
    assert kept.status_code == 303
    assert "已设大题规则" in client.get(kept.headers["location"]).text
    with everything() as session:
        sitting = sittings.find_sitting(session, theory.sitting_id)
        assert [row["minutes"] for row in sitting.sections or ()] == [40, None]
        sitting.sections = [{**row, "type": "multiple_choice"} for row in sitting.sections or ()]
        session.flush()
        with pytest.raises(SectionsDiffer):
            sittings.publish_sitting(
                session, actor=officer_of(institution), sitting_id=sitting.id, now=clock.now()
            )
