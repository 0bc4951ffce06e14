"""Individual forms: one form for each candidate, with controlled exposure of items and overlap of forms."""

from exam_engine.assembly.individual.assemble import (
    MOST_FORMS,
    MOST_ITEMS,
    MOST_PROCESSES,
    TOLERANCE,
    assemble_individual,
)
from exam_engine.assembly.individual.result import (
    Band,
    Exposure,
    Individual,
    OutOfReach,
    Overlap,
    Spread,
    TargetSpread,
)

__all__ = [
    "MOST_FORMS",
    "MOST_ITEMS",
    "MOST_PROCESSES",
    "TOLERANCE",
    "Band",
    "Exposure",
    "Individual",
    "OutOfReach",
    "Overlap",
    "Spread",
    "TargetSpread",
    "assemble_individual",
]
