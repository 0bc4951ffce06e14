"""`exam-engine forensics`: pairs of persons whose answers agree more than chance, from an answer file."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.answer_file import AnswerFile
from exam_engine.calibration.known_items import named_refusal
from exam_engine.calibration.rules import SettingsRefused
from exam_engine.psychometrics.corrections import Correction
from exam_engine.psychometrics.forensics.answers import Room
from exam_engine.psychometrics.forensics.errors.rates import ErrorRate
from exam_engine.psychometrics.forensics.errors.rooms import similarity_errors
from exam_engine.psychometrics.forensics.flags import Caution
from exam_engine.psychometrics.forensics.indices import analyse_similarity
from exam_engine.psychometrics.forensics.option_model import estimated_probabilities
from exam_engine.psychometrics.forensics.pairs import (
    MINIMUM_COMMON,
    MINIMUM_ITEMS,
    Index,
    Scope,
    SimilarityTable,
)
from exam_engine.psychometrics.irt.calibrate import ErrorMethod, calibrate
from exam_engine.psychometrics.irt.items import Items
from scripts.commands.answers import read_answer_file
from scripts.commands.output import Progress, Table, check_out, print_json, shortened, warn
from scripts.commands.response_file import add_absent, add_common, read_item_table

MINIMUM_PERSONS = 20
"""Persons below which nothing is compared without an item table: difficulties and abilities come from these answers."""

CAUTIONS = {
    Caution.FEW_ITEMS: f"fewer than {MINIMUM_ITEMS} items, the shortest test that these indices were studied on",
    Caution.FEW_PERSONS: "fewer persons than it needs: 100 for the K-index, 50 for K2 and S1, 30 for K1",
    Caution.THIN_GROUPS: "few persons at some scores",
    Caution.INCOMPLETE: "some answers are missing",
    Caution.NOT_CONVERGED: "an estimation did not converge",
    Caution.NOT_BIMODAL: "no second mode was found",
    Caution.NOT_COMPUTED: f"pairs with fewer than {MINIMUM_COMMON} common answers were not tested",
}

COLUMNS = (
    "index", "source", "copier", "common", "same_right", "same_wrong", "statistic", "expected",
    "p", "p_adjusted", "p_reverse", "flagged",
)  # fmt: skip


def register(commands: Any) -> None:
    """Add the command."""
    forensics = commands.add_parser("forensics", help="answers that agree more than chance")
    forensics.add_argument(
        "responses",
        type=Path,
        metavar="ANSWERS.csv",
        help="a column an item, a row a person, a cell the option chosen",
    )
    forensics.add_argument(
        "--key", type=Path, required=True, metavar="key.csv", help="columns item, key, options"
    )
    forensics.add_argument(
        "--group", metavar="COLUMN", help="compare only within this column, such as the room"
    )
    forensics.add_argument("--ignore", action="append", default=[], metavar="COLUMN")
    add_absent(forensics)
    forensics.add_argument(
        "--items",
        type=Path,
        metavar="items.csv",
        help="item table; by default a Rasch calibration of these answers",
    )
    forensics.add_argument(
        "--index",
        action="append",
        choices=[index.value for index in Index],
        help="default omega; may be repeated",
    )
    forensics.add_argument("--level", type=float, default=0.05, help="after correction, default 0.05")
    forensics.add_argument(
        "--correction", choices=[one.value for one in Correction], default=Correction.BONFERRONI.value
    )
    forensics.add_argument(
        "--shown", type=int, default=20, metavar="N", help="pairs shown at least, default 20"
    )
    forensics.add_argument(
        "--rooms",
        type=int,
        default=20,
        metavar="N",
        help="honest rooms simulated for the error rates, default 20",
    )
    forensics.add_argument("--seed", type=int, default=1, help="of the simulation, default 1")
    forensics.add_argument("--out", type=Path, metavar="pairs.csv", help="write the pairs here")
    add_common(forensics)
    forensics.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compare, print, write."""
    started = time.perf_counter()
    check_out(arguments.out, arguments.responses)
    answers = read_answer_file(arguments)
    indices = [Index(name) for name in dict.fromkeys(arguments.index or [Index.OMEGA.value])]
    if arguments.rooms < 0 or arguments.seed < 0:
        raise SettingsRefused("--rooms and --seed must not be negative")
    progress = Progress()
    with named_refusal():
        answers, items = _items(answers, arguments.items)
        room = Room.of(answers.chosen, answers.key, n_options=np.array([len(own) for own in answers.labels]))
        scope = Scope(
            pairs=_pairs(answers),
            level=arguments.level,
            correction=arguments.correction,
            shown=arguments.shown,
        )
        chance = estimated_probabilities(room, items)
        tables = [analyse_similarity(room, index, chance, scope=scope) for index in indices]
        rates: tuple[ErrorRate, ...] = ()
        if arguments.rooms:
            rates = similarity_errors(
                room,
                items,
                rng=np.random.default_rng(arguments.seed),
                indices=indices,
                scope=scope,
                replications=arguments.rooms,
                progress=lambda done, total: progress(done, total, "simulating honest rooms"),
            )
    progress.clear()
    table = Table(COLUMNS, [row for one in tables for row in _rows(one, answers.persons)])
    seconds = time.perf_counter() - started
    if arguments.out:
        table.write(arguments.out)
    for one in tables:
        for caution in one.cautions:
            warn(f"{one.index}: {CAUTIONS[caution]}")
    if arguments.json:
        counts = {
            one.index.value: {
                "n_tests": one.n_tests,
                "n_untested": one.n_untested,
                "n_flagged": one.n_flagged,
            }
            for one in tables
        }
        print_json(
            {
                "seconds": round(seconds, 4),
                "n_persons": room.n_persons,
                "n_items": room.n_items,
                "level": arguments.level,
                "correction": arguments.correction,
                "counts": counts,
                "error_rates": rates,
                "pairs": table,
            }
        )
        return 0
    print(f"{room.n_persons} persons, {room.n_items} items, {seconds:.2f} s")
    for one in tables:
        print(
            f"{one.index}: {one.n_flagged} of {one.n_tests} tests flagged at {one.level:g} after {one.correction}, "
            f"{one.n_untested} could not be made"
        )
    for rate in rates:
        print(
            f"{rate.index}: of {rate.n_rooms} simulated honest rooms {rate.room_rate:.0%} had a flag "
            f"(95 % interval {rate.room_low:.0%}–{rate.room_high:.0%})"
        )
    table.show()
    return 0


def _items(answers: AnswerFile, path: Path | None) -> tuple[AnswerFile, Items]:
    """Return the items of the answers: from the table, or calibrated from these answers without constant ones."""
    if path is not None:
        table = read_item_table(path)
        place = table.position()
        kept = np.array([name in place for name in answers.items])
        items = None
        if kept.any():
            items = table.items.take([place[name] for name in answers.items if name in place])
    else:
        if len(answers.persons) < MINIMUM_PERSONS:
            raise SettingsRefused(
                f"fewer than {MINIMUM_PERSONS} persons: give --items from a larger calibration"
            )
        scored = np.where(answers.chosen < 0, -1, answers.chosen == answers.key).astype(np.int8)
        kept = np.asarray((scored == 0).any(axis=0) & (scored == 1).any(axis=0))
        items = None
        if kept.sum() > 1:
            seen = (scored[:, kept] >= 0).any(axis=1)
            items = calibrate(scored[:, kept][seen], model="rasch", errors=ErrorMethod.NONE).items
    if items is None:
        raise SettingsRefused("no item of the answers has parameters")
    if not kept.all():
        warn(f"items without parameters, left out: {shortened(np.array(answers.items)[~kept].tolist())}")
    return _with_items(answers, kept), items


def _with_items(answers: AnswerFile, kept: NDArray[np.bool_]) -> AnswerFile:
    places = np.flatnonzero(kept).tolist()
    return replace(
        answers,
        items=tuple(answers.items[at] for at in places),
        chosen=answers.chosen[:, kept],
        key=answers.key[kept],
        labels=tuple(answers.labels[at] for at in places),
    )


def _pairs(answers: AnswerFile) -> NDArray[np.intp] | None:
    """Return the pairs within each room, or None for all pairs."""
    if answers.group is None:
        return None
    group = np.unique(np.array(answers.group), return_inverse=True)[1]
    parts = []
    for one in np.unique(group):
        members = np.flatnonzero(group == one)
        first, second = np.triu_indices(members.size, 1)
        parts.append(np.stack([members[first], members[second]], axis=1))
    pairs = np.concatenate(parts)
    if not len(pairs):
        raise SettingsRefused("no group has two persons")
    return np.asarray(pairs, dtype=np.intp)


def _rows(table: SimilarityTable, persons: tuple[str, ...]) -> list[list[object]]:
    numbers = (
        table.n_common,
        table.n_identical_correct,
        table.n_identical_incorrect,
        table.statistic,
        table.expected,
        table.p_value,
        table.adjusted_p_value,
        table.reverse_p_value,
        table.is_flagged,
    )
    return [
        [table.index, persons[source], persons[copier], *cells]
        for source, copier, *cells in zip(table.source.tolist(), table.copier.tolist(), *numbers, strict=True)
    ]
