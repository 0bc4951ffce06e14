"""How many more forms the bank can give for a blueprint: worked out at once, tried out by a job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from exam_engine.assembly import Assembled, Infeasible, Undecided, assemble
from exam_engine.jobs import service as jobs
from exam_engine.jobs.models import Job
from exam_engine.jobs.runner import JobContext
from exam_engine.papers.bank import Problem, problem_of, read_bank
from exam_engine.papers.capacity import Capacity, capacity, without_items
from exam_engine.papers.rules import MAX_FORMS
from exam_engine.papers.service.blueprints import find_blueprint, spec_of
from itembank.people.rules import Actor

JOB_KIND = "papers.capacity"

QUICK = 3000
"""Pools up to this many items are bounded while the page waits; larger ones by the job."""

TRY_WORK = 8_000
"""Work of one attempt to make forms."""


STAGE = "Trying out how many forms can be made"
"""What the job's page says; the pages' catalogue has the same text."""

_STATUS = {Assembled: "assembled", Infeasible: "infeasible", Undecided: "undecided"}


def read_capacity(
    session: Session, blueprint_id: UUID, *, fresh: bool, bound: bool | None = None
) -> Capacity:
    """Return what the bank supplies for a blueprint; ``fresh`` keeps out the items of papers sealed before.

    Raises BlueprintUnknown, NoItems, NotCalibrated, NotTried or RuleRefused.
    """
    problem, barred = _problem(session, blueprint_id, fresh=fresh)
    quick = problem.pool.size <= QUICK
    return capacity(problem.pool, problem.specification, barred, bound=quick if bound is None else bound)


def request_capacity(
    session: Session, *, actor: Actor, blueprint_id: UUID, fresh: bool, now: datetime
) -> Job:
    """File a job that tries how many forms can really be made."""
    blueprint = find_blueprint(session, blueprint_id)
    return jobs.submit(
        session,
        actor=actor,
        kind=JOB_KIND,
        payload={"blueprint_id": str(blueprint.id), "fresh": fresh},
        institution_id=blueprint.institution_id,
        now=now,
    )


def run_capacity_job(context: JobContext) -> dict[str, Any]:
    """Job handler of ``papers.capacity``."""
    blueprint_id, fresh = UUID(context.payload["blueprint_id"]), bool(context.payload["fresh"])
    with context.session(writes=False) as session:
        problem, barred = _problem(session, blueprint_id, fresh=fresh)
    found = capacity(problem.pool, problem.specification, barred)
    tried = _try_out(problem, barred, found.bound, context.progress)
    made = max((t["forms"] for t in tried if t["status"] == "assembled"), default=0)
    url = f"/papers/capacity/{blueprint_id}?job={context.job_id}" + ("" if fresh else "&every=1")
    return {
        "url": url,
        "made": made,
        "tried": tried,
        "bound": found.bound,
        "rows": [asdict(r) for r in found.rows],
    }


def _problem(session: Session, blueprint_id: UUID, *, fresh: bool) -> tuple[Problem, frozenset[str]]:
    blueprint = find_blueprint(session, blueprint_id)
    problem = problem_of(spec_of(blueprint), read_bank(session, blueprint.occupation_id, blueprint.level))
    used = frozenset(str(item.item_id) for item in problem.items if item.used)
    return problem, used if fresh else frozenset()


def _try_out(
    problem: Problem, barred: frozenset[str], bound: int | None, progress: Callable[[int, int, str], None]
) -> list[dict[str, Any]]:
    """Try the largest number that may exist, then halve the distance until it is known or proven."""
    specification = without_items(problem.specification, problem.pool, barred)
    low, high = 0, min(MAX_FORMS, MAX_FORMS if bound is None else bound)
    forms, tried = high, list[dict[str, Any]]()
    while high > low:
        answer = assemble(
            problem.pool,
            specification,
            forms=forms,
            work_limit=TRY_WORK,
            progress=lambda *_: progress(len(tried), len(tried) + 2, STAGE),
        )
        status = _STATUS[type(answer)]
        tried.append({"forms": forms, "status": status, "seconds": round(answer.run.seconds, 1)})
        if status == "assembled":
            low = forms
        else:
            high = forms - 1
        forms = (low + high + 1) // 2
    return tried
