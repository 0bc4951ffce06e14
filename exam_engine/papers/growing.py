"""Collections from which tests grow: the rules of one candidate, and whether what is sealed keeps them. No I/O.

``Paper.collection`` holds blueprint, item parameters, settings and what was found for them. Places count from 0 in the
order of the sealed paper.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from exam_engine.assembly import Among, Count, Parallel, Pool, Specification, Verification, verify
from exam_engine.assembly.specification import is_across
from exam_engine.assembly.targets import MeanTarget, ScoreTarget, SumTarget
from exam_engine.papers.at_hand import broken_rules
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.compile import BankItem, pool_of, specification_of

ADAPTIVE, MULTISTAGE = "adaptive", "multistage"
"""Ways of collections from which tests grow."""

START = "start"
"""Module that everybody is given."""

LENGTH, PARAMETERS, EXPOSURE, PANEL = (
    "collection:length",
    "collection:parameters",
    "collection:exposure",
    "collection:panel",
)
"""What besides the blueprint's rules can be wrong with a collection."""


def grows(collection: Mapping[str, Any] | None) -> bool:
    """Tell whether tests grow from a paper."""
    return (collection or {}).get("way") in (ADAPTIVE, MULTISTAGE)


def of_one_candidate(specification: Specification) -> Specification:
    """Return what of a specification binds one growing test.

    Left out are rules about several forms, and goals of information and of the expected score: they make fixed forms
    equally hard, while a growing test is as hard as its candidate is able.
    """
    rules = [rule for rule in specification.rules if not (is_across(rule) or isinstance(rule, Parallel))]
    targets = [t for t in specification.targets if isinstance(t, MeanTarget | SumTarget | ScoreTarget)]
    return Specification(rules, targets, max_use=None)


def rules_of(
    spec: BlueprintSpec, items: Sequence[BankItem], facts: Mapping[str, Any]
) -> tuple[Pool, Specification]:
    """Return the pool, and the rules of one candidate, of items with the facts that are, or are to be, sealed.

    ``facts`` needs ``parameters``, ``enemies`` and ``at_most``.
    """
    a, b, c = (np.asarray(column, dtype=np.float64) for column in facts["parameters"])
    plain = pool_of(spec, items)
    pool = Pool(ids=plain.ids, numeric=plain.numeric, categorical=plain.categorical, a=a, b=b, c=c)
    groups = [frozenset(items[place].item_id for place in group) for group in facts["enemies"]]
    whole = specification_of(spec, items, enemies=groups)
    common = [
        Count(name=name, where=(Among(*(pool.ids[place] for place in places)),), maximum=most)
        for name, places, most in facts["at_most"]
    ]
    return pool, of_one_candidate(Specification([*whole.rules, *common], whole.targets, max_use=None))


@dataclass(frozen=True)
class Findings:
    """What was found of a collection.

    Attributes
    ----------
    pool : Pool
    specification : Specification
        The rules of one candidate.
    forms : tuple of tuple of str
        What was looked at: of an adaptive test the sealed reference form, which shows that the rules can be kept; of a
        panel each of its routes.
    verification : Verification
        Every rule of each, recomputed.
    unsound : tuple of str
        Which of LENGTH, PARAMETERS, EXPOSURE and PANEL do not fit the items.
    """

    pool: Pool
    specification: Specification
    forms: tuple[tuple[str, ...], ...]
    verification: Verification
    unsound: tuple[str, ...]

    @property
    def broken(self) -> tuple[tuple[int, str], ...]:
        """(Number of the form, from 1, or 0 for the whole; rule) of all that does not hold."""
        rules = [
            (number + 1, rule)
            for number in range(len(self.forms))
            for rule in broken_rules(self.specification, self.verification, number)
        ]
        return (*((0, name) for name in self.unsound), *rules)


def examine(collection: Mapping[str, Any], items: Sequence[BankItem]) -> Findings:
    """Recompute every rule of a collection, whose items come in the order of its paper."""
    spec = BlueprintSpec.model_validate(collection["spec"])
    size = len(items)
    columns = collection["parameters"]
    if len(columns) != 3 or any(len(column) != size for column in columns):
        raise ValueError(f"parameters of another number of items than {size}")
    pool, specification = rules_of(spec, items, collection)
    forms = _forms(pool, collection)
    return Findings(
        pool, specification, forms, verify(pool, specification, forms), _unsound(collection, spec, size)
    )


def _forms(pool: Pool, collection: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Return the forms that are looked at; an item that is not there is left out, so that its form lacks it."""
    if collection["way"] != MULTISTAGE:
        return (tuple(name for name in collection["reference"] if name in pool.positions),)
    panel = collection["panel"]
    modules = {
        name: tuple(pool.ids[place] for place in places if 0 <= place < pool.size)
        for name, places in panel["modules"]
    }
    return tuple((*modules.get(START, ()), *modules.get(choice, ())) for choice in panel["choices"])


def _unsound(collection: Mapping[str, Any], spec: BlueprintSpec, size: int) -> tuple[str, ...]:
    a, b, c = collection["parameters"]
    finite = all(math.isfinite(value) for column in (a, b, c) for value in column)
    shown = collection.get("shown")
    found = {
        LENGTH: collection["settings"]["length"] == spec.length,
        PARAMETERS: finite and all(value > 0 for value in a) and all(0 <= value < 1 for value in c),
        EXPOSURE: shown is None or (len(shown) == size and all(0 < value <= 1 for value in shown)),
        PANEL: collection["way"] != MULTISTAGE or _is_panel(collection["panel"], size),
    }
    return tuple(name for name, ok in found.items() if not ok)


def _is_panel(panel: Mapping[str, Any], size: int) -> bool:
    """Tell whether modules divide the items, and scores lead from the easier to the harder ones."""
    modules = dict(panel["modules"])
    places = [place for held in modules.values() for place in held]
    cuts, choices = panel["cuts"], panel["choices"]
    return (
        sorted(places) == list(range(size))
        and set(modules) == {START, *choices}
        and len(cuts) == len(choices) - 1
        and list(cuts) == sorted(cuts)
    )
