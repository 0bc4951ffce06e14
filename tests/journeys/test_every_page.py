"""Every page that anybody can open, with the demonstration's data in it: whole, accessible, and in Chinese."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page

from itembank.base.db import Scope
from itembank.people import service as people
from itembank.people import store
from scripts import demo
from scripts.demonstration.facts import Facts
from scripts.demonstration.people import STAFF, Staff
from scripts.site import Site, open_site
from tests.journeys.conftest import AXE_FILE, EXAM_ROOM
from tests.journeys.walk import PHONE, English, Walk, open_to
from web.app import create_app
from web.security import SESSION_COOKIE
from web.server import config
from web.settings import Settings

pytestmark = [pytest.mark.journey, pytest.mark.slow]
Shot = Callable[[Page, str], Path]
Findings = Callable[[Page], list[str]]
ONE_A_ROLE = sorted(
    {person.roles: person for person in reversed(STAFF)}.values(),
    key=lambda person: -len(open_to(person.roles[0])),
)
"""Who sees most goes first: what they looked at closely need only answer when others come to it."""


@dataclass(frozen=True)
class Demonstration:
    """The demonstration's site, answering on this machine."""

    url: str
    site: Site
    facts: Facts


@pytest.fixture(scope="module")
def demonstration(
    demonstration_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Demonstration]:
    """The demonstration, served."""
    data = tmp_path_factory.mktemp("every-page")
    shutil.copytree(demonstration_folder, data, dirs_exist_ok=True)
    settings = demo.demonstration_settings(Settings(data=data))
    facts = Facts.read(settings.data)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    site = open_site(settings.model_copy(update={"base_url": url}))
    app = create_app(site.settings, site.database)
    server = uvicorn.Server(config(app, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the site did not start"
        time.sleep(0.02)
    yield Demonstration(url, site, facts)
    server.should_exit = True
    thread.join(10)
    listening.close()
    site.database.dispose()


@pytest.fixture(scope="module")
def known() -> set[str]:
    """Addresses that were looked at closely."""
    return set()


@pytest.fixture(scope="module")
def english() -> English:
    return English.read()


@pytest.fixture(scope="module")
def screen(demonstration: Demonstration, browser: Browser) -> Iterator[BrowserContext]:
    """An examination room's screen, in Chinese; what its browser fetched once it keeps for who comes next."""
    context = browser.new_context(
        base_url=demonstration.url,
        viewport={"width": EXAM_ROOM[0], "height": EXAM_ROOM[1]},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    context.set_default_timeout(30_000)
    if AXE_FILE.is_file():
        context.add_init_script(path=AXE_FILE)  # every page here is asked
    yield context
    context.close()


@pytest.fixture
def visitor(screen: BrowserContext) -> Iterator[Page]:
    """A page of that screen, without a login."""
    page = screen.new_page()
    yield page
    page.close()
    screen.clear_cookies()


def log_in(context: BrowserContext, demonstration: Demonstration, person: Staff) -> None:
    database = demonstration.site.database
    with database.session(scope=Scope.everything()) as session:
        user = store.user_by_name(session, person.username)
        assert user is not None
        place = people.workplaces(session, user.id)[0]
        token = people.open_staff_session(
            session, user_id=user.id, institution_id=place.id, now=database.clock.now()
        )
    context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": demonstration.url}])


@pytest.mark.parametrize("person", ONE_A_ROLE, ids=lambda person: person.username)
def test_every_page_of_a_role(
    person: Staff,
    demonstration: Demonstration,
    visitor: Page,
    english: English,
    accessibility: Findings,
    shot: Shot,
    known: set[str],
) -> None:
    log_in(visitor.context, demonstration, person)
    walk = Walk(visitor, english, accessibility, shot, person.username, known)
    walk.through(open_to(person.roles[0]))

    assert not walk.wrong, "\n".join(walk.wrong)


@pytest.mark.parametrize("size", [EXAM_ROOM, PHONE], ids=["screen", "phone"])
def test_every_public_page(
    size: tuple[int, int],
    demonstration: Demonstration,
    visitor: Page,
    english: English,
    accessibility: Findings,
    shot: Shot,
) -> None:
    visitor.set_viewport_size({"width": size[0], "height": size[1]})
    walk = Walk(visitor, english, accessibility, shot, f"public-{size[0]}")
    walk.through(open_to(None))
    certificate = demonstration.facts.certificate
    if certificate:
        walk.look_at(certificate.path, "/verify/{token}")

    assert not walk.wrong, "\n".join(walk.wrong)
