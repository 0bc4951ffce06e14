"""What the pages of this area share."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from exam_engine.sittings import service as sittings
from exam_engine.sittings.models import Registration, Sitting
from exam_engine.sittings.rules import PlanStatus, RegistrationStatus, SittingStatus
from exam_engine.sittings.service import PlanView
from itembank.base.errors import NotFound
from web.deps import Context
from web.forms import FormData, form_data
from web.i18n import N_

FormDep = Annotated[FormData, Depends(form_data)]
WAYS = (
    N_("Plan"),
    N_("Registration"),
    N_("Qualification review"),
    N_("Arrangement"),
    N_("Examination"),
    N_("Results"),
)
"""The steps of a plan, as they follow each other."""


def steps_of(ctx: Context, view: PlanView, sittings_of_plan: list[Sitting]) -> list[tuple[str, str]]:
    """Return the steps with their state: done, now or later."""
    counts = view.counts
    closed = bool(sittings_of_plan) and all(s.status is SittingStatus.CLOSED for s in sittings_of_plan)
    published = any(s.status is not SittingStatus.DRAFT for s in sittings_of_plan)
    reached = 1
    if view.registered:
        reached = 2
    if view.registered and not counts.get(RegistrationStatus.CLAIMED):
        reached = 3
    if view.plan.status is not PlanStatus.REGISTERING and reached == 3:
        reached = 4 if published else 3
    if closed:
        reached = 5
    return [
        (ctx._(label), "done" if number < reached else "now" if number == reached else "later")
        for number, label in enumerate(WAYS)
    ]


def registration_of(ctx: Context, plan_id: UUID, registration_id: UUID) -> Registration:
    """Return a registration of the plan in the address; raises NotFound."""
    found = sittings.find_registration(ctx.session, registration_id)
    if found.plan_id != plan_id:
        raise NotFound
    return found


def sitting_of(ctx: Context, plan_id: UUID, sitting_id: UUID) -> Sitting:
    """Return a sitting of the plan in the address; raises NotFound."""
    found = sittings.find_sitting(ctx.session, sitting_id)
    if found.plan_id != plan_id:
        raise NotFound
    return found
