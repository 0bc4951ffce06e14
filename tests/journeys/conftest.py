"""A running site and real browsers for the journeys.

Journeys run on the embedded database; ``--database postgres`` runs them on PostgreSQL instead. They are skipped,
with the reason, where there is no Chromium. Screenshots are kept in the folder named by EXAM_ENGINE_SCREENSHOTS;
without it none are made.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from itembank.base.db import Database, Scope
from itembank.people import service as people
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.factories.people import make_user
from web.app import create_app
from web.security import SESSION_COOKIE
from web.server import config
from web.settings import Settings

PLAIN_HOST = "exam-room.test"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    # This machine under another name: over http, browsers give it neither service worker nor cipher.
    f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1",
]
expect.set_options(timeout=20_000)  # no journey fails because the machine is busy
AXE = """() => axe.run({exclude: [["tbody > tr:nth-child(n+9):not(:last-child)"]]},
  {resultTypes: ["violations"], preload: {assets: ["media"]}}).then((result) =>
  result.violations.flatMap((found) => found.nodes.map((node) => found.id + ": " + node.html.slice(0, 160))))"""
"""Every rule; what is passed is not described, and style sheets are not fetched for the one rule that is off.

Of a long table the first rows and the last are looked at: one template makes them all.
"""
AXE_FILE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
EXAM_ROOM = (1366, 768)
"""The screens of most examination rooms."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """One database is enough for a journey: the stores are tested on both elsewhere."""
    if config.getoption("--database") != "both":
        return
    here = Path(__file__).parent
    twice = [
        item
        for item in items
        if item.path.is_relative_to(here)
        and "backend" in getattr(item, "fixturenames", ())
        and item.callspec.params.get("backend") == "postgres"  # type: ignore[attr-defined]
    ]
    if twice:
        config.hook.pytest_deselected(items=twice)
        items[:] = [item for item in items if item not in twice]


@dataclass(frozen=True)
class LiveServer:
    """A site that answers on this machine."""

    url: str
    database: Database
    settings: Settings


@pytest.fixture
def live_server(database: Database, tmp_path: Path) -> Iterator[LiveServer]:
    """The whole site over the test's database, its jobs running, on a free port."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    settings = Settings(data=tmp_path, base_url=url)
    server = uvicorn.Server(config(create_app(settings, database), timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the site did not start"
        time.sleep(0.02)
    yield LiveServer(url, database, settings)
    server.should_exit = True
    thread.join(10)
    listening.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Real Chromium, the system's."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield started
        started.close()


NewPage = Callable[..., Page]


@pytest.fixture
def new_page(browser: Browser, live_server: LiveServer) -> Iterator[NewPage]:
    """``new_page(size=…, language=…)`` opens another machine's browser; a script error on any page fails the test.

    With ``plain`` it reaches the site by a name, over http, as in a room without TLS.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(
        *,
        size: tuple[int, int] = EXAM_ROOM,
        language: str = "zh-CN",
        javascript: bool = True,
        plain: bool = False,
    ) -> Page:
        context = browser.new_context(
            base_url=live_server.url.replace("127.0.0.1", PLAIN_HOST) if plain else live_server.url,
            viewport={"width": size[0], "height": size[1]},
            locale=language,
            timezone_id="Asia/Shanghai",
            java_script_enabled=javascript,
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None,
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A browser on an examination room's PC, in Chinese."""
    return new_page()


LogInPage = Callable[..., Page]


@pytest.fixture
def log_in_page(live_server: LiveServer, institution: Institution) -> LogInPage:
    """``log_in_page(page, Role.X, …, institution=…, username=…)`` gives a page's browser a staff login."""

    def log_in(page: Page, *roles: Role, institution: Institution = institution, username: str = "") -> Page:
        name = username or "-".join(role.value for role in roles)[:50] + "-" + institution.id.hex[-6:]
        database = live_server.database
        with database.session(scope=Scope.everything()) as session:
            user = make_user(session, username=name, roles=roles, institution=institution)
            token = people.open_staff_session(
                session, user_id=user.id, institution_id=institution.id, now=database.clock.now()
            )
        page.context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": live_server.url}])
        return page

    return log_in


@pytest.fixture(scope="session")
def shot() -> Callable[[Page, str], Path]:
    """``shot(page, "name")`` keeps a screenshot for people to look at."""
    wanted = os.environ.get("EXAM_ENGINE_SCREENSHOTS")
    folder = Path(wanted or tempfile.gettempdir())
    folder.mkdir(parents=True, exist_ok=True)

    def keep(page: Page, name: str) -> Path:
        path = folder / f"{name}.png"
        if wanted:
            page.screenshot(path=path)
        return path

    return keep


@pytest.fixture(scope="session")
def accessibility() -> Callable[[Page], list[str]]:
    """``accessibility(page)`` lists what axe-core finds wrong with a page, in words."""
    if not AXE_FILE.is_file():
        pytest.skip("axe-core is not installed (npm ci)")
    source = AXE_FILE.read_text("utf-8")

    def findings(page: Page) -> list[str]:
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(source)  # a script tag would be refused by the content security policy
        found: list[str] = page.evaluate(AXE)
        return found

    return findings
