"""Classical test theory: items and their options, reliability, errors, decisions, distributions."""

from exam_engine.psychometrics.ctt.items import ItemStatistics, TestStatistics, analyse
from exam_engine.psychometrics.ctt.options import OptionTable, option_table, picked_table

__all__ = ["ItemStatistics", "OptionTable", "TestStatistics", "analyse", "option_table", "picked_table"]
