"""Multistage panels: modules in stages, the routes through them, and what each must hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from exam_engine.assembly.specification import (
    Parallel,
    Reference,
    Rule,
    Sets,
    Specification,
    Target,
    is_across,
)
from exam_engine.assembly.targets import Maximin

WHOLE = "panel"
"""What the modules of a panel together are called."""


@dataclass(frozen=True, kw_only=True)
class Module:
    """A short test that is given as a whole: its rules and targets are those of a form.

    Attributes
    ----------
    name : str
    rules : sequence of rules
    targets : sequence of targets
    """

    name: str
    rules: Sequence[Rule] = ()
    targets: Sequence[Target] = ()


@dataclass(frozen=True, kw_only=True)
class Route:
    """What a candidate may take: one module of each stage, and rules and targets of these together.

    Attributes
    ----------
    modules : tuple of str
        Names, in the order of the stages.
    rules : sequence of rules
    targets : sequence of targets
    """

    modules: tuple[str, ...]
    rules: Sequence[Rule] = ()
    targets: Sequence[Target] = ()

    @property
    def name(self) -> str:
        """The modules with arrows between them."""
        return " → ".join(self.modules)


@dataclass(frozen=True)
class Part:
    """A module, a route, or the panel: names of its modules, with its rules and targets."""

    name: str
    modules: tuple[str, ...]
    rules: tuple[Rule, ...]
    targets: tuple[Target, ...]


@dataclass(frozen=True, kw_only=True)
class PanelDesign:
    """Modules in stages, such as 1-3-3, from easy to hard in each stage.

    Attributes
    ----------
    stages : sequence of sequence of Module
    routes : sequence of Route, optional
        By default all that lead from a module to its neighbours in difficulty: see `neighbours`.
    every_route : sequence of rules
        Rules of every route: the blueprint that each candidate meets.
    every_target : sequence of targets
        Targets of every route.
    rules : sequence of rules
        Rules of the panel as a whole, such as enemies.

    Raises
    ------
    ValueError
        Naming the module, route or rule: two modules of one name, a route that leaves out a stage, a rule that speaks
        of several forms, sets outside a module.

    Examples
    --------
    >>> design = PanelDesign(stages=[[Module(name="start")], [Module(name="easy"), Module(name="hard")]])
    >>> [route.name for route in design.routes]
    ['start → easy', 'start → hard']
    """

    stages: Sequence[Sequence[Module]]
    routes: Sequence[Route] = ()
    every_route: Sequence[Rule] = ()
    every_target: Sequence[Target] = ()
    rules: Sequence[Rule] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "stages", tuple(tuple(stage) for stage in self.stages))
        if len(self.stages) < 2 or not all(self.stages):
            raise ValueError("a panel needs two stages or more, and each of them modules")
        names = [module.name for module in self.modules]
        for name in names:
            if names.count(name) > 1 or name == WHOLE:
                raise ValueError(f"module {name!r}: the name is taken, and names tell modules apart")
        chosen = self.routes or [Route(modules=path) for path in neighbours(self.stages)]
        object.__setattr__(self, "routes", tuple(chosen))
        for route in self.routes:
            self._check_route(route)
        for part in self.parts:
            Specification(part.rules, part.targets)
            _check_rules(part, whole=part.name in names)

    @property
    def modules(self) -> tuple[Module, ...]:
        """All modules, stage by stage."""
        return tuple(module for stage in self.stages for module in stage)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everything that has rules: modules, routes, the panel."""
        modules = [Part(m.name, (m.name,), tuple(m.rules), tuple(m.targets)) for m in self.modules]
        routes = [
            Part(r.name, r.modules, (*r.rules, *self.every_route), (*r.targets, *self.every_target))
            for r in self.routes
        ]
        whole = Part(WHOLE, tuple(module.name for module in self.modules), tuple(self.rules), ())
        return (*modules, *routes, whole)

    def _check_route(self, route: Route) -> None:
        stages = [{module.name for module in stage} for stage in self.stages]
        fits = len(route.modules) == len(stages)
        if not fits or any(name not in stage for name, stage in zip(route.modules, stages, strict=True)):
            raise ValueError(f"route {route.name!r} does not take one module of each stage")


def neighbours(stages: Sequence[Sequence[Module]]) -> list[tuple[str, ...]]:
    """Return the routes that move at most one module up or down from stage to stage.

    Between stages of different size the places are compared as parts of the way from the easiest to the hardest, and a
    route moves at most half of it.
    """
    paths: list[tuple[int, ...]] = [(k,) for k in range(len(stages[0]))]
    for here, there in pairwise(stages):
        near = len(here) == len(there)
        reach = 1.0 / max(1, len(here) - 1) if near else 0.5
        paths = [
            (*path, k)
            for path in paths
            for k in range(len(there))
            if min(len(here), len(there)) == 1
            or abs(path[-1] / (len(here) - 1) - k / (len(there) - 1)) <= reach + 1e-9
        ]
    return [tuple(stages[s][k].name for s, k in enumerate(path)) for path in paths]


def _check_rules(part: Part, *, whole: bool) -> None:
    for rule in part.rules:
        if is_across(rule) or isinstance(rule, Parallel):
            raise ValueError(f"{part.name}, rule {rule.name!r}: rules about several forms are not for panels")
        if isinstance(rule, Sets) and not whole:
            raise ValueError(
                f"{part.name}, rule {rule.name!r}: sets belong to modules, which hold them whole"
            )
    for target in part.targets:
        if isinstance(target, Maximin | Reference):
            raise ValueError(
                f"{part.name}, target {target.name!r}: targets of a panel name their goals, or what is to be maximal"
            )
