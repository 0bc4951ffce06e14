"""What the walks through all routes find."""

from __future__ import annotations

import pytest

from itembank.base.db import Database
from itembank.people.models import Institution
from tests.conftest import OpenSession
from tests.factories.everything import Everything, make_everything
from tests.factories.kept import once


@pytest.fixture
def everything(database: Database, open_session: OpenSession, institution: Institution) -> Everything:
    """The institution with rows in nearly every table."""
    return once("everything", open_session, lambda: make_everything(database, institution))
