"""Where in a specification something stands, and the refusal that names it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

SHOWN = 80
"""Characters of a value that a refusal repeats."""

SHOWN_NAMES = 12


class SpecificationRefused(ValueError):
    """A specification that cannot be used: the place, the field, what stands there, and what would be right."""

    def __init__(self, place: str, field: str, reason: str) -> None:
        where = ", ".join(part for part in (place, field) if part)
        super().__init__(f"{where}: {reason}" if where else reason)
        self.place, self.field, self.reason = place, field, reason


@dataclass(frozen=True)
class Place:
    """A table of the specification; ``number`` counts from 1 where there are several, ``name`` is the author's."""

    table: str = ""
    number: int = 0
    name: str = ""

    def __str__(self) -> str:
        if not self.table:
            return "specification"
        numbered = f"{self.table} {self.number}" if self.number else self.table
        return numbered + (f' "{self.name}"' if self.name else "")

    def refusal(self, field: str, reason: str) -> SpecificationRefused:
        """Return the refusal of a field here."""
        return SpecificationRefused(str(self), field, reason)

    def wrong(self, field: str, value: object, right: str) -> SpecificationRefused:
        """Return the refusal of a value that should be something else."""
        return self.refusal(field, f"{shown(value)} is not {right}")


def shown(value: object) -> str:
    """Return a value as its author would recognise it, cut to a line."""
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, str):
        text = f'"{value}"'
    elif isinstance(value, dict | list):
        text = "a table" if isinstance(value, dict) else f"a list of {len(value)}"
    else:
        text = str(value)
    text = "".join(letter if letter.isprintable() else "�" for letter in text)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the names that ``word`` may have meant, as the end of a sentence."""
    names = sorted(known)
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f'did you mean "{close[0]}"?'
    more = f" … and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return f"there is {', '.join(names[:SHOWN_NAMES])}{more}" if names else "there is none"
