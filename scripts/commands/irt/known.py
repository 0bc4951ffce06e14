"""What commands on calibrated items share: the item table, its columns, the density of ability."""

from __future__ import annotations

import argparse
from pathlib import Path

from exam_engine.calibration.known_items import MINIMUM_PERSONS, Ability, Matched, find_ability, match_items
from exam_engine.calibration.response_matrix import ResponseMatrix
from scripts.commands.output import warn
from scripts.commands.response_file import read_item_table


def add_items(command: argparse.ArgumentParser) -> None:
    """Add the item table and the density of ability."""
    command.add_argument(
        "--items",
        type=Path,
        required=True,
        metavar="items.csv",
        help="item table, as irt calibrate --out writes it",
    )
    command.add_argument(
        "--ability",
        type=mean_and_variance,
        metavar="MEAN,VARIANCE",
        help="normal density of ability, in logits; by default estimated from the responses with the items held",
    )


def match_columns(arguments: argparse.Namespace, matrix: ResponseMatrix) -> Matched:
    """Return the known columns; name those left out."""
    table = read_item_table(arguments.items)
    matched = match_items(matrix, table)
    if matched.strangers:
        warn(f"columns without an item in {arguments.items}, left out: {', '.join(matched.strangers)}")
    return matched


def ability_of(arguments: argparse.Namespace, matched: Matched) -> Ability:
    """Return the density of ability, as it was asked for."""
    ability = find_ability(matched, arguments.ability)
    if ability.source == "standard":
        warn(
            f"fewer than {MINIMUM_PERSONS} persons: ability is taken to have mean 0 and variance 1; see --ability"
        )
    return ability


def in_words(ability: Ability) -> str:
    """Return the density of ability as a line."""
    return f"ability: mean {ability.mean:.4f}, variance {ability.variance:.4f} ({ability.source})"


def mean_and_variance(text: str) -> tuple[float, float]:
    """Read ``MEAN,VARIANCE``."""
    try:
        mean, variance = (float(number) for number in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: give MEAN,VARIANCE") from None
    if not 0 < variance < float("inf") or abs(mean) == float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: the variance must be positive, both finite")
    return mean, variance
