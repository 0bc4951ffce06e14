"""The paper as a candidate sees it: no keys, no explanations, in the candidate's own order. No I/O.

Order is a pure function of the stored seed: items are sorted within their section by SHA-256 of seed and item,
options likewise. What must stay keeps its place: true/false, options such as “all of the above”, and whole items
whose text speaks of their options by letter.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import accumulate
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


def subset(paper: CandidatePaper, form: Sequence[int] | None) -> CandidatePaper:
    """Return what a candidate is given of ``paper``; sections without any of it vanish.

    Parameters
    ----------
    form : sequence of int, or None
        Places (from 0) on the sealed paper; None for all of it.
    """
    if form is None:
        return paper
    given, first, sections = frozenset(form), 0, []
    for section in paper.sections:
        own = tuple(entry for place, entry in enumerate(section.entries, first) if place in given)
        first += len(section.entries)
        if own:
            sections.append(replace(section, entries=own))
    total = sum((entry.marks for section in sections for entry in section.entries), Decimal(0))
    return replace(paper, sections=tuple(sections), total_marks=total)


class OwnForm:
    """What may be answered on a form that is a part of a paper; a number instead of a table for each candidate."""

    __slots__ = ("_choices", "_given", "_places")

    def __init__(self, choices: Mapping[UUID, Choice], places: Mapping[UUID, int], given: int) -> None:
        self._choices, self._places, self._given = choices, places, given

    def get(self, item_id: UUID, /) -> Choice | None:
        """Return what may be answered to an item of the form, None for all others."""
        place = self._places.get(item_id)
        return self._choices[item_id] if place is not None and self._given >> place & 1 else None


def as_bits(form: Iterable[int]) -> int:
    """Return places as the bits of a number."""
    bits = 0
    for place in form:
        bits |= 1 << place
    return bits


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
        self._whole = [(number, range(len(section))) for number, section in enumerate(self._sections)]
        self._ends = list(accumulate(len(section) for section in self._sections))

    def order(
        self, seed: int, form: Sequence[int] | None = None
    ) -> list[tuple[int, list[tuple[int, tuple[int, ...]]]]]:
        """Return in the candidate's order, for each section of the form, its number and (item, its options).

        All count from 0 as on the sealed paper, items within their section. Of a form, given as places on the whole
        paper, only its own items are looked at, and a section without any is left out.
        """
        prefix = b"%d/" % seed
        found: list[tuple[int, list[tuple[int, tuple[int, ...]]]]] = []
        for number, places in self._whole if form is None else self._own(form):
            section = self._sections[number]
            if seed == PLAIN_ORDER:
                found.append((number, [(place, section[place].unmoved) for place in places]))
                continue
            ranked = sorted(
                [(hashlib.sha256(prefix + section[place].name).digest(), place) for place in places]
            )
            found.append((number, [(place, section[place].options(prefix)) for _, place in ranked]))
        return found

    def _own(self, form: Sequence[int]) -> list[tuple[int, Sequence[int]]]:
        own: dict[int, list[int]] = {}
        for place in sorted(form):
            number = bisect_right(self._ends, place)
            own.setdefault(number, []).append(place - self._ends[number] + len(self._sections[number]))
        return list(own.items())


def _with_options(entry: CandidateEntry, places: tuple[int, ...]) -> CandidateEntry:
    return replace(entry, options=tuple(entry.options[place] for place in places))


def arrange_options(entry: CandidateEntry, seed: int) -> CandidateEntry:
    """Return ``entry`` with its options in the order of ``seed``."""
    order = _EntryOrder(entry)
    return _with_options(entry, order.unmoved if seed == PLAIN_ORDER else order.options(b"%d/" % seed))


def arrange(paper: CandidatePaper, seed: int, form: Sequence[int] | None = None) -> CandidatePaper:
    """Return a candidate's form of ``paper`` in their order; the same seed always gives the same order."""
    own = subset(paper, form)
    sections = tuple(
        replace(
            own.sections[number],
            entries=tuple(
                _with_options(own.sections[number].entries[place], options) for place, options in places
            ),
        )
        for number, places in Arranger(own).order(seed)
    )
    return replace(own, sections=sections)
