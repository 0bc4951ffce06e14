"""A test of two stages: a module for everybody, then one as hard as its score says. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exam_engine.assembly import Count, Pool, Specification
from exam_engine.assembly.adaptive import (
    Fork,
    Module,
    PanelDesign,
    Panels,
    assemble_panels,
    forks_by_information,
    forks_by_population,
)
from exam_engine.assembly.result import Infeasible, Undecided
from exam_engine.assembly.targets import Maximise
from exam_engine.papers.growing import START

SECOND = {2: ("easy", "hard"), 3: ("easy", "medium", "hard")}
ABILITIES = {2: (-0.6, 0.6), 3: (-0.9, 0.0, 0.9)}
"""Where the modules of the second stage are to tell most, in logits: about the middle of their part of N(0, 1)."""


@dataclass(frozen=True)
class Panel:
    """Modules as places in the pool, and where scores lead.

    Attributes
    ----------
    modules : mapping of str to tuple of int
        Stage by stage, from easy to hard.
    choices : tuple of str
        Modules of the second stage, from easy to hard.
    cuts : tuple of int
        Number of right answers in the first from which the harder one of two follows.
    """

    modules: Mapping[str, tuple[int, ...]]
    choices: tuple[str, ...]
    cuts: tuple[int, ...]

    def next_module(self, taken: Sequence[str], score: int) -> str | None:
        """Return the module that follows: the first one, that which a score leads to, or None at the end."""
        if not taken:
            return START
        if len(taken) > 1:
            return None
        return self.choices[sum(score >= cut for cut in self.cuts)]

    def taken(self, given: Sequence[int]) -> tuple[str, ...]:
        """Return which modules a form is made of."""
        held = set(given)
        return tuple(name for name, places in self.modules.items() if places and held >= set(places))

    def as_json(self) -> dict[str, Any]:
        """Return what ``panel_from`` reads."""
        return {
            "modules": [[name, list(places)] for name, places in self.modules.items()],
            "choices": list(self.choices),
            "cuts": list(self.cuts),
        }


def panel_from(data: Mapping[str, Any]) -> Panel:
    """Return the panel that was kept as JSON."""
    modules = {name: tuple(places) for name, places in data["modules"]}
    return Panel(modules, tuple(data["choices"]), tuple(data["cuts"]))


def design_of(specification: Specification, *, first: int, length: int, modules: int = 3) -> PanelDesign:
    """Return a panel of two stages whose every route keeps the rules.

    Parameters
    ----------
    specification : Specification
        Of one candidate: see `papers.growing.of_one_candidate`.
    first, length : int
        Items of the first module, and of a whole test.
    modules : int, default 3
        Of the second stage, 2 or 3.

    Raises
    ------
    ValueError
        If a stage would be left without items, or there is no design with so many modules.
    """
    if not 0 < first < length:
        raise ValueError(f"a first module of {first} items leaves nothing of {length} for one of the stages")
    if modules not in SECOND:
        raise ValueError(f"a second stage has 2 or 3 modules, not {modules}")

    def module(name: str, count: int, theta: float) -> Module:
        size = Count(name="length", minimum=count, maximum=count, structural=True)
        return Module(name=name, rules=[size], targets=[Maximise(name="information", theta=(theta,))])

    second = [
        module(name, length - first, theta)
        for name, theta in zip(SECOND[modules], ABILITIES[modules], strict=True)
    ]
    return PanelDesign(
        stages=[[module(START, first, 0.0)], second],
        every_route=specification.rules,
        every_target=specification.targets,
    )


def assemble_panel(
    pool: Pool, specification: Specification, *, first: int, length: int, modules: int = 3, seed: int = 0
) -> Panel | Infeasible | Undecided:
    """Assemble a panel and the cuts that lead through it.

    Cuts lie where the modules of the second stage tell equally much, or, where rules about difficulty keep these from
    being told apart by that, at equal parts of a normal population.

    Raises
    ------
    ValueError
        As `design_of`, or if the pool is not calibrated.
    """
    design = design_of(specification, first=first, length=length, modules=modules)
    found = assemble_panels(pool, design, panels=1, seed=seed)
    if not isinstance(found, Panels):
        return found
    chosen = found.panels[0]
    fork = _fork(pool, design, chosen)
    places = {
        module.name: tuple(pool.positions[name] for name in chosen[module.name]) for module in design.modules
    }
    return Panel(places, fork.choices, fork.cuts)


def _fork(pool: Pool, design: PanelDesign, chosen: Mapping[str, tuple[str, ...]]) -> Fork:
    try:
        fork = forks_by_information(pool, design, chosen)[0]
    except ValueError:
        return forks_by_population(pool, design, chosen)[0]
    return fork if list(fork.cuts) == sorted(fork.cuts) else forks_by_population(pool, design, chosen)[0]
