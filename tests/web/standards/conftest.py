"""A workshop over a sealed paper, and a marked sitting."""

from __future__ import annotations

from typing import Any

import pytest

from exam_engine.marking import service as marking
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM
from tests.conftest import OpenSession
from tests.factories.kept import once
from tests.factories.recognition import MARKED, World, answer_all, make_world
from tests.factories.standards import (
    Panel,
    draft_of,
    make_panel,
    make_paper,
    open_round,
)

LEADER = {"username": "standard-leader"}
JUDGE = {"username": "judge-2"}


@pytest.fixture
def paper_id(open_session: OpenSession, institution: Institution) -> Any:
    return make_paper(open_session, institution)


@pytest.fixture
def panel(open_session: OpenSession, institution: Institution, paper_id: Any) -> Panel:
    """A workshop whose first round is open and whose judges have agreed."""

    def make() -> Panel:
        with open_session() as session:
            panel = make_panel(session, institution, draft_of(paper_id=paper_id))
            open_round(session, panel)
            return panel

    return once("a round", open_session, make)


@pytest.fixture
def world(database: Database, institution: Institution) -> World:
    with database.session(scope=Scope.everything()) as session:
        world = make_world(session, names=("张伟", "王小明", "李静"), institution=institution)
        answer_all(session, world, right=(6, 4, 2))
        marking.mark_sitting(session, world.theory.id, actor=SYSTEM, now=MARKED)
        return world
