"""Why a whole file is refused.

Invalid
└── FileRefused
    ├── FileTooLarge, FileEmpty, FileType, FileEncrypted, FileDamaged, ArchiveHostile, XmlHostile
    ├── SheetUnreadable, HeaderMissing        (spreadsheets)
    └── JsonUnreadable, MappingUnreadable     (JSON and its mapping)
"""

from __future__ import annotations

from itembank.base.errors import Invalid


class FileRefused(Invalid):
    """The file as a whole cannot be read."""

    code = "file_refused"
    message = "The file cannot be read."


class FileTooLarge(FileRefused):
    """More bytes than an import takes."""

    code = "file_too_large"
    message = "The file has {size} bytes; at most {limit} are accepted."


class FileEmpty(FileRefused):
    """No bytes, or nothing in it."""

    code = "file_empty"
    message = "The file is empty."


class FileType(FileRefused):
    """Another kind of file than the chosen format."""

    code = "file_type"
    message = "The file is {found}; expected {expected}."


class FileEncrypted(FileRefused):
    """Protected by a password."""

    code = "file_encrypted"
    message = "The file is protected by a password. Save it without one and try again."


class FileDamaged(FileRefused):
    """The container or its XML is broken."""

    code = "file_damaged"
    message = "The file is damaged: {detail}."


class ArchiveHostile(FileRefused):
    """A container built to exhaust memory."""

    code = "archive_hostile"
    message = "The file would unpack to more than is accepted ({detail})."


class XmlHostile(FileRefused):
    """XML with entities, a document type or absurd depth."""

    code = "xml_hostile"
    message = "The file contains XML that is not accepted ({detail})."


class HeaderMissing(FileRefused):
    """A spreadsheet without the columns that are needed."""

    code = "header_missing"
    message = "Sheet “{sheet}”: column “{column}” is missing from the header row."


class TooManyRows(FileRefused):
    """More rows than one import takes."""

    code = "too_many_rows"
    message = "The file has more than {limit} questions; split it."


class JsonUnreadable(FileRefused):
    """Not JSON, or not the documented form."""

    code = "json_unreadable"
    message = "The file is not readable JSON: {detail}."


class MappingUnreadable(FileRefused):
    """The mapping file is not TOML or lacks a field."""

    code = "mapping_unreadable"
    message = "The mapping file: {detail}."


class MappingMissing(FileRefused):
    """Foreign JSON without a mapping."""

    code = "mapping_missing"
    message = "This JSON is not in the project's own format; a mapping file is needed."
