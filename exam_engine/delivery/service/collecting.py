"""Make the collection of an adaptive or two-stage test: what it is asked, and the job that works it out."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from exam_engine.assembly import Among, Count, Exclude
from exam_engine.assembly.result import Infeasible, Undecided
from exam_engine.delivery.growing.adaptive import AdaptiveTest, Stopping, ready
from exam_engine.delivery.growing.collection import (
    RULES_OF_USE,
    Problem,
    enemies_of,
    parameters_of,
    problem_of,
    reference_of,
)
from exam_engine.delivery.growing.exposure import probabilities
from exam_engine.delivery.growing.multistage import Panel, assemble_panel
from exam_engine.delivery.growing.score import NODES, curve_of
from exam_engine.jobs import service as jobs
from exam_engine.jobs.runner import JobContext
from exam_engine.papers import bank as banks
from exam_engine.papers import service as papers
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.blueprint.shorter import shortened
from exam_engine.papers.compile import EARLIER, BankItem, specification_of, usable
from exam_engine.papers.growing import of_one_candidate
from exam_engine.papers.models import Assembly
from exam_engine.papers.rules import NotCalibrated
from exam_engine.sittings.rules import Way
from itembank.base.errors import Conflict, ExamError, Invalid
from itembank.people.rules import Actor

COLLECT_JOB = "delivery.collect"

MOST_ITEMS = 2_000
"""Items of an adaptive collection: of a larger bank a part is drawn, always the same."""

SHORTEST_LENGTH = 5

FIT, EXPOSE, KEEP = "Looking for a form of the blueprint", "Simulating candidates", "Storing the collection"
"""What the page of the job says; the pages' catalogue has the same texts."""


class SettingOutOfRange(Invalid):
    """A setting of a collection makes no sense."""

    code = "collection_setting_out_of_range"
    message = "{field}: {value} is not between {least} and {most}."


class CapTooLow(Conflict):
    """So few items cannot be shown to so few candidates each."""

    code = "collection_cap_too_low"
    message = (
        "With {items} items and at most {cap} % of the candidates for each, a candidate gets {most} items, "
        "fewer than {length}. Raise the cap, or shorten the test."
    )


@dataclass(frozen=True)
class Settings:
    """What a collection is made for.

    Attributes
    ----------
    way : Way
        ADAPTIVE or MULTISTAGE.
    length : int
        Items of a whole test.
    standard_error : float, optional
        At which an adaptive test ends early.
    shortest : int
        Items of an adaptive test at least.
    cap : float, optional
        Highest part of the candidates that an item is to be shown to.
    cohort : int
        Candidates of a sitting, for which the cap is meant.
    first, modules : int
        Items of the first module, and modules of the second stage.
    """

    way: Way
    length: int
    standard_error: float | None = None
    shortest: int = 1
    cap: float | None = None
    cohort: int = 200
    first: int = 0
    modules: int = 3

    def check(self, whole: int) -> None:
        """Raise SettingOutOfRange unless the settings fit a blueprint of ``whole`` items."""
        limits: list[tuple[str, float | None, float, float]] = [
            ("length", self.length, SHORTEST_LENGTH, whole)
        ]
        if self.way is Way.ADAPTIVE:
            limits += [
                ("standard_error", self.standard_error, 0.1, 0.9),
                ("shortest", self.shortest, 1, self.length),
                ("cap", None if self.cap is None else 100 * self.cap, 5, 100),
                ("cohort", self.cohort, 10, 100_000),
            ]
        else:
            limits += [("first", self.first, 1, self.length - 1), ("modules", self.modules, 2, 3)]
        for field, value, least, most in limits:
            if value is not None and not least <= value <= most:
                raise SettingOutOfRange(field=field, value=f"{value:g}", least=f"{least:g}", most=f"{most:g}")

    def as_json(self) -> dict[str, Any]:
        """Return what ``settings_from`` reads."""
        return {**vars(self), "way": self.way.value}


def settings_from(data: Mapping[str, Any]) -> Settings:
    """Return settings that were kept as JSON."""
    return Settings(**{**data, "way": Way(data["way"])})


def request_collection(
    session: Session,
    *,
    actor: Actor,
    blueprint_id: UUID,
    settings: Settings,
    now: datetime,
    seed: int | None = None,
) -> Assembly:
    """File the making of a collection; a worker takes it up.

    Raises SettingOutOfRange or BlueprintUnknown.
    """
    spec = papers.spec_of(papers.find_blueprint(session, blueprint_id))
    settings.check(spec.length)
    assembly = papers.file_collection(
        session,
        actor=actor,
        blueprint_id=blueprint_id,
        settings=settings.as_json(),
        seed=secrets.randbelow(2**31) if seed is None else seed,
        now=now,
    )
    job = jobs.submit(
        session,
        actor=actor,
        kind=COLLECT_JOB,
        payload={"assembly_id": str(assembly.id)},
        institution_id=assembly.institution_id,
        now=now,
    )
    assembly.job_id = job.id
    return assembly


def run_collection_job(context: JobContext) -> dict[str, Any]:
    """Make a collection: read the bank, let the kernels work without a transaction, store what they found."""
    assembly_id = UUID(context.payload["assembly_id"])
    now = context.database.clock.now
    try:
        with context.session(writes=False) as session:
            assembly = papers.find_assembly(session, assembly_id)
            task = _read(session, assembly)
        made = _make(task, context.progress)
        context.progress(1, 1, KEEP)
        with context.session() as session:
            if isinstance(made, Made):
                paper = papers.keep_collection(
                    session,
                    actor=context.actor,
                    assembly_id=assembly_id,
                    spec=task.spec,
                    items=made.items,
                    collection=made.collection,
                    summary=made.summary,
                    at=now(),
                )
                return {"url": f"/papers/{paper.id}", "items": len(made.items)}
            papers.keep_refusal(
                session,
                actor=context.actor,
                assembly_id=assembly_id,
                answer=made,
                pool=task.problem.pool,
                specification=task.problem.specification,
                at=now(),
            )
    except ExamError as error:
        facts = {name: str(value) for name, value in error.facts.items()}
        with context.session() as session:
            told = {"code": error.code, "message": error.message, "facts": facts}
            papers.keep_stop(session, assembly_id=assembly_id, error=told, at=now())
        raise
    return {"url": f"/papers/assemblies/{assembly_id}", "items": 0}


@dataclass(frozen=True)
class Task:
    """A collection to be made, read from the bank at once."""

    spec: BlueprintSpec
    settings: Settings
    seed: int
    items: Sequence[BankItem]
    facts: Mapping[str, Any]
    problem: Problem


@dataclass(frozen=True)
class Made:
    """A collection: its items in order, what is sealed with them, and how it came about."""

    items: Sequence[BankItem]
    collection: Mapping[str, Any]
    summary: Mapping[str, Any]


def _read(session: Session, assembly: Assembly) -> Task:
    settings = settings_from(assembly.request or {})
    spec = shortened(papers.spec_of(papers.find_blueprint(session, assembly.blueprint_id)), settings.length)
    bank = papers.bank_of(session, assembly.blueprint_id)
    bank = banks.thinned(bank, MOST_ITEMS, needed=spec.include)
    return task_of(spec, bank, settings, assembly.seed)


def task_of(spec: BlueprintSpec, bank: banks.Bank, settings: Settings, seed: int) -> Task:
    """Return the task of a blueprint, shortened already, on a bank.

    Raises NotCalibrated when no item that fits has parameters, and what ``specification_of`` raises.
    """
    found = [item for item in usable(spec, bank.items) if item.is_calibrated]
    if not found:
        raise NotCalibrated
    today = specification_of(
        spec, found, inactive=_names_without(bank, found), enemies=bank.enemies, earlier=bank.earlier
    )
    barred = {name for rule in today.rules if isinstance(rule, Exclude) for name in rule.ids}
    items = papers.in_order(spec, [item for item in found if str(item.item_id) not in barred])
    names = {name for item in items for name in item.names}
    groups = [tuple(name for name in group if name in names) for group in spec.enemies]
    spec = spec.model_copy(update=RULES_OF_USE | {"enemies": tuple(g for g in groups if len(g) > 1)})
    at = {str(item.item_id): place for place, item in enumerate(items)}
    facts: dict[str, Any] = {
        "spec": spec.model_dump(mode="json"),
        "parameters": parameters_of(items),
        "enemies": enemies_of(items, bank.enemies),
        "at_most": [
            [rule.name, sorted(at[name] for name in rule.where[0].ids if name in at), rule.maximum]
            for rule in today.rules
            if isinstance(rule, Count) and rule.name.startswith(EARLIER) and isinstance(rule.where[0], Among)
        ],
    }
    flat = [0.0] * len(NODES)  # the curve is of a form that is yet to be found
    return Task(spec, settings, seed, items, facts, problem_of(spec, items, facts | {"curve": flat}))


def _names_without(bank: banks.Bank, found: Sequence[BankItem]) -> frozenset[str]:
    kept = {item.item_id for item in found}
    return bank.inactive | {name for item in bank.items if item.item_id not in kept for name in item.names}


def _make(task: Task, tell: Callable[[int, int, str], None]) -> Made | Infeasible | Undecided:
    """Work a collection out."""
    tell(0, 1, FIT)
    pool, specification = task.problem.pool, of_one_candidate(task.problem.specification)
    reference = reference_of(pool, specification)
    if not isinstance(reference, list):
        return reference
    facts = dict(task.facts) | {"curve": [round(value, 6) for value in curve_of(pool, reference).tolist()]}
    facts |= {
        "way": task.settings.way.value,
        "settings": task.settings.as_json(),
        "reference": [str(task.items[place].item_id) for place in reference],
    }
    if task.settings.way is Way.MULTISTAGE:
        return _panel(task, facts)
    return _adaptive(task, facts, tell)


def _adaptive(
    task: Task, facts: dict[str, Any], tell: Callable[[int, int, str], None]
) -> Made | Infeasible | Undecided:
    settings = task.settings
    problem = problem_of(task.spec, task.items, facts)
    stopping = Stopping(settings.standard_error, settings.shortest)
    test = ready(problem.pool, problem.specification, problem.measure, stopping=stopping)
    if not isinstance(test, AdaptiveTest):
        return test
    facts |= {"standard_error": settings.standard_error, "shortest": settings.shortest, "shown": None}
    summary: dict[str, Any] = {"items": len(task.items), "length": test.length}
    if settings.cap is not None:
        most = settings.cap * len(task.items)
        if most < test.length:
            raise CapTooLow(
                items=len(task.items), cap=f"{100 * settings.cap:g}", most=f"{most:.1f}", length=test.length
            )
        shown = probabilities(
            test,
            cap=settings.cap,
            cohort=settings.cohort,
            rng=np.random.default_rng(task.seed),
            tell=lambda done, total: tell(done, total + 1, EXPOSE),
        )
        facts["shown"] = [round(float(value), 6) for value in shown.probability]
        summary |= {"highest": shown.highest, "lifted": shown.lifted}
    return Made(task.items, facts, summary)


def _panel(task: Task, facts: dict[str, Any]) -> Made | Infeasible | Undecided:
    """Keep of the items those of the panel only."""
    settings, problem = task.settings, task.problem
    panel = assemble_panel(
        problem.pool,
        problem.specification,
        first=settings.first,
        length=settings.length,
        modules=settings.modules,
        seed=task.seed,
    )
    if not isinstance(panel, Panel):
        return panel
    held = sorted(place for places in panel.modules.values() for place in places)
    at = {place: number for number, place in enumerate(held)}
    moved = Panel(
        {name: tuple(at[place] for place in places) for name, places in panel.modules.items()},
        panel.choices,
        panel.cuts,
    )
    groups = [[at[place] for place in group if place in at] for group in facts["enemies"]]
    facts |= {
        "panel": moved.as_json(),
        "parameters": [[column[place] for place in held] for column in facts["parameters"]],
        "enemies": [group for group in groups if len(group) > 1],
        "at_most": [
            [name, [at[place] for place in places if place in at], most]
            for name, places, most in facts["at_most"]
        ],
    }
    sizes = {name: len(places) for name, places in moved.modules.items()}
    return Made(
        [task.items[place] for place in held],
        facts,
        {"items": len(held), "modules": sizes, "cuts": list(panel.cuts)},
    )
