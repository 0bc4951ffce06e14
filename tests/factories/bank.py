"""Outlines and items."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from itembank.items import service as items
from itembank.items.models import Item
from itembank.items.rules import ItemContent, ItemDraft, ItemType, Option
from itembank.people.models import Institution
from itembank.people.rules import Actor, Role
from itembank.review import service as review
from itembank.review.rules import Verdict
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.models import Occupation, Outline
from itembank.taxonomy.rules import Counts, Importance, Level, OutlineSource, Point, Scope
from tests.factories.people import NOW, make_user

_numbers = itertools.count(1)
_LABELS = "ABCDEFGH"


def make_actor(
    session: Session, institution: Institution, role: Role = Role.ITEM_WRITER, *, username: str = ""
) -> Actor:
    """Return somebody with a role; the same user name is the same account."""
    user = make_user(session, username=username, roles=[role], institution=institution)
    return Actor("user", user.id, institution.id, frozenset({role}), user.name)


def make_occupation(session: Session, code: str = "6-31-01-03") -> Occupation:
    taxonomy.seed_occupations(session)
    return taxonomy.occupation_by_code(session, code)


def outline_source(*, points: int = 6, version: str = "1", code: str = "6-31-01-03") -> OutlineSource:
    """Two branches of three depths, with the points dealt to them in turn; X, Y, Z in turn."""
    listed = [Point(f"{n:03d}", f"鉴定点{n}", Importance("XYZ"[(n - 1) % 3])) for n in range(1, points + 1)]
    branches = []
    for code_part, name, own in (("A", "基础知识", listed[::2]), ("B", "专业知识", listed[1::2])):
        tally = [sum(point.importance == letter for point in own) for letter in "XYZ"]
        counts = Counts(*tally)
        leaf = Scope("A", f"{name}三级", Decimal(50), counts, points=tuple(own))
        middle = Scope("A", f"{name}二级", Decimal(50), counts, (leaf,))
        branches.append(Scope(code_part, name, Decimal(50), counts, (middle,)))
    major, middle_part, minor, detail = code.split("-")
    return OutlineSource(
        "测试细目表", version, Level.FOUR, (major, middle_part, minor, detail), tuple(branches)
    )


def make_outline(session: Session, actor: Actor, *, points: int = 6, version: str = "1") -> Outline:
    make_occupation(session)
    source = outline_source(points=points, version=version)
    return taxonomy.import_outline(session, actor=actor, source=source, now=NOW)


def content(
    type_: ItemType = ItemType.SINGLE_CHOICE, *, stem: str = "", key: Sequence[str] = ()
) -> ItemContent:
    """Return sound content; without a stem, one that no other item has."""
    stem = stem or f"测试题干第{next(_numbers)}号（　）。"
    if type_ is ItemType.TRUE_FALSE:
        return ItemContent(type_, stem, (), tuple(key) or ("T",))
    options = tuple(Option(label, f"选项{label}") for label in _LABELS[:4])
    default = ("A",) if type_ is ItemType.SINGLE_CHOICE else ("A", "B")
    return ItemContent(type_, stem, options, tuple(key) or default)


def make_item(
    session: Session,
    actor: Actor,
    *,
    occupation: Occupation,
    point_id: UUID | None = None,
    type_: ItemType = ItemType.SINGLE_CHOICE,
    stem: str = "",
    **values: object,
) -> Item:
    draft = ItemDraft(content(type_, stem=stem), occupation.id, 4, point_id, **values)  # type: ignore[arg-type]
    return items.create_item(session, actor=actor, draft=draft, now=NOW)


def make_active(session: Session, writer: Actor, reviewer: Actor, made: Sequence[Item]) -> None:
    """Take drafts through a second person's review."""
    ids = [item.id for item in made]
    review.submit_for_review(session, actor=writer, item_ids=ids, now=NOW).check_all_done()
    review.decide(session, actor=reviewer, item_ids=ids, verdict=Verdict.APPROVE, now=NOW).check_all_done()
