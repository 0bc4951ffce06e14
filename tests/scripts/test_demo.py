"""The demonstration is built once, whole, through the services, and never served as a real site."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from exam_engine.papers import service as papers
from itembank.base import audit
from itembank.base.db import Scope
from itembank.items import service as items
from itembank.items.rules import ItemStatus
from itembank.people import service as people
from scripts import demo
from scripts.commands.serve import DemonstrationRefused
from scripts.commands.serve import run as run_serve
from scripts.demonstration import content
from scripts.demonstration.facts import FILE, Facts
from scripts.site import Site, open_site
from web.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return demo.demonstration_settings(Settings(data=tmp_path_factory.mktemp("site")))


@pytest.fixture(scope="module")
def facts(settings: Settings) -> Facts:
    return demo.ensure(settings, say=lambda _line: None)


@pytest.fixture
def site(settings: Settings, facts: Facts) -> Site:
    return open_site(settings)


def test_the_bank_is_active_and_the_papers_are_sealed(site: Site, facts: Facts) -> None:
    with site.database.session(scope=Scope.everything(), writes=False) as session:
        counts = items.status_counts(session)
        digests = [papers.verify_sealed(session, UUID(paper.id)) for paper in facts.papers]
        used = [
            entry.item_id
            for paper in facts.papers
            for section in papers.candidate_view(session, UUID(paper.id)).sections
            for entry in section.entries
        ]

    assert counts == {ItemStatus.ACTIVE: len(content.items())}
    assert digests == [paper.digest for paper in facts.papers]
    assert len(used) == len(set(used)) == 70 * len(facts.papers)


def test_every_printed_password_opens_its_account(site: Site, facts: Facts) -> None:
    now = site.database.clock.now()
    with site.database.session(scope=Scope.everything()) as session:
        tokens = [
            people.log_in(session, username=name, password=password, now=now)
            for name, password in facts.passwords.items()
        ]

    assert len(tokens) == 15
    assert all(isinstance(token, str) for token in tokens)


def test_the_audit_chain_of_the_demonstration_holds(site: Site) -> None:
    with site.database.session(writes=False) as session:
        result = audit.verify(session, site.settings.audit_heads_path)

    assert result.is_intact
    assert result.entries > 30


def test_building_again_changes_nothing(settings: Settings, facts: Facts) -> None:
    before = (settings.data / FILE).read_bytes()

    again = demo.ensure(settings, say=pytest.fail)

    assert again == facts
    assert (settings.data / FILE).read_bytes() == before
    assert (settings.data / FILE).stat().st_mode & 0o077 == 0


def test_serve_refuses_the_demonstration(
    settings: Settings, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXAM_ENGINE_DATA", str(settings.data))

    with pytest.raises(DemonstrationRefused):
        run_serve(None)  # type: ignore[arg-type]


def test_something_else_in_its_place_is_left_alone(tmp_path: Path) -> None:
    settings = demo.demonstration_settings(Settings(data=tmp_path))
    settings.data.mkdir()
    (settings.data / "exam-engine.sqlite3").write_bytes(b"somebody's")

    with pytest.raises(demo.FolderOccupied):
        demo.ensure(settings, say=lambda _line: None)

    assert (settings.data / "exam-engine.sqlite3").read_bytes() == b"somebody's"


def test_a_configured_database_is_never_touched() -> None:
    settings = demo.demonstration_settings(Settings(database_url="postgresql://db/real", host="0.0.0.0"))

    assert settings.url.startswith("sqlite:///")
    assert settings.host == "127.0.0.1"
