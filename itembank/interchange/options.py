"""Finding the options of one question, whatever their labels look like and wherever they stand. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

_PAREN = re.compile(r"(?:[\"“][ \t]*)?[(\[<]\s?(?P<label>[A-Ka-k])\s?[)\]>]\s*[.、:]?")
_CIRCLED = re.compile("(?P<label>[Ⓐ-Ⓚⓐ-ⓚ⒜-⒦])[.、:]?")
_DELIMITED = re.compile(r"[\"“]?(?P<label>[A-Ka-k])\s?(?P<mark>[.、:,)\]。;]+)")
_BARE = re.compile(r"[\"“]?(?P<label>[A-K])(?=\s*[\u3400-\u9fff《“\"‘(\d]|[\s\t]+\S)")
_OPEN_PAREN = re.compile(r"\(\s?(?P<label>[A-K])(?=[^A-Za-z)\s])")


_WIDE = re.compile(r"\s{2}$|\t$")
MAX_MARKERS = 200
"""More labels than this are no question; the search stops there."""


@dataclass(frozen=True, slots=True)
class Marker:
    """An option label in a text: ``[start, end)`` is cut out, the option's text follows."""

    label: str
    start: int
    end: int
    style: str
    opens_line: bool


def letter(label: str) -> str:
    """Return the Latin capital for any form of a label."""
    code = ord(label)
    for base in (0x24B6, 0x24D0, 0x249C):
        if base <= code < base + 26:
            return chr(ord("A") + code - base)
    return label.upper()


def _opens_line(text: str, start: int) -> bool:
    return not text[text.rfind("\n", 0, start) + 1 : start].strip(' \t"“、,.·•-—□○')


def _delimited_fits(text: str, match: re.Match[str], opens: bool) -> bool:
    start, end = match.start("label"), match.end()
    before, after = text[start - 1 : start], text[end : end + 2]
    if opens:
        return not (match["label"].islower() and re.match(r"[a-z]\.", after))
    if before.isascii() and before.isalpha():
        return False
    if match["label"].islower():
        return before.isspace()
    if match["mark"][0] == ";" or (
        match["mark"][0] in ",)。]:" and not (before.isspace() or before in "?。)")
    ):
        return False
    if match["mark"] == "." and re.match(r"[A-Za-z]\.", after) and not re.match(r"[A-K]\.", after):
        return False  # E.F.Codd
    # "A、B、C三点": an enumeration, not labels
    if _WIDE.search(text[max(0, start - 2) : start]):
        return True
    return not (match["mark"][0] in "、," and re.match(r"[A-K](?:[、,和与及或.]|$|\s)", after))


def markers(text: str) -> list[Marker]:
    """Return every place of a folded text that could be an option label, in order."""
    found: list[Marker] = []
    for match in islice(_PAREN.finditer(text), MAX_MARKERS):
        opens = _opens_line(text, match.start())
        found.append(Marker(letter(match["label"]), match.start(), match.end(), "paren", opens))
    for match in islice(_CIRCLED.finditer(text), MAX_MARKERS):
        opens = _opens_line(text, match.start())
        found.append(Marker(letter(match["label"]), match.start(), match.end(), "circled", opens))
    for match in islice(_DELIMITED.finditer(text), MAX_MARKERS):
        opens = _opens_line(text, match.start())
        if text[max(0, match.start("label") - 3) : match.start("label")].rstrip(" ")[-1:] in {"(", "[", "<"}:
            continue
        if _delimited_fits(text, match, opens):
            style = "lower" if match["label"].islower() else "mark"
            found.append(Marker(letter(match["label"]), match.start(), match.end(), style, opens))
    found = [marker for marker in found if not _closes(text, marker, found)]
    taken = {marker.start for marker in found}
    for style, pattern in (("bare", _BARE), ("open", _OPEN_PAREN)):
        for match in islice(pattern.finditer(text), 4 * MAX_MARKERS):
            opens = _opens_line(text, match.start())
            if match.start() in taken or not (opens or (style == "bare" and _bare_fits(text, match.start()))):
                continue
            found.append(Marker(letter(match["label"]), match.start(), match.end(), style, opens))
    return sorted(found, key=lambda marker: (marker.start, -marker.end))


def in_columns(chain: list[Marker], extra: list[Marker]) -> list[Marker] | None:
    """Return all labels when they are complete and only stand in the order of columns (A C / B D)."""
    labels = sorted(marker.label for marker in (*chain, *extra))
    if not chain or not extra or labels != [chr(ord("A") + index) for index in range(len(labels))]:
        return None
    return sorted((*chain, *extra), key=lambda marker: marker.start)


def _closes(text: str, marker: Marker, found: list[Marker]) -> bool:
    """Return whether a bracket with a letter ends the text and an option of that letter stands before it."""
    if marker.style != "paren" or text[marker.end :].strip(' 。."”\n\t'):
        return False
    return any(other.label == marker.label and other.start < marker.start for other in found)


def _bare_fits(text: str, start: int) -> bool:
    """Return whether a letter without any mark inside a line may be a label: only after a wide gap,
    or on a line that itself opens with such a letter."""
    if _WIDE.search(text[max(0, start - 2) : start]):
        return True
    line = text[text.rfind("\n", 0, start) + 1 : start]
    return line.endswith(" ") and bool(_BARE.match(line.lstrip()))


def _weight(marker: Marker) -> int:
    weight = {"paren": 10, "circled": 10, "mark": 10, "lower": 8, "open": 7, "bare": 6}[marker.style]
    return weight + (12 if marker.opens_line else 0)


def best_chain(found: list[Marker]) -> list[Marker]:
    """Return the most convincing run of labels A, B, C…; empty when there are not two.

    Labels that open a line weigh more than labels inside one, and a run in one style more than a mixed
    one; of equals the later is taken, because an answer in the stem's brackets stands before the options.
    """
    if len(found) > MAX_MARKERS:
        return []
    best: list[tuple[int, int]] = []  # score, previous index
    for index, marker in enumerate(found):
        if marker.label == "A":
            best.append((_weight(marker), -1))
            continue
        score, link = -1, -1
        for earlier in range(index):
            previous = found[earlier]
            if best[earlier][0] < 0 or ord(previous.label) + 1 != ord(marker.label):
                continue
            if previous.end > marker.start:
                continue
            candidate = best[earlier][0] + _weight(marker) + (5 if previous.style == marker.style else -3)
            if candidate >= score:
                score, link = candidate, earlier
        best.append((score, link))
    ranked = [(score, index) for index, (score, _) in enumerate(best) if score >= 0]
    if not ranked:
        return []
    chain: list[Marker] = []
    index = max(ranked)[1]
    while index >= 0:
        chain.append(found[index])
        index = best[index][1]
    chain.reverse()
    return chain if len(chain) > 1 and _convincing(chain) else []


def _convincing(chain: list[Marker]) -> bool:
    """Return whether a run is more than letters that happen to ascend in a sentence."""
    if any(marker.opens_line and marker.style != "bare" for marker in chain):
        return True
    if all(marker.style == "bare" for marker in chain):
        return len(chain) >= 3 or sum(marker.opens_line for marker in chain) >= 2
    return len(chain) >= 2


def strays(text: str, found: list[Marker], chain: list[Marker]) -> list[Marker]:
    """Return labels that open a line or stand after a wide gap but do not fit the run."""
    if not chain:
        opening = [marker for marker in found if marker.opens_line]
        return opening if any(marker.style != "bare" for marker in opening) else []
    styles = {marker.style for marker in chain if marker.opens_line} or {marker.style for marker in chain}
    begin = chain[0].start
    return [
        marker
        for marker in found
        if marker not in chain
        and (
            marker.opens_line
            or (text[marker.start - 2 : marker.start].isspace() or text[marker.start - 1] == "\t")
        )
        and marker.style in styles
        and (marker.start > begin)
        and not any(other.start <= marker.start < other.end for other in chain)
    ]
