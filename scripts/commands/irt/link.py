"""`exam-engine irt link`: bring one item table onto the scale of another through their common items."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from exam_engine.calibration.item_table import NamedItems, write_items
from exam_engine.calibration.known_items import named_refusal
from exam_engine.calibration.rules import SettingsRefused
from exam_engine.psychometrics.linking.drift import anchor_drift
from exam_engine.psychometrics.linking.link import MINIMUM_ANCHORS, Linker, LinkWarning, Method, link
from exam_engine.psychometrics.linking.purification import purify
from scripts.commands.output import Table, check_out, decimals, print_json, warn, whole_file
from scripts.commands.response_file import add_common, read_item_table

METHODS = {
    "mm": Method.MEAN_MEAN,
    "ms": Method.MEAN_SIGMA,
    "gm": Method.GEOMETRIC_MEAN,
    "haebara": Method.HAEBARA,
    "sl": Method.STOCKING_LORD,
    "mean": Method.MEAN,
}

WARNINGS = {
    LinkWarning.FEW_ANCHORS: f"fewer than {MINIMUM_ANCHORS} common items: one that drifts cannot be told from a shift",
    LinkWarning.NOMINAL_PASSED_OVER: "nominal items were passed over",
    LinkWarning.NOT_CONVERGED: "the search for the line did not converge: do not use it",
    LinkWarning.OPPOSITE_SLOPES: "a common item discriminates the other way round in one table: check its key",
    LinkWarning.ASYMPTOTES_DIFFER: "asymptotes of common items differ by more than 0.1, which no line can mend",
}


def register(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser("link", help="bring one item table onto the scale of another")
    command.add_argument("new", type=Path, metavar="NEW.csv", help="item table to be brought over")
    command.add_argument("old", type=Path, metavar="OLD.csv", help="item table whose scale stays")
    command.add_argument("--method", choices=list(METHODS), default="sl", help="default sl, Stocking–Lord")
    command.add_argument("--purify", action="store_true", help="drop drifting common items, one at a time")
    command.add_argument("--out", type=Path, metavar="linked.csv", help="write NEW on the scale of OLD here")
    add_common(command)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Link, print, write."""
    started = time.perf_counter()
    check_out(arguments.out)
    new, old = read_item_table(arguments.new), read_item_table(arguments.old)
    place = old.position()
    common = [name for name in new.names if name in place]
    if not common:
        raise SettingsRefused("the two item tables have no item in common")
    at_new = new.position()
    mine = new.items.take([at_new[name] for name in common])
    theirs = old.items.take([place[name] for name in common])
    linker = Linker(METHODS[arguments.method])
    with named_refusal():
        if arguments.purify:
            purified = purify(mine, theirs, linker=linker)
            found, drift, kept = purified.link, purified.drift, purified.kept
        else:
            found = link(mine, theirs, linker=linker)
            drift = anchor_drift(mine, theirs, found.transformation)
            kept = np.ones(len(common), dtype=np.bool_)
    line = found.transformation
    if arguments.out and not found.converged:
        raise SettingsRefused(
            "the search for the line did not converge, nothing was written; try --method ms"
        )
    if arguments.out:
        moved = NamedItems(
            new.names,
            new.items.rescaled(line.scale, line.shift),
            new.se_a / line.scale,
            new.se_b * line.scale,
        )
        with whole_file(arguments.out) as file:
            file.write(write_items(moved))
    anchors = Table(
        ("item", "b_new", "b_old", "displacement", "robust_z_b", "robust_z_a", "d2", "kept"),
        list(
            zip(
                common,
                mine.rescaled(line.scale, line.shift).b,
                theirs.b,
                drift.displacement,
                drift.robust_z_b,
                drift.robust_z_a,
                drift.area,
                kept,
                strict=True,
            )
        ),
    )
    with np.errstate(invalid="ignore"):
        spread = np.sqrt(np.diag(found.anchor_covariance))
    for warning in found.warnings:
        warn(WARNINGS[warning])
    seconds = time.perf_counter() - started
    if arguments.json:
        print_json(
            {
                "seconds": round(seconds, 4),
                "method": found.method,
                "scale": line.scale,
                "shift": line.shift,
                "se_scale_over_anchors": spread[0],
                "se_shift_over_anchors": spread[1],
                "n_anchors": found.n_anchors,
                "converged": found.converged,
                "warnings": found.warnings,
                "anchors": anchors,
            }
        )
        return 0
    print(f"{found.n_anchors} common items, {found.method}, {seconds:.2f} s")
    print(
        f"theta on the scale of {arguments.old} = {line.scale:.6f} × theta of {arguments.new} "
        f"{'−' if line.shift < 0 else '+'} {abs(line.shift):.6f}"
    )
    scale, shift = (decimals(value, 4) for value in spread)
    print(f"standard errors over the choice of common items: scale {scale}, shift {shift}")
    anchors.show()
    return 0
