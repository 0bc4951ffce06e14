"""`exam-engine irt simulate`: responses drawn from an item table, with a seed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.known_items import named_refusal
from exam_engine.calibration.rules import SettingsRefused
from exam_engine.psychometrics.simulation.abilities import draw_normal
from exam_engine.psychometrics.simulation.responses import draw_responses
from scripts.commands.irt.known import mean_and_variance
from scripts.commands.output import Progress, check_out, print_json, whole_file
from scripts.commands.response_file import add_common, read_item_table

BLOCK_PERSONS = 20_000


def register(commands: Any) -> None:
    """Add the command."""
    simulate = commands.add_parser("simulate", help="draw responses of simulated persons")
    simulate.add_argument("items", type=Path, metavar="items.csv")
    simulate.add_argument("--persons", type=int, required=True, metavar="N")
    simulate.add_argument(
        "--seed", type=int, required=True, metavar="S", help="the same seed draws the same persons"
    )
    simulate.add_argument(
        "--ability", type=mean_and_variance, default=(0.0, 1.0), metavar="MEAN,VARIANCE", help="default 0,1"
    )
    simulate.add_argument(
        "--missing",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="share of responses not presented, at random",
    )
    simulate.add_argument("--out", type=Path, required=True, metavar="responses.csv")
    simulate.add_argument("--abilities", type=Path, metavar="theta.csv", help="write the true abilities here")
    add_common(simulate)
    simulate.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Draw block by block and write."""
    check_out(arguments.out, arguments.items)
    check_out(arguments.abilities, arguments.items)
    table = read_item_table(arguments.items)
    if arguments.persons < 1 or not 0 <= arguments.missing < 1 or arguments.seed < 0:
        raise SettingsRefused("--persons must be at least 1, --missing in [0, 1), --seed not negative")
    rng = np.random.default_rng(arguments.seed)
    mean, variance = arguments.ability
    report = Progress()
    with named_refusal():
        persons = draw_normal(arguments.persons, rng=rng, mean=mean, variance=variance)
    with whole_file(arguments.out) as file:
        file.write(_header(table.names))
        for start in range(0, arguments.persons, BLOCK_PERSONS):
            theta = persons.theta[start : start + BLOCK_PERSONS]
            scores = draw_responses(table.items, theta, rng=rng)
            if arguments.missing:
                scores[rng.random(scores.shape) < arguments.missing] = -1
            file.write(_lines(scores))
            report(start, arguments.persons, "simulating")
    report.clear()
    if arguments.abilities:
        lines = [f"{number},{theta!r}" for number, theta in enumerate(persons.theta.tolist(), start=1)]
        with whole_file(arguments.abilities) as file:
            file.write("\n".join(["person,theta", *lines, ""]))
    found = {
        "n_persons": arguments.persons,
        "n_items": len(table.names),
        "seed": arguments.seed,
        "ability": {"mean": mean, "variance": variance},
        "out": str(arguments.out),
        "left_out": table.without,
    }
    if arguments.json:
        print_json(found)
    else:
        print(
            f"{arguments.persons} persons, {len(table.names)} items, seed {arguments.seed}: {arguments.out}"
        )
    return 0


def _header(names: tuple[str, ...]) -> str:
    quoted = [
        f'"{name.replace(chr(34), chr(34) * 2)}"' if set(name) & set(',"\n\r') else name for name in names
    ]
    return ",".join(quoted) + "\n"


def _lines(scores: NDArray[np.int8]) -> str:
    """Return the rows as CSV text."""
    words = np.array(["", *(str(score) for score in range(int(scores.max(initial=0)) + 1))], dtype=object)
    return "".join(",".join(row) + "\n" for row in words[scores.astype(np.intp) + 1].tolist())
