"""The table ``[sequence]``: the printed order of a form's items, both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from exam_engine.assembly.language.place import Place, nearest
from exam_engine.assembly.language.values import flag, name, names, number, whole_from_one
from exam_engine.assembly.sequence import MOST_VARIANTS, SequenceRules, Within
from exam_engine.assembly.sequence.form import MOST_OPTIONS

LONGEST_RUN = 3


@dataclass(frozen=True)
class SequenceTable:
    """What a specification says of the printed sequence; attributes are columns of the pool.

    Attributes
    ----------
    key : str
        Labels: letters of the right options.
    options : str or int
        Number of options: an attribute of numbers, or one number for all items.
    section, unit, case : str, optional
        Labels: what makes sections, what stands together in them, which items form a case.
    fixed_options : str, optional
        Labels: letters of options that keep their place, or "all".
    difficulty : str, optional
        Numbers, from easy to hard.
    rules : SequenceRules
    variants : int
    """

    key: str
    options: str | int
    section: str | None = None
    unit: str | None = None
    case: str | None = None
    fixed_options: str | None = None
    difficulty: str | None = None
    rules: SequenceRules = field(default_factory=SequenceRules)
    variants: int = 1

    @property
    def attributes(self) -> Mapping[str, tuple[str, bool]]:
        """Field → attribute it names, and whether it takes it as numbers."""
        named = {at: getattr(self, at) for at in _ATTRIBUTES}
        return {
            at: (value, at in ("options", "difficulty"))
            for at, value in named.items()
            if isinstance(value, str)
        }


_ATTRIBUTES = ("key", "options", "section", "unit", "case", "fixed_options", "difficulty")


def _options(place: Place, at: str, value: object) -> str | int:
    if isinstance(value, str):
        return name(place, at, value)
    if isinstance(value, bool) or not isinstance(value, int) or not 2 <= value <= MOST_OPTIONS:
        raise place.wrong(
            at, value, f"the name of an attribute, or a number of options from 2 to {MOST_OPTIONS}"
        )
    return value


def _within(place: Place, at: str, value: object) -> Within:
    if value not in list(Within):
        raise place.wrong(at, value, f"one of {', '.join(Within)}")
    return Within(str(value))


def _balance(place: Place, at: str, value: object) -> float | bool:
    if isinstance(value, bool):
        return value
    if (found := number(place, at, value)) < 0:
        raise place.wrong(at, value, "a number from 0, or false to leave letters as they fall")
    return found


def _longest_run(place: Place, at: str, value: object) -> int | None:
    return None if value is False else whole_from_one(place, at, value)


def _variants(place: Place, at: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_VARIANTS:
        raise place.wrong(at, value, f"a whole number from 1 to {MOST_VARIANTS}")
    return value


def _pinned(place: Place, at: str, value: object) -> dict[str, int]:
    if not isinstance(value, dict) or not value:
        raise place.wrong(at, value, "a table of items and positions, such as { Q1 = 1 }")
    return {one: whole_from_one(place, f"{at}.{one}", position) for one, position in value.items()}


_FIELDS: Mapping[str, Callable[[Place, str, object], Any]] = {
    **dict.fromkeys(("key", "section", "unit", "case", "fixed_options", "difficulty"), name),
    "options": _options,
    "sections": names,
    "within": _within,
    "balance": _balance,
    "longest_run": _longest_run,
    "pinned": _pinned,
    "move_options": flag,
    "variants": _variants,
}


def read_sequence(value: object) -> SequenceTable:
    """Return what the table says.

    Raises SpecificationRefused naming field, value, and what would be right.
    """
    place = Place("sequence")
    if not isinstance(value, dict):
        raise Place().refusal("sequence", "write it as a table under its own line [sequence]")
    for key in value:
        if key not in _FIELDS:
            raise place.refusal(key, f"unknown: {nearest(key, _FIELDS)}")
    found = {key: _FIELDS[key](place, key, one) for key, one in value.items()}
    for needed in ("key", "options"):
        if needed not in found:
            raise place.refusal(needed, "is missing: answer letters are balanced by it")
    within = found.get("within", Within.GIVEN)
    if within is Within.EASY_TO_HARD and "difficulty" not in found:
        raise place.refusal("difficulty", "is missing: name the attribute that goes from easy to hard")
    if "sections" in found and "section" not in found:
        raise place.refusal("section", "is missing: name the attribute that makes the sections")
    balance = found.get("balance", True)
    rules = SequenceRules(
        sections=found.get("sections", ()),
        within=within,
        by_unit="unit" in found,
        balanced=balance is not False,
        balance=None if isinstance(balance, bool) else balance,
        longest_run=found.get("longest_run", LONGEST_RUN),
        pinned=found.get("pinned", {}),
        move_options=found.get("move_options", True),
    )
    named = {at: found[at] for at in _ATTRIBUTES if at in found}
    return SequenceTable(**named, rules=rules, variants=found.get("variants", 1))


def sequence_values(table: SequenceTable) -> dict[str, Any]:
    """Return the fields of the table, as they are written."""
    rules = table.rules
    values: dict[str, Any] = {at: getattr(table, at) for at in _ATTRIBUTES if getattr(table, at) is not None}
    values |= {"sections": rules.sections} if rules.sections else {}
    values |= {
        "within": rules.within.value,
        "balance": rules.balanced if rules.balance is None else rules.balance,
        "longest_run": False if rules.longest_run is None else rules.longest_run,
        "move_options": rules.move_options,
        "variants": table.variants,
    }
    return values | ({"pinned": dict(rules.pinned)} if rules.pinned else {})
