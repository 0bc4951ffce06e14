"""The sitting that is open now, and a plan whose registrations wait for the visitor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import Terms
from itembank.taxonomy.models import Outline
from scripts.demonstration import plans
from scripts.demonstration.facts import TicketFacts
from scripts.demonstration.people import PRESENT, UPCOMING
from scripts.demonstration.world import ZONE, World

OPEN_HOURS = 8
"""The visitor may begin at any time of the working day; whoever begins still has ``LIMIT_MINUTES``."""

LIMIT_MINUTES = 90


def open_sitting(world: World, *, outline: Outline, papers: Sequence[UUID]) -> tuple[list[TicketFacts], str]:
    """Open a theory sitting now; returns the tickets with their entry codes, and its end."""
    now = world.now()
    day = now.astimezone(ZONE).date()
    plan, rows = plans.register(
        world,
        name=f"{day.year}年电工四级认定（{day.month}月{day.day}日场）",
        examined_on=day,
        outline=outline,
        cast=PRESENT,
    )
    ends = now + timedelta(hours=OPEN_HOURS)
    theory = Terms(
        now - timedelta(minutes=30),
        now - timedelta(minutes=1),
        ends,
        LIMIT_MINUTES,
        late_minutes=OPEN_HOURS * 60,
        earliest_submit_minutes=0,
    )
    practical = Terms(ends, ends + timedelta(minutes=30), ends + timedelta(minutes=180), 150)
    exam = plans.seat(world, plan, rows, papers=papers, theory=theory, practical=practical)
    with world.session() as session:
        codes = sittings.issue_entry_codes(
            session, actor=world.actor("officer"), plan_id=plan.id, now=world.now()
        )
    order = {registration_id: number for number, registration_id in enumerate(exam.registrations)}
    tickets = [
        TicketFacts(PRESENT[order[code.registration_id]].name, code.ticket_number, code.entry_code)
        for code in sorted(codes, key=lambda code: order[code.registration_id])
    ]
    return tickets, ends.isoformat()


def announce_next(world: World, *, outline: Outline) -> None:
    """Leave a plan with claims to review, so that the officer finds work waiting."""
    day = (world.now() + timedelta(days=30)).astimezone(ZONE).date()
    plans.register(
        world, name=f"{day.year}年电工四级认定（报名中）", examined_on=day, outline=outline, cast=UPCOMING
    )
