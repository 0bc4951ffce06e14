"""Bring a database's schema up to date, and tell whether models and migrations agree."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from exam_engine.migrations.tables import metadata
from itembank.base.db import Database

_FOLDER = Path(__file__).parent


def config() -> Config:
    """Return the alembic configuration; the connection is given by the caller."""
    found = Config()
    found.set_main_option("script_location", str(_FOLDER))
    found.set_main_option("path_separator", "os")
    return found


def upgrade(database: Database) -> None:
    """Bring the schema up to date, all or nothing."""
    if not list(ScriptDirectory.from_config(config()).walk_revisions()):
        metadata().create_all(database.engine)
        return
    migrate(database)


def migrate(database: Database) -> None:
    """Run the migrations that the database has not seen."""
    with database.engine.begin() as connection:
        settings = config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")


def check(database: Database) -> None:
    """Raise alembic's CommandError unless the migrated schema is the models'."""
    with database.engine.begin() as connection:
        settings = config()
        settings.attributes["connection"] = connection
        command.check(settings)


def revise(database: Database, message: str) -> None:
    """Write a migration from the database's schema to the models'."""
    with database.engine.begin() as connection:
        settings = config()
        settings.attributes["connection"] = connection
        command.revision(settings, message, autogenerate=True)
