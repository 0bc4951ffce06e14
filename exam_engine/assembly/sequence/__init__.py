"""The printed sequence of a form: order of items, letters of answers, variants. Pure arrays."""

from exam_engine.assembly.sequence.arrange import MOST_VARIANTS, Arranged, InCommon, arrange
from exam_engine.assembly.sequence.check import SectionKeys, SequenceCheck, check_sequence
from exam_engine.assembly.sequence.form import Arrangement, NotArranged, SequenceItems, SequenceRules, Within

__all__ = [
    "MOST_VARIANTS",
    "Arranged",
    "Arrangement",
    "InCommon",
    "NotArranged",
    "SectionKeys",
    "SequenceCheck",
    "SequenceItems",
    "SequenceRules",
    "Within",
    "arrange",
    "check_sequence",
]
