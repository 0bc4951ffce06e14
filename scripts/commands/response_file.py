"""Arguments that name a response file, and reading it; a refusal lists every place."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exam_engine.calibration.item_table import NamedItems, read_items
from exam_engine.calibration.reading import read_file
from exam_engine.calibration.response_matrix import ResponseMatrix
from exam_engine.calibration.rules import Fault, ItemsRefused, Problem, ResponsesRefused, describe
from exam_engine.psychometrics.irt.patterns import MAX_SCORE
from scripts.commands.output import Progress, warn
from scripts.commands.threads import DEFAULT

FORMAT = (
    "CSV or Parquet: a column an item, a row a person; whole numbers from 0, empty = not presented; a first column "
    "named person is skipped"
)


NO_ITEMS = frozenset(
    {"group", "id", "no", "no.", "person", "sex", "gender", "room", "seat", "total", "score", "sum"}
)
"""Names that other programs give to columns that are no items; one that is taken as an item is pointed out."""

MANY_FAULTS = 20
"""Faults in one column from which on it is likely to be no item at all."""


def add_common(command: argparse.ArgumentParser) -> None:
    """Add what every statistics command takes."""
    command.add_argument("--json", action="store_true", help="print the result as JSON")
    command.add_argument(
        "--threads",
        type=_at_least_one,
        default=DEFAULT,
        metavar="N",
        help=f"threads of matrix products, default {DEFAULT}: small problems waste CPU time on several",
    )


def _at_least_one(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: give a whole number from 1")
    return int(text)


def add_absent(command: argparse.ArgumentParser) -> None:
    """Add the codes of what was not presented."""
    command.add_argument(
        "--absent",
        action="append",
        default=[],
        metavar="CODE",
        help="code of a response that was not presented, such as NA, . or -9, beside the empty cell; may be repeated",
    )


def add_responses(command: argparse.ArgumentParser, *, with_group: bool = True) -> None:
    """Add the response file and what its other columns are."""
    command.add_argument("responses", type=Path, metavar="RESPONSES", help=FORMAT)
    if with_group:
        command.add_argument("--group", metavar="COLUMN", help="column that names each person's group")
    command.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="COLUMN",
        help="column that is no item; may be repeated",
    )
    add_absent(command)


def read_matrix(
    arguments: argparse.Namespace, *, highest: int = MAX_SCORE, progress: Progress | None = None
) -> ResponseMatrix:
    """Read the response file of the arguments."""
    progress = progress or Progress()
    path: Path = arguments.responses
    try:
        matrix = read_file(
            path,
            highest=highest,
            group=getattr(arguments, "group", None),
            ignore=arguments.ignore,
            absent=arguments.absent,
            report=progress,
        )
    except ResponsesRefused as refused:
        show_problems(path, refused)
        raise
    finally:
        progress.clear()
    taken = [name for name in matrix.items if name.casefold() in NO_ITEMS]
    if taken:
        warn(f"taken as items: {', '.join(taken)}; a column that is none is named with --ignore or --group")
    return matrix


def show_problems(path: Path, refused: ResponsesRefused) -> None:
    """Print every fault of a file where there are several, and what may be behind them."""
    if refused.count > 1:
        for problem in refused.problems:
            print(f"{path}: {describe(problem)}", file=sys.stderr)
        if refused.count > len(refused.problems):
            print(f"{path}: and {refused.count - len(refused.problems)} more", file=sys.stderr)
    for hint in _hints(refused.problems):
        print(f"{path}: {hint}", file=sys.stderr)


def _hints(problems: Sequence[Problem]) -> list[str]:
    """Return what to do where a column seems to be no item, or one code to stand for a response not presented."""
    wrong = [one for one in problems if one.fault in (Fault.VALUE, Fault.SCORE, Fault.COLUMN_TYPE)]
    columns = Counter(one.name for one in wrong)
    hints = []
    if len(columns) == 1 and (len(wrong) >= MANY_FAULTS or wrong[0].fault is Fault.COLUMN_TYPE):
        hints.append(f'if "{wrong[0].name}" is no item, leave it out with --ignore or name it with --group')
    cells = [one for one in problems if one.fault in (Fault.VALUE, Fault.SCORE, Fault.OPTION)]
    values = {one.value for one in cells}
    if len(cells) > 1 and len(columns) != 1 and len(values) == 1:
        code = values.pop()
        hints.append(f'if "{code}" means not presented, say --absent={code}')
    return hints


def read_item_table(path: Path) -> NamedItems:
    """Read an item table; a refusal names the file."""
    try:
        return read_items(path.read_bytes())
    except ItemsRefused as refused:
        raise ItemsRefused(f"{path}: {refused.reason}") from None


def settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments as they were given, for the record in the JSON."""
    left_out = {"run", "json", "threads"}
    return {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(arguments).items()
        if name not in left_out
    }
