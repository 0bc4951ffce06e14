"""Arguments that name a response file, and reading it; a refusal lists every place."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from exam_engine.calibration.item_table import NamedItems, read_items
from exam_engine.calibration.reading import read_file
from exam_engine.calibration.response_matrix import ResponseMatrix
from exam_engine.calibration.rules import ResponsesRefused, describe
from exam_engine.psychometrics.irt.patterns import MAX_SCORE
from scripts.commands.threads import DEFAULT

FORMAT = (
    "CSV or Parquet: a column an item, a row a person; whole numbers from 0, empty = not presented; a first column "
    "named person is skipped"
)


def add_common(command: argparse.ArgumentParser) -> None:
    """Add what every statistics command takes."""
    command.add_argument("--json", action="store_true", help="print the result as JSON")
    command.add_argument(
        "--threads",
        type=int,
        default=DEFAULT,
        metavar="N",
        help=f"threads of matrix products, default {DEFAULT}: small problems waste CPU time on several",
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


def read_matrix(arguments: argparse.Namespace, *, highest: int = MAX_SCORE) -> ResponseMatrix:
    """Read the response file of the arguments."""
    path: Path = arguments.responses
    try:
        return read_file(
            path, highest=highest, group=getattr(arguments, "group", None), ignore=arguments.ignore
        )
    except ResponsesRefused as refused:
        for problem in refused.problems[1:]:
            print(f"{path}: {describe(problem)}", file=sys.stderr)
        if refused.count > len(refused.problems):
            print(f"{path}: and {refused.count - len(refused.problems)} more", file=sys.stderr)
        raise


def read_item_table(path: Path) -> NamedItems:
    """Read an item table."""
    return read_items(path.read_bytes())


def settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments as they were given, for the record in the JSON."""
    left_out = {"run", "json", "threads"}
    return {
        name: str(value) if isinstance(value, Path) else value
        for name, value in vars(arguments).items()
        if name not in left_out
    }
