"""A paper's content: its canonical bytes, their digest, and what a candidate and a marker see of it. No I/O."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from itembank.items.rules import ItemContent, ItemType, Option

FORMAT, COLLECTION_FORMAT = 2, 3
"""Versions of the canonical form, which a reader must know; 2 added the facts by which rules count an item, 3 how a
collection is divided."""

READABLE = (1, FORMAT, COLLECTION_FORMAT)


@dataclass(frozen=True)
class SealedEntry:
    """One item of a sealed paper, with its key."""

    item_id: UUID
    version_id: UUID
    type: ItemType
    marks: Decimal
    content: ItemContent
    facts: Mapping[str, Any] | None = None
    """What the rules of a blueprint count of the item, as it was when the paper was sealed; see compile.facts_of."""


@dataclass(frozen=True)
class Section:
    """Items of one type in a row."""

    type: ItemType
    marks_each: Decimal
    entries: tuple[SealedEntry, ...]


@dataclass(frozen=True)
class SealedPaper:
    """The whole content of a paper."""

    paper_id: UUID
    label: str
    minutes: int
    total_marks: Decimal
    sections: tuple[Section, ...]
    digest: str = ""
    collection: Mapping[str, Any] | None = None
    """How it is divided, if it holds more than one candidate receives; see ``models.Paper.collection``."""

    @cached_property
    def entries(self) -> tuple[SealedEntry, ...]:
        """All items in the order of the paper."""
        return tuple(entry for section in self.sections for entry in section.entries)

    def given(self, form: Sequence[int] | None) -> tuple[SealedEntry, ...]:
        """Return the items of a candidate's form, given as places on the paper, in its order; None for all."""
        return self.entries if form is None else tuple(self.entries[place] for place in sorted(form))


@dataclass(frozen=True)
class CandidateEntry:
    """One item as a candidate sees it: without key and explanation."""

    item_id: UUID
    version_id: UUID
    type: ItemType
    marks: Decimal
    stem: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class CandidateSection:
    """Items of one type in a row, without keys."""

    type: ItemType
    marks_each: Decimal
    entries: tuple[CandidateEntry, ...]


@dataclass(frozen=True)
class CandidatePaper:
    """A paper without its keys."""

    paper_id: UUID
    label: str
    minutes: int
    total_marks: Decimal
    sections: tuple[CandidateSection, ...]
    collection: Mapping[str, Any] | None = None
    """As in SealedPaper."""

    @property
    def size(self) -> int:
        """How many items it has."""
        return sum(len(section.entries) for section in self.sections)


@dataclass(frozen=True)
class KeyEntry:
    """What a marker needs of an item."""

    item_id: UUID
    version_id: UUID
    type: ItemType
    marks: Decimal
    key: tuple[str, ...]


def canonical_bytes(paper: SealedPaper) -> bytes:
    """Return the bytes that are hashed and encrypted: JSON with sorted keys, without spaces, UTF-8."""
    content: dict[str, Any] = {
        "format": FORMAT if paper.collection is None else COLLECTION_FORMAT,
        "paper": str(paper.paper_id),
        "label": paper.label,
        "minutes": paper.minutes,
        "total_marks": _plain(paper.total_marks),
        "sections": [
            {
                "type": section.type.value,
                "marks_each": _plain(section.marks_each),
                "entries": [_entry(entry) for entry in section.entries],
            }
            for section in paper.sections
        ],
    }
    if paper.collection is not None:
        content["collection"] = dict(paper.collection)
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest_of(content: bytes) -> str:
    """Return the SHA-256 digest, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def read_bytes(content: bytes) -> SealedPaper:
    """Return the paper that ``canonical_bytes`` wrote.

    Raises ValueError for a format that is not known.
    """
    data = json.loads(content)
    if data.get("format") not in READABLE:
        raise ValueError(f"paper format {data.get('format')} is not known")
    return SealedPaper(
        paper_id=UUID(data["paper"]),
        label=data["label"],
        minutes=data["minutes"],
        total_marks=Decimal(data["total_marks"]),
        sections=tuple(
            Section(
                ItemType(section["type"]),
                Decimal(section["marks_each"]),
                tuple(_read_entry(entry, section["type"]) for entry in section["entries"]),
            )
            for section in data["sections"]
        ),
        digest=digest_of(content),
        collection=data.get("collection"),
    )


def without_keys(paper: SealedPaper) -> CandidatePaper:
    """Return what a candidate may see."""
    return CandidatePaper(
        paper.paper_id,
        paper.label,
        paper.minutes,
        paper.total_marks,
        tuple(
            CandidateSection(
                section.type,
                section.marks_each,
                tuple(
                    CandidateEntry(
                        e.item_id, e.version_id, e.type, e.marks, e.content.stem, tuple(e.content.options)
                    )
                    for e in section.entries
                ),
            )
            for section in paper.sections
        ),
        paper.collection,
    )


def keys_of(paper: SealedPaper) -> Mapping[UUID, KeyEntry]:
    """Return the key of each item."""
    return {
        e.item_id: KeyEntry(e.item_id, e.version_id, e.type, e.marks, tuple(e.content.key))
        for e in paper.entries
    }


def in_sections(entries: Sequence[SealedEntry]) -> tuple[Section, ...]:
    """Return entries, already in order, as sections of one type each."""
    sections: list[Section] = []
    for entry in entries:
        if not sections or sections[-1].type != entry.type:
            sections.append(Section(entry.type, entry.marks, ()))
        last = sections[-1]
        sections[-1] = Section(last.type, last.marks_each, (*last.entries, entry))
    return tuple(sections)


def _entry(entry: SealedEntry) -> dict[str, Any]:
    facts = {} if entry.facts is None else {"facts": dict(entry.facts)}
    return facts | {
        "item": str(entry.item_id),
        "version": str(entry.version_id),
        "marks": _plain(entry.marks),
        "stem": entry.content.stem,
        "options": [[option.label, option.text] for option in entry.content.options],
        "key": list(entry.content.key),
    }


def _read_entry(data: Mapping[str, Any], kind: str) -> SealedEntry:
    return SealedEntry(
        UUID(data["item"]),
        UUID(data["version"]),
        ItemType(kind),
        Decimal(data["marks"]),
        ItemContent(
            type=ItemType(kind),
            stem=data["stem"],
            options=tuple(Option(label, text) for label, text in data["options"]),
            key=tuple(data["key"]),
        ),
        data.get("facts"),
    )


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")
