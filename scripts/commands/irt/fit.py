"""`exam-engine irt fit`: how items, pairs of items, persons and the whole test fit their model."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from exam_engine.calibration.known_items import Ability, Matched, named_refusal
from exam_engine.calibration.rules import NoResponses, SettingsRefused
from exam_engine.psychometrics.fit import (
    Caution,
    LocalDependence,
    TestFit,
    item_fit_by_score,
    item_mean_squares_over_posterior,
    m2_fit,
    person_fit,
    residual_correlations,
)
from exam_engine.psychometrics.fit.items import MINIMUM_PERSONS as FOR_MEAN_SQUARES
from exam_engine.psychometrics.fit.local_dependence import MINIMUM_PERSONS as FOR_Q3
from exam_engine.psychometrics.fit.m2 import MINIMUM_PERSONS as FOR_M2
from exam_engine.psychometrics.fit.persons import MINIMUM_ITEMS as FOR_PERSON_FIT
from exam_engine.psychometrics.fit.s_x2 import MINIMUM_PERSONS as FOR_S_X2
from scripts.commands.irt.known import ability_of, add_items, in_words, match_columns
from scripts.commands.output import Progress, Table, check_out, decimals, print_json, warn
from scripts.commands.response_file import add_common, add_responses, read_matrix

CAUTIONS = {
    Caution.FEW_PERSONS: "fewer persons than it needs",
    Caution.FEW_ITEMS: "fewer items than it needs",
    Caution.PERSONS_LEFT_OUT: "persons with other items presented were left out",
    Caution.NO_CORRECTION: "the estimation of ability is not allowed for",
    Caution.NOT_TESTABLE: "some items have no degree of freedom left",
}
NEEDED = {
    "infit and outfit": FOR_MEAN_SQUARES,
    "S-X²": FOR_S_X2,
    "Q3": FOR_Q3,
    "M2": FOR_M2,
    "person fit": FOR_PERSON_FIT,
}
"""Persons (person fit: items) below which a statistic is rough."""

STAGES = 4

SHOWN_PAIRS = 20

PERSON_LIMIT = -1.645
"""lz* below this is the lowest 5 % of fitting persons."""


def register(commands: Any) -> None:
    """Add the command."""
    fit = commands.add_parser("fit", help="S-X², infit and outfit, Q3, M2, persons' lz*")
    add_responses(fit, with_group=False)
    add_items(fit)
    fit.add_argument(
        "--known",
        action="store_true",
        help="the parameters were not estimated from these responses: take nothing off the degrees of freedom",
    )
    fit.add_argument("--out", type=Path, metavar="fit.csv", help="write the table of items here")
    add_common(fit)
    fit.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compute, print, write."""
    started = time.perf_counter()
    check_out(arguments.out, arguments.responses)
    progress = Progress()
    matched = match_columns(arguments, read_matrix(arguments, progress=progress))
    if matched.responses.max() < 0:
        raise NoResponses
    ability = ability_of(arguments, matched)
    notes: list[str] = []
    progress(0, STAGES, "items")
    table = _items(matched, ability, arguments.known, notes)
    progress(1, STAGES, "pairs of items")
    pairs, dependence = _pairs(matched, ability, notes)
    progress(2, STAGES, "the whole test")
    test = _test(matched, ability, arguments.known, notes)
    progress(3, STAGES, "persons")
    persons = _persons(matched, ability, notes)
    progress.clear()
    seconds = time.perf_counter() - started
    if arguments.out:
        table.write(arguments.out)
    for note in notes:
        warn(note)
    if arguments.json:
        q3 = None if dependence is None else {"average": dependence.average, "largest": dependence.largest}
        print_json(
            {
                "seconds": round(seconds, 4),
                "ability": ability,
                "items": table,
                "q3": q3,
                "pairs": pairs,
                "test": test,
                "persons": persons,
                "warnings": notes,
            }
        )
        return 0
    print(f"{len(matched.responses)} persons, {len(matched.names)} items, {seconds:.2f} s")
    print(in_words(ability))
    if test is not None:
        print(
            f"M2 {test.statistic:.2f}, df {test.degrees_of_freedom}, p {test.p:.4f}; RMSEA {test.rmsea:.4f} "
            f"({test.rmsea_low:.4f}–{test.rmsea_high:.4f}), SRMSR {test.srmsr:.4f}, CFI {test.cfi:.4f}, "
            f"TLI {test.tli:.4f}; {test.n_persons} persons"
        )
    print(
        f"persons with lz* below {PERSON_LIMIT}: {persons['n_low']} of {persons['n_tested']} (5 % expected)"
    )
    if dependence is not None:
        print(f"Q3: average {decimals(dependence.average)}, largest Q3* {decimals(dependence.largest)}")
        if pairs.rows:
            Table(pairs.columns, pairs.rows[:SHOWN_PAIRS]).show()
    table.show()
    return 0


def _items(matched: Matched, ability: Ability, known: bool, notes: list[str]) -> Table:
    density = {"mean": ability.mean, "variance": ability.variance}
    size = len(matched.names)
    with named_refusal():
        squares = item_mean_squares_over_posterior(matched.responses, matched.items, **density)
    _note(notes, "infit and outfit", squares.warnings)
    found = squares.mean_squares
    columns: list[Any] = [matched.names, found.n, found.infit, found.z_infit, found.outfit, found.z_outfit]
    try:
        by_score = item_fit_by_score(
            matched.responses, matched.items, **density, estimated=np.full(size, not known)
        )
        _note(notes, "S-X²", by_score.warnings)
        columns += [by_score.statistic, by_score.degrees_of_freedom, by_score.p, by_score.rmsea]
    except ValueError as error:
        notes.append(f"S-X² was not computed: {error}")
        columns += [[None] * size] * 4
    names = ("item", "n", "infit", "z_infit", "outfit", "z_outfit", "s_x2", "df", "p", "rmsea")
    return Table(names, list(zip(*columns, strict=True)))


def _pairs(matched: Matched, ability: Ability, notes: list[str]) -> tuple[Table, LocalDependence | None]:
    columns = ("item", "with", "q3", "q3_adjusted", "n")
    try:
        found = residual_correlations(
            matched.responses, matched.items, mean=ability.mean, variance=ability.variance
        )
    except ValueError as error:
        notes.append(f"Q3 was not computed: {error}")
        return Table(columns, []), None
    _note(notes, "Q3", found.warnings)
    rows = [
        (
            matched.names[one],
            matched.names[other],
            found.q3[one, other],
            found.adjusted[one, other],
            found.n_persons[one, other],
        )
        for one, other in found.flagged.tolist()
    ]
    return Table(columns, rows), found


def _test(matched: Matched, ability: Ability, known: bool, notes: list[str]) -> TestFit | None:
    try:
        found = m2_fit(
            matched.responses,
            matched.items,
            mean=ability.mean,
            variance=ability.variance,
            estimated=np.full(len(matched.names), not known),
        )
    except ValueError as error:
        notes.append(f"M2 was not computed: {error}")
        return None
    _note(notes, "M2", found.warnings)
    return found


def _persons(matched: Matched, ability: Ability, notes: list[str]) -> dict[str, Any]:
    try:
        found = person_fit(matched.responses, matched.items, mean=ability.mean, variance=ability.variance)
    except ValueError as error:
        raise SettingsRefused(str(error)) from error
    _note(notes, "person fit", found.warnings)
    star = found.lz_star
    tested = np.isfinite(star)
    low = np.flatnonzero(tested & (star < PERSON_LIMIT))
    return {"n_tested": int(tested.sum()), "n_low": int(low.size), "low_rows": (low + 1).tolist()}


def _note(notes: list[str], statistic: str, cautions: tuple[Caution, ...]) -> None:
    for caution in cautions:
        needed = f", {NEEDED[statistic]}" if caution in (Caution.FEW_PERSONS, Caution.FEW_ITEMS) else ""
        notes.append(f"{statistic}: {CAUTIONS[caution]}{needed}")
