"""What the server says of its database before an examination."""

from __future__ import annotations

from exam_engine.delivery.engine import weaknesses
from itembank.base.db import Database


def test_a_database_that_may_lose_commits_in_a_power_cut_is_named(database: Database) -> None:
    # The tests' PostgreSQL runs without fsync; SQLite is opened with synchronous=FULL.
    assert weaknesses(database) == ([] if database.is_sqlite else ["fsync=off"])
