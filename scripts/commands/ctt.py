"""`exam-engine ctt`: classical statistics of items, options and the test from a response or answer file."""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.answer_file import AnswerFile
from exam_engine.calibration.known_items import named_refusal
from exam_engine.calibration.rules import NoResponses, SettingsRefused
from exam_engine.psychometrics.ctt import (
    Classification,
    ClassificationWarning,
    ItemAnalysis,
    ItemWarning,
    Reliability,
    ReliabilityWarning,
    analyse_items,
    analyse_reliability,
    livingston_lewis,
    option_flags,
    option_table,
    summarise_scores,
)
from exam_engine.psychometrics.ctt.consistency import MINIMUM_PERSONS as FOR_DECISIONS
from exam_engine.psychometrics.ctt.consistency import MINIMUM_PERSONS_FOUR as FOR_FOUR_MOMENTS
from exam_engine.psychometrics.ctt.items import MINIMUM_PERSONS as FOR_ITEMS
from exam_engine.psychometrics.ctt.reliability import MINIMUM_PERSONS as FOR_ALPHA
from exam_engine.psychometrics.ctt.reliability import MINIMUM_PERSONS_FACTOR as FOR_OMEGA
from exam_engine.psychometrics.ctt.reliability import MINIMUM_PERSONS_SPLIT as FOR_BEST_SPLIT
from exam_engine.psychometrics.irt.patterns import MAX_SCORE
from scripts.commands.answers import read_answer_file
from scripts.commands.output import Progress, Table, check_out, decimals, print_json, warn
from scripts.commands.response_file import add_common, add_responses, read_matrix

WARNINGS = {
    ItemWarning.SMALL_SAMPLE: f"items seen by fewer than {FOR_ITEMS} persons: their correlations are a rough guide",
    ItemWarning.SMALL_GROUPS: "the upper and lower groups are too small for D",
    ItemWarning.CONSTANT_ITEMS: "items answered alike by everybody have no correlations",
    ItemWarning.UNSEEN_ITEMS: "items seen by nobody have no statistics",
    ItemWarning.BISERIAL_ABOVE_ONE: "a biserial above 1: an extreme item, or scores far from normal",
    ReliabilityWarning.SMALL_SAMPLE: f"fewer than {FOR_ALPHA} persons: look at the interval of alpha, not at alpha",
    ReliabilityWarning.FACTOR_UNSTABLE: f"fewer than {FOR_OMEGA} persons: omega is rough",
    ReliabilityWarning.BEST_SPLIT_OPTIMISTIC: f"fewer than {FOR_BEST_SPLIT} persons: λ4 may exceed the reliability",
    ReliabilityWarning.PAIRWISE: "not everybody saw every item: covariances are over the persons who saw both items",
    ReliabilityWarning.UNSEEN_PAIRS: "some items were never seen together by two persons: no coefficient",
    ReliabilityWarning.NO_VARIANCE: "the raw score does not vary: no coefficient",
    ReliabilityWarning.SINGULAR: "the covariance matrix has no inverse: no lambda 6 and no omega",
    ReliabilityWarning.NO_FACTOR: "fewer than three items vary: no omega",
    ReliabilityWarning.NOT_CONVERGED: "the one-factor solution did not converge: omega is where it stood",
    ReliabilityWarning.HEYWOOD: "an item has no variance of its own in the one-factor solution: omega is too high",
}

DECISION_WARNINGS = {
    ClassificationWarning.SMALL_SAMPLE: f"decisions: fewer than {FOR_DECISIONS} persons, the figures are rough",
    ClassificationWarning.TWO_MOMENTS_SMALL_SAMPLE: f"decisions: fewer than {FOR_FOUR_MOMENTS} persons, only mean and "
    "variance of the scores were used",
    ClassificationWarning.FEWER_MOMENTS: "decisions: a beta distribution with four moments of these scores does not "
    "exist, fewer were used",
    ClassificationWarning.LOW_RELIABILITY: "decisions: the reliability is below 0.5, errors are larger than true "
    "differences",
}


def register(commands: Any) -> None:
    """Add the command."""
    ctt = commands.add_parser("ctt", help="classical statistics of items and the test")
    add_responses(ctt, with_group=False)
    ctt.add_argument(
        "--key",
        type=Path,
        metavar="key.csv",
        help="the file holds chosen options: columns item, key and perhaps options; an empty cell counts as wrong",
    )
    ctt.add_argument(
        "--cut",
        type=int,
        action="append",
        default=[],
        metavar="POINTS",
        help="pass mark, for accuracy and consistency",
    )
    ctt.add_argument("--out", type=Path, metavar="items.csv", help="write the table of items here")
    add_common(ctt)
    ctt.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compute, print, write."""
    started = time.perf_counter()
    check_out(arguments.out, arguments.responses)
    progress = Progress()
    answers = read_answer_file(arguments) if arguments.key else None
    if answers is None:
        matrix = read_matrix(arguments, progress=progress)
        names, responses = matrix.items, matrix.responses
    else:
        names, responses = answers.items, (answers.chosen == answers.key).astype(np.int8)
    responses = responses[np.asarray((responses >= 0).any(axis=1))]
    if not len(responses):
        raise NoResponses
    progress(0, 0, "items and reliability")
    with named_refusal():
        items = analyse_items(responses, highest=MAX_SCORE)
    notes = [WARNINGS[warning] for warning in items.warnings]
    reliability = _reliability(responses, notes)
    decisions = _decisions(arguments.cut, responses, items, reliability)
    if decisions is not None:
        notes.extend(DECISION_WARNINGS[warning] for warning in decisions.warnings)
    table = _table(names, items)
    progress.clear()
    options = None if answers is None else _options(answers, responses)
    seconds = time.perf_counter() - started
    if arguments.out:
        table.write(arguments.out)
    for note in dict.fromkeys(notes):
        warn(note)
    if arguments.json:
        print_json(
            {
                "seconds": round(seconds, 4),
                "n_persons": len(responses),
                "n_items": len(names),
                "reliability": reliability,
                "omega": None if reliability is None else reliability.omega,
                "scores": _scores(responses),
                "decisions": decisions,
                "items": table,
                "options": options,
                "warnings": list(dict.fromkeys(notes)),
            }
        )
        return 0
    _print(responses, reliability, decisions, seconds)
    table.show()
    if options is not None:
        print()
        options.show()
    return 0


def _reliability(responses: NDArray[np.int8], notes: list[str]) -> Reliability | None:
    try:
        found = analyse_reliability(responses, highest=MAX_SCORE)
    except ValueError as error:
        notes.append(f"reliability was not computed: {error}")
        return None
    notes.extend(WARNINGS[warning] for warning in found.warnings if warning in WARNINGS)
    return found


def _scores(responses: NDArray[np.int8]) -> dict[str, Any] | None:
    """Return the raw scores, where everybody saw every item."""
    if responses.min() < 0:
        return None
    found = summarise_scores(responses.sum(axis=1, dtype=np.intp), highest=_highest(responses))
    return {
        "mean": found.mean,
        "standard_deviation": found.standard_deviation,
        "skewness": found.skewness,
        "kurtosis": found.kurtosis,
        "score": found.score,
        "count": found.count,
        "percentile_rank": found.percentile_rank,
    }


def _highest(responses: NDArray[np.int8]) -> int:
    return int(np.maximum(responses.max(axis=0), 1).sum(dtype=np.intp))


def _decisions(
    cuts: list[int], responses: NDArray[np.int8], items: ItemAnalysis, reliability: Reliability | None
) -> Classification | None:
    if not cuts:
        return None
    if responses.min() < 0:
        raise SettingsRefused("decisions need a raw score: everybody must have seen every item")
    if reliability is None or not 0 < items.alpha < 1:
        raise SettingsRefused("decisions need a reliability between 0 and 1")
    with named_refusal():
        return livingston_lewis(
            responses.sum(axis=1, dtype=np.intp),
            sorted(set(cuts)),
            reliability=items.alpha,
            highest=_highest(responses),
        )


def _table(names: tuple[str, ...], items: ItemAnalysis) -> Table:
    columns = {
        "item": names,
        "n": items.n_responses.astype(np.intp),
        "p": items.p_value,
        "p_low": items.p_lower,
        "p_high": items.p_upper,
        "sd": items.standard_deviation,
        "r_total": items.point_biserial,
        "r_rest": items.corrected_point_biserial,
        "biserial": items.biserial,
        "D": items.discrimination,
        "alpha_without": items.alpha_without,
        "constant": items.is_constant,
    }
    return Table(tuple(columns), list(zip(*columns.values(), strict=True)))


def _options(answers: AnswerFile, responses: NDArray[np.int8]) -> Table:
    """Return how each option drew weak and strong persons, and what may be wrong with it."""
    rows: list[list[object]] = []
    total = responses.sum(axis=1, dtype=np.float64)
    for at, item in enumerate(answers.items):
        chosen = answers.chosen[:, at]
        rest = total - responses[:, at]
        labels = answers.labels[at]
        found = option_table(chosen, rest, n_options=len(labels))
        picked = chosen[:, None] == np.arange(len(labels))
        flags = option_flags(picked, rest, key=int(answers.key[at]))
        for option, label in enumerate(labels):
            problems = [
                flag.problem.value + ("" if flag.is_supported else " (hint)")
                for flag in flags
                if flag.option == option
            ]
            low, middle, high = found.share_by_group[:, option].tolist()
            name = f"{label} *" if option == answers.key[at] else label
            share, biserial = found.share[option], found.point_biserial[option]
            rows.append(
                [
                    item,
                    name,
                    int(found.count[option]),
                    share,
                    low,
                    middle,
                    high,
                    biserial,
                    "; ".join(problems),
                ]
            )
    return Table(("item", "option", "n", "share", "low", "middle", "high", "r_rest", "problem"), rows)


def _print(
    responses: NDArray[np.int8], found: Reliability | None, decisions: Classification | None, seconds: float
) -> None:
    print(f"{len(responses)} persons, {responses.shape[1]} items, {seconds:.2f} s")
    scores = _scores(responses)
    if scores:
        print(
            f"raw score: mean {scores['mean']:.2f}, standard deviation {decimals(scores['standard_deviation'], 2)}, "
            f"skewness {decimals(scores['skewness'], 2)}"
        )
    if found is not None and math.isfinite(found.alpha):
        print(
            f"alpha {decimals(found.alpha)} ({decimals(found.alpha_lower)}–{decimals(found.alpha_upper)}), "
            f"omega {decimals(found.omega)}, standard error of measurement {decimals(found.standard_error, 2)}"
        )
        if found.bounds is not None:
            bounds = found.bounds
            values = (getattr(bounds, f"lambda{number}") for number in range(1, 7))
            print("Guttman: " + ", ".join(f"λ{at} {decimals(one)}" for at, one in enumerate(values, start=1)))
    if decisions is not None:
        print(
            f"decisions (Livingston–Lewis): accuracy {decisions.accuracy:.3f}, consistency "
            f"{decisions.consistency:.3f}, kappa {decisions.kappa:.3f}"
        )
