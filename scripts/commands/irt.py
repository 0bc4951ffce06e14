"""`exam-engine irt calibrate`: item statistics and parameters from a response file, without a site."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from exam_engine.calibration.export import to_csv
from exam_engine.calibration.outcome import Outcome, describe_items
from exam_engine.calibration.reading import read_responses
from exam_engine.calibration.rules import Method, ResponsesRefused, describe
from exam_engine.psychometrics.irt.patterns import MAX_SCORE

WARNINGS = {
    "small_sample": "fewer than 100 persons: difficulties are rough, use classical statistics beside them",
    "constant_items": "some items were answered alike by everybody who saw them and have no parameters",
    "missing_by_design": "empty cells were taken as not presented",
    "not_converged": "the estimation did not converge: do not use these parameters",
    "not_a_maximum": "the standard errors could not be computed: do not use these parameters",
    "grid_too_coarse": "the quadrature grid is too coarse or too narrow for these data",
    "negative_slope": "an item discriminates the wrong way round: check its key",
    "steep_slope": "a slope above 4: more often too few persons than a very good item",
    "no_spread": "the persons differ no more than chance would make them",
}


def register(commands: Any) -> None:
    """Add the commands."""
    group = commands.add_parser("irt", help="item calibration").add_subparsers(required=True)
    calibrate = group.add_parser(
        "calibrate",
        help="calibrate a response file: header of item names, rows of 0, 1 or empty (not presented); "
        "classical and rasch take scores up to 100 (partial credit)",
    )
    calibrate.add_argument("responses", type=Path, metavar="RESPONSES.csv")
    calibrate.add_argument(
        "--model", choices=[method.value for method in Method], default=Method.TWO_PL.value
    )
    calibrate.add_argument("--out", type=Path, metavar="items.csv", help="write the item table here")
    calibrate.add_argument("--json", action="store_true", help="print the result as JSON")
    calibrate.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Calibrate, print, write; a refusal lists every place and exits with 1."""
    started = time.perf_counter()
    method = Method(arguments.model)
    highest = 1 if method is Method.TWO_PL else MAX_SCORE
    try:
        matrix = read_responses(arguments.responses.read_bytes(), highest=highest)
    except ResponsesRefused as refused:
        for problem in refused.problems[1:]:
            print(f"{arguments.responses}: {describe(problem)}", file=sys.stderr)
        raise
    outcome = describe_items(matrix, method, highest=highest)
    seconds = time.perf_counter() - started
    if arguments.out:
        arguments.out.write_text(to_csv(outcome.items), "utf-8")
    for warning in outcome.warnings:
        print(f"exam-engine: warning: {WARNINGS[warning]}", file=sys.stderr)
    if arguments.json:
        print(json.dumps({"seconds": round(seconds, 4), **outcome.as_json()}, ensure_ascii=False))
    else:
        _print(outcome, seconds)
    return 0


def _print(outcome: Outcome, seconds: float) -> None:
    print(f"{outcome.n_persons} persons, {outcome.n_items} items, {outcome.method}, {seconds:.2f} s")
    if outcome.alpha is not None:
        print(f"alpha {outcome.alpha:.3f}, standard error of measurement {outcome.standard_error or 0:.2f}")
    if outcome.converged is not None:
        state = "converged" if outcome.converged else "NOT CONVERGED"
        print(
            f"log-likelihood {outcome.log_likelihood:.4f}, {state} after {outcome.iterations} iterations, "
            f"gradient {outcome.gradient_norm:.1e}"
        )
    print(f"{'item':<16}{'n':>8}{'p':>8}{'r':>8}{'a':>8}{'se':>7}{'b':>8}{'se':>7}")
    for item in outcome.items:
        numbers = (item.p_value, item.corrected_point_biserial, item.a, item.se_a, item.b, item.se_b)
        widths = (8, 8, 8, 7, 8, 7)
        cells = "".join(_cell(number, width) for number, width in zip(numbers, widths, strict=True))
        print(f"{item.item:<16}{item.n_responses:>8}{cells}")
        for step, pair in enumerate(zip(item.steps or (), item.se_steps or (), strict=True), start=1):
            print(f"{f'  step {step}':<48}{_cell(pair[0], 8)}{_cell(pair[1], 7)}")


def _cell(number: float | None, width: int) -> str:
    return f"{'—' if number is None else format(number, '.3f'):>{width}}"
