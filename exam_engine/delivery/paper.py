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


def _rank(seed: int, *parts: str) -> bytes:
    return hashlib.sha256(f"{seed}/{'/'.join(parts)}".encode()).digest()


def is_pinned(option: Option) -> bool:
    """Tell whether an option must keep its place, such as “all of the above” (以上都是)."""
    return _PINNED.search(option.text) is not None


def keeps_order(entry: CandidateEntry) -> bool:
    """Tell whether the options of ``entry`` stay as they are."""
    texts = (entry.stem, *(option.text for option in entry.options))
    return entry.type is ItemType.TRUE_FALSE or any(_SPEAKS_OF_LETTERS.search(text) for text in texts)


def arrange_options(entry: CandidateEntry, seed: int) -> CandidateEntry:
    """Return ``entry`` with its options in the order of ``seed``."""
    if keeps_order(entry):
        return entry
    moving = sorted(
        (option for option in entry.options if not is_pinned(option)),
        key=lambda option: _rank(seed, entry.item_id.hex, option.label),
    )
    waiting = iter(moving)
    options = tuple(option if is_pinned(option) else next(waiting) for option in entry.options)
    return replace(entry, options=options)


def arrange(paper: CandidatePaper, seed: int) -> CandidatePaper:
    """Return ``paper`` in the order of one candidate; the same seed always gives the same order."""
    sections = tuple(
        replace(
            section,
            entries=tuple(
                arrange_options(entry, seed)
                for entry in sorted(section.entries, key=lambda entry: _rank(seed, entry.item_id.hex))
            ),
        )
        for section in paper.sections
    )
    return replace(paper, sections=sections)
