"""The demonstration's bank: outline, items placed and reviewed, and a scale from a simulated trial."""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from exam_engine.calibration import service as calibration
from exam_engine.calibration.rules import Method
from itembank.items import service as bank
from itembank.items.rules import TRUE_FALSE_OPTIONS, ItemContent, ItemDraft, ItemType, Option
from itembank.people.rules import Actor
from itembank.review import service as review
from itembank.review.rules import Verdict
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.models import Outline
from itembank.taxonomy.reading import points_of, read_outline
from scripts.demonstration import content, simulation

LABELS = "ABCDE"
SCALE_NAME = "2026 年试测（400 人，三组锚题册）"


def points() -> list[str]:
    """Return the codes of the outline's assessment points."""
    source = read_outline("outline.toml", _outline_file())
    return [point.code for point in points_of(source.scopes)]


def trial_persons() -> int:
    """Return how many simulated candidates the trial had."""
    return simulation.PERSONS


def _outline_file() -> bytes:
    return (files("scripts.demonstration") / "outline.toml").read_bytes()


def import_outline(session: Session, *, actor: Actor, now: datetime) -> Outline:
    """Import 鉴定要素细目表 from its file."""
    source = read_outline("outline.toml", _outline_file())
    return taxonomy.import_outline(session, actor=actor, source=source, now=now)


def import_items(session: Session, *, actor: Actor, outline: Outline, now: datetime) -> dict[str, UUID]:
    """Add the items as unclassified drafts; returns item ids by reference number."""
    drafts = [
        ItemDraft(
            content=_content(item),
            occupation_id=outline.occupation_id,
            level=outline.level,
            difficulty=item.difficulty,
            source=content.SOURCE,
            reference=item.reference,
        )
        for item in content.items()
    ]
    made = bank.create_items(session, actor=actor, drafts=drafts, now=now, how="imported")
    return {item.reference: row.id for item, row in zip(content.items(), made, strict=True)}


def _content(item: content.DemonstrationItem) -> ItemContent:
    options = tuple(Option(label, text) for label, text in zip(LABELS, item.options, strict=False))
    return ItemContent(
        type=ItemType(item.type),
        stem=item.stem,
        options=options or TRUE_FALSE_OPTIONS,
        key=tuple(item.key),
        explanation=item.explanation,
    )


def place_items(
    session: Session, *, actor: Actor, outline: Outline, ids: dict[str, UUID], now: datetime
) -> None:
    """Give every item its assessment point."""
    tree = taxonomy.outline_tree(session, outline.id)
    points = {point.short_code: point.id for point in tree.points}
    placements = {ids[item.reference]: points[item.point] for item in content.items()}
    bank.place_items(session, actor=actor, placements=placements, now=now).check_all_done()


def review_items(
    session: Session, *, writer: Actor, reviewer: Actor, ids: dict[str, UUID], now: datetime
) -> None:
    """Submit everything and have the second person approve it: the items become active."""
    everything = list(ids.values())
    review.submit_for_review(session, actor=writer, item_ids=everything, now=now).check_all_done()
    outcome = review.decide(session, actor=reviewer, item_ids=everything, verdict=Verdict.APPROVE, now=now)
    outcome.check_all_done()


def request_calibration(session: Session, *, actor: Actor, outline: Outline, now: datetime) -> UUID:
    """File the calibration of the simulated trial's response file; returns the job's id."""
    rng = np.random.default_rng(simulation.SEED)
    marks = simulation.mark(simulation.draw_truth(content.items(), rng=rng), rng=rng)
    assert actor.institution_id is not None
    job = calibration.request_from_file(
        session,
        actor=actor,
        institution_id=actor.institution_id,
        occupation_id=outline.occupation_id,
        level=outline.level,
        name=SCALE_NAME,
        method=Method.RASCH,
        filename="trial-2026.csv",
        content=simulation.response_file(content.items(), marks),
        now=now,
    )
    return job.id
