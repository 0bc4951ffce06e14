"""The paper as a candidate sees it: no keys, no explanations, in the candidate's own order. No I/O.

Order is a pure function of the stored seed: items are sorted within their section by SHA-256 of seed and item,
options likewise. What must stay keeps its place: true/false, options such as “all of the above”, and whole items
whose text speaks of their options by letter.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from exam_engine.delivery.rules import Choice
from exam_engine.papers.content import CandidateEntry, CandidatePaper
from itembank.items.rules import ItemType, Option

_PINNED = re.compile(
    r"^\s*(以上|上述|前述|前面|前(两|二|三|四)[者项]|都(是|不是|对|不对|正确|错误)|均(是|不|正确|可)|全部(都)?(是|对|正确))"
    r"|^\s*(all|none|both|neither) of (the|them)",
    re.IGNORECASE,
)
_SPEAKS_OF_LETTERS = re.compile(
    r"(?<![A-Za-z0-9])[A-H](?:\s*[、,，和与及或&+]\s*[A-H])+(?![A-Za-z0-9])"
    r"|选项\s*[A-H](?![A-Za-z0-9])|(?<![A-Za-z0-9])[A-H]\s*(?:选)?项"
)


def form_of(paper: CandidatePaper) -> Mapping[UUID, Choice]:
    """Return what may be answered to each item."""
    return {
        entry.item_id: Choice(entry.type, frozenset(option.label for option in entry.options))
        for section in paper.sections
        for entry in section.entries
    }


def is_pinned(option: Option) -> bool:
    """Tell whether an option must keep its place, such as “all of the above” (以上都是)."""
    return _PINNED.search(option.text) is not None


def keeps_order(entry: CandidateEntry) -> bool:
    """Tell whether the options of ``entry`` stay as they are."""
    texts = (entry.stem, *(option.text for option in entry.options))
    return entry.type is ItemType.TRUE_FALSE or any(_SPEAKS_OF_LETTERS.search(text) for text in texts)


PLAIN_ORDER = -1
"""The seed of whoever was given the order of the sealed paper; drawn seeds are never negative."""


class _EntryOrder:
    """What decides the place of one item and of its options, whoever the candidate is."""

    __slots__ = ("moving", "name", "unmoved")

    def __init__(self, entry: CandidateEntry) -> None:
        self.name = entry.item_id.hex.encode()
        self.unmoved = tuple(range(len(entry.options)))
        self.moving: list[tuple[int, bytes]] = []
        """Places of the options that move, with what their rank is made of."""
        if not keeps_order(entry):
            self.moving = [
                (place, b"/".join((self.name, option.label.encode())))
                for place, option in enumerate(entry.options)
                if not is_pinned(option)
            ]

    def options(self, seed: bytes) -> tuple[int, ...]:
        """Return which option stands at each place."""
        if not self.moving:
            return self.unmoved
        ranked = sorted([(hashlib.sha256(seed + name).digest(), place) for place, name in self.moving])
        places = list(self.unmoved)
        for (place, _), (_, moved) in zip(self.moving, ranked, strict=True):
            places[place] = moved
        return tuple(places)


class Arranger:
    """The order of a paper for any seed; what does not depend on the seed is worked out once."""

    def __init__(self, paper: CandidatePaper) -> None:
        self._sections = [[_EntryOrder(entry) for entry in section.entries] for section in paper.sections]

    def order(self, seed: int) -> list[list[tuple[int, tuple[int, ...]]]]:
        """Return for each section, in the candidate's order, (item, its options) as places on the sealed paper."""
        if seed == PLAIN_ORDER:
            return [
                [(place, entry.unmoved) for place, entry in enumerate(section)] for section in self._sections
            ]
        prefix = b"%d/" % seed
        return [
            [
                (place, section[place].options(prefix))
                for _, place in sorted(
                    [
                        (hashlib.sha256(prefix + entry.name).digest(), place)
                        for place, entry in enumerate(section)
                    ]
                )
            ]
            for section in self._sections
        ]


def _with_options(entry: CandidateEntry, places: tuple[int, ...]) -> CandidateEntry:
    return replace(entry, options=tuple(entry.options[place] for place in places))


def arrange_options(entry: CandidateEntry, seed: int) -> CandidateEntry:
    """Return ``entry`` with its options in the order of ``seed``."""
    order = _EntryOrder(entry)
    return _with_options(entry, order.unmoved if seed == PLAIN_ORDER else order.options(b"%d/" % seed))


def arrange(paper: CandidatePaper, seed: int) -> CandidatePaper:
    """Return ``paper`` in the order of one candidate; the same seed always gives the same order."""
    order = Arranger(paper).order(seed)
    sections = tuple(
        replace(
            section,
            entries=tuple(_with_options(section.entries[place], options) for place, options in places),
        )
        for section, places in zip(paper.sections, order, strict=True)
    )
    return replace(paper, sections=sections)
