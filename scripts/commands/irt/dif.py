"""`exam-engine irt dif`: items that function differently for two groups of equal ability."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.known_items import named_refusal
from exam_engine.calibration.response_matrix import ResponseMatrix
from exam_engine.calibration.rules import SettingsRefused
from exam_engine.psychometrics.corrections import Correction
from exam_engine.psychometrics.dif.concurrent import estimates_of
from exam_engine.psychometrics.dif.design import Design
from exam_engine.psychometrics.dif.likelihood_ratio import likelihood_ratio
from exam_engine.psychometrics.dif.logistic import logistic
from exam_engine.psychometrics.dif.lord import lord
from exam_engine.psychometrics.dif.mantel_haenszel import mantel_haenszel
from exam_engine.psychometrics.dif.outcome import MINIMUM_COMPARED, MINIMUM_GROUP, MINIMUM_TOTAL, Dif, Warn
from exam_engine.psychometrics.dif.polytomous import mantel
from exam_engine.psychometrics.dif.purification import MINIMUM_ANCHORS
from exam_engine.psychometrics.dif.sibtest import sibtest
from exam_engine.psychometrics.dif.standardization import standardization
from exam_engine.psychometrics.irt.calibrate import calibrate
from exam_engine.psychometrics.irt.models import Model
from exam_engine.psychometrics.linking.link import Linker, Method
from exam_engine.psychometrics.sample_size import MINIMUM_PERSONS, advise
from scripts.commands.output import Progress, Table, check_out, print_json, shortened, warn
from scripts.commands.response_file import add_common, add_responses, read_matrix

BY_SCORE: dict[str, Callable[..., Dif]] = {
    "mh": mantel_haenszel,
    "mantel": mantel,
    "std": standardization,
    "logistic": logistic,
    "sibtest": sibtest,
}
"""Methods that match on the observed score."""

CALIBRATING = ("lord", "lr")
"""Methods that calibrate: each group alone, or both together."""

METHODS = (*BY_SCORE, *CALIBRATING)

EFFECTS = {
    "mh": "MH D-DIF, delta units; below 0 the item is harder for the focal group",
    "mantel": "standardised mean difference, standard deviations of the item; below 0 harder for the focal group",
    "std": "standardised mean difference, score points; below 0 harder for the focal group",
    "logistic": "log odds at equal scores; below 0 harder for the focal group",
    "sibtest": "SIBTEST's beta, score points; above 0 harder for the focal group",
    "lord": "difference of difficulty, logits; above 0 harder for the focal group",
    "lr": "difference of expected scores, score points; below 0 harder for the focal group",
}

WARNINGS = {
    Warn.SMALL_GROUP: f"the smaller group has fewer than {MINIMUM_GROUP} persons: large effects may be missed, "
    "small ones look large",
    Warn.SMALL_TOTAL: f"fewer than {MINIMUM_TOTAL} persons in both groups together",
    Warn.UNMATCHED: "many persons have no match in the other group",
    Warn.REST_SCORE: "groups that differ in ability were matched without the item itself: too many items are flagged",
    Warn.SEVERAL_BOOKLETS: "persons were matched within sets of items presented alike",
    Warn.FEW_ANCHORS: f"the matching score rests on fewer than {MINIMUM_ANCHORS} items",
    Warn.PURIFICATION_CYCLE: "purification went in a circle",
    Warn.PURIFICATION_LIMIT: "purification did not settle",
    Warn.NOT_COMPUTABLE: "some items have no result, see the column reason",
    Warn.SMALL_CALIBRATION: "a group has fewer persons than its calibration should have",
}


def register(commands: Any) -> None:
    """Add the command."""
    dif = commands.add_parser("dif", help="differential item functioning of two groups")
    add_responses(dif)
    dif.add_argument(
        "--reference", metavar="NAME", help="reference group; by default the first in sorting order"
    )
    dif.add_argument("--focal", metavar="NAME", help="focal group")
    dif.add_argument(
        "--method",
        choices=METHODS,
        default="mh",
        help="mh Mantel–Haenszel, mantel its form for several scores, std standardisation, logistic regression, "
        "sibtest, lord Lord's test of two calibrations, lr likelihood ratio",
    )
    dif.add_argument(
        "--model",
        choices=[model.value for model in Model if model is not Model.ONE_PL],
        default=Model.TWO_PL.value,
        help="of lord and lr",
    )
    dif.add_argument(
        "--purify", action="store_true", help="take flagged items out of the matching, again and again"
    )
    dif.add_argument("--level", type=float, default=0.05, help="of significance, default 0.05")
    dif.add_argument(
        "--adjust",
        choices=[one.value for one in Correction],
        default=Correction.NONE.value,
        help="how p-values allow for many items",
    )
    dif.add_argument("--out", type=Path, metavar="dif.csv", help="write the table of items here")
    add_common(dif)
    dif.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compare, print, write."""
    started = time.perf_counter()
    check_out(arguments.out, arguments.responses)
    if arguments.group is None:
        raise SettingsRefused("differential functioning needs --group COLUMN")
    progress = Progress()
    matrix = read_matrix(arguments, progress=progress)
    labels = np.array(matrix.group_names, dtype=object)[matrix.group]
    reference, focal = _two_groups(matrix, arguments.reference, arguments.focal)
    if arguments.method in CALIBRATING:
        sizes = [int((labels == name).sum()) for name in (reference, focal)]
        _check_sizes(sizes, arguments.method, Model(arguments.model))
    with named_refusal():
        design = Design(
            reference=reference,
            focal=focal,
            purify=arguments.purify,
            level=arguments.level,
            adjustment=Correction(arguments.adjust),
        )
        names, found = _study(arguments.method, Model(arguments.model), matrix, labels, design, progress)
    progress.clear()
    for warning in found.warnings:
        needed = MINIMUM_PERSONS[Model(arguments.model)]
        warn(WARNINGS[warning] + (f", {needed}" if warning is Warn.SMALL_CALIBRATION else ""))
    columns: dict[str, Any] = {
        "item": names,
        "n_reference": found.compared[:, 0],
        "n_focal": found.compared[:, 1],
        "statistic": found.statistic,
        "df": found.df,
        "p": found.p_value,
        "p_adjusted": found.p_adjusted,
        "effect": found.effect,
        "se": found.effect_error,
        "size": found.sizes,
        "favours": found.favours,
        "flagged": found.flagged,
        "reason": found.reasons,
    }
    table = Table(tuple(columns), list(zip(*columns.values(), strict=True)))
    seconds = time.perf_counter() - started
    if arguments.out:
        table.write(arguments.out)
    if arguments.json:
        print_json(
            {
                "seconds": round(seconds, 4),
                "method": arguments.method,
                "reference": found.reference,
                "focal": found.focal,
                "effect_is": EFFECTS[arguments.method],
                "rounds": found.rounds,
                "warnings": found.warnings,
                "items": table,
            }
        )
        return 0
    print(f"reference {found.reference}, focal {found.focal}, {arguments.method}, {seconds:.2f} s")
    print(f"effect: {EFFECTS[arguments.method]}")
    table.show()
    return 0


def _check_sizes(sizes: list[int], method: str, model: Model) -> None:
    """Refuse groups too small to be compared at all, or for the model, and name what they carry."""
    if min(sizes) < MINIMUM_COMPARED:
        raise SettingsRefused(
            f"a group needs {MINIMUM_COMPARED} persons to be compared, these have {sizes[0]} and {sizes[1]}"
        )
    carried, who = (sum(sizes), "in both groups") if method == "lr" else (min(sizes), "in the smaller group")
    if not advise(carried, model).is_offered:
        raise SettingsRefused(
            f"{carried} persons {who} are too few for {model.value}, which needs {MINIMUM_PERSONS[model]}: "
            "take --model rasch, or match on scores with --method mh"
        )


def _study(
    method: str,
    model: Model,
    matrix: ResponseMatrix,
    labels: NDArray[np.object_],
    design: Design,
    progress: Progress,
) -> tuple[tuple[str, ...], Dif]:
    if method in BY_SCORE:
        return matrix.items, BY_SCORE[method](matrix.responses, labels, design=design)
    if method == "lr":
        return matrix.items, likelihood_ratio(
            matrix.responses,
            labels,
            model=model,
            design=design,
            progress=lambda done, total: progress(done, total, "calibrating"),
        )
    return _lord(model, matrix, labels, design)


def _lord(
    model: Model, matrix: ResponseMatrix, labels: NDArray[np.object_], design: Design
) -> tuple[tuple[str, ...], Dif]:
    """Calibrate each group alone, link and compare; items that one group cannot calibrate are left out by name."""
    reference, focal = str(design.reference), str(design.focal)
    parts = [matrix.responses[labels == name] for name in (reference, focal)]
    usable = np.logical_and(*(_can_be_calibrated(part) for part in parts))
    if (~usable).any():
        lost = shortened(np.array(matrix.items)[~usable].tolist())
        warn(f"items with a score that nobody of one group got, left out: {lost}")
    if usable.sum() < 2:
        raise SettingsRefused("fewer than two items can be calibrated in both groups")
    found = [calibrate(part[:, usable][(part[:, usable] >= 0).any(axis=1)], model=model) for part in parts]
    for name, calibration in zip((reference, focal), found, strict=True):
        if not calibration.converged:
            raise SettingsRefused(f"the calibration of group {name} did not converge")
    linker = Linker(Method.MEAN if model in (Model.RASCH, Model.PCM) else Method.STOCKING_LORD)

    def line(chosen: NDArray[np.bool_]) -> tuple[float, float]:
        fit = linker.fit(found[1].items.take(chosen), found[0].items.take(chosen))
        return fit.scale, fit.shift

    first, second = (estimates_of(calibration) for calibration in found)
    result = lord(
        first, second, link=line, purify=design.purify, level=design.level, adjustment=design.adjustment
    )
    names = tuple(name for name, use in zip(matrix.items, usable, strict=True) if use)
    return names, _with_labels(result, reference, focal)


def _two_groups(matrix: ResponseMatrix, reference: str | None, focal: str | None) -> tuple[str, str]:
    """Return reference and focal group; refuse to guess among more than two."""
    names = list(matrix.group_names)
    if len(names) < 2:
        raise SettingsRefused(f"everybody is of one group, {names[0]}: there is nothing to compare")
    for wanted in (reference, focal):
        if wanted is not None and wanted not in names:
            raise SettingsRefused(f"no group {wanted}; there are {shortened(names)}")
    others = [name for name in names if name not in (reference, focal)]
    if reference is None and others:
        reference = others.pop(0)
    if focal is None and len(others) == 1:
        focal = others[0]
    if reference is None or focal is None or reference == focal:
        raise SettingsRefused(f"name --reference and --focal among {shortened(names)}")
    return reference, focal


def _with_labels(found: Dif, reference: str, focal: str) -> Dif:
    return replace(found, reference=reference, focal=focal)


def _can_be_calibrated(responses: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Return which items have at least two scores and every score below their highest."""
    usable = np.zeros(responses.shape[1], dtype=np.bool_)
    for at, column in enumerate(responses.T):
        counts = np.bincount(column[column >= 0], minlength=2)
        usable[at] = counts.all()
    return usable
