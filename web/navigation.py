"""Areas of the site, and the navigation that each role sees of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter

from itembank.people.rules import Action, Actor
from web.i18n import N_

GROUPS = (
    N_("Item bank"),
    N_("Papers"),
    N_("Examinations"),
    N_("Results and certificates"),
    N_("Administration"),
)
"""Headings of the navigation, in the order of the work."""


@dataclass(frozen=True)
class NavItem:
    """One entry: shown to those who may do ``action``."""

    action: Action
    url: str
    label: str
    """English message id, marked with N_."""
    group: str


@dataclass(frozen=True)
class Todo:
    """Something that waits for this person (待办)."""

    count: int
    label: str
    url: str


@dataclass(frozen=True)
class Area:
    """One area of the site: its routes, its navigation and what it has waiting for somebody."""

    name: str
    router: APIRouter
    nav: Sequence[NavItem] = ()
    todos: Callable[[Any], Sequence[Todo]] | None = None
    """Given the request's Context."""
    routes: Sequence[Any] = field(default=())
    """Raw ASGI routes (full paths), which a router with a prefix would not mount."""


def navigation(areas: Sequence[Area], actor: Actor) -> list[tuple[str, list[NavItem]]]:
    """Return the groups with the entries this actor may open."""
    entries = [item for area in areas for item in area.nav if actor.may(item.action)]
    groups = [(group, [item for item in entries if item.group == group]) for group in GROUPS]
    return [(group, items) for group, items in groups if items]
