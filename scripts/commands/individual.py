"""What `exam-engine assemble --individual N` adds: options, drawing, forms.csv, its report and text."""

from __future__ import annotations

import argparse
import csv
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from exam_engine.assembly import Infeasible, Pool, Specification, Undecided
from exam_engine.assembly.individual import (
    MOST_FORMS,
    MOST_PROCESSES,
    TOLERANCE,
    Individual,
    OutOfReach,
    assemble_individual,
)
from scripts.commands.assembly_report import report_of, run_report, text_of

IndividualAnswer = Individual | OutOfReach | Infeasible | Undecided

OPTIONS = ("tolerance", "max_exposure", "max_overlap", "processes")

USEFUL_PROCESSES = 8
"""More have nothing to do, and each takes memory."""


def add_individual_options(command: argparse.ArgumentParser) -> None:
    """Add the options of individual forms."""
    command.add_argument(
        "--individual",
        type=int,
        metavar="N",
        help=f"draw N different forms, one a candidate, up to {MOST_FORMS}, into one forms.csv",
    )
    command.add_argument(
        "--tolerance",
        type=float,
        metavar="T",
        help=f"with --individual: deviation, a part of the scale, of targets without a tolerance; {TOLERANCE}",
    )
    command.add_argument(
        "--max-exposure",
        type=float,
        metavar="R",
        help="with --individual: part of the forms that may hold an item",
    )
    command.add_argument(
        "--max-overlap", type=int, metavar="K", help="with --individual: items that two forms may share"
    )
    command.add_argument(
        "--processes",
        type=int,
        metavar="P",
        help="with --individual: processes that draw; the forms do not depend on it; "
        f"as many as processors, {USEFUL_PROCESSES} at most",
    )


def wrong_option(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """Return the option that makes no sense, its value and what would be right; None when all do."""
    many, tolerance = arguments.individual, arguments.tolerance
    exposure, overlap = arguments.max_exposure, arguments.max_overlap
    if many is None:
        given = next((name for name in OPTIONS if getattr(arguments, name) is not None), None)
        if given is None:
            return None
        return _wrong(given, getattr(arguments, given), "it belongs to --individual N")
    if not 1 <= many <= MOST_FORMS:
        return _wrong("individual", many, f"give a whole number from 1 to {MOST_FORMS}")
    if arguments.forms is not None:
        return _wrong("forms", arguments.forms, "give either --forms or --individual")
    if tolerance is not None and not (0 < tolerance < math.inf):
        return _wrong("tolerance", f"{tolerance:g}", f"give a part of the scale above 0, such as {TOLERANCE}")
    if exposure is not None and not 0 < exposure <= 1:
        return _wrong("max_exposure", f"{exposure:g}", "give a part of the forms above 0, at most 1")
    if overlap is not None and overlap < 0:
        return _wrong("max_overlap", overlap, "give a whole number from 0")
    if arguments.processes is not None and not 1 <= arguments.processes <= MOST_PROCESSES:
        right = f"give a whole number from 1 to {MOST_PROCESSES}"
        return _wrong("processes", arguments.processes, right)
    return None


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _wrong(option: str, value: object, right: str) -> dict[str, Any]:
    return {"option": "--" + option.replace("_", "-"), "value": value, "right": right}


def draw(
    pool: Pool,
    specification: Specification,
    arguments: argparse.Namespace,
    seed: int,
    progress: Callable[[int, int, str], None],
) -> IndividualAnswer:
    """Draw the forms that the options ask for."""
    return assemble_individual(
        pool,
        specification,
        forms=arguments.individual,
        seed=seed,
        tolerance=TOLERANCE if arguments.tolerance is None else arguments.tolerance,
        max_exposure=arguments.max_exposure,
        max_overlap=arguments.max_overlap,
        work_limit=arguments.work_limit,
        time_limit=arguments.time_limit,
        processes=arguments.processes or min(_processors(), USEFUL_PROCESSES),
        progress=progress,
    )


def write_individual(folder: Path, pool: Pool, answer: object) -> None:
    """Write forms.csv, a row an item of a form, and exposure.csv, a row an item of the pool, where there are forms."""
    if not isinstance(answer, Individual):
        return
    with (folder / "forms.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["form", "position", "id"])
        for form, items in enumerate(answer.ids(pool), start=1):
            writer.writerows((form, position, name) for position, name in enumerate(items, start=1))
    with (folder / "exposure.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "rate"])
        writer.writerows(
            (name, float(rate)) for name, rate in zip(pool.ids, answer.exposure.rate, strict=True)
        )


def individual_status(answer: object) -> str:
    """Return what came of it: ``assembled``, ``infeasible`` or ``undecided``."""
    if isinstance(answer, Individual):
        return "assembled"
    is_proven = isinstance(answer, Infeasible) or (isinstance(answer, OutOfReach) and answer.proven)
    return "infeasible" if is_proven else "undecided"


def individual_report(answer: object, specification: Specification) -> dict[str, Any]:
    """Return everything that is known about an answer, without the forms."""
    if isinstance(answer, Infeasible | Undecided):
        return report_of(answer, specification)
    if isinstance(answer, OutOfReach):
        return {
            "status": individual_status(answer),
            "cap": answer.what,
            "asked": answer.asked,
            "least": answer.least,
            "proven": answer.proven,
            "run": run_report(answer.run),
        }
    assert isinstance(answer, Individual)
    exposure, overlap = answer.exposure, answer.overlap
    return {
        "status": "assembled",
        "run": run_report(answer.run),
        "length": sorted({int(k) for k in (answer.forms >= 0).sum(axis=1)}),
        "deviation": answer.deviation,
        "bound": answer.bound,
        "checked_one_by_one": answer.checked,
        "exposure": {
            "largest": exposure.largest,
            "least_possible": exposure.least,
            "cap": exposure.cap,
            "items_in_every_form_by_rule": exposure.always,
            "histogram": [
                {"from": low, "to": high, "items": items} for low, high, items in exposure.histogram()
            ],
            "by_difficulty": list(exposure.bands),
        },
        "overlap": {
            "largest": overlap.largest,
            "mean": overlap.mean,
            "least_possible_mean": overlap.least_mean,
            "cap": overlap.cap,
            "pairs_by_shared_items": overlap.pairs[: overlap.largest + 1],
        },
        "targets": [
            {
                "target": one.target,
                "goal": one.goal,
                "tolerance": one.tolerance,
                "deviation": one.deviation,
                "minimum": one.spread.minimum,
                "maximum": one.spread.maximum,
                "mean": one.spread.mean,
                "sd": one.spread.sd,
            }
            for one in answer.targets
        ],
        "fairness": list(answer.fairness),
    }


def individual_text(answer: object, pool_size: int) -> str:
    """Return an answer in a few lines."""
    if isinstance(answer, Infeasible | Undecided):
        return text_of(answer, pool_size, 1)
    assert isinstance(answer, Individual | OutOfReach)
    run = answer.run
    how = f"seed {run.seed}, {run.solver} {run.solver_version}, work {run.work}, {run.seconds:.2f} s"
    if isinstance(answer, OutOfReach):
        what = "a largest exposure of" if answer.what == "exposure" else "a largest number of shared items of"
        if answer.proven:
            return f"{what} {answer.asked:g} is impossible, at least {answer.least:g} is needed ({how})"
        return f"{what} {answer.asked:g} was not reached, {answer.least:g} was: undecided ({how})"
    exposure, overlap = answer.exposure, answer.overlap
    lines = [
        f"{len(answer.forms)} individual forms from {pool_size} items ({how})",
        f"every rule recomputed for every form: all hold; {answer.checked} forms also item by item",
        f"largest exposure {exposure.largest:.4f}, least possible {exposure.least:.4f}",
        f"shared items of two forms: {overlap.mean:.2f} on average, {overlap.largest} at most",
    ]
    if answer.targets:
        lines.append(f"worst deviation from a target {answer.deviation:.4%}")
    lines += [
        f"{one.name}: {one.minimum:.3f} to {one.maximum:.3f}, SD {one.sd:.3f}" for one in answer.fairness
    ]
    return "\n".join(lines)
