"""Photographs: decoded within bounds, upright, re-encoded, so that nothing but pixels is kept."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from itembank.base.errors import Invalid

MAX_PHOTO_BYTES = 5 * 1024 * 1024
MAX_PHOTO_PIXELS = 25_000_000
MINIMUM_PIXELS = (200, 260)
"""Width and height; below it a photograph prints as blocks."""
KEPT_PIXELS = (600, 840)
MAX_ZIP_ENTRIES = 5_000
MAX_ZIP_BYTES = 400 * 1024 * 1024


class PhotoUnreadable(Invalid):
    """The file is no picture."""

    code = "photo_unreadable"
    message = "“{name}” is not an undamaged JPEG or PNG picture."


class PhotoTooLarge(Invalid):
    """The file or its pixels exceed the bounds."""

    code = "photo_too_large"
    message = "“{name}” is too large: at most {megabytes} MB and {megapixels} million pixels."


class PhotoTooSmall(Invalid):
    """The photograph is too coarse to print."""

    code = "photo_too_small"
    message = (
        "“{name}” has {width} × {height} pixels; a photograph needs at least {least_width} × {least_height}."
    )


class PhotoNotUpright(Invalid):
    """An ID photograph is taller than wide."""

    code = "photo_not_upright"
    message = "“{name}” is wider than tall ({width} × {height}); send an upright ID photograph."


class ArchiveUnreadable(Invalid):
    """The upload is no zip archive."""

    code = "photo_archive_unreadable"
    message = "“{name}” is not a zip archive that can be read."


class ArchiveTooLarge(Invalid):
    """The archive unpacks to too much."""

    code = "photo_archive_too_large"
    message = "“{name}” is too large: at most {entries} pictures and {megabytes} MB unpacked."


@dataclass(frozen=True)
class Portrait:
    """A photograph ready to be kept."""

    jpeg: bytes
    width: int
    height: int


def read_portrait(name: str, content: bytes) -> Portrait:
    """Return the photograph upright, bounded and re-encoded as JPEG without metadata.

    Raises PhotoUnreadable, PhotoTooLarge, PhotoTooSmall or PhotoNotUpright.
    """
    too_large = PhotoTooLarge(
        name=name, megabytes=MAX_PHOTO_BYTES // 1024 // 1024, megapixels=MAX_PHOTO_PIXELS // 1_000_000
    )
    if len(content) > MAX_PHOTO_BYTES:
        raise too_large
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > MAX_PHOTO_PIXELS:  # known before any pixel is decoded
                raise too_large
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except Image.DecompressionBombError as error:
        raise too_large from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, MemoryError) as error:
        raise PhotoUnreadable(name=name) from error
    width, height = upright.size
    if width < MINIMUM_PIXELS[0] or height < MINIMUM_PIXELS[1]:
        raise PhotoTooSmall(
            name=name,
            width=width,
            height=height,
            least_width=MINIMUM_PIXELS[0],
            least_height=MINIMUM_PIXELS[1],
        )
    if width >= height:
        raise PhotoNotUpright(name=name, width=width, height=height)
    upright.thumbnail(KEPT_PIXELS)
    encoded = io.BytesIO()
    upright.save(encoded, "JPEG", quality=88)
    return Portrait(encoded.getvalue(), *upright.size)


def read_archive(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield (file name without folders, content) of the files in a zip archive.

    The sizes an archive declares are not believed: reading stops at the bounds. A file above the bound of a
    single picture is yielded cut off, which ``read_portrait`` refuses by its size.

    Raises ArchiveUnreadable or ArchiveTooLarge.
    """
    refused = ArchiveTooLarge(name=name, entries=MAX_ZIP_ENTRIES, megabytes=MAX_ZIP_BYTES // 1024 // 1024)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MAX_ZIP_ENTRIES:
                raise refused
            total = 0
            for entry in entries:
                file = _name_of(entry)
                if file.startswith(".") or "__MACOSX" in entry.filename:
                    continue
                with archive.open(entry) as stream:
                    data = stream.read(MAX_PHOTO_BYTES + 1)
                total += len(data)
                if total > MAX_ZIP_BYTES:
                    raise refused
                yield file, data
    except (
        zipfile.BadZipFile,
        RuntimeError,
        NotImplementedError,
        OSError,
        EOFError,
        ValueError,
        zlib.error,
    ) as error:
        raise ArchiveUnreadable(name=name) from error
    except zipfile.LargeZipFile as error:
        raise refused from error


def _name_of(entry: zipfile.ZipInfo) -> str:
    name = entry.filename
    if not entry.flag_bits & 0x800:  # Windows writes GBK without saying so; zipfile read it as cp437
        try:
            name = name.encode("cp437").decode("gb18030")
        except (UnicodeEncodeError, UnicodeDecodeError):
            name = entry.filename
    return name.replace("\\", "/").rsplit("/", 1)[-1]
