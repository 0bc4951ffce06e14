"""False flags of the forensic indices in honest rooms, by the kernels' own error studies.

A longer study of more rooms is ``python -m tests.benchmarks.bench_forensics``.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from exam_engine.psychometrics.forensics.answers import Room
from exam_engine.psychometrics.forensics.errors.rates import ErrorRate
from exam_engine.psychometrics.forensics.errors.rooms import similarity_errors
from exam_engine.psychometrics.forensics.errors.scores import change_errors, jump_errors, preknowledge_errors
from exam_engine.psychometrics.forensics.errors.times import time_errors
from exam_engine.psychometrics.forensics.jumps import GainLine
from exam_engine.psychometrics.forensics.pairs import Index
from exam_engine.psychometrics.forensics.response_time import calibrate_times
from exam_engine.psychometrics.forensics.wrong_to_right import UsualChanges
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.simulation.parameters import draw_items
from exam_engine.psychometrics.simulation.responses import draw_responses
from exam_engine.psychometrics.simulation.times import draw_speed, draw_times
from tests.benchmarks.recovery.tables import table

HEAD = ("data", "index", "tests in all", "p ≤ 0.05, %", "rooms with a flag after Bonferroni, %")


def report(*, replications: int, seed: int) -> str:
    """Return the table of all studies."""
    rng = np.random.default_rng([seed, 4])
    rows = [
        *similarity(replications, rng),
        *scores(replications, rng),
        *times(replications, rng),
        *occasions(replications, rng),
    ]
    return table(HEAD, rows)


def similarity(replications: int, rng: np.random.Generator) -> Iterable[list[str]]:
    """Pairs of a room of a hundred, options by the nominal model; K2 wants larger rooms."""
    for n_persons, n_items, indices in (
        (100, 60, (Index.OMEGA, Index.GBT, Index.M4)),
        (200, 80, (Index.K2,)),
    ):
        # Category 3 has the steepest slope: the key.
        items = draw_items(n_items, model="nominal", rng=rng)
        answers = draw_responses(items, rng.standard_normal(n_persons), rng=rng)
        room = Room.of(answers, np.full(n_items, 3), n_options=4)
        found = similarity_errors(room, items, rng=rng, indices=indices, replications=replications)
        yield from rows_of(f"all pairs of {n_persons} × {n_items}", found)


def scores(replications: int, rng: np.random.Generator) -> Iterable[list[str]]:
    """Pre-knowledge and changed answers."""
    items = two_parameters(60, rng)
    seen, leaked = np.full((300, 60), True), np.arange(60) < 20
    found = preknowledge_errors(items, seen, leaked, rng=rng, replications=replications)
    yield from rows_of("300 × 60, 20 items under suspicion", found)
    changed = rng.random((500, 60)) < 0.05
    usual = UsualChanges(0.04, 0.02, 500, 0.0, True, ())
    groups = np.arange(500) // 25
    answered = np.ones((500, 60))
    found = change_errors(items, answered, changed, groups, rng=rng, usual=usual, replications=replications)
    yield from rows_of("500 × 60, 5 % of the answers changed, rooms of 25", found)


def times(replications: int, rng: np.random.Generator) -> Iterable[list[str]]:
    """Response times under the lognormal model, calibrated."""
    speed = draw_speed(rng.standard_normal(500), rng=rng)
    intensity, discrimination = rng.normal(4.0, 0.4, 60), rng.uniform(1.5, 2.5, 60)
    seconds = draw_times(speed, intensity=intensity, discrimination=discrimination, rng=rng).seconds
    found = time_errors(
        calibrate_times(seconds),
        seconds,
        rng=rng,
        is_correct=rng.random((500, 60)) < 0.6,
        compromised=np.arange(60) < 20,
        replications=replications,
    )
    yield from rows_of("times of 500 × 60, 20 items under suspicion", found)


def occasions(replications: int, rng: np.random.Generator) -> Iterable[list[str]]:
    """Gains from one occasion to the next."""
    first = rng.standard_normal(500)
    line = GainLine(0.1, 0.85, 0.5, 500, float(first.mean()), float(((first - first.mean()) ** 2).sum()))
    found = jump_errors(line, first, np.arange(500) // 25, rng=rng, replications=replications)
    yield from rows_of("gains of 500 in 20 groups", found)


def two_parameters(n_items: int, rng: np.random.Generator) -> Items:
    """Return items of the 2PL."""
    return draw_items(n_items, model="2pl", rng=rng)


def rows_of(name: str, rates: Iterable[ErrorRate]) -> Iterable[list[str]]:
    """Yield a row for each index."""
    for at, rate in enumerate(rates):
        hundred = [
            100 * value
            for value in (rate.rate, rate.rate_error, rate.room_rate, rate.room_low, rate.room_high)
        ]
        yield [
            name if at == 0 else "",
            rate.index,
            f"{rate.n_tests:,}",
            f"{hundred[0]:.2f} ± {hundred[1]:.2f}",
            f"{hundred[2]:.1f} ({hundred[3]:.1f} to {hundred[4]:.1f})",
        ]
