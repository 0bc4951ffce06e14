"""The tables of a sitting report, for files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from exam_engine.calibration.service import WhatIfView
from web.analysis import occasions_view
from web.analysis.exports import Table
from web.analysis.report_labels import TREATMENTS, sign_texts

Translate = Callable[..., str]


def item_table(results: Mapping[str, Any], _: Translate) -> Table:
    """Return one row an item."""
    heads = [
        *(
            _("Item"),
            _("Forms"),
            _("Marks of the item"),
            _("Answers"),
            _("p (difficulty)"),
            _("p, lower"),
            _("p, upper"),
        ),
        *("D", _("r (discrimination)"), _("r with the whole test"), _("Biserial"), _("Alpha without it")),
        *(_("Left open"), _("Not reached"), _("Remarks")),
    ]
    rows = [
        [
            *(item["name"], "、".join(item["forms"]), item["marks"], item["n"], item["p"], item["p_low"]),
            *(item["p_high"], item["d"], item["r"], item["r_whole"], item["biserial"], item["alpha_without"]),
            *(item["left_open"], item["not_reached"]),
            " ".join(sign_texts(sign, _)[2] for sign in item["signs"]),
        ]
        for item in results["items"]
    ]
    return _("Items"), heads, rows


def tables_of(results: Mapping[str, Any], what_ifs: Sequence[WhatIfView], _: Translate) -> list[Table]:
    """Return every table of the report."""
    forms = [
        [form.get(key) for key in FORM_KEYS] + [(form["decisions"] or {}).get(key) for key in DECISION_KEYS]
        for form in results["forms"]
    ]
    tables: list[Table] = [
        (_("Overview"), [_("Figure"), _("Value")], overview(results, _)),
        (_("Forms"), [_(name) for name in form_heads(_)], forms),
        item_table(results, _),
        *occasions_view.tables(results, _),
        (_("Distribution"), [_("Score"), _("Candidates")], results["frequencies"]),
    ]
    options = [
        [item["name"], *(row[key] for key in OPTION_KEYS)]
        for item in results["items"]
        for row in item["options"]
    ]
    if options:
        heads = [_("Item"), _("Option"), _("key"), _("Chosen by"), _("Share"), _("Lower 27 %"), _("Middle")]
        tables.append((_("Options"), [*heads, _("Upper 27 %"), "r"], options))
    if what_ifs:
        tables.append(_what_ifs(what_ifs, _))
    return tables


def overview(results: Mapping[str, Any], _: Translate) -> list[list[object]]:
    """Return the figures of all candidates, name and value."""
    return [
        [_("Candidates"), results["persons"]],
        [_("Pass mark"), results["cut"]],
        [_("Passed"), results["passed"]],
        [_("Pass rate"), results["pass_rate"]],
        *([name, results["scores"][key]] for key, name in _score_names(_).items()),
    ]


OPTION_KEYS = ("label", "is_key", "count", "share", "low", "middle", "high", "point_biserial")
FORM_KEYS = (
    *("label", "persons", "items", "marks", "mean", "sd", "alpha", "alpha_low", "alpha_high", "omega", "sem"),
    *("sem_at_cut", "passed", "pass_rate"),
)
DECISION_KEYS = ("accuracy", "false_pass", "false_fail", "consistency", "kappa")


def form_heads(_: Translate) -> list[str]:
    return [
        *(_("Form"), _("Candidates"), _("Items"), _("Marks"), _("Mean"), _("Standard deviation")),
        *(_("Reliability (Cronbach's alpha)"), _("α, lower"), _("α, upper"), "ω"),
        *(_("Standard error of measurement"), _("Error at the pass mark"), _("Passed"), _("Pass rate")),
        *(_("Decided rightly"), _("Passed, should not have"), _("Failed, should have passed")),
        *(_("Same decision on a parallel form"), "κ"),
    ]


def _score_names(_: Translate) -> dict[str, str]:
    return {
        "mean": _("Mean"),
        "sd": _("Standard deviation"),
        "lowest": _("Lowest"),
        "q1": _("Lower quartile"),
        "median": _("Median"),
        "q3": _("Upper quartile"),
        "highest": _("Highest"),
        "skewness": _("Skewness"),
        "kurtosis": _("Excess kurtosis"),
    }


def _what_ifs(what_ifs: Sequence[WhatIfView], _: Translate) -> Table:
    heads = [
        *(_("No."), _("Name"), _("Items"), _("Passed"), _("Pass rate"), _("Would pass"), _("Would fail")),
        *(_("Mean change"), _("Decision"), _("Reason")),
    ]
    rows = [
        [
            view.row.number,
            view.row.name,
            "; ".join(f"{one.name}: {_(TREATMENTS[one.treatment])} {one.key}".strip() for one in view.items),
            *(view.effect["passed"], view.effect["pass_rate"], view.effect["rises"], view.effect["falls"]),
            view.effect["mean_change"],
            view.row.decided_at.isoformat() if view.row.decided_at else "",
            view.row.reason,
        ]
        for view in what_ifs
    ]
    return _("What-ifs"), heads, rows
