"""What the walks through all routes find."""

from __future__ import annotations

import pytest

from itembank.base.db import Database
from itembank.people.models import Institution
from tests.factories.everything import Everything, make_everything
from tests.factories.kept import Shelf


@pytest.fixture
def everything(shelf: Shelf, database: Database, institution: Institution) -> Everything:
    """The institution with rows in nearly every table."""
    return shelf.once("everything", database, lambda: make_everything(database, institution))
