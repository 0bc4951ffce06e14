"""New items and new versions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from itembank.base import audit
from itembank.base.crypto import Keyring
from itembank.base.db import keyring_of
from itembank.base.errors import NotFound
from itembank.base.ids import new_id
from itembank.items import store
from itembank.items.models import Item, ItemEvent, ItemVersion
from itembank.items.rules import (
    DIFFICULTIES,
    Change,
    DifficultyWrong,
    EditedMeanwhile,
    ItemContent,
    ItemDraft,
    ItemStatus,
    OutsideOutline,
    check_content,
    identity,
    next_status,
    pack,
)
from itembank.people.rules import Actor
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Importance

PURPOSE = "item"


def user_of(actor: Actor) -> UUID | None:
    """Return the account behind an actor; the system has none."""
    return actor.id if actor.kind == "user" else None


def digest_of(session: Session, content: ItemContent) -> str:
    """Return the keyed digest by which duplicates are found."""
    return keyring_of(session).blind_index(identity(content), purpose=PURPOSE)


def duplicates(session: Session, contents: Sequence[ItemContent]) -> dict[int, UUID]:
    """Return, by position in ``contents``, an item of the bank that asks the same already."""
    digests = [digest_of(session, content) for content in contents]
    known = dict(reversed(store.current_with_digests(session, list(dict.fromkeys(digests)))))
    return {n: known[digest] for n, digest in enumerate(digests) if digest in known}


def _sealed_version(
    keyring: Keyring, item: Item, number: int, content: ItemContent, author: UUID | None, now: datetime
) -> ItemVersion:
    identifier = new_id()
    return ItemVersion(
        id=identifier,
        institution_id=item.institution_id,
        item_id=item.id,
        number=number,
        sealed=keyring.seal(pack(content), purpose=PURPOSE, context=f"item_version/{identifier}"),
        digest=keyring.blind_index(identity(content), purpose=PURPOSE),
        created_by=author,
        created_at=now,
    )


def _check_draft(session: Session, draft: ItemDraft, points: dict[UUID, tuple[UUID, int]]) -> ItemContent:
    if draft.difficulty not in DIFFICULTIES:
        raise DifficultyWrong(value=draft.difficulty)
    if draft.point_id is not None:
        if draft.point_id not in points:
            outline = taxonomy.find_outline(session, taxonomy.find_point(session, draft.point_id).outline_id)
            points[draft.point_id] = (outline.occupation_id, outline.level)
        if points[draft.point_id] != (draft.occupation_id, draft.level):
            raise OutsideOutline(number=draft.reference or "–")
    return check_content(draft.content)


def create_items(
    session: Session, *, actor: Actor, drafts: Sequence[ItemDraft], now: datetime, how: str = "created"
) -> list[Item]:
    """Add items as drafts of the actor's institution, all or none.

    Raises ContentInvalid, OutsideOutline or NotFound at the first that does not fit.
    """
    assert actor.institution_id is not None
    if not drafts:
        return []
    owner, author, keyring = actor.institution_id, user_of(actor), keyring_of(session)
    points: dict[UUID, tuple[UUID, int]] = {}
    contents = [_check_draft(session, draft, points) for draft in drafts]
    numbers = store.next_numbers(session, owner, len(drafts))
    items, versions, events = [], [], []
    for number, draft, content in zip(numbers, drafts, contents, strict=True):
        item = Item(
            id=new_id(),
            institution_id=owner,
            number=number,
            occupation_id=draft.occupation_id,
            level=draft.level,
            point_id=draft.point_id,
            type=content.type,
            status=ItemStatus.DRAFT,
            difficulty=draft.difficulty,
            importance=Importance(draft.importance) if draft.importance else None,
            category=(draft.category or "").strip()[:120] or None,
            source=draft.source.strip()[:120],
            reference=(draft.reference or "").strip()[:80] or None,
            created_by=author,
            created_at=now,
            updated_at=now,
        )
        version = _sealed_version(keyring, item, 1, content, author, now)
        item.current_version_id = version.id
        items.append(item)
        versions.append(version)
        events.append(event(item, how, author, now))
    session.add_all(items)
    session.flush()
    session.add_all([*versions, *events])
    audit.record(
        session,
        actor=actor,
        action=f"item.{how}",
        subject=("item", items[0].id),
        institution_id=owner,
        detail={"count": len(items), "numbers": [items[0].number, items[-1].number]},
    )
    session.flush()
    return items


def create_item(session: Session, *, actor: Actor, draft: ItemDraft, now: datetime) -> Item:
    """Add one item as a draft; raises ContentInvalid, OutsideOutline or NotFound."""
    return create_items(session, actor=actor, drafts=[draft], now=now)[0]


def event(item: Item, what: str, by: UUID | None, now: datetime) -> ItemEvent:
    """Return a line of the item's history at its present state."""
    return ItemEvent(
        institution_id=item.institution_id, item_id=item.id, at=now, by=by, what=what, status=item.status
    )


def edit_item(
    session: Session,
    *,
    actor: Actor,
    item_id: UUID,
    draft: ItemDraft,
    now: datetime,
    seen: UUID | None = None,
) -> Item:
    """Change an item: a new version when the content changed; what was active is reviewed again.

    ``seen`` is the version that the writer started from. Raises NotFound, EditedMeanwhile, ChangeNotAllowed,
    ContentInvalid, OutsideOutline or Unclassified.
    """
    found = store.items(session, [item_id], lock=True)
    if not found:
        raise NotFound
    item = found[0]
    if seen is not None and seen != item.current_version_id:
        raise EditedMeanwhile(number=item.number)
    content = _check_draft(session, draft, {})
    after = next_status(item.number, item.status, Change.EDIT, classified=draft.point_id is not None)
    author = user_of(actor)
    current = store.version(session, item.current_version_id)
    assert current is not None
    before = keyring_of(session).open(current.sealed, purpose=PURPOSE, context=f"item_version/{current.id}")
    changed = pack(content) != before
    if changed:
        version = _sealed_version(keyring_of(session), item, current.number + 1, content, author, now)
        session.add(version)
        item.current_version_id = version.id
    item.type = content.type
    item.occupation_id, item.level, item.point_id = draft.occupation_id, draft.level, draft.point_id
    item.difficulty = draft.difficulty
    item.importance = Importance(draft.importance) if draft.importance else None
    item.category = (draft.category or "").strip()[:120] or None
    item.source = draft.source.strip()[:120]
    item.reference = (draft.reference or "").strip()[:80] or None
    item.status, item.updated_at = after, now
    session.add(event(item, Change.EDIT.value if changed else "reclassified", author, now))
    audit.record(
        session,
        actor=actor,
        action="item.edited",
        subject=("item", item.id),
        institution_id=item.institution_id,
        detail={"number": item.number, "new_version": changed, "status": after.value},
    )
    session.flush()
    return item
