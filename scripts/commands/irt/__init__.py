"""`exam-engine irt`: item response models from files, without a site."""

from __future__ import annotations

from typing import Any

from scripts.commands.irt import calibrate, dif, fit, link, score, simulate

COMMANDS = (calibrate, score, fit, dif, link, simulate)


def register(commands: Any) -> None:
    """Add the commands."""
    group = commands.add_parser("irt", help="item response models: calibrate, score, check, link, simulate")
    own = group.add_subparsers(required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.register(own)
