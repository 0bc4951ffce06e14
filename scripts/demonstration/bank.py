"""The demonstration's bank: outline, items placed and reviewed, and a scale from a simulated trial."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from exam_engine.calibration import service as calibration
from exam_engine.calibration.rules import Method
from itembank.interchange import service as interchange
from itembank.people.rules import Actor
from itembank.review import service as review
from itembank.review.rules import Verdict
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.models import Outline
from itembank.taxonomy.reading import points_of, read_outline
from scripts.demonstration import content, simulation

BANK_FILE = "电工四级题库.json"
NEW_FILE = "新题三道.json"
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
    """Import the bank's file, every item with its assessment point; returns item ids by reference number."""
    return _import(session, content.items(), BANK_FILE, actor=actor, outline=outline, now=now)


def leave_waiting(session: Session, *, actor: Actor, outline: Outline, now: datetime) -> int:
    """Leave new items for the visitor: some wait for review, one for its assessment point."""
    new = content.waiting_items()
    ids = _import(session, new, NEW_FILE, actor=actor, outline=outline, now=now)
    submitted = [ids[item.reference] for item in new if item.point]
    review.submit_for_review(session, actor=actor, item_ids=submitted, now=now).check_all_done()
    return len(new)


def _import(
    session: Session,
    added: Sequence[content.DemonstrationItem],
    filename: str,
    *,
    actor: Actor,
    outline: Outline,
    now: datetime,
) -> dict[str, UUID]:
    done = interchange.import_file(
        session,
        actor=actor,
        data=content.as_import_file(added),
        filename=filename,
        occupation_id=outline.occupation_id,
        level=outline.level,
        source=content.SOURCE,
        now=now,
    )
    if done.report.rejected or any(question.warnings for question in done.report.items):
        raise RuntimeError(f"the demonstration's own bank was not imported whole: {done.report.rejected}")
    references = [item.reference for item in added]
    found = calibration.identify(
        session, references, occupation_id=outline.occupation_id, level=outline.level
    )
    return {reference: found[reference][0] for reference in references}


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
