"""`exam-engine irt calibrate`: item statistics and parameters from a response file."""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from exam_engine.calibration.estimation import PRIOR_NAMES, WORDS, Estimation, priors_of
from exam_engine.calibration.export import to_csv
from exam_engine.calibration.findings import ItemOutcome, Outcome
from exam_engine.calibration.outcome import describe_items
from exam_engine.calibration.response_matrix import ResponseMatrix
from exam_engine.calibration.rules import Method, SettingsRefused, check_sample
from exam_engine.psychometrics.irt.calibrate import NODES, ErrorMethod
from exam_engine.psychometrics.irt.models import Model
from exam_engine.psychometrics.irt.result import STEEP_SLOPE
from exam_engine.psychometrics.sample_size import MINIMUM_PERSONS
from scripts.commands.output import Progress, Table, check_out, print_json, shortened, warn, whole_file
from scripts.commands.response_file import add_common, add_responses, read_item_table, read_matrix

WARNINGS = {
    "small_sample": f"fewer than {MINIMUM_PERSONS[Model.RASCH]} persons: difficulties are rough, "
    "use classical statistics beside them",
    "constant_items": "items that nobody saw, or that everybody who saw them answered alike, have no parameters",
    "missing_by_design": "empty cells were taken as not presented",
    "not_converged": "the estimation did not converge: do not use these parameters",
    "not_a_maximum": "the standard errors could not be computed: do not use these parameters",
    "grid_too_coarse": "the quadrature grid is too coarse or too narrow for these data: raise --nodes",
    "negative_slope": "items that discriminate the wrong way round, check their keys",
    "steep_slope": f"slopes above {STEEP_SLOPE:g}, more often too few persons than a very good item",
    "no_spread": "the persons differ no more than chance would make them",
    "asymptote_at_bound": "asymptotes that fell to 0 or rose to 1 have no standard error",
}


ONE_SLOPE = frozenset({Model.RASCH, Model.ONE_PL, Model.PCM})

LEAST_IN_GROUP, THIN_GROUP = 10, 30
"""Persons of a group below which it is refused and pointed out; the standard error of the mean of 30 persons is 0.2
standard deviations even without measurement error. House rules."""


def register(commands: Any) -> None:
    """Add the command."""
    calibrate = commands.add_parser(
        "calibrate", help="estimate item parameters with standard errors from a response file"
    )
    add_responses(calibrate)
    calibrate.add_argument(
        "--model", choices=[method.value for method in Method], default=Method.TWO_PL.value
    )
    calibrate.add_argument(
        "--item-model",
        action="append",
        default=[],
        type=_item_models,
        metavar="MODEL=ITEM,ITEM…",
        help="items that follow another model than the rest; may be repeated",
    )
    calibrate.add_argument("--out", type=Path, metavar="items.csv", help="write the item table here")
    calibrate.add_argument(
        "--prior",
        action="append",
        default=[],
        type=_prior,
        metavar="LETTER=MEAN,SD",
        help="normal prior of log a, b, logit c or logit u; may be repeated. Default: c=-1.4,0.5 and u=3,0.7, which "
        "only 3PL and 4PL items have",
    )
    calibrate.add_argument("--no-prior", action="store_true", help="no priors but those given with --prior")
    calibrate.add_argument(
        "--fix",
        type=Path,
        metavar="items.csv",
        help="hold these items, by name, and bring the others onto their scale",
    )
    calibrate.add_argument("--density", choices=["normal", "empirical"], default="normal", help="of ability")
    calibrate.add_argument(
        "--errors",
        choices=[method.value for method in ErrorMethod],
        default=ErrorMethod.OBSERVED.value,
        help="where standard errors come from",
    )
    calibrate.add_argument("--nodes", type=int, default=NODES, help=f"quadrature nodes, default {NODES}")
    calibrate.add_argument(
        "--equivalent-persons",
        action="store_true",
        help="take blocks of items without common persons as linked: persons drawn at random from one population",
    )
    add_common(calibrate)
    calibrate.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Calibrate, print, write; a refusal lists every place and exits with 1."""
    started = time.perf_counter()
    check_out(arguments.out, arguments.responses)
    method = Method(arguments.model)
    own = tuple(pair for pairs in arguments.item_model for pair in pairs)
    if method.model is None and (own or arguments.fix or arguments.prior):
        raise SettingsRefused("classical statistics take no --item-model, --fix or --prior")
    highest = max([method.highest, *(Method(model.value).highest for _, model in own)])
    fixed = read_item_table(arguments.fix) if arguments.fix else None
    if fixed is not None:
        highest = max(highest, int(fixed.items.highest.max()))
    progress = Progress()
    matrix = read_matrix(arguments, highest=highest, progress=progress)
    _check_groups(matrix)
    for model in dict.fromkeys(model for _, model in own):
        check_sample(matrix.n_persons, Method(model.value))
    estimation = Estimation(
        priors=priors_of(dict(arguments.prior), defaults=not arguments.no_prior),
        fixed=fixed,
        item_models=own,
        density=arguments.density,
        errors=ErrorMethod(arguments.errors),
        nodes=arguments.nodes,
        equivalent_persons=arguments.equivalent_persons,
    )
    progress(0, 0, "classical statistics")
    outcome = describe_items(matrix, method, highest=highest, estimation=estimation, report=progress)
    progress.clear()
    seconds = time.perf_counter() - started
    if arguments.out:
        with whole_file(arguments.out) as file:
            file.write(to_csv(outcome.items, exact=True))
    for warning in outcome.warnings:
        names = _concerned(outcome, warning)
        warn(WARNINGS[warning] + (f": {shortened(names)}" if names else ""))
    _warn_of_backward_items(outcome)
    for letter, _ in arguments.prior:
        if not any(words.startswith(WORDS[PRIOR_NAMES[letter]]) for words in outcome.priors):
            warn(
                f"the prior of {letter} takes no part: no item of these models has such a parameter of its own"
            )
    if arguments.json:
        print_json({"seconds": round(seconds, 4), **outcome.as_json()})
    else:
        _print(outcome, seconds)
    return 0


def _check_groups(matrix: ResponseMatrix) -> None:
    """Refuse groups whose mean and variance nothing would carry, warn of thin ones."""
    if matrix.group is None:
        return
    sizes = dict(zip(matrix.group_names, np.bincount(matrix.group).tolist(), strict=True))
    lone = [name for name, size in sizes.items() if size < LEAST_IN_GROUP]
    if lone:
        raise SettingsRefused(
            f"each group has a mean and a variance of its own and needs at least {LEAST_IN_GROUP} persons; "
            f"{shortened(lone)} {'has' if len(lone) == 1 else 'have'} fewer: join them to others"
        )
    thin = [name for name, size in sizes.items() if size < THIN_GROUP]
    if thin:
        warn(f"groups of fewer than {THIN_GROUP} persons, mean and variance are rough: {shortened(thin)}")


def _warn_of_backward_items(outcome: Outcome) -> None:
    """Name items of a model with one slope for all that stronger persons answer worse, beyond chance."""
    backward = [
        item.item
        for item in outcome.items
        if item.model in ONE_SLOPE
        and item.corrected_point_biserial is not None
        and item.corrected_point_biserial < -2 / math.sqrt(item.n_responses)
    ]
    if backward:
        warn(f"items that discriminate the wrong way round, check their keys: {shortened(backward)}")


def _item_models(text: str) -> list[tuple[str, Model]]:
    model, _, names = text.partition("=")
    items = [name.strip() for name in names.split(",") if name.strip()]
    if not items:
        raise argparse.ArgumentTypeError(f"{text}: give MODEL=ITEM,ITEM…")
    try:
        return [(item, Model(model)) for item in items]
    except ValueError:
        known = ", ".join(one.value for one in Model)
        raise argparse.ArgumentTypeError(f"{model}: none of {known}") from None


def _prior(text: str) -> tuple[str, tuple[float, float]]:
    letter, _, numbers = text.partition("=")
    try:
        mean, sd = (float(number) for number in numbers.split(","))
        priors_of({letter: (mean, sd)})
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text}: give LETTER=MEAN,SD with a letter of {', '.join(PRIOR_NAMES)} and a positive SD"
        ) from None
    return letter, (mean, sd)


def _concerned(outcome: Outcome, warning: str) -> list[str]:
    """Return the items that a warning is about."""
    return [item.item for item in outcome.items if _is_concerned(item, warning)]


def _is_concerned(item: ItemOutcome, warning: str) -> bool:
    if warning == "constant_items":
        return item.is_constant
    if warning == "negative_slope":
        return (item.a or 0.0) < 0
    if warning == "steep_slope":
        return abs(item.a or 0.0) > STEEP_SLOPE
    if warning == "asymptote_at_bound":
        has_asymptote = item.model in (Model.THREE_PL, Model.FOUR_PL)
        return has_asymptote and not item.is_fixed and (item.se_c is None or item.se_u is None)
    return False


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
        print(f"AIC {outcome.aic:.2f}, BIC {outcome.bic:.2f}, {outcome.n_free} free parameters")
    if outcome.priors:
        print(f"priors: {'; '.join(outcome.priors)} (--no-prior does without)")
    if outcome.groups:
        group_columns = ("group", "n_persons", "mean", "se_mean", "variance", "se_variance")
        Table(
            group_columns, [[getattr(group, name) for name in group_columns] for group in outcome.groups]
        ).show()
    columns = ["item", "n_responses", "p_value", "corrected_point_biserial", "a", "se_a", "b", "se_b"]
    if any(item.c for item in outcome.items):
        columns += ["c", "se_c"]
    if any((item.u if item.u is not None else 1.0) < 1 for item in outcome.items):
        columns += ["u", "se_u"]
    rows = [row for item in outcome.items for row in _rows(item, columns)]
    short = {"n_responses": "n", "p_value": "p", "corrected_point_biserial": "r"}
    headings = ["se" if name.startswith("se_") else short.get(name, name) for name in columns]
    Table(tuple(headings), rows).show()


def _rows(item: ItemOutcome, columns: list[str]) -> list[list[object]]:
    """Return the row of an item and one for each of its steps or nominal slopes."""
    rows: list[list[object]] = [[getattr(item, name) for name in columns]]
    blank: list[object] = [""] * (len(columns) - 8)
    nominal = item.slopes is not None
    pairs = (item.slopes, item.se_slopes) if nominal else (("",) * 100, ("",) * 100)
    places = (item.intercepts, item.se_intercepts) if nominal else (item.steps, item.se_steps)
    several = item.intercepts is not None
    for score, (a, se_a, b, se_b) in enumerate(
        zip(
            pairs[0] or (), pairs[1] or (), *((one or ()) if several else () for one in places), strict=False
        ),
        start=1,
    ):
        name = f"  score {score}, slope and intercept" if nominal else f"  step {score}"
        rows.append([name, "", "", "", a, se_a, b, se_b, *blank])
    return rows
