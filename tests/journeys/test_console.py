"""The invigilator's console of a large room on the screen of an examination room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from exam_engine.delivery import service as delivery
from exam_engine.invigilation import service as invigilation
from exam_engine.invigilation.rules import IncidentKind
from exam_engine.sittings.accommodations import Accommodations
from exam_engine.sittings.models import Room, Seat
from itembank.base.clock import ShiftedClock
from itembank.base.db import Scope
from itembank.people.models import Institution
from itembank.people.rules import Role
from tests.factories.sittings import officer_of
from tests.factories.theory import make_theory

pytestmark = pytest.mark.journey

CROWDED = """() => {
  const found = [];
  const text = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return range.getBoundingClientRect();
  };
  for (const seat of document.querySelectorAll(".seat")) {
    const state = seat.querySelector(".seat-state");
    if (state.scrollWidth > state.clientWidth) found.push(`cut off: ${state.textContent}`);
    const number = text(seat.querySelector(".seat-head > span"));
    for (const low of seat.querySelectorAll("small"))
      if (low.textContent && text(low).left < number.right && text(low).bottom > number.top)
        found.push(`on the number: ${low.textContent}`);
  }
  return found;
}"""
"""What of a small seat cannot be read: a state that is cut off, or a line that covers the number."""


def test_small_seats_show_breaks_incidents_and_accommodations(
    page: Page,
    log_in_page: Any,
    live_server: Any,
    institution: Institution,
    clock: ShiftedClock,
    shot: Callable[[Page, str], Path],
) -> None:
    def everything() -> Any:
        return live_server.database.session(scope=Scope.everything())

    theory = make_theory(everything, institution, starts=clock.now() + timedelta(minutes=10), count=61)
    officer = officer_of(institution)
    with everything() as session:
        session.execute(update(Room).where(Room.id == theory.room_id).values(seats_per_row=20))
        session.execute(
            update(Seat).where(Seat.sitting_id == theory.sitting_id).values(number=Seat.number + 100)
        )
        delivery.give_accommodations(
            session,
            actor=officer,
            plan_id=theory.plan_id,
            sitting_id=theory.sitting_id,
            registration_ids=theory.candidates[:2],
            given=Accommodations(extra_percent=30, breaks=2, break_minutes=10),
            reason="残疾证",
            now=clock.now(),
        )
    clock.advance(timedelta(minutes=11))
    with everything() as session:
        for number in (1, 2, 3):
            attempt = delivery.start(session, actor=theory.actor(number), sitting_id=theory.sitting_id)
            if number == 1:
                delivery.take_break(
                    session, actor=theory.actor(1), attempt_id=attempt.id, epoch=attempt.epoch
                )
        invigilation.record_incident(
            session,
            actor=officer,
            sitting_id=theory.sitting_id,
            room_id=theory.room_id,
            registration_id=theory.candidates[2],
            kind=IncidentKind.CHEATING,
            note="携带手机",
            now=clock.now(),
        )
    log_in_page(page, Role.EXAM_OFFICER)
    page.goto(f"/invigilation/{theory.sitting_id}/rooms/{theory.room_id}")

    expect(page.locator("[data-state=resting] [data-line]")).to_have_text("10分")
    expect(page.locator(".seat-needs")).to_have_count(2)
    expect(page.locator(".seat .seat-warning")).to_have_text("舞弊")
    shot(page, "console-small-seats")
    assert page.evaluate(CROWDED) == []
