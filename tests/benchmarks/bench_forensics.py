"""Time the forensic indices and measure their false positives: ``python -m tests.benchmarks.bench_forensics``.

First all pairs of 2,000 persons × 100 items (CPU seconds of each call, peak memory of the process), then honest rooms:
the share of tests with p ≤ 0.05 with its Monte Carlo error, and the share of rooms with any flag after Bonferroni at
0.05 with its exact 95 % interval. ``--rooms 20`` for a quick look. For one thread set ``OPENBLAS_NUM_THREADS=1``.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import time
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from exam_engine.psychometrics.corrections import Correction
from exam_engine.psychometrics.forensics.answers import Room
from exam_engine.psychometrics.forensics.errors.rates import ErrorRate, Trial, error_rates
from exam_engine.psychometrics.forensics.errors.rooms import similarity_errors
from exam_engine.psychometrics.forensics.errors.scores import change_errors, jump_errors, preknowledge_errors
from exam_engine.psychometrics.forensics.errors.times import time_errors
from exam_engine.psychometrics.forensics.indices import analyse_similarity
from exam_engine.psychometrics.forensics.jumps import GainLine
from exam_engine.psychometrics.forensics.option_model import (
    draw_answers,
    estimated_abilities,
    estimated_probabilities,
    option_probabilities,
)
from exam_engine.psychometrics.forensics.pairs import Index, Scope
from exam_engine.psychometrics.forensics.response_time import TimeModel, calibrate_times, speeds
from exam_engine.psychometrics.forensics.wrong_to_right import UsualChanges
from exam_engine.psychometrics.irt.calibrate import calibrate
from exam_engine.psychometrics.irt.items import Items

N_PERSONS, N_ITEMS, N_OPTIONS = 2_000, 100, 4
SEED = 20_261
MODEL = (Index.OMEGA, Index.GBT, Index.M4)


def nominal_items(n_items: int, rng: np.random.Generator) -> Items:
    """Return nominal items whose option 1 is the key."""
    slopes = rng.normal(0, 0.5, (n_items, N_OPTIONS - 1)) + [1.0, 0.0, -0.3]
    return Items.nominal(slopes, rng.normal(0, 0.5, slopes.shape) + [1.2, 0.0, 0.0])


def scored_items(n_items: int, rng: np.random.Generator) -> Items:
    """Return two-parameter items."""
    return Items.dichotomous(rng.lognormal(0.1, 0.3, n_items), rng.normal(-0.3, 1.0, n_items))


def honest_room(items: Items, n_persons: int, rng: np.random.Generator) -> Room:
    """Return a room of persons who worked alone."""
    blank = Room.of(
        rng.integers(0, N_OPTIONS, (n_persons, len(items))), np.ones(len(items), int), n_options=N_OPTIONS
    )
    theta = rng.normal(0, 1, n_persons)
    if np.all(items.highest == 1):
        return draw_answers(blank, option_probabilities(blank, items, theta), rng=rng)
    return draw_answers(blank, items.probability(theta), rng=rng)


def time_indices(rng: np.random.Generator) -> None:
    """Print the seconds of every index over all pairs of a large room with ten copiers."""
    items = nominal_items(N_ITEMS, rng)
    room = honest_room(items, N_PERSONS, rng)
    by_ability = np.argsort(estimated_abilities(room, items))
    for at in range(100, 1_100, 100):
        source, copier = by_ability[at : at + 2]
        room.answers[copier, :70] = room.answers[source, :70]
    chance = estimated_probabilities(room, items)
    print(f"all pairs of {N_PERSONS:,} × {N_ITEMS} with 10 copiers of 70 answers")
    print("index   CPU s      tests  flagged  smallest p")
    for index in Index:
        start = time.process_time()
        table = analyse_similarity(room, index, chance)
        seconds = time.process_time() - start
        print(f"{index:6} {seconds:6.2f}  {table.n_tests:9,}  {table.n_flagged:7d}  {table.p_value[0]:10.1e}")
    spent = np.exp(rng.normal(4.0, 0.5, (10_000, N_ITEMS)) - rng.normal(0.0, 0.3, (10_000, 1)))
    start = time.process_time()
    speeds(spent, calibrate_times(spent))
    print(f"lognormal times and residuals of 10,000 × {N_ITEMS}: {time.process_time() - start:.2f} CPU s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"peak memory of the process so far: {peak:.2f} GB\n")


def show(name: str, rates: Iterable[ErrorRate]) -> None:
    """Print the error rates of a study."""
    for rate in rates:
        print(
            f"{name:42} {rate.index:22} {rate.rate:.4f} ± {rate.rate_error:.4f}   "
            f"{rate.room_rate:.3f} ({rate.room_low:.3f}–{rate.room_high:.3f})",
            flush=True,
        )


def known_chances(items: Items, scope: Scope, rooms: int, rng: np.random.Generator) -> tuple[ErrorRate, ...]:
    """Return the error rates of rooms of 100 judged by the true chances of the options."""
    every = replace(scope, correction=Correction.NONE, shown=0)

    def trial(rng: np.random.Generator) -> dict[str, Trial]:
        chance = items.probability(rng.normal(0, 1, 100))
        blank = Room.of(np.zeros((100, len(items)), int), np.ones(len(items), int), n_options=N_OPTIONS)
        room = draw_answers(blank, chance, rng=rng)
        tables = [analyse_similarity(room, index, chance, scope=every) for index in MODEL]
        return {str(table.index): Trial(table.p_value, table.n_tests) for table in tables}

    return error_rates(trial, rng=rng, replications=rooms)


def other_model(
    truth: Items, rooms: int, rng: np.random.Generator, *, persons: int = 100
) -> tuple[ErrorRate, ...]:
    """Return the error rates of nominal rooms that are judged by a two-parameter model calibrated beforehand."""
    fitted = calibrate(honest_room(truth, 2_000, rng).scored, model="2pl")
    items = Items.dichotomous(fitted.a, fitted.b)
    every = Scope(correction=Correction.NONE, shown=0)

    def trial(rng: np.random.Generator) -> dict[str, Trial]:
        room = honest_room(truth, persons, rng)
        chance = estimated_probabilities(room, items)
        tables = [analyse_similarity(room, index, chance, scope=every) for index in MODEL]
        return {str(table.index): Trial(table.p_value, table.n_tests) for table in tables}

    return error_rates(trial, rng=rng, replications=rooms)


def study_false_positives(rooms: int, rng: np.random.Generator) -> None:
    """Print the error rates of all indices in honest rooms."""
    print(f"{rooms} honest rooms each; level 0.05")
    print(
        "study                                      index                  p ≤ 0.05          rooms with a flag"
    )
    for n_persons, n_items in ((30, 40), (100, 40), (100, 80)):
        for kind, build in (("nominal", nominal_items), ("2PL and distractors", scored_items)):
            items = build(n_items, rng)
            room = honest_room(items, n_persons, rng)
            rates = similarity_errors(room, items, rng=rng, indices=MODEL, replications=rooms)
            show(f"similarity {n_persons} × {n_items}, {kind}", rates)
    show("similarity 100 × 60, nominal judged by 2PL", other_model(nominal_items(60, rng), rooms, rng))
    for title, is_known in (("mid-p", False), ("mid-p, chances known", True)):
        items = nominal_items(80, rng)
        room = honest_room(items, 100, rng)
        scope = Scope(mid_p=True)
        if not is_known:
            rates = similarity_errors(room, items, rng=rng, indices=MODEL, scope=scope, replications=rooms)
        else:
            rates = known_chances(items, scope, rooms, rng)
        show(f"similarity 100 × 80, {title}", rates)
    items = nominal_items(80, rng)
    show(
        "similarity 200 × 80, nominal",
        similarity_errors(
            honest_room(items, 200, rng), items, rng=rng, indices=list(Index)[3:], replications=rooms
        ),
    )
    for n_items, known in ((40, 10), (100, 30)):
        presented = np.full((300, n_items), True)
        show(
            f"pre-knowledge, {known} of {n_items} known",
            preknowledge_errors(
                scored_items(n_items, rng), presented, np.arange(n_items) < known, rng=rng, replications=rooms
            ),
        )
    usual = UsualChanges(0.04, 0.02, 500, 0.0, True, ())
    for share in (0.04, 0.10):
        scores, changed = np.ones((500, 60)), rng.random((500, 60)) < share
        show(
            f"changes of {share:.0%} of 60, rooms of 25",
            change_errors(
                scored_items(60, rng),
                scores,
                changed,
                np.arange(500) // 25,
                rng=rng,
                usual=usual,
                replications=rooms,
            ),
        )
    zero = np.zeros(60)
    model = TimeModel(
        zero + 4.0, zero, rng.uniform(1.5, 2.5, 60), zero, 0.09, 0.0, np.full(60, 500), 0.0, True, 1, 0.0, ()
    )
    show(
        "times 500 × 60, 20 known",
        time_errors(
            model,
            np.full((500, 60), 50.0),
            rng=rng,
            is_correct=rng.random((500, 60)) < 0.6,
            compromised=np.arange(60) < 20,
            replications=rooms,
        ),
    )
    first = rng.normal(0, 1, 500)
    line = GainLine(0.1, 0.85, 0.5, 500, 0.0, 500.0)
    for between in (0.0, 0.2):
        show(
            f"gains of 500 in 20 groups, sd {between}",
            jump_errors(line, first, np.arange(500) // 25, rng=rng, between_sd=between, replications=rooms),
        )


def main() -> None:
    """Time the indices, then study their false positives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=200, help="honest rooms of each study")
    parser.add_argument("--only", choices=["times", "errors"], help="one of the two parts")
    chosen = parser.parse_args()
    print(
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}"
    )
    rng = np.random.default_rng(SEED)
    if chosen.only != "errors":
        time_indices(rng)
    if chosen.only != "times":
        study_false_positives(chosen.rooms, rng)


if __name__ == "__main__":
    main()
