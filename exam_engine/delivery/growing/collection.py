"""What is sealed with the items of a growing test: blueprint, parameters, settings, and what was found. No I/O.

``Paper.collection`` holds it as JSON. Places count from 0 in the order of the sealed paper.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from exam_engine.assembly import Pool, Specification
from exam_engine.assembly.adaptive import Posterior, ShadowTest, prepare
from exam_engine.assembly.result import Infeasible, Undecided
from exam_engine.delivery.growing.adaptive import AdaptiveTest, Stopping, ready
from exam_engine.delivery.growing.multistage import Panel, panel_from
from exam_engine.delivery.growing.score import NODES, Measure
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.compile import BankItem, item_from
from exam_engine.papers.content import SealedPaper
from exam_engine.papers.growing import grows, rules_of
from exam_engine.sittings.rules import Way
from itembank.base.errors import Conflict

RULES_OF_USE: dict[str, Any] = {
    "earlier": None,
    "unused_since": None,
    "unused_papers": None,
    "most_used": None,
    "exclude": (),
}
"""Fields of a blueprint that speak of the bank on the day: when a collection is made they decide what comes into it."""


class NotACollection(Conflict):
    """The paper holds no items from which a test could grow."""

    code = "paper_not_growing"
    message = "Paper {label} is not a collection for adaptive or two-stage tests."


@dataclass(frozen=True)
class Problem:
    """A collection as kernels take it: its items in the order of the sealed paper, and the rules of one candidate."""

    pool: Pool
    specification: Specification
    measure: Measure


def problem_of(spec: BlueprintSpec, items: Sequence[BankItem], facts: Mapping[str, Any]) -> Problem:
    """Return the problem of items with the facts that are, or are to be, sealed with them.

    ``facts`` needs ``parameters``, ``enemies``, ``at_most`` and ``curve``.
    """
    pool, specification = rules_of(spec, items, facts)
    return Problem(pool, specification, Measure(pool, facts["curve"]))


def reference_of(pool: Pool, specification: Specification) -> list[int] | Infeasible | Undecided:
    """Return the places of a form that keeps a blueprint and tells most of a population N(0, 1)."""
    prior = np.exp(-(NODES**2) / 2.0)
    found = prepare(pool, specification, ability=Posterior(NODES, prior / prior.sum()))
    if not isinstance(found, ShadowTest):
        return found
    return [int(place) for place in np.flatnonzero(found.start.form[: pool.size])]


def parameters_of(items: Sequence[BankItem]) -> list[list[float]]:
    """Return discriminations, difficulties and asymptotes of calibrated items."""
    return [[i.a or 1.0 for i in items], [i.b or 0.0 for i in items], [i.c for i in items]]


def enemies_of(items: Sequence[BankItem], groups: Collection[Collection[UUID]]) -> list[list[int]]:
    """Return groups of the bank's enemies as places; those with fewer than two items here are left out."""
    at = {item.item_id: place for place, item in enumerate(items)}
    found = [sorted(at[one] for one in group if one in at) for group in groups]
    return sorted(group for group in found if len(group) > 1)


def opened(paper: SealedPaper) -> Problem:
    """Return the problem of a sealed collection.

    Raises NotACollection.
    """
    facts = paper.collection
    if facts is None or not grows(facts):
        raise NotACollection(label=paper.label)
    spec = BlueprintSpec.model_validate(facts["spec"])
    items = [item_from(e.item_id, e.version_id, e.type.value, e.facts or {}) for e in paper.entries]
    return problem_of(spec, items, facts)


def adaptive_test(paper: SealedPaper) -> AdaptiveTest:
    """Return the adaptive test of a sealed collection.

    Raises NotACollection, or ValueError when it has no form any more, which its sealing has excluded.
    """
    problem, facts = opened(paper), paper.collection or {}
    shown = None if facts.get("shown") is None else np.asarray(facts["shown"], dtype=np.float64)
    stopping = Stopping(facts["standard_error"], facts["shortest"])
    found = ready(problem.pool, problem.specification, problem.measure, stopping=stopping, shown=shown)
    if not isinstance(found, AdaptiveTest):
        raise ValueError(f"no form of collection {paper.label} keeps its blueprint")
    return found


def panel_of(paper: SealedPaper) -> Panel:
    """Return the panel of a sealed collection; raises NotACollection."""
    facts = paper.collection or {}
    if facts.get("way") != Way.MULTISTAGE:
        raise NotACollection(label=paper.label)
    return panel_from(facts["panel"])


def is_right(key: Sequence[str], response: Sequence[str] | None) -> bool:
    """Tell whether an answer is the whole key: what was left open, or is right in part, is not."""
    return bool(response) and sorted(response or ()) == sorted(key)
