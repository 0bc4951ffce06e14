"""Words of the statistics desk."""

from __future__ import annotations

from exam_engine.calibration.rules import Fault
from itembank.statistics.rules import ItemFlag, ScaleModel
from web.i18n import N_

MODELS: dict[ScaleModel, str] = {
    ScaleModel.CLASSICAL: N_("Classical statistics only"),
    ScaleModel.RASCH: N_("Rasch model"),
    ScaleModel.ONE_PL: N_("One-parameter logistic model (1PL)"),
    ScaleModel.TWO_PL: N_("Two-parameter logistic model (2PL)"),
    ScaleModel.THREE_PL: N_("Three-parameter logistic model (3PL)"),
}

STAGES = (N_("classical"), N_("calibrating"), N_("reading"))
"""Stages that a calibration job reports."""

WARNINGS: dict[str, tuple[str, str]] = {
    "small_sample": (
        N_("Small sample"),
        N_(
            "Fewer than 100 persons answered. The difficulties are rough: read them together with the classical "
            "statistics, and calibrate again when more answers have come in."
        ),
    ),
    "constant_items": (
        N_("Items everybody answered alike"),
        N_(
            "These items tell nobody apart and have no difficulty on the scale. They are marked in the table."
        ),
    ),
    "missing_by_design": (
        N_("Not everybody saw every item"),
        N_("An item not presented counts neither right nor wrong."),
    ),
    "not_converged": (
        N_("The estimation did not converge"),
        N_(
            "Do not use these parameters. Take out items that discriminate negatively, or use the Rasch model."
        ),
    ),
    "not_a_maximum": (
        N_("Standard errors could not be computed"),
        N_("The data do not determine all parameters. Do not use them; use the Rasch model or more answers."),
    ),
    "grid_too_coarse": (
        N_("The computation grid does not fit these data"),
        N_("A finer grid would move some parameters noticeably. Treat the figures as provisional."),
    ),
    "negative_slope": (
        N_("Some items discriminate the wrong way round"),
        N_("Stronger persons fail them more often than weaker ones. Check the key of these items first."),
    ),
    "steep_slope": (
        N_("Some discriminations are implausibly high"),
        N_("A value above 4 is more often a sign of too few answers than of a very good item."),
    ),
    "asymptote_at_bound": (
        N_("Some lower asymptotes fell to 0"),
        N_(
            "Weak persons do not answer these items right by chance, or too few weak persons saw them. They are held "
            "at 0 and have no standard error; a prior on c keeps them off the bound."
        ),
    ),
    "no_spread": (
        N_("The persons hardly differ"),
        N_("The answers vary no more than chance would make them. The scale does not measure anything yet."),
    ),
}
"""Warning → what it is, what to do."""

BAD_WARNINGS = frozenset({"not_converged", "not_a_maximum", "no_spread"})

FLAGS: dict[ItemFlag, tuple[str, str]] = {
    ItemFlag.CONSTANT: (N_("all alike"), "bad"),
    ItemFlag.NEGATIVE: (N_("negative discrimination"), "bad"),
    ItemFlag.WEAK: (N_("weak discrimination"), "warn"),
    ItemFlag.TOO_EASY: (N_("too easy"), "warn"),
    ItemFlag.TOO_HARD: (N_("too hard"), "warn"),
    ItemFlag.FEW_RESPONSES: (N_("few answers"), "neutral"),
}
"""Flag → words and tone."""

FAULTS: dict[Fault, str] = {
    Fault.ENCODING: N_("the file is neither UTF-8 nor GB 18030 text"),
    Fault.CSV: N_("the row is not valid CSV"),
    Fault.EMPTY: N_("the file has no header row with item names"),
    Fault.NO_ROWS: N_("there is no row of responses under the header"),
    Fault.NO_NAME: N_("the column has no item name in the header"),
    Fault.DUPLICATE: N_("the item name appears in an earlier column too"),
    Fault.WIDTH: N_("the row has another number of cells than the header"),
    Fault.VALUE: N_("a response must be 0, 1 or empty (not presented)"),
    Fault.SCORE: N_("a score must be a whole number from 0 to 100, or empty (not presented)"),
    Fault.UNKNOWN_ITEM: N_("no such item in the bank"),
    Fault.AMBIGUOUS_ITEM: N_("several items of the bank have this number"),
}
