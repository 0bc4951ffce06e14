"""The finished standard-setting workshop: five judges, two rounds, a result that a second person recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from exam_engine.papers import service as papers
from exam_engine.standard_setting import service as standards
from exam_engine.standard_setting.rules import Method
from itembank.people.rules import Actor
from scripts.demonstration import content, simulation
from scripts.demonstration.world import World

JUDGES = ("reviewer", "marker", "examiner1", "examiner2", "examiner3")
LENIENCY = (-0.25, -0.1, 0.0, 0.15, 0.3)
"""How able each judge thinks the just-qualified candidate, in logits beside the truth."""

JUST_QUALIFIED = 0.05
"""Ability of the just-qualified candidate, in logits."""

SEED = 20_260_104

DESCRIPTION = (
    "恰好合格的四级电工能够独立完成常用低压线路的安装与检修，熟知安全操作规程；"
    "遇到不常见的故障需要查阅资料，较复杂的电路分析会出错，但不会做出危及人身安全的操作。"
)


def hold(world: World, *, paper_id: UUID, sitting_id: UUID, items: dict[str, UUID]) -> Decimal:
    """Hold the workshop over the sitting's paper and have it recorded; returns the cut score."""
    leader = world.actor("psychometrician")
    judges = [world.actor(name) for name in JUDGES]
    draft = standards.WorkshopDraft(
        name="电工四级理论合格线（统考卷）",
        method=Method.ANGOFF,
        description=DESCRIPTION,
        rounds=2,
        paper_id=paper_id,
        sitting_id=sitting_id,
    )
    with world.session() as session:
        workshop_id = standards.open_workshop(session, actor=leader, draft=draft, now=world.now()).id
        user_ids = [judge.id for judge in judges if judge.id]
        standards.invite(session, actor=leader, workshop_id=workshop_id, user_ids=user_ids, now=world.now())
        view = papers.candidate_view(session, paper_id)
    references = {item_id: reference for reference, item_id in items.items()}
    asked = [references[entry.item_id] for section in view.sections for entry in section.entries]
    for ratings in _rounds(asked):
        _hold_round(world, workshop_id, leader, judges, ratings)
        world.advance_to(world.now() + timedelta(hours=2))
    with world.session() as session:
        standards.close_workshop(session, actor=leader, workshop_id=workshop_id, now=world.now())
    with world.session() as session:
        recorded = standards.record_result(
            session, actor=world.actor("supervisor"), workshop_id=workshop_id, now=world.now()
        )
        assert recorded.result is not None
        return Decimal(str(recorded.result["figures"]["cut"]["score"]))


def _hold_round(
    world: World, workshop_id: UUID, leader: Actor, judges: Sequence[Actor], ratings: NDArray[np.int_]
) -> None:
    with world.session() as session:
        standards.open_round(session, actor=leader, workshop_id=workshop_id, now=world.now())
        for judge, row in zip(judges, ratings.tolist(), strict=True):
            standards.agree(session, actor=judge, workshop_id=workshop_id, now=world.now())
            values = {position: str(value) for position, value in enumerate(row, 1)}
            standards.save_ratings(
                session, actor=judge, workshop_id=workshop_id, values=values, now=world.now()
            )
        standards.close_round(session, actor=leader, workshop_id=workshop_id, now=world.now())


def _rounds(asked: Sequence[str]) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Return both rounds' ratings, judges × items: in the second each goes half of the way to the group."""
    rng = np.random.default_rng(SEED)
    bank = content.items()
    truth = simulation.draw_truth(bank, rng=np.random.default_rng(simulation.SEED))
    places = {item.reference: n for n, item in enumerate(bank)}
    at = [places[reference] for reference in asked]
    seen = JUST_QUALIFIED + np.array(LENIENCY)[:, None] + rng.normal(0, 0.5, (len(JUDGES), len(at)))
    first = 100 / (1 + np.exp(-truth.a[at] * (seen - truth.b[at])))
    second = (first + first.mean(axis=0)) / 2 + rng.normal(0, 3, first.shape)
    first, second = (np.clip(5 * np.rint(ratings / 5), 5, 95).astype(np.int_) for ratings in (first, second))
    return first, second
