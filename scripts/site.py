"""Open the site on its data folder: keys made once, schema brought up to date, the ground laid."""

from __future__ import annotations

from dataclasses import dataclass

from exam_engine.migrations import schema
from itembank.base.clock import Clock, SystemClock
from itembank.base.crypto import Keyring
from itembank.base.db import Database, Scope
from itembank.base.errors import NotFound
from itembank.people import service as people
from itembank.people.rules import SYSTEM, InstitutionKind
from itembank.taxonomy import service as taxonomy
from web.settings import Settings


@dataclass
class Site:
    """An open site; close it by ``database.dispose()``."""

    settings: Settings
    database: Database


def open_site(settings: Settings | None = None, clock: Clock | None = None, *, migrate: bool = True) -> Site:
    """Return the site of the settings, ready to use; an empty data folder becomes a site with a platform.

    Whoever is started by a process that has done so already need not ``migrate``.

    Raises KeyringUnreadable when a database is there without its keys.
    """
    settings = settings or Settings()
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    keyring = Keyring.load_or_create(settings.keyring_path)
    database = Database(settings.url, keyring, clock or SystemClock(), audit_heads=settings.audit_heads_path)
    if migrate:
        schema.upgrade(database)
        lay_ground(database)
    return Site(settings, database)


def lay_ground(database: Database) -> None:
    """Make what every site has: the platform and the first occupations. Doing it again changes nothing."""
    # The platform is the root of all institutions, so no narrower scope exists yet.
    with database.session(scope=Scope.everything()) as session:
        try:
            people.platform(session)
        except NotFound:
            people.create_institution(
                session,
                actor=SYSTEM,
                kind=InstitutionKind.PLATFORM,
                name="职业技能等级认定平台",
                parent_id=None,
                province_code="00",
                now=database.clock.now(),
            )
        taxonomy.seed_occupations(session)
