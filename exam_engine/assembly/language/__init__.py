"""The specification language: rules and targets as TOML text, both ways. No I/O; docs/assembly.md is its reference."""

from exam_engine.assembly.language.fit import AttributeUse, check_fit, used_attributes
from exam_engine.assembly.language.place import SpecificationRefused
from exam_engine.assembly.language.read import SpecificationFile, read_specification
from exam_engine.assembly.language.sequence import SequenceTable
from exam_engine.assembly.language.write import write_specification

__all__ = [
    "AttributeUse",
    "SequenceTable",
    "SpecificationFile",
    "SpecificationRefused",
    "check_fit",
    "read_specification",
    "used_attributes",
    "write_specification",
]
