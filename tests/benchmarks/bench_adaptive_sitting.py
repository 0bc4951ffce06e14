"""An adaptive sitting on the demonstration's bank: ``python -m tests.benchmarks.bench_adaptive_sitting``.

Bank, blueprint and trial of ``scripts/demonstration``, Rasch parameters as calibrated from that trial. Candidates of
ability N(0, 1) answer by these parameters: adaptive tests of fixed length and to a standard error, two stages, a form
drawn at random for each (without rules), and one fixed form for all. Everybody's score is the EAP; every test but the
random form is checked by the verifier. Arguments: candidates (500), items of a test (35), seed (1), cap of exposure
(0.35); then ``free`` for the blueprint without its rows about difficulty. One thread: ``OPENBLAS_NUM_THREADS=1``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any
from uuid import UUID, uuid5

import numpy as np
import numpy.typing as npt

from exam_engine.assembly import Pool, Specification, verify
from exam_engine.delivery.growing.adaptive import AdaptiveTest, Stopping, ready
from exam_engine.delivery.growing.collection import reference_of
from exam_engine.delivery.growing.exposure import probabilities
from exam_engine.delivery.growing.multistage import Panel, assemble_panel
from exam_engine.delivery.growing.score import NODES, Measure, curve_of
from exam_engine.papers.blueprint import BlueprintSpec, read_toml
from exam_engine.papers.blueprint.shorter import shortened
from exam_engine.papers.compile import BankItem, pool_of, specification_of
from exam_engine.papers.growing import of_one_candidate
from exam_engine.psychometrics.irt.calibrate import calibrate
from scripts.demonstration import content, simulation

FloatArray = npt.NDArray[np.float64]
NAMES = UUID(int=0)
STANDARD_ERROR = 0.38
Test = Callable[[int, FloatArray], tuple[Sequence[int], Sequence[bool], bool]]


def points(
    scopes: Sequence[Mapping[str, Any]], above: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield code, nodes from the top, and importance of each assessment point."""
    for scope in scopes:
        here = (*above, f"{above[-1]}-{scope['code']}" if above else scope["code"])
        yield from points(scope.get("scopes", ()), here)
        for point in scope.get("points", ()):
            yield point["code"], here, point["importance"]


def bank() -> list[BankItem]:
    """Return the demonstration's items with the parameters that its trial gives."""
    items, rng = content.items(), np.random.default_rng(simulation.SEED)
    marks = simulation.mark(simulation.draw_truth(items, rng=rng), rng=rng)
    b = calibrate(marks, model="rasch").items.b
    outline = {code: (nodes, importance) for code, nodes, importance in points(content.outline()["scopes"])}
    found = []
    for number, (item, difficulty) in enumerate(zip(items, b, strict=True), start=1):
        nodes, importance = outline[item.point]
        one = uuid5(NAMES, item.reference)
        found.append(
            BankItem(
                one, one, item.type, number, item.reference, "", item.point, nodes, importance, item.difficulty,
                1.0, float(np.ravel(difficulty)[0]),
            )
        )  # fmt: skip
    return found


@dataclass
class Cohort:
    """What a sitting gave."""

    name: str
    error: list[float] = field(default_factory=list)
    se: list[float] = field(default_factory=list)
    percent: list[float] = field(default_factory=list)
    forms: list[frozenset[int]] = field(default_factory=list)
    broken: int = 0
    lifted: int = 0
    milliseconds: list[float] = field(default_factory=list)


def sit(
    name: str,
    test: Test,
    measure: Measure,
    pool: Pool,
    theta: FloatArray,
    keeps: Callable[[Sequence[int]], bool] | None,
    seed: int,
) -> Cohort:
    """Let candidates of known ability sit a test; answers are drawn alike for every test."""
    found = Cohort(name)
    for person, ability in enumerate(theta):
        draws = np.random.default_rng([seed, person]).random(pool.size)
        answers = draws < pool.probability([ability])[0]
        begun = time.process_time()
        given, right, lifted = test(person, answers)
        found.milliseconds.append(1e3 * (time.process_time() - begun) / len(given))
        weights = measure.posterior(given, right)
        estimate, mark = measure.ability(weights), measure.mark(weights)
        found.error.append(estimate.theta - ability)
        found.se.append(estimate.se)
        found.percent.append(mark.percent - float(np.interp(ability, NODES, measure.curve)))
        found.forms.append(frozenset(given))
        found.broken += keeps is not None and not keeps(given)
        found.lifted += lifted
    return found


def adaptive(test: AdaptiveTest, seed: int) -> Test:
    def one(person: int, answers: FloatArray) -> tuple[Sequence[int], Sequence[bool], bool]:
        given: list[int] = []
        right: list[bool] = []
        lifted = False
        while (step := test.next(seed * 1_000_003 + person, given, right)).place is not None:
            given.append(step.place)
            right.append(bool(answers[step.place]))
            lifted |= step.lifted
        return given, right, lifted

    return one


def staged(panel: Panel) -> Test:
    def one(_: int, answers: FloatArray) -> tuple[Sequence[int], Sequence[bool], bool]:
        given: list[int] = []
        taken: list[str] = []
        while (name := panel.next_module(taken, int(sum(answers[given])))) is not None:
            taken.append(name)
            given += panel.modules[name]
        return given, [bool(answers[place]) for place in given], False

    return one


def drawn(pool: Pool, length: int, seed: int) -> Test:
    def one(person: int, answers: FloatArray) -> tuple[Sequence[int], Sequence[bool], bool]:
        given = np.random.default_rng([seed, person, 1]).permutation(pool.size)[:length].tolist()
        return given, [bool(answers[place]) for place in given], False

    return one


def fixed(form: Sequence[int]) -> Test:
    return lambda _, answers: (form, [bool(answers[place]) for place in form], False)


def say(found: Cohort) -> None:
    """Print a line of the table."""
    error, percent = np.array(found.error), np.array(found.percent)
    lengths = np.array([len(form) for form in found.forms])
    seen = np.bincount(np.concatenate([list(form) for form in found.forms])) / len(found.forms)
    pairs = np.random.default_rng(0).integers(len(found.forms), size=(4000, 2))
    overlap = np.mean(
        [
            len(found.forms[i] & found.forms[j]) / min(len(found.forms[i]), len(found.forms[j]))
            for i, j in pairs
            if i != j
        ]
    )
    print(
        f"| {found.name} | {lengths.mean():.1f} ({lengths.min()}–{lengths.max()}) | {np.sqrt((error**2).mean()):.3f} | "
        f"{error.mean():+.3f} | {np.sqrt(np.mean(np.array(found.se) ** 2)):.3f} | {np.sqrt((percent**2).mean()):.1f} | "
        f"{seen.max():.2f} | {overlap:.2f} | {found.broken} | {found.lifted} | {np.mean(found.milliseconds):.1f} |",
        flush=True,
    )


def study(
    title: str, items: Sequence[BankItem], spec: BlueprintSpec, persons: int, seed: int, cap: float
) -> None:
    """Run one blueprint and print its table."""
    pool, length = pool_of(spec, items), spec.length
    specification = of_one_candidate(specification_of(spec, items))
    reference = reference_of(pool, specification)
    assert isinstance(reference, list), reference
    measure = Measure(pool, curve_of(pool, reference))
    theta = np.random.default_rng(seed).standard_normal(persons)
    print(
        f"\n{title}: {len(specification.rules)} rules, {length} of {pool.size} items, {persons} candidates, seed {seed}"
    )
    print(
        "| test | items | RMSE | bias | SE | RMSE, % marks | highest exposure | overlap | break a rule | lifted "
        "| ms an item |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")

    def keeps(given: Sequence[int]) -> bool:
        return verify(pool, specification, [[pool.ids[place] for place in given]]).ok

    def cohort(name: str, test: Test, check: Callable[[Sequence[int]], bool] | None = keeps) -> None:
        say(sit(name, test, measure, pool, theta, check, seed))

    panel = assemble_panel(pool, specification, first=length // 2, length=length, seed=seed)
    if isinstance(panel, Panel):
        cohort("two stages, 1-3", staged(panel))
    else:
        print(f"two stages: {panel}")
    cohort("random form for each, no rules", drawn(pool, length, seed), None)
    cohort("one fixed form", fixed(reference))
    free = prepared(pool, specification, measure, Stopping())
    cohort("adaptive, no exposure control", adaptive(free, seed))
    limit(free, cap, persons, seed)
    cohort(f"adaptive, exposure ≤ {cap:g}", adaptive(free, seed))
    early = prepared(pool, specification, measure, Stopping(STANDARD_ERROR, shortest=length // 2))
    # Its own: a test that may end early takes what is due by its rows first, and so shows other items.
    limit(early, cap, persons, seed)
    cohort(f"adaptive to SE {STANDARD_ERROR}, exposure ≤ {cap:g}", adaptive(early, seed), early.keeps_rules)


def limit(test: AdaptiveTest, cap: float, persons: int, seed: int) -> None:
    """Find the probabilities of being shown as a collection's job does, and use them."""
    begun = time.process_time()
    shown = probabilities(test, cap=cap, cohort=persons, rng=np.random.default_rng(seed))
    seconds = time.process_time() - begun
    test.shown = shown.probability
    test.forget()
    print(f"(probabilities: {seconds:.0f} s; highest rate in their last round {shown.highest:.2f})")


def prepared(pool: Pool, specification: Specification, measure: Measure, stopping: Stopping) -> AdaptiveTest:
    """Return the test; an AssertionError when there is no form."""
    test = ready(pool, specification, measure, stopping=stopping)
    assert isinstance(test, AdaptiveTest), test
    return test


def main() -> None:
    """Run the blueprint as it is, or without its rows about difficulty."""
    words = sys.argv[1:5] + ["500", "35", "1", "0.35"][len(sys.argv[1:5]) :]
    persons, length, seed, cap = int(words[0]), int(words[1]), int(words[2]), float(words[3])
    items = bank()
    text = (files("scripts.demonstration") / "blueprint.toml").read_text("utf-8")
    spec = shortened(read_toml(text).spec, length)
    if "free" not in sys.argv:
        study("Blueprint in proportion", items, spec, persons, seed, cap)
        return
    free = spec.model_copy(update={"rows": tuple(row for row in spec.rows if row.difficulty is None)})
    study("Without its three rows about difficulty", items, free, persons, seed, cap)


if __name__ == "__main__":
    main()
