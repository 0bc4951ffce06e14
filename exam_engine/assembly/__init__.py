"""Assembly kernel: specification → integer programme → forms, bound, explanation. Pure arrays."""

from exam_engine.assembly.assemble import WORK_LIMIT, assemble
from exam_engine.assembly.pool import Pool
from exam_engine.assembly.result import (
    Assembled,
    Cancelled,
    Change,
    Infeasible,
    RuleCheck,
    Run,
    Shortage,
    TargetCheck,
    Undecided,
    Verification,
)
from exam_engine.assembly.specification import (
    Between,
    Count,
    Enemies,
    Exclude,
    Include,
    InformationTarget,
    Is,
    MeanTarget,
    Parallel,
    PerValue,
    Specification,
    Sum,
)
from exam_engine.assembly.verify import verify

__all__ = [
    "WORK_LIMIT",
    "Assembled",
    "Between",
    "Cancelled",
    "Change",
    "Count",
    "Enemies",
    "Exclude",
    "Include",
    "Infeasible",
    "InformationTarget",
    "Is",
    "MeanTarget",
    "Parallel",
    "PerValue",
    "Pool",
    "RuleCheck",
    "Run",
    "Shortage",
    "Specification",
    "Sum",
    "TargetCheck",
    "Undecided",
    "Verification",
    "assemble",
    "verify",
]
