"""Guarded reading of uploaded containers: type by content, limits before anything is unpacked."""

from __future__ import annotations

import io
import zipfile
import zlib
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from itembank.interchange.errors import (
    ArchiveHostile,
    FileDamaged,
    FileEmpty,
    FileEncrypted,
    FileTooLarge,
    FileType,
    XmlHostile,
)
from itembank.interchange.findings import N_

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_MEMBERS = 2_000
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_XML_BYTES = 64 * 1024 * 1024
MAX_RATIO = 250
"""Word's XML packs 10 to 60 times; a bomb packs a thousand times."""
RATIO_FROM_BYTES = 8 * 1024 * 1024
"""Below this an archive is harmless whatever its ratio."""
MAX_XML_DEPTH = 256
MAX_XML_ELEMENTS = 3_000_000

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "PDF"),
    (b"{\\rtf", "RTF"),
    (b"\x89PNG", N_("a PNG picture")),
    (b"\xff\xd8\xff", N_("a JPEG picture")),
    (b"GIF8", N_("a GIF picture")),
    (b"Rar!", N_("a RAR archive")),
    (b"7z\xbc\xaf", N_("a 7z archive")),
    (b"\x1f\x8b", N_("a gzip archive")),
)


def check_size(data: bytes, *, limit: int = MAX_FILE_BYTES) -> None:
    """Raise FileEmpty or FileTooLarge unless the upload has an acceptable size."""
    if not data:
        raise FileEmpty
    if len(data) > limit:
        raise FileTooLarge(size=len(data), limit=limit)


def kind_of(data: bytes) -> str:
    """Return what a file is by its content: docx, xlsx, json, or a name to show.

    Raises
    ------
    FileEncrypted
        If it is an office file under a password.
    """
    if data.startswith(_OLE):
        return _ole_kind(data)
    if data.startswith(b"PK"):
        return _zip_kind(data)
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    head = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:256].lower()
    if head.startswith((b"{", b"[")):
        return "json"
    if head.startswith((b"<!doctype html", b"<html")):
        return "HTML"
    if head.startswith(b"<"):
        return "XML"
    return N_("plain text") if b"\x00" not in data[:4096] else N_("an unknown file")


def _ole_kind(data: bytes) -> str:
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise FileEncrypted
    if "WordDocument".encode("utf-16-le") in data:
        return N_("an old Word document (.doc)")
    if "Workbook".encode("utf-16-le") in data:
        return N_("an old Excel workbook (.xls)")
    return N_("an old office file")


def _zip_kind(data: bytes) -> str:
    names = set(open_archive(data).namelist())
    if "word/document.xml" in names or any(name.startswith("word/") for name in names):
        return "docx"
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if any(name.startswith("ppt/") for name in names):
        return N_("a PowerPoint file")
    if "mimetype" in names:
        return N_("an OpenDocument file")
    return N_("a ZIP archive")


def check_kind(data: bytes, expected: str) -> None:
    """Raise FileType unless the content is of the ``expected`` kind."""
    found = kind_of(data)
    if found != expected:
        raise FileType(found=found, expected=expected)


def open_archive(data: bytes) -> zipfile.ZipFile:
    """Open a zip container after checking what it would unpack to.

    Raises
    ------
    FileDamaged, FileEncrypted, ArchiveHostile
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as problem:
        raise FileDamaged(detail=str(problem) or "not a ZIP container") from problem
    if len(members) > MAX_MEMBERS:
        raise ArchiveHostile(detail=f"{len(members)} > {MAX_MEMBERS}")
    if any(member.flag_bits & 0x1 for member in members):
        raise FileEncrypted
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_UNPACKED_BYTES:
        raise ArchiveHostile(detail=f"{unpacked} > {MAX_UNPACKED_BYTES}")
    if unpacked > RATIO_FROM_BYTES and unpacked > MAX_RATIO * len(data):
        raise ArchiveHostile(detail=f"{unpacked // len(data)}× > {MAX_RATIO}×")
    return archive


def read_member(archive: zipfile.ZipFile, name: str, *, limit: int = MAX_XML_BYTES) -> bytes | None:
    """Return a member's bytes, or None when there is none; never trusts the stated size."""
    try:
        with archive.open(name) as member:
            content = member.read(limit + 1)
    except KeyError:
        return None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as problem:
        raise FileDamaged(detail=f"{name}: {problem}") from problem
    if len(content) > limit:
        raise ArchiveHostile(detail=f"{name} > {limit}")
    return content


def parse_xml(content: bytes, *, name: str) -> Element:
    """Return the root of an XML part; no document type, no entities, bounded depth.

    Raises
    ------
    XmlHostile, FileDamaged
    """
    depth = count = 0
    root: Element | None = None
    try:
        for event, element in iterparse(io.BytesIO(content), events=("start", "end"), forbid_dtd=True):
            if event == "end":
                depth -= 1
                continue
            root = element if root is None else root
            depth += 1
            count += 1
            if depth > MAX_XML_DEPTH:
                raise XmlHostile(detail=f"{name}: > {MAX_XML_DEPTH}")
            if count > MAX_XML_ELEMENTS:
                raise XmlHostile(detail=f"{name}: > {MAX_XML_ELEMENTS}")
    except DefusedXmlException as problem:
        raise XmlHostile(detail=f"{name}: DOCTYPE / ENTITY") from problem
    except (ParseError, ValueError, LookupError) as problem:
        raise FileDamaged(detail=f"{name}: {problem}") from problem
    if root is None:
        raise FileDamaged(detail=f"{name}: no content")
    return root
