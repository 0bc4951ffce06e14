"""The Chinese fonts of printed documents: which are there, and which characters they can draw.

The project ships no fonts. They come from the system (``fonts-noto-cjk`` and ``fonts-hanazono`` on Debian),
from a ``fonts`` folder that the set-up filled, or from any folder the operator names. A name that cannot be
drawn is found when a person is registered, not when the certificate is printed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import typst
from fontTools.ttLib import TTFont

from itembank.base.errors import Unavailable

BASE_FAMILIES = ("Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC", "Songti SC", "SimSun")
"""Families that can carry a whole Chinese document; the first one found leads the chain."""

RARE_FAMILIES = ("HanaMinA", "HanaMinB", "SimSun-ExtB")
"""Families that follow for rare characters (生僻字); HanaMinB holds most of CJK Extension B to F."""

INSTALL_BASE = "apt-get install fonts-noto-cjk"
INSTALL_RARE = "apt-get install fonts-hanazono"
REGULAR_WEIGHT = 400


class FontMissing(Unavailable):
    """No font that can carry a Chinese document is installed."""

    code = "font_missing"
    message = (
        "No Chinese font was found for printed documents. "
        "Install one ({install}) or put {families} into {folders}."
    )


@dataclass(frozen=True)
class FontSet:
    """The chain of families a document is set in, with their files for coverage checks."""

    families: tuple[str, ...]
    faces: tuple[tuple[Path, int], ...]
    loaded: typst.Fonts = field(compare=False, repr=False)

    def missing_characters(self, text: str) -> tuple[str, ...]:
        """Return the characters of ``text``, each once, that no font of the chain can draw."""
        wanted = dict.fromkeys(char for char in text if not char.isspace())
        for path, index in self.faces:
            wanted = {char: None for char in wanted if ord(char) not in coverage(path, index)}
            if not wanted:
                break
        return tuple(wanted)

    @property
    def has_rare(self) -> bool:
        """Tell whether a font for rare characters is in the chain."""
        return any(family in RARE_FAMILIES for family in self.families)


@lru_cache(maxsize=16)
def coverage(path: Path, index: int) -> frozenset[int]:
    """Return the code points that one face of a font file maps to a glyph."""
    with TTFont(path, fontNumber=index, lazy=True) as font:
        return frozenset(font.getBestCmap() or ())


@lru_cache(maxsize=8)
def find_fonts(folders: tuple[Path, ...] = (), *, system: bool = True) -> FontSet:
    """Return the font chain from ``folders`` (searched first) and the system's font folders.

    Raises
    ------
    FontMissing
        If no family that can carry a Chinese document is there.
    """
    present = [str(folder) for folder in folders if folder.is_dir()]
    loaded = typst.Fonts(include_system_fonts=system, include_embedded_fonts=True, font_paths=present)
    faces: dict[str, tuple[int, Path, int]] = {}
    for info in loaded.fonts():
        if info.path is None or info.style != "normal":
            continue
        face = (abs(info.weight - REGULAR_WEIGHT), Path(info.path), info.index)
        faces[info.family] = min(faces.get(info.family, face), face)
    base = next((family for family in BASE_FAMILIES if family in faces), None)
    if base is None:
        where = ", ".join(str(folder) for folder in folders) or "the system's font folder"
        raise FontMissing(install=INSTALL_BASE, families=" / ".join(BASE_FAMILIES[:2]), folders=where)
    chain = (base, *(family for family in RARE_FAMILIES if family in faces))
    return FontSet(chain, tuple(faces[family][1:] for family in chain), loaded)
