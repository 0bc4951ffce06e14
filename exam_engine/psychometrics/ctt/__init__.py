"""Classical test theory: items and their options, reliability, errors, decisions, distributions, missing responses.

The functions below are the desk's; single formulas stand in the modules beside them.
"""

from exam_engine.psychometrics.ctt.coefficients import alpha_interval, lengthening, spearman_brown
from exam_engine.psychometrics.ctt.consistency import hanson_brennan, lee, livingston_lewis, subkoviak
from exam_engine.psychometrics.ctt.decisions import Agreement, Classification, ClassificationWarning
from exam_engine.psychometrics.ctt.distribution import ScoreSummary, summarise_scores
from exam_engine.psychometrics.ctt.error import (
    AbilityError,
    ConditionalError,
    ability_errors,
    feldt_qualls_errors,
    keats_errors,
    lord_errors,
    standard_error_of_measurement,
)
from exam_engine.psychometrics.ctt.item_total import ItemTotal, item_total_curves
from exam_engine.psychometrics.ctt.items import (
    ItemAnalysis,
    ItemStatistics,
    ItemWarning,
    TestStatistics,
    analyse,
    analyse_items,
)
from exam_engine.psychometrics.ctt.missing import (
    FirstBlank,
    Missing,
    ResponseState,
    Treatment,
    classify_missing,
    treat_missing,
)
from exam_engine.psychometrics.ctt.option_flags import OptionFlag, OptionProblem, option_flags
from exam_engine.psychometrics.ctt.options import (
    OptionCurves,
    OptionTable,
    option_curves,
    option_table,
    picked_table,
)
from exam_engine.psychometrics.ctt.reliability import Reliability, ReliabilityWarning, analyse_reliability

__all__ = [
    "AbilityError",
    "Agreement",
    "Classification",
    "ClassificationWarning",
    "ConditionalError",
    "FirstBlank",
    "ItemAnalysis",
    "ItemStatistics",
    "ItemTotal",
    "ItemWarning",
    "Missing",
    "OptionCurves",
    "OptionFlag",
    "OptionProblem",
    "OptionTable",
    "Reliability",
    "ReliabilityWarning",
    "ResponseState",
    "ScoreSummary",
    "TestStatistics",
    "Treatment",
    "ability_errors",
    "alpha_interval",
    "analyse",
    "analyse_items",
    "analyse_reliability",
    "classify_missing",
    "feldt_qualls_errors",
    "hanson_brennan",
    "item_total_curves",
    "keats_errors",
    "lee",
    "lengthening",
    "livingston_lewis",
    "lord_errors",
    "option_curves",
    "option_flags",
    "option_table",
    "picked_table",
    "spearman_brown",
    "standard_error_of_measurement",
    "subkoviak",
    "summarise_scores",
    "treat_missing",
]
