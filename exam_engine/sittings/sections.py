"""What a sitting lays down for the sections of its papers: own times, no way back, rest breaks. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from itembank.base.errors import Conflict, Invalid


class SectionTimesTooLong(Invalid):
    """Own times and breaks do not fit into the limit of the sitting."""

    code = "section_times_too_long"
    message = (
        "The sections' own times and the breaks take {used} minutes of a limit of {limit}. "
        "Sections without a time of their own need at least one minute of it."
    )


class SectionTimeWrong(Invalid):
    """The time of one section, or the break after it, lies outside its bounds."""

    code = "section_time_wrong"
    message = "Section {number}: {value} is not a number of minutes from {least} to {most}."


class BreakAfterLast(Invalid):
    """After the last section nothing follows."""

    code = "break_after_last_section"
    message = "Section {number} is the last one: there is no break after it."


class SectionsDiffer(Conflict):
    """The rules of sections hold for all papers of a sitting, so all must have the same sections."""

    code = "sections_differ"
    message = (
        "The paper “{label}” has the sections {found}; the rules of sections were set for {expected}. "
        "Choose papers with the same sections, or take the rules of sections back."
    )


class SectionsNotForWay(Invalid):
    """Where papers grow during the examination, their way decides about steps."""

    code = "sections_not_for_way"
    message = "Rules of sections are for papers that are fixed before the examination."


@dataclass(frozen=True)
class SectionTerms:
    """What holds for one section of all papers of a sitting."""

    type: str
    """Type of its items, by which sections are told apart."""
    minutes: int | None = None
    """Its own time; None when it shares what is left of the whole."""
    forward_only: bool = False
    """Once left, it cannot be opened again."""
    break_after_minutes: int = 0
    """A rest break follows of at most so long; 0 for none."""

    @property
    def is_plain(self) -> bool:
        """Whether nothing is laid down for it."""
        return self.minutes is None and not self.forward_only and not self.break_after_minutes

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON facts."""
        return {
            "type": self.type,
            "minutes": self.minutes,
            "forward_only": self.forward_only,
            "break_after_minutes": self.break_after_minutes,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> SectionTerms:
        """Return what ``as_json`` wrote."""
        return cls(stored["type"], stored["minutes"], stored["forward_only"], stored["break_after_minutes"])


def check_sections(sections: Sequence[SectionTerms], *, limit_minutes: int) -> None:
    """Raise SectionTimeWrong, BreakAfterLast or SectionTimesTooLong unless the times fit into the limit."""
    for number, section in enumerate(sections, 1):
        for field, value, least in (
            ("minutes", section.minutes, 1),
            ("break_after_minutes", section.break_after_minutes, 0),
        ):
            if value is not None and not least <= value <= limit_minutes:
                raise SectionTimeWrong(
                    number=number, field=field, value=value, least=least, most=limit_minutes
                )
    if sections and sections[-1].break_after_minutes:
        raise BreakAfterLast(number=len(sections))
    used = sum((section.minutes or 0) + section.break_after_minutes for section in sections)
    sharing = sum(section.minutes is None for section in sections)
    if used + sharing > limit_minutes:
        raise SectionTimesTooLong(used=used, limit=limit_minutes)


def sections_from_json(stored: Sequence[Mapping[str, Any]] | None) -> tuple[SectionTerms, ...]:
    """Return the rules that were kept, or none."""
    return tuple(SectionTerms.from_json(section) for section in stored or ())
