"""The migrated schema is the models', on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from exam_engine.migrations import schema
from itembank.base.crypto import Keyring
from itembank.base.db import Database


def _empty_postgres(url: str, keyring: Keyring) -> Database:
    server = Database(url, keyring)
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE IF EXISTS migrated WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE migrated"))
    server.dispose()
    return Database(url.rpartition("/")[0] + "/migrated", keyring)


def _step_back(database: Database) -> None:
    with database.engine.begin() as connection:
        settings = schema.config()
        settings.attributes["connection"] = connection
        command.downgrade(settings, "-1")


def test_the_migrated_schema_is_the_models(
    backend: str, request: pytest.FixtureRequest, tmp_path: Path, keyring: Keyring
) -> None:
    if backend == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'migrated.sqlite3'}", keyring)
    else:
        database = _empty_postgres(request.getfixturevalue("_postgres_url"), keyring)

    try:
        schema.upgrade(database)
        differences = schema.differences(database)
        schema.upgrade(database)  # nothing left to do
        _step_back(database)
        schema.upgrade(database)
        after_a_step_back = schema.differences(database)
    finally:
        database.dispose()

    assert differences == []
    assert after_a_step_back == []
