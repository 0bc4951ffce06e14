"""Walking through the site's pages in a browser, and what every page is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from babel.messages.pofile import read_po
from fastapi.routing import APIRoute
from playwright.sync_api import ConsoleMessage, Page, Response

import web
from exam_engine.worker import HANDLERS
from itembank.people.rules import PERMISSIONS, Action, Role
from web.app import AREAS

PHONE = (390, 844)
FILES = (
    ".csv",
    ".xlsx",
    ".pdf",
    ".json",
    "/file",
    "/template",
    "/workbook",
    "/photo",
    "/health",
    "/{language}",
)
"""How the addresses end that answer with something else than a page."""

SEEN = """() => {
  const texts = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!["SCRIPT", "STYLE"].includes(parent.tagName)) texts.push(walker.currentNode.data);
  }
  for (const element of document.querySelectorAll("[aria-label],[title],[placeholder],[alt]"))
    for (const name of ["aria-label", "title", "placeholder", "alt"]) texts.push(element.getAttribute(name) || "");
  const shown = [...document.querySelectorAll("main table")].filter((e) => !e.closest("details:not([open])"));
  const boxes = shown.map((table) => table.getBoundingClientRect());
  const covers = (a, b) =>
    a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  return {
    covered: boxes.filter((a, n) => boxes.slice(n + 1).some((b) => covers(a, b))).length,
    texts: texts.map((text) => text.trim()).filter(Boolean),
    titles: document.querySelectorAll("h1").length,
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    links: Array.from(document.querySelectorAll("a[href^='/']"), (link) => link.getAttribute("href")),
  };
}"""
"""Every text that a page says, to the eye or to a screen reader; its titles, its width, where it leads, and tables
that others cover."""

TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
UNIQUE_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
IDS_BELONG = frozenset({"/admin/audit"})
"""Auditors compare a record with others by its id."""
CODES = frozenset(HANDLERS) | frozenset(action.value for action in Action)


@dataclass(frozen=True)
class Place:
    """A route that answers with a page."""

    template: str
    pattern: re.Pattern[str]
    action: Action | None


@cache
def places() -> list[Place]:
    """Return every GET route of the areas that answers with a page."""
    found = []
    for area in AREAS:
        for route in area.router.routes:
            if (
                not isinstance(route, APIRoute)
                or "GET" not in (route.methods or ())
                or route.path.endswith(FILES)
            ):
                continue
            declared = [vars(dependency.call).get("action") for dependency in route.dependant.dependencies]
            actions = [action for action in declared if isinstance(action, Action)]
            found.append(Place(route.path, route.path_regex, actions[0] if actions else None))
    # An address is the route's that has the fewest parameters, as /plans/new before /plans/{plan_id}.
    return sorted(found, key=lambda place: (place.template.count("{"), place.template))


def open_to(role: Role | None) -> list[Place]:
    """Return the pages that a role may open; those open to anybody for None."""
    if role is None:
        return [place for place in places() if place.action is None]
    return [place for place in places() if place.action and role in PERMISSIONS[place.action]]


@dataclass(frozen=True)
class English:
    """The English of the catalogue, by which an untranslated text is recognised on a Chinese page."""

    whole: frozenset[str]
    parts: tuple[str, ...]

    @classmethod
    def read(cls) -> English:
        whole, parts = set(), set()
        for path in sorted((Path(web.__file__).parent / "locale" / "zh_CN").glob("*.po")):
            with path.open("rb") as file:
                for message in read_po(file, locale="zh_CN"):
                    text = message.id if isinstance(message.id, str) else message.id[0]
                    if not re.search("[A-Za-z]{2}", text) or text in str(message.string):
                        continue
                    whole.add(text)
                    pieces = (piece.strip(" .,:;()") for piece in re.split(r"\{\w+\}", text))
                    parts |= {piece for piece in pieces if len(piece) > 12 and piece.count(" ") > 1}
        return cls(frozenset(whole), tuple(sorted(parts)))

    def within(self, texts: list[str]) -> list[str]:
        """Return the texts that were not translated."""
        latin = [text for text in texts if re.search("[A-Za-z]{2}", text)]
        return [text for text in latin if text in self.whole or any(part in text for part in self.parts)]


@dataclass
class Walk:
    """One visitor's way through the pages: what was seen and what was wrong with it."""

    page: Page
    english: English
    accessibility: Callable[[Page], list[str]]
    keep: Callable[[Page, str], object]
    name: str
    known: set[str] = field(default_factory=set)
    """Addresses that somebody else has looked at closely before."""
    wrong: list[str] = field(default_factory=list)
    seen: dict[str, list[str]] = field(default_factory=dict)
    """Addresses by their routes' templates."""
    _said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self._said.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, line: ConsoleMessage) -> None:
        if line.type == "error":
            self._said.append(f"{line.text} {line.location['url']}")

    def through(self, allowed: list[Place]) -> None:
        """Open every page without parameters, then the first and the last of each kind that a page links to."""
        waiting = [place.template for place in allowed if "{" not in place.template]
        while waiting:
            address = waiting.pop(0)
            place = next((place for place in places() if place.pattern.match(address)), None)
            if place is None or address in self.seen.setdefault(place.template, []):
                continue
            if len(self.seen[place.template]) < (2 if "{" in place.template else 1):
                self.seen[place.template].append(address)
                waiting += first_and_last(self.look_at(address, place.template))

    def look_at(self, address: str, template: str) -> list[str]:
        """Open a page, note what is wrong with it and return where it leads."""
        if address in self.known and address != "/":
            answered = self.page.request.get(address).status
            self.wrong += [f"{template}: answered {answered}"] if answered != 200 else []
            return []
        self.known.add(address)
        self._said.clear()
        answer = self.page.goto(address)
        seen = self.page.evaluate(SEEN)
        self.wrong += [f"{template}: {problem}" for problem in self._problems(template, answer, seen)]
        number = len(self.seen.get(template, ()))
        self.keep(
            self.page, f"every-{self.name}-" + re.sub("[^a-z_]+", "-", template).strip("-") + f"-{number}"
        )
        paths = [urlsplit(link).path for link in seen["links"]]
        return [path for path in paths if not path.endswith(FILES) and not path.startswith("/language/")]

    def _problems(self, template: str, answer: Response | None, seen: dict[str, Any]) -> Iterator[str]:
        if answer is None or answer.status != 200:
            yield f"answered {answer.status if answer else 'nothing'}"
        yield from (f"console: {line}" for line in self._said)
        if seen["titles"] != 1:
            yield f"{seen['titles']} h1"
        if seen["wide"]:
            yield f"{seen['wide']} px too wide"
        if seen["covered"]:
            yield f"{seen['covered']} tables are covered by others"
        texts = seen["texts"]
        yield from (f"English: {text}" for text in self.english.within(texts))
        yield from (f"code: {text}" for text in texts if text in CODES)
        if template not in IDS_BELONG:
            yield from (f"id: {text}" for text in texts if UNIQUE_ID.search(text))
        yield from (f"axe {finding}" for finding in self.accessibility(self.page))
        yield from self._magnified()

    def _magnified(self) -> Iterator[str]:
        """A browser that shows everything at twice the size has half the room."""
        size = self.page.viewport_size
        if size is None or size["width"] <= PHONE[0]:
            return
        self.page.set_viewport_size({"width": size["width"] // 2, "height": size["height"] // 2})
        if extra := self.page.evaluate(TOO_WIDE):
            yield f"{extra} px too wide at twice the size"
        self.page.set_viewport_size(size)


def first_and_last(addresses: list[str]) -> list[str]:
    """Return the first and the last address of each route: the newest and the most finished, in a list."""
    by_route: dict[str, list[str]] = {}
    for address in addresses:
        place = next((place for place in places() if place.pattern.match(address)), None)
        if place:
            by_route.setdefault(place.template, []).append(address)
    return [address for found in by_route.values() for address in dict.fromkeys([found[0], found[-1]])]
