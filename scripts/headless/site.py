"""The site as a process of its own: started, its clock moved, its command line used, stopped."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from scripts.headless.browser import Browser

BEGIN = "2026-03-23T00:30:00+00:00"
"""A Monday morning: the working days of the notice are those of a year whose holidays are known."""

ROOT = Path(__file__).parents[2]


class SiteProcess:
    """A site on an empty data folder, bound to this machine only."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("EXAM_ENGINE_")},
            "EXAM_ENGINE_DATA": str(data),
            "EXAM_ENGINE_PORT": "0",
            "EXAM_ENGINE_LOG_LEVEL": "warning",
        }
        self.log = (data / "site.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scripts.headless_site", BEGIN],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        self.url = str(self._answer()["url"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            tail = (self.data / "site.log").read_text("utf-8", "replace")[-2000:]
            raise AssertionError(f"the site ended with code {self._process.wait()}: {tail}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def advance(self, seconds: float) -> datetime:
        """Move the site's clock forward."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"advance {seconds}\n")
        self._process.stdin.flush()
        return datetime.fromisoformat(self._answer()["now"])

    def command(self, *arguments: str) -> str:
        """Run the command line on the site's data, as its operator; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "scripts.cli", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(
                f"exam-engine {' '.join(arguments)}: code {done.returncode}: {done.stderr[-800:]}"
            )
        return done.stdout

    def now(self) -> datetime:
        """The site's time."""
        return datetime.fromisoformat(Browser(self.url).get("/health").json()["time"])

    def stop(self) -> int:
        """End the site; returns its exit code."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            code = self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self.log.close()
        return code


class People:
    """Staff accounts made through the site's pages, each with a browser of its own."""

    def __init__(self, site: SiteProcess) -> None:
        self.site = site
        self._logins: list[tuple[Browser, str, str]] = []
        printed = site.command(
            "user", "add", "admin", "--role", "platform_administrator", "--role", "auditor"
        )
        self.admin = self.enter("admin", printed.rpartition(": ")[2].strip())

    def enter(self, username: str, first_password: str) -> Browser:
        """Log in with a first password and choose an own one, as everybody must."""
        browser = Browser(self.site.url)
        password = f"Own-{username}-{os.urandom(6).hex()}"
        page = browser.get("/login")
        page = browser.send(page, page.form("login"), {"username": username, "password": first_password})
        form = page.form("account/password")
        changed = {"present": first_password, "password": password, "again": password}
        browser.send(page, form, changed)
        self._logins.append((browser, username, password))
        self._log_in(browser, username, password)
        return browser

    def _log_in(self, browser: Browser, username: str, password: str) -> None:
        page = browser.get("/login")
        page = browser.send(page, page.form("login"), {"username": username, "password": password})
        assert "/login" not in page.url, page.text[:300]

    def log_in_again(self) -> None:
        """Everybody comes back on another day: their sessions have ended."""
        for browser, username, password in self._logins:
            self._log_in(browser, username, password)

    def institution(self, name: str, kind: str, below: str, **columns: str) -> None:
        """Add an institution below the one whose name contains ``below``."""
        page = self.admin.get("/admin/institutions")
        form = page.form(having="parent_id")
        values = {"name": name, "kind": kind, "parent_id": form.option("parent_id", below), **columns}
        done = self.admin.send(page, form, values)
        assert name in done.text, f"{name} is not listed"

    def account(self, username: str, name: str, role: str, institution: str) -> Browser:
        """Add an account with one role and enter with it."""
        page = self.admin.get("/admin/people")
        chosen = page.form(having="institution")
        page = self.admin.send(page, chosen, {"institution": chosen.option("institution", institution)})
        form = page.form("/admin/people$", having="username")
        page = self.admin.send(page, form, {"username": username, "name": name, "role": role})
        shown = re.search(r"初始密码[^：]*：\s*([\w-]{12,})", page.text)
        assert shown, f"no first password for {username}: {page.text[:300]}"
        return self.enter(username, shown.group(1))
