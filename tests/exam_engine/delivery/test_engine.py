"""What the server says of its database before an examination."""

from __future__ import annotations

import pytest

from exam_engine.delivery.engine import check_durable, weaknesses
from exam_engine.delivery.rules import DatabaseMayLose
from itembank.base.db import Database


def test_a_database_that_may_lose_commits_in_a_power_cut_is_named(database: Database) -> None:
    # The tests' PostgreSQL runs without fsync; SQLite is opened with synchronous=FULL.
    assert weaknesses(database) == ([] if database.is_sqlite else ["fsync=off"])


def test_such_a_database_is_not_served_unless_that_is_accepted_in_words(database: Database) -> None:
    check_durable(database, accepted=True)
    if database.is_sqlite:
        check_durable(database, accepted=False)
        held = database.engine.raw_connection()  # the pool gives the same one again
        held.cursor().execute("PRAGMA synchronous=OFF")
        held.close()

    with pytest.raises(DatabaseMayLose, match="synchronous=0" if database.is_sqlite else "fsync=off"):
        check_durable(database, accepted=False)
