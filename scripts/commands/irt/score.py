"""`exam-engine irt score`: abilities of persons from their responses and an item table."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from exam_engine.calibration.known_items import Ability, Matched, named_refusal
from exam_engine.calibration.response_matrix import ResponseMatrix
from exam_engine.calibration.rules import SettingsRefused
from exam_engine.psychometrics.irt.scoring import (
    Outcome,
    Scores,
    score_eap,
    score_map,
    score_ml,
    score_wle,
    sum_score_eap,
)
from scripts.commands.irt.known import ability_of, add_items, in_words, match_columns
from scripts.commands.output import Progress, Table, check_out, decimals, print_json
from scripts.commands.response_file import add_common, add_responses, read_matrix

METHODS = ("eap", "map", "mle", "wle", "sum")
WITH_ABILITY = ("eap", "map", "sum")
"""Methods that take abilities to have a normal density."""

SHOWN = 20
"""Persons printed; `--out` and `--json` give all."""


def register(commands: Any) -> None:
    """Add the command."""
    score = commands.add_parser("score", help="estimate abilities with standard errors")
    add_responses(score, with_group=False)
    add_items(score)
    score.add_argument(
        "--method",
        choices=METHODS,
        default="eap",
        help="sum: expected ability given the raw score, one table for each set of items presented",
    )
    score.add_argument(
        "--person",
        dest="group",
        metavar="COLUMN",
        help="column that names the persons; otherwise they are numbered by row",
    )
    score.add_argument("--out", type=Path, metavar="scores.csv", help="write the scores of all persons here")
    add_common(score)
    score.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Score, print, write."""
    started = time.perf_counter()
    check_out(arguments.out, arguments.responses)
    progress = Progress()
    matrix = read_matrix(arguments, progress=progress)
    persons = _persons(matrix)
    matched = match_columns(arguments, matrix)
    ability = ability_of(arguments, matched) if arguments.method in WITH_ABILITY else None
    progress(0, 0, "scoring")
    with named_refusal():
        scores = _score(arguments.method, matched, ability)
    progress.clear()
    table = Table(
        ("person", "theta", "se", "outcome"),
        [
            (person, theta, se, Outcome(outcome).name.lower())
            for person, theta, se, outcome in zip(
                persons, scores.theta.tolist(), scores.se.tolist(), scores.outcome.tolist(), strict=True
            )
        ],
    )
    if arguments.out:
        table.write(arguments.out)
    summary = _summary(scores, arguments.method)
    seconds = time.perf_counter() - started
    if arguments.json:
        print_json({"seconds": round(seconds, 4), "ability": ability, **summary, "persons": table})
        return 0
    print(
        f"{len(matched.responses)} persons, {len(matched.names)} items, {arguments.method}, {seconds:.2f} s"
    )
    if ability is not None:
        print(in_words(ability))
    print(
        f"mean {decimals(summary['mean'])}, standard deviation {decimals(summary['standard_deviation'])} "
        "of finite estimates"
    )
    print("outcomes: " + ", ".join(f"{name} {count}" for name, count in summary["outcomes"].items()))
    Table(table.columns, table.rows[:SHOWN]).show()
    if len(table.rows) > SHOWN:
        print(f"… {len(table.rows) - SHOWN} more: --out FILE writes all")
    return 0


def _persons(matrix: ResponseMatrix) -> list[object]:
    """Return the names of the persons, or the numbers of their rows; refuse a name that comes twice."""
    if matrix.group is None:
        return list(range(1, len(matrix.responses) + 1))
    counts = np.bincount(matrix.group)
    twice = [matrix.group_names[at] for at in np.flatnonzero(counts > 1)[:10].tolist()]
    if twice:
        raise SettingsRefused(f"persons named more than once: {', '.join(twice)}")
    return [matrix.group_names[number] for number in matrix.group.tolist()]


def _score(method: str, matched: Matched, ability: Ability | None) -> Scores:
    if method == "wle":
        return score_wle(matched.responses, matched.items)
    if ability is None:
        return score_ml(matched.responses, matched.items)
    mean, variance = ability.mean, ability.variance
    if method == "eap":
        return score_eap(matched.responses, matched.items, mean=mean, variance=variance)
    if method == "map":
        return score_map(matched.responses, matched.items, mean=mean, variance=variance)
    return _sum_scores(matched, ability)


def _sum_scores(matched: Matched, ability: Ability) -> Scores:
    """Look up the expected ability of each raw score, in the table of the items presented."""
    responses = matched.responses
    theta = np.full(len(responses), ability.mean)
    se = np.full(len(responses), np.sqrt(ability.variance))
    outcome = np.full(len(responses), Outcome.NOTHING_ANSWERED, dtype=np.int8)
    booklets, number = np.unique(responses >= 0, axis=0, return_inverse=True)
    for at, presented in enumerate(booklets):
        if not presented.any():
            continue
        rows = number.reshape(-1) == at
        found = sum_score_eap(matched.items.take(presented), mean=ability.mean, variance=ability.variance)
        raw = responses[rows][:, presented].sum(axis=1, dtype=np.intp)
        theta[rows], se[rows], outcome[rows] = found.theta[raw], found.se[raw], Outcome.ESTIMATED
    return Scores(theta, se, outcome)


def _summary(scores: Scores, method: str) -> dict[str, Any]:
    finite = np.isfinite(scores.theta)
    known = scores.theta[finite]
    counts = np.bincount(scores.outcome, minlength=len(Outcome))
    return {
        "method": method,
        "n_persons": int(scores.theta.size),
        "mean": float(known.mean()) if known.size else float("nan"),
        "standard_deviation": float(known.std(ddof=1)) if known.size > 1 else float("nan"),
        "outcomes": {Outcome(at).name.lower(): int(count) for at, count in enumerate(counts) if count},
    }
