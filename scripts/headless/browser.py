"""A small browser: cookies, forms, uploads, redirects. Standard library only."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPResponse
from http.cookiejar import CookieJar
from typing import Any


@dataclass
class Field:
    """One control of a form."""

    name: str
    kind: str
    value: str
    checked: bool = True
    options: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class PageForm:
    """A form as the page offers it."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)
    text: str = ""

    def defaults(self) -> list[tuple[str, str]]:
        """What a user sends who changes nothing."""
        return [(f.name, f.value) for f in self.fields if f.name and f.checked and f.kind != "file"]

    def names(self) -> set[str]:
        return {f.name for f in self.fields}

    def option(self, name: str, containing: str) -> str:
        """The value of the option of a select (or radio) whose text contains ``containing``."""
        for control in self.fields:
            if control.name == name:
                for value, text in control.options:
                    if containing in text:
                        return value
        raise AssertionError(f"the form {self.action} offers no {name} with “{containing}”")


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[PageForm] = []
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.attributes: dict[str, dict[str, str]] = {}
        self._form: PageForm | None = None
        self._select: Field | None = None
        self._option: str | None = None
        self._area: Field | None = None
        self._link: str | None = None
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for name in given:
            if name.startswith("data-"):
                self.attributes.setdefault(name, given)
        if tag in ("script", "style"):
            self._hidden += 1
        elif tag == "form":
            self._form = PageForm(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "a":
            self._link = given.get("href", "")
            self.links.append((self._link, ""))
        elif tag in ("input", "button", "select", "textarea"):
            self._control(tag, given)
        elif tag == "option" and self._select is not None:
            self._option = given.get("value", "")
            self._select.options.append((self._option, ""))
            if "selected" in given or len(self._select.options) == 1:
                self._select.value = self._option

    def _control(self, tag: str, given: dict[str, str]) -> None:
        owner = self._form
        if "form" in given:
            owner = None  # belongs to a form elsewhere; sent by name in ``send``
        kind = given.get("type", "text" if tag == "input" else "submit" if tag == "button" else tag)
        checked = kind not in ("checkbox", "radio", "submit", "button", "image") or "checked" in given
        control = Field(
            given.get("name", ""), kind, given.get("value", "on" if kind == "checkbox" else ""), checked
        )
        if tag == "select":
            self._select = control
        if tag == "textarea":
            self._area = control
        if owner is not None:
            owner.fields.append(control)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._hidden -= 1
        elif tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "option":
            self._option = None
        elif tag == "textarea":
            self._area = None
        elif tag == "a":
            self._link = None

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._area is not None:
            self._area.value += data
        if self._select is not None and self._option is not None:
            value, text = self._select.options[-1]
            self._select.options[-1] = (value, text + data)
        if self._link is not None:
            href, text = self.links[-1]
            self.links[-1] = (href, text + data)
        if self._form is not None:
            self._form.text += data
        self.words.append(data)


@dataclass
class Page:
    """An answer, parsed."""

    url: str
    status: int
    body: bytes
    kind: str

    def __post_init__(self) -> None:
        self._parsed: _Parser | None = None

    @property
    def html(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def parsed(self) -> _Parser:
        if self._parsed is None:
            self._parsed = _Parser()
            self._parsed.feed(self.html)
        return self._parsed

    @property
    def text(self) -> str:
        """The page's words, runs of space made one."""
        return re.sub(r"\s+", " ", " ".join(self.parsed.words)).strip()

    @property
    def forms(self) -> list[PageForm]:
        return self.parsed.forms

    def form(self, action: str = "", *, having: str = "") -> PageForm:
        """The form whose action matches the pattern and which has the field ``having``."""
        for form in self.forms:
            if re.search(action, form.action or self.url) and (not having or having in form.names()):
                return form
        offered = [form.action for form in self.forms]
        raise AssertionError(f"{self.url} has no form {action!r} with {having!r}; it has {offered}")

    def link(self, pattern: str) -> str:
        """The first link whose address matches."""
        for href, _ in self.parsed.links:
            if re.search(pattern, href):
                return href
        raise AssertionError(f"{self.url} has no link {pattern!r}")

    def links(self, pattern: str) -> list[str]:
        """All links whose address matches, in order, each once."""
        return list(dict.fromkeys(href for href, _ in self.parsed.links if re.search(pattern, href)))


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


Upload = tuple[str, bytes, str]
"""File name, content, media type."""


class Browser:
    """One user's browser."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.requests = 0
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(CookieJar()),
            _NoRedirect(),
        )

    def request(
        self, method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Page:
        """One request, redirects followed as a browser does."""
        for _ in range(10):
            address = urllib.parse.urljoin(self.base, url)
            given = {"Accept": "text/html,*/*", "Accept-Language": "zh-CN,zh", **(headers or {})}
            sent = urllib.request.Request(address, data=body, headers=given, method=method)  # noqa: S310  our site
            self.requests += 1
            answer: HTTPResponse | urllib.error.HTTPError
            try:
                answer = self._opener.open(sent, timeout=60)
            except urllib.error.HTTPError as error:
                answer = error
            with answer:
                content, status = answer.read(), answer.status or 0
                location = answer.headers.get("Location")
                if status in (301, 302, 303) and location:
                    method, body, url = "GET", None, urllib.parse.urljoin(address, location)
                    headers = None
                    continue
                return Page(address, status, content, answer.headers.get_content_type())
        raise AssertionError(f"{url} redirects in a circle")

    def get(self, url: str, *, status: int = 200) -> Page:
        """Open a page and expect a status."""
        return expect(self.request("GET", url), status)

    def post_json(self, url: str, value: Any, headers: dict[str, str], *, method: str = "POST") -> Page:
        """Send JSON as a script of the page does; no status is expected."""
        given = {"Content-Type": "application/json", "Accept": "application/json", **headers}
        return self.request(method, url, json.dumps(value).encode(), given)

    def send(
        self,
        page: Page,
        form: PageForm,
        values: Mapping[str, str | list[str]] | None = None,
        *,
        files: Mapping[str, Upload] | None = None,
        status: int | Iterable[int] = 200,
    ) -> Page:
        """Fill in a form of ``page`` and send it."""
        given = values or {}
        pairs = [(name, value) for name, value in form.defaults() if name not in given]
        for name, value in given.items():
            pairs += [(name, one) for one in (value if isinstance(value, list) else [value])]
        target = urllib.parse.urljoin(page.url, form.action or page.url)
        if form.method == "get":
            return expect(
                self.request("GET", target.partition("?")[0] + "?" + urllib.parse.urlencode(pairs)), status
            )
        if files:
            body, kind = _multipart(pairs, files)
        else:
            body, kind = urllib.parse.urlencode(pairs).encode(), "application/x-www-form-urlencoded"
        origin = {"Origin": self.base, "Content-Type": kind}
        return expect(self.request("POST", target, body, origin), status)


def expect(page: Page, status: int | Iterable[int]) -> Page:
    """Return ``page`` if it has the status; else say what it shows instead."""
    wanted = {status} if isinstance(status, int) else set(status)
    if page.status not in wanted:
        raise AssertionError(f"{page.url}: {page.status} instead of {sorted(wanted)}: {page.text[:600]}")
    return page


def _multipart(pairs: list[tuple[str, str]], files: Mapping[str, Upload]) -> tuple[bytes, str]:
    boundary = uuid.uuid4().hex
    parts: list[bytes] = []
    for name, value in pairs:
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        )
    for name, (filename, content, kind) in files.items():
        head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"\r\nContent-Type: {kind}'
        parts.append(f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + b"\r\n")
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"


def wait_for(what: str, attempt: Callable[[], Page | None], *, seconds: float = 120) -> Page:
    """Ask again until ``attempt`` gives a page."""
    import time

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        page = attempt()
        if page is not None:
            return page
        time.sleep(0.3)
    raise AssertionError(f"{what} did not end within {seconds:.0f} s")


def follow_job(browser: Browser, page: Page, *, seconds: float = 180) -> Page:
    """Wait on a job's page until it is done, then open its result."""
    job_url = page.url

    def look() -> Page | None:
        now = browser.get(job_url)
        state = now.parsed.attributes.get("data-job", {})
        if state.get("data-job") == "done":
            return browser.get(state["data-goto"]) if state.get("data-goto") else now
        if state.get("data-job") in ("failed", "cancelled"):
            raise AssertionError(f"the job {job_url} {state['data-job']}: {now.text[:400]}")
        return None

    return wait_for(f"the job {job_url}", look, seconds=seconds)
