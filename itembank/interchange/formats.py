"""Which format a file is in, and its parser."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from itembank.interchange.errors import FileType, MappingMissing
from itembank.interchange.files import check_size, kind_of
from itembank.interchange.mapping import parse_mapped, read_mapping
from itembank.interchange.native_json import is_native, load_json, parse_native_json
from itembank.interchange.repeats import mark_repeats
from itembank.interchange.report import ImportReport
from itembank.interchange.word import parse_word
from itembank.interchange.xlsx import parse_xlsx

Format = Literal["auto", "word", "xlsx", "json", "mapping"]
FORMATS: tuple[Format, ...] = ("auto", "word", "xlsx", "json", "mapping")


def parse(data: bytes, *, format: Format = "auto", mapping: bytes | None = None) -> ImportReport:
    """Return what a file holds in the given format, or in the one its content shows.

    Raises
    ------
    FileRefused
        If the file as a whole, or the mapping, cannot be read.
    """
    check_size(data)
    chosen = detect(data, has_mapping=mapping is not None) if format == "auto" else format
    if chosen == "word":
        return parse_word(data)
    if chosen == "xlsx":
        report = parse_xlsx(data)
    elif chosen == "json":
        report = parse_native_json(data)
    else:
        if mapping is None:
            raise MappingMissing
        report = parse_mapped(data, read_mapping(mapping))
    return replace(report, items=tuple(mark_repeats(list(report.items), numbered=False)))


def detect(data: bytes, *, has_mapping: bool) -> Format:
    """Return the format of a file by its content.

    Raises
    ------
    FileType
        If it is none that can be imported.
    """
    kind = kind_of(data)
    if kind == "docx":
        return "word"
    if kind == "xlsx":
        return "xlsx"
    if kind == "json":
        return "mapping" if has_mapping or not is_native(load_json(data)) else "json"
    raise FileType(found=kind, expected="docx / xlsx / json")
