"""What can be asked of results: gather them from marks and incidents, record a state, release them."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.delivery import service as delivery
from exam_engine.marking import service as marking
from exam_engine.results import store
from exam_engine.results.models import ComponentResult
from exam_engine.results.rules import Outcome, ReasonMissing, ResultState
from exam_engine.sittings.models import Plan, Registration, Sitting
from exam_engine.sittings.rules import Component, SittingStatus
from itembank.base import audit
from itembank.base.errors import Conflict, NotFound
from itembank.people import service as people
from itembank.people.rules import Actor


class ResultReleased(Conflict):
    """A released result is fixed."""

    code = "result_released"
    message = "This result has been released and can no longer be changed here."


class ResultsMissing(Conflict):
    """Some candidates have neither a score nor a recorded state."""

    code = "results_missing"
    message = (
        "{count} results are still missing. Mark the sitting, close the practical scores, "
        "or record the absence with its reason."
    )


class NothingToRelease(Conflict):
    """All results are out already, or there are none."""

    code = "nothing_to_release"
    message = "There are no unreleased results in this plan."


@dataclass(frozen=True)
class ResultRow:
    """One candidate of a plan with the result of each component."""

    registration: Registration
    results: dict[Component, ComponentResult]


@dataclass(frozen=True)
class ResultTable:
    """The results of a plan as they stand."""

    plan: Plan
    components: tuple[Component, ...]
    rows: tuple[ResultRow, ...]

    @property
    def missing(self) -> int:
        """Number of results that are neither scored nor explained."""
        return sum(
            component not in row.results or row.results[component].state is ResultState.MISSING
            for row in self.rows
            for component in self.components
        )

    @property
    def unreleased(self) -> int:
        """Number of results that are not released."""
        return sum(
            component not in row.results or row.results[component].released_at is None
            for row in self.rows
            for component in self.components
        )


def find_plan(session: Session, plan_id: UUID, *, lock: bool = False) -> Plan:
    """Return a plan; raises NotFound.

    ``lock`` makes two people's steps of the same plan follow each other until this transaction ends.
    """
    plan = store.plan(session, plan_id, lock=lock)
    if plan is None:
        raise NotFound
    return plan


def list_plans(session: Session, *, offset: int = 0, limit: int = 50) -> tuple[Sequence[Plan], int]:
    """Return plans in reach, newest first, and how many there are."""
    return store.plans(session, offset=offset, limit=limit), store.count_plans(session)


def read_table(session: Session, plan_id: UUID) -> ResultTable:
    """Return every approved candidate of a plan with what is known of each component."""
    plan = find_plan(session, plan_id)
    held = {sitting.component for sitting in store.sittings(session, plan_id)}
    by_registration: dict[UUID, dict[Component, ComponentResult]] = {}
    for result in store.results(session, plan_id):
        by_registration.setdefault(result.registration_id, {})[result.component] = result
    rows = tuple(
        ResultRow(each, by_registration.get(each.id, {})) for each in store.candidates(session, plan_id)
    )
    planned = {
        Component.THEORY: plan.has_theory,
        Component.PRACTICAL: plan.has_practical,
        Component.REVIEW: plan.has_review,
    }
    components = tuple(component for component in Component if planned[component] or component in held)
    return ResultTable(plan, components, rows)


def collect_results(session: Session, *, actor: Actor, plan_id: UUID, now: datetime) -> ResultTable:
    """Bring the unreleased results of a plan up to date with marks, absences and incidents.

    Released results and states recorded by hand stay as they are.
    """
    plan = find_plan(session, plan_id)
    known = {(each.registration_id, each.component): each for each in store.results(session, plan_id)}
    candidates = store.candidates(session, plan_id)
    for sitting in store.sittings(session, plan_id):
        seated = store.seated(session, sitting.id)
        present = [each for each in candidates if each.id in seated]
        found = _outcomes(session, sitting, present, now)
        for registration in present:
            state, score, source, reason = found[registration.id]
            result = known.get((registration.id, sitting.component))
            if result is not None and (result.released_at is not None or result.source == BY_HAND):
                continue
            if result is None:
                result = ComponentResult(
                    institution_id=plan.institution_id,
                    plan_id=plan_id,
                    registration_id=registration.id,
                    component=sitting.component,
                )
                session.add(result)
                known[registration.id, sitting.component] = result
            result.sitting_id, result.pass_mark = sitting.id, sitting.pass_mark
            result.state, result.score, result.source, result.reason = state, score, source, reason
            result.computed_at = now
    session.flush()
    table = read_table(session, plan_id)
    audit.record(
        session,
        actor=actor,
        action="results.collected",
        subject=("plan", plan_id),
        institution_id=plan.institution_id,
        detail={"candidates": len(table.rows), "missing": table.missing},
    )
    return table


BY_HAND = "recorded"
"""Source of a state that an officer recorded with a reason."""

Found = tuple[ResultState, Decimal | None, str, str]


def _outcomes(
    session: Session, sitting: Sitting, candidates: Iterable[Registration], now: datetime
) -> dict[UUID, Found]:
    """Return state, score, source and reason of every candidate in one sitting."""
    voided = {each.registration_id: each.note for each in store.voiding_incidents(session, sitting.id)}
    absent = store.absent(session, sitting.id)
    attempted = store.attempted(session, sitting.id)
    # Theory is sat on this system: without an attempt after the end, a candidate was not there.
    away = sitting.component is Component.THEORY and now >= sitting.ends_at
    scores = _scores(session, sitting)
    found: dict[UUID, Found] = {}
    for registration in candidates:
        identifier = registration.id
        if identifier in voided:
            found[identifier] = (ResultState.CHEATING, None, "incident", voided[identifier])
        elif identifier in absent:
            found[identifier] = (ResultState.ABSENT, None, "attendance", "")
        elif identifier in scores:
            score, source = scores[identifier]
            found[identifier] = (ResultState.SCORED, score, source, "")
        elif away and identifier not in attempted:
            found[identifier] = (ResultState.ABSENT, None, "no_attempt", "")
        else:
            found[identifier] = (ResultState.MISSING, None, "", "")
    return found


def _scores(session: Session, sitting: Sitting) -> dict[UUID, tuple[Decimal, str]]:
    if sitting.component is Component.THEORY:
        run, marks = marking.latest_scores(session, sitting.id)
        source = f"marking_run/{run.id}" if run else ""
        return {registration: (score, source) for registration, score in marks.items()}
    return {
        registration: (score, f"practical_mark/{mark.id}")
        for registration, (mark, score) in marking.practical_scores(session, sitting.id).items()
    }


def record_state(
    session: Session, *, actor: Actor, result_id: UUID, state: ResultState, reason: str, now: datetime
) -> ComponentResult:
    """Record by hand that a candidate was absent or cheated, with the reason.

    Raises
    ------
    ReasonMissing, ResultReleased
    """
    result = store.result(session, result_id)
    if result is None:
        raise NotFound
    if result.released_at is not None:
        raise ResultReleased
    if state is ResultState.SCORED:
        raise ValueError("scores come from marking only")
    if state is not ResultState.MISSING and not reason.strip():
        raise ReasonMissing
    before = result.state
    result.state, result.score, result.reason = state, None, reason.strip()
    # Taking a recorded state back lets the next gathering decide again.
    result.source = "" if state is ResultState.MISSING else BY_HAND
    result.computed_at = now
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="result.state_recorded",
        subject=("component_result", result.id),
        institution_id=result.institution_id,
        detail={"component": str(result.component), "before": str(before), "after": str(state)},
    )
    return result


def release_results(session: Session, *, actor: Actor, plan_id: UUID, now: datetime) -> int:
    """Fix and release all results of a plan; return how many were released now.

    Raises
    ------
    ResultsMissing
        If a candidate has neither a score nor a recorded state.
    NothingToRelease
        If nothing is left to release.
    LateFilesUndecided
        If a late answer file of a sitting that is not closed may still change answers.
    """
    find_plan(session, plan_id, lock=True)
    table = read_table(session, plan_id)
    if not table.rows or not table.unreleased:
        raise NothingToRelease
    if table.missing:
        raise ResultsMissing(count=table.missing)
    delivery.check_files_decided(session, _open_sittings(session, plan_id))
    released = 0
    for row in table.rows:
        for result in row.results.values():
            if result.released_at is None:
                result.released_at, result.released_by = now, str(actor)
                released += 1
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="results.released",
        subject=("plan", plan_id),
        institution_id=table.plan.institution_id,
        detail={"results": released, "candidates": len(table.rows)},
    )
    return released


def undecided_files(session: Session, plan_id: UUID) -> dict[UUID, int]:
    """Return how many late answer files wait for a second person, by sitting that is not closed."""
    return delivery.waiting_files(session, _open_sittings(session, plan_id))


def _open_sittings(session: Session, plan_id: UUID) -> list[UUID]:
    # After the closing of a sitting nobody decides about its files any more.
    held = store.sittings(session, plan_id)
    return [sitting.id for sitting in held if sitting.status is not SittingStatus.CLOSED]


def outcomes_of(table: ResultTable, row: ResultRow) -> list[Outcome]:
    """Return what the decision reads: one outcome per component of the plan."""
    outcomes = []
    for component in table.components:
        result = row.results.get(component)
        if result is None:
            outcomes.append(Outcome(component, ResultState.MISSING, None, Decimal(0)))
        else:
            outcomes.append(Outcome(component, result.state, result.score, result.pass_mark))
    return outcomes


def own_results(
    session: Session, ticket_number: str, document_number: str
) -> tuple[Plan, list[ComponentResult]] | None:
    """Return the released results of the candidate with this ticket and identity document, or None."""
    registration = store.registration_by_ticket(session, ticket_number.strip())
    if registration is None:
        return None
    held = people.read_person(session, registration.person_id).document_number.strip().upper()
    if not hmac.compare_digest(held.encode(), document_number.strip().upper().encode()):
        return None
    found = store.results(session, registration.plan_id)
    own = [each for each in found if each.registration_id == registration.id and each.released_at is not None]
    return find_plan(session, registration.plan_id), own
