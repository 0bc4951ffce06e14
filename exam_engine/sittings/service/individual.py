"""Individual forms of a sitting (千人千卷): have them drawn, deal them out, verify them, drop them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.jobs import service as jobs
from exam_engine.jobs.models import Job
from exam_engine.papers import service as papers
from exam_engine.papers.drawing import Drawing
from exam_engine.papers.models import Assembly, Blueprint, Paper
from exam_engine.papers.rules import AssemblyStatus, DrawingOutOfRange, DrawingRuleRefused, PaperStatus
from exam_engine.papers.service import SealVerdict
from exam_engine.sittings import store
from exam_engine.sittings.models import Plan, Seat, Sitting, SittingPaper
from exam_engine.sittings.rules import Component, SittingWithoutSeats, Way
from exam_engine.sittings.service.plans import find_plan
from exam_engine.sittings.service.times import draft_sitting, find_sitting
from exam_engine.sittings.ways import (
    BlueprintDoesNotFit,
    DrawnAlready,
    FormsNotReady,
    FormsUsedUp,
    PaperNotSealed,
    WayWrong,
)
from itembank.base import audit
from itembank.base.errors import ExamError
from itembank.people.rules import Actor


def set_way(session: Session, *, actor: Actor, sitting_id: UUID, way: Way) -> Sitting:
    """Choose how papers reach the candidates of a draft.

    Papers and seats chosen before are taken back, and rules of sections where the way leaves no room for them.

    Raises WayWrong, SittingFrozen or NotFound.
    """
    sitting = draft_sitting(session, sitting_id)
    if sitting.component is not Component.THEORY:
        raise WayWrong
    if sitting.way is not way:
        sitting.way = way
        if way.grows:
            sitting.sections = None
        store.drop_papers(session, sitting.id)
        store.drop_seats(session, sitting.id)
        _audit(session, actor, sitting, "sitting.way_chosen", way=way.value)
    return sitting


@dataclass(frozen=True)
class FormsView:
    """How far the individual forms of a sitting are.

    ``drawing`` is the latest one that was not dropped; ``dealt`` counts seats that have their form.
    """

    seats: int
    dealt: int
    rooms: Sequence[UUID] = ()
    """Those with seats, by name."""
    drawing: Assembly | None = None
    blueprint: Blueprint | None = None
    job: Job | None = None
    collection: Paper | None = None

    @property
    def asked(self) -> Drawing | None:
        """What was asked of the drawing."""
        return Drawing.from_json(self.drawing.request or {}) if self.drawing else None

    @property
    def is_running(self) -> bool:
        """Whether a worker draws, or will."""
        waiting = self.drawing is not None and self.drawing.status is AssemblyStatus.WAITING
        return waiting and (self.job is None or not self.job.status.is_final)


def forms_view(session: Session, sitting: Sitting) -> FormsView:
    """Return how far the individual forms of a sitting are."""
    seats = store.seats(session, sitting.id)
    rooms = tuple(dict.fromkeys(seat.room_id for seat in seats))
    drawing = _standing(session, sitting.id)
    dealt = sum(seat.form is not None for seat in seats)
    if drawing is None:
        return FormsView(len(seats), dealt, rooms)
    return FormsView(
        len(seats),
        dealt,
        rooms,
        drawing,
        papers.find_blueprint(session, drawing.blueprint_id),
        jobs.find_job(session, drawing.job_id) if drawing.job_id else None,
        papers.collection_of(session, drawing.id),
    )


def usable_blueprints(session: Session, plan: Plan) -> list[Blueprint]:
    """Return the blueprints of the plan's occupation and level."""
    return [row for row in papers.list_blueprints(session) if _fits(row, plan)]


def _fits(blueprint: Blueprint, plan: Plan) -> bool:
    return (blueprint.occupation_id, blueprint.level) == (plan.occupation_id, plan.level)


def _to_be_drawn(session: Session, sitting_id: UUID) -> tuple[Sitting, Plan, FormsView]:
    """Return a sitting whose forms can be drawn."""
    sitting = _individual(session, sitting_id)
    view = forms_view(session, sitting)
    if not view.seats:
        raise SittingWithoutSeats
    if view.collection is not None or view.is_running:
        raise DrawnAlready
    return sitting, find_plan(session, sitting.plan_id), view


_HARMLESS: dict[str, dict[str, Any]] = {
    "reserves_percent": {"reserves_percent": 0.0},
    "forms": {"candidates": 1},
    "max_exposure_percent": {"max_exposure_percent": None},
    "max_overlap": {"max_overlap": None},
}
"""What a refused field of a drawing gives way to, so that the check goes on to the fields behind it."""


def drawing_problems(
    session: Session, sitting_id: UUID, *, blueprint_id: UUID, drawing: Mapping[str, Any]
) -> list[ExamError]:
    """Return all that is wrong with what is asked of a drawing, of which request_forms raises the first.

    Raises WayWrong, SittingWithoutSeats, DrawnAlready or SittingFrozen where nothing can be asked.
    """
    _, plan, view = _to_be_drawn(session, sitting_id)
    blueprint = papers.find_blueprint(session, blueprint_id)
    if not _fits(blueprint, plan):
        return [BlueprintDoesNotFit(name=blueprint.name)]
    spec = papers.spec_of(blueprint)
    asked = Drawing(view.seats, **drawing)
    found: list[ExamError] = []
    while True:
        try:
            asked.check(spec)
        except DrawingOutOfRange as refusal:
            found.append(refusal)
            asked = replace(asked, **_HARMLESS[str(refusal.facts["field"])])
        except DrawingRuleRefused as refusal:
            return [*found, refusal]
        else:
            return found


def request_forms(
    session: Session,
    *,
    actor: Actor,
    sitting_id: UUID,
    blueprint_id: UUID,
    drawing: Mapping[str, Any],
    now: datetime,
    seed: int | None = None,
    url: str = "",
    queue: bool = True,
) -> Assembly:
    """Have a form drawn for each seated candidate, and reserves; ``drawing`` are fields of papers.drawing.Drawing.

    Raises WayWrong, SittingWithoutSeats, DrawnAlready, BlueprintDoesNotFit, SittingFrozen, or what
    papers.request_drawing raises.
    """
    sitting, plan, view = _to_be_drawn(session, sitting_id)
    blueprint = papers.find_blueprint(session, blueprint_id)
    if not _fits(blueprint, plan):
        raise BlueprintDoesNotFit(name=blueprint.name)
    if view.drawing is not None:
        papers.drop_drawing(session, actor=actor, assembly_id=view.drawing.id, now=now)
    asked = Drawing(view.seats, sitting=str(sitting.id), **drawing)
    assembly = papers.request_drawing(
        session,
        actor=actor,
        blueprint_id=blueprint_id,
        drawing=asked,
        seed=seed,
        now=now,
        url=url,
        queue=queue,
    )
    _audit(session, actor, sitting, "sitting.forms_requested", assembly=assembly.id, drawing=asked.as_json())
    return assembly


def use_forms(session: Session, *, actor: Actor, sitting_id: UUID) -> int:
    """Deal the forms of the sealed collection out to the seats; return how many.

    Raises WayWrong, FormsNotReady, PaperNotSealed, FormsUsedUp or SittingFrozen.
    """
    sitting = _individual(session, sitting_id)
    view = forms_view(session, sitting)
    if view.collection is None:
        raise FormsNotReady
    if view.collection.status is not PaperStatus.SEALED:
        raise PaperNotSealed(label=view.collection.label)
    store.drop_papers(session, sitting.id)
    session.add(
        SittingPaper(
            institution_id=sitting.institution_id,
            sitting_id=sitting.id,
            paper_id=view.collection.id,
            position=1,
        )
    )
    dealt = deal_forms(session, sitting, view.collection.id)
    papers.note_dealt(session, view.collection.id)
    _audit(
        session,
        actor,
        sitting,
        "sitting.forms_dealt",
        paper=view.collection.id,
        digest=view.collection.digest,
        seats=dealt,
    )
    return dealt


def deal_forms(
    session: Session, sitting: Sitting, paper_id: UUID, kept: Mapping[UUID, int] | None = None
) -> int:
    """Give each seat a form of its own; ``kept`` are numbers of forms that registrations had before.

    Raises FormsUsedUp when there are fewer forms than seats.
    """
    forms = papers.drawn_forms(session, paper_id)
    seats = store.seats(session, sitting.id)
    if len(seats) > len(forms):
        raise FormsUsedUp(candidates=len(seats), forms=len(forms))
    for seat in seats:
        seat.paper_id, seat.form, seat.form_number = None, None, None
    session.flush()
    had = {seat.registration_id: (kept or {}).get(seat.registration_id, 0) for seat in seats}
    free = sorted(set(forms) - set(had.values()))
    Random(sitting.arrangement_seed).shuffle(free)  # noqa: S311  the draw was random, this is to be repeatable
    for seat in seats:
        number = had[seat.registration_id] if had[seat.registration_id] in forms else free.pop()
        seat.paper_id, seat.form, seat.form_number = paper_id, list(forms[number]), number
    session.flush()
    return len(seats)


def drop_forms(session: Session, *, actor: Actor, sitting_id: UUID, now: datetime) -> None:
    """Put the drawn forms of a draft aside, sealed or not, so that others can be drawn.

    Raises WayWrong, FormsNotReady, DrawnAlready while a worker draws, or SittingFrozen.
    """
    sitting = _individual(session, sitting_id)
    view = forms_view(session, sitting)
    if view.drawing is None:
        raise FormsNotReady
    if view.is_running:
        raise DrawnAlready
    papers.drop_drawing(session, actor=actor, assembly_id=view.drawing.id, now=now)
    store.drop_papers(session, sitting.id)
    for seat in store.seats(session, sitting.id):
        seat.paper_id, seat.form, seat.form_number = None, None, None
    session.flush()
    _audit(session, actor, sitting, "sitting.forms_dropped", drawing=view.drawing.id)


@dataclass(frozen=True)
class FormsVerdict:
    """What the re-verification of all forms of a sitting found."""

    seal: SealVerdict
    broken: Sequence[tuple[int, str]]
    """Number of the form, and the rule or target that it does not keep."""
    altered: Sequence[Seat]
    """Seats whose form is not the one that was drawn and sealed."""
    forms: int

    @property
    def ok(self) -> bool:
        return self.seal.ok and not self.broken and not self.altered


def verify_forms(session: Session, *, actor: Actor, sitting_id: UUID) -> FormsVerdict:
    """Open the seal, recompute every rule of every form, and compare every seat with what was sealed.

    Raises FormsNotReady before the forms are dealt out, or what papers.open_sealed raises.
    """
    sitting = find_sitting(session, sitting_id)
    chosen = store.papers(session, sitting.id)
    if sitting.way is not Way.INDIVIDUAL or not chosen:
        raise FormsNotReady
    paper = papers.find_paper(session, chosen[0].paper_id)
    seal = papers.recheck_sealed(session, actor=actor, paper_id=paper.id)
    forms = papers.drawn_forms(session, paper.id)
    seats = store.seats(session, sitting.id)
    altered = [
        seat
        for seat in seats
        if seat.paper_id != paper.id or seat.form != list(forms.get(seat.form_number or 0, ()))
    ]
    broken = papers.broken_forms(session, paper, papers.open_sealed(session, paper.id)) if seal.broken else ()
    verdict = FormsVerdict(seal, broken, altered, len(forms))
    _audit(session, actor, sitting, "sitting.forms_verified", ok=verdict.ok, altered=len(altered))
    return verdict


def _individual(session: Session, sitting_id: UUID) -> Sitting:
    sitting = draft_sitting(session, sitting_id)
    if sitting.way is not Way.INDIVIDUAL:
        raise WayWrong
    return sitting


def _standing(session: Session, sitting_id: UUID) -> Assembly | None:
    found = papers.drawings_for(session, sitting_id)
    return next((row for row in found if not (row.request or {}).get("dropped")), None)


def _audit(session: Session, actor: Actor, sitting: Sitting, action: str, **detail: object) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        subject=("sitting", sitting.id),
        institution_id=sitting.institution_id,
        detail=detail,
    )
