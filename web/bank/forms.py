"""Forms and queries of the item bank."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from pydantic import BaseModel, Field

from itembank.items.rules import ItemStatus, ItemType
from itembank.items.service import Sort
from itembank.review.rules import MAX_COMMENT, Verdict
from itembank.taxonomy.rules import Importance, Level, LevelWrong, read_level

EnumT = TypeVar("EnumT", bound=StrEnum)


def _enum(kind: type[EnumT], value: str) -> EnumT | None:
    return kind(value) if value in {member.value for member in kind} else None


def read_uuid(value: str) -> UUID | None:
    """Return an id, or None for anything else: a filter that names nothing does not narrow."""
    try:
        return UUID(value)
    except ValueError:
        return None


def _level(value: str) -> Level | None:
    try:
        return read_level(value)
    except LevelWrong:
        return None


QUERY_FIELDS = (
    *("q", "bank", "status", "type", "node", "point", "importance"),
    *("difficulty", "source", "category", "unclassified", "mine", "sort"),
)


@dataclass(frozen=True)
class ItemQuery:
    """The filters of the item list as its address carries them; what cannot be read does not narrow."""

    values: Mapping[str, str]

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> ItemQuery:
        return cls({name: str(given[name]).strip() for name in QUERY_FIELDS if given.get(name)})

    def get(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def status(self) -> ItemStatus | None:
        return _enum(ItemStatus, self.get("status"))

    @property
    def type(self) -> ItemType | None:
        return _enum(ItemType, self.get("type"))

    @property
    def occupation(self) -> UUID | None:
        return read_uuid(self.get("bank").partition(":")[0])

    @property
    def level(self) -> Level | None:
        return _level(self.get("bank").partition(":")[2])

    @property
    def importance(self) -> Importance | None:
        return _enum(Importance, self.get("importance"))

    @property
    def difficulty(self) -> int | None:
        return int(self.get("difficulty")) if self.get("difficulty") in {"1", "2", "3", "4", "5"} else None

    @property
    def sort(self) -> Sort:
        return _enum(Sort, self.get("sort")) or Sort.NEWEST

    @property
    def narrows(self) -> bool:
        """Tell whether any filter is set."""
        return any(name != "sort" for name in self.values)

    def url(self, path: str) -> str:
        """Return an address with these filters, ready for a further parameter."""
        return f"{path}?{urlencode(self.values)}&" if self.values else f"{path}?"


class BulkForm(BaseModel):
    """A bulk action on the selected items, or on everything that the filters match."""

    action: Literal[
        "submit", "place", "approve", "send_back", "suspend", "resume", "retire", "export", "enemies"
    ]
    item: list[UUID] = Field(default_factory=list)
    seen: list[str] = Field(default_factory=list)
    """``item:version`` of what the page showed."""
    everything: bool = False
    comment: str = Field("", max_length=MAX_COMMENT)
    name: str = Field("", max_length=120)


class PlaceForm(BaseModel):
    """One assessment point for the selected items."""

    item: list[UUID] = Field(default_factory=list)
    point_id: UUID


class VerdictForm(BaseModel):
    """A verdict on one item."""

    verdict: Verdict
    version: UUID
    comment: str = Field("", max_length=MAX_COMMENT)


class StatusForm(BaseModel):
    """A change of one item's state."""

    change: Literal["submit", "suspend", "resume", "retire"]


class ItemForm(BaseModel):
    """An item as it is written."""

    type: ItemType
    occupation_id: UUID
    level: int = Field(ge=1, le=5)
    stem: str = ""
    option: list[str] = Field(default_factory=list)
    key: list[str] = Field(default_factory=list)
    explanation: str = ""
    point_id: UUID | None = None
    importance: Importance | None = None
    difficulty: int = Field(3, ge=1, le=5)
    source: str = Field("", max_length=120)
    reference: str = Field("", max_length=80)
    category: str = Field("", max_length=120)
    seen: UUID | None = None
    """The version that the form was filled from."""


class OccupationForm(BaseModel):
    """A new occupation."""

    code: str = Field(min_length=1, max_length=20)
    name: str = Field(min_length=1, max_length=80)
    work_types: str = Field("", max_length=500)


def versions_seen(pairs: Iterable[str]) -> dict[UUID, UUID]:
    """Return item → version of the ``seen`` fields; malformed ones are dropped, so their items are refused."""
    found = {}
    for pair in pairs:
        item, _, version = pair.partition(":")
        item_id, version_id = read_uuid(item), read_uuid(version)
        if item_id and version_id:
            found[item_id] = version_id
    return found
