"""The author's words for rules, states and fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from exam_engine.papers import growing
from exam_engine.papers.at_hand import ASIDE, ELSEWHERE, LOCKED
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.capacity import USED
from exam_engine.papers.compile import (
    CURVE,
    EARLIER,
    ENEMIES,
    EQUAL,
    EXCLUDE,
    INCLUDE,
    INFORMATION,
    LENGTH,
    MEAN,
    MEAN_P,
    MIN_POINTS,
    MOST_USED,
    NO_SHARING,
    OVERLAP,
    PER_POINT,
    ROW,
    ROW_POINTS,
    SECTION,
    TOTAL,
    UNUSED_PAPERS,
    UNUSED_SINCE,
)
from exam_engine.papers.rules import AssemblyStatus, PaperStatus
from web.i18n import N_, Translate
from web.labels import PAPER_STATUSES

ITEM_TYPES = {
    "single_choice": N_("Single choice"),
    "multiple_choice": N_("Multiple choice"),
    "true_false": N_("True/false"),
}

ASSEMBLY_STATUSES = {
    AssemblyStatus.WAITING: (N_("Assembling"), "info"),
    AssemblyStatus.ASSEMBLED: (N_("Assembled"), "good"),
    AssemblyStatus.INFEASIBLE: (N_("No solution"), "bad"),
    AssemblyStatus.UNDECIDED: (N_("Undecided"), "warn"),
    AssemblyStatus.STOPPED: (N_("Stopped"), "neutral"),
}

EQUAL_BY = {
    "type": N_("Item type"),
    "category": N_("Category"),
    "node1": N_("Outline, first depth"),
    "node2": N_("Outline, second depth"),
    "node3": N_("Outline, third depth"),
    "importance": N_("Importance X/Y/Z"),
    "difficulty_level": N_("Difficulty"),
}

STAGES = [
    N_("Working out the bound"),
    N_("Building forms"),
    N_("Bringing forms closer to their targets"),
    N_("Drawing forms"),
    N_("Levelling how often items are used and shared"),
    N_("Checking every rule"),
    N_("Looking for the reason why there is no solution"),
]
"""Stages of the assembly job, as exam_engine.papers reports them."""

MOST_NAMED = 10
"""Entries of a rule that a sentence names."""

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

_SINGLE: dict[str, str] = {
    LENGTH: N_("Number of items"),
    TOTAL: N_("Total marks"),
    PER_POINT: N_("At most so many items per assessment point"),
    EQUAL: N_("Equal counts in all forms"),
    ENEMIES: N_("Items that must not meet"),
    INCLUDE: N_("Items in every form"),
    EXCLUDE: N_("Items in no form"),
    NO_SHARING: N_("Forms share no item"),
    MEAN: N_("Mean difficulty"),
    LOCKED: N_("Locked items stay"),
    USED: N_("No item of papers sealed before"),
    ELSEWHERE: N_("No item of the other forms, none that is not active"),
    ASIDE: N_("No item that was swapped out by hand"),
    MEAN_P: N_("Mean proportion correct"),
    OVERLAP: N_("Items that two forms have in common"),
    MIN_POINTS: N_("Different assessment points at least"),
    UNUSED_SINCE: N_("No item used since a day"),
    UNUSED_PAPERS: N_("No item of the latest papers"),
    MOST_USED: N_("No item used too often"),
    growing.LENGTH: N_("Length of a whole test as set"),
    growing.PARAMETERS: N_("Item parameters that can be used"),
    growing.EXPOSURE: N_("A probability of being shown for each item"),
    growing.PANEL: N_("Modules that divide the items, and cut scores that rise"),
}

Label = Callable[[str, BlueprintSpec, Translate], str]
"""Rule of the kernel → its words: ``rule_label`` or ``plain_label``."""

AT_ABILITY = {
    INFORMATION: N_("Precision at ability {ability}"),
    CURVE: N_("Marks expected at ability {ability}"),
}
"""What a rule asks for at a point of the scale, in words without that scale."""

_FIELDS = {
    "sections": N_("Section"),
    "rows": N_("Content row"),
    "information": N_("Information target"),
    "curve": N_("Expected score target"),
    "mean_p": N_("Mean proportion correct"),
    "earlier": N_("In common with an earlier paper"),
    "papers": N_("Latest papers"),
    "points": N_("Different points"),
    "min_points": N_("Different assessment points at least"),
    "equal": N_("Equal counts in all forms by"),
    "share_items": N_("Forms may share items"),
    "max_common": N_("Most items two forms have in common"),
    "weight": N_("Weight"),
    "max_use": N_("Most forms an item stands in"),
    "unused_since": N_("Not used since"),
    "unused_papers": N_("Not in the latest papers"),
    "most_used": N_("Most uses of an item"),
    "enemies": N_("Items that must not meet"),
    "blueprint": N_("Blueprint"),
    "include": N_("Items in every form"),
    "exclude": N_("Items in no form"),
    "type": N_("Item type"),
    "count": N_("Number of items"),
    "marks": N_("Marks each"),
    "minimum": N_("Minimum"),
    "maximum": N_("Maximum"),
    "share": N_("Share %"),
    "tolerance": N_("Tolerance"),
    "name": N_("Name"),
    "node": N_("Outline node"),
    "category": N_("Category"),
    "importance": N_("Importance"),
    "difficulty": N_("Difficulty"),
    "theta": N_("Ability θ"),
    "goal": N_("Target value"),
    "total_marks": N_("Total marks"),
    "minutes": N_("Minutes"),
    "max_per_point": N_("Most items per assessment point"),
    "mean_difficulty": N_("Mean difficulty"),
}


def plain_label(key: str, spec: BlueprintSpec, _: Translate) -> str:
    """Return the words for a rule on a page whose readers do not work with the scale of abilities."""
    for kind, words in AT_ABILITY.items():
        if key.startswith(kind):
            return _(words, ability=key.removeprefix(kind).replace("-", "−"))
    return rule_label(key, spec, _)


def rule_label(key: str, spec: BlueprintSpec, _: Translate) -> str:
    """Return the author's words for a rule of the kernel."""
    if key.startswith(ROW):
        number = int(key.removeprefix(ROW))
        if number > len(spec.rows):
            return key
        row = spec.rows[number - 1]
        return row.name if row.weight is None else _("{row} (wish)", row=row.name)
    if key.startswith(ROW_POINTS):
        number = int(key.removeprefix(ROW_POINTS))
        name = spec.rows[number - 1].name if number <= len(spec.rows) else key
        return _("{row}: different assessment points", row=name)
    if key.startswith(EARLIER):
        return _("In common with paper {label}", label=key.removeprefix(EARLIER))
    if key.startswith(CURVE):
        return _("Expected score at θ = {theta}", theta=key.removeprefix(CURVE))
    if key.startswith(f"{EQUAL}:"):
        return _(_SINGLE[EQUAL])
    if key.startswith(SECTION):
        return _("Section: {kind}", kind=_(ITEM_TYPES[key.removeprefix(SECTION)]))
    if key.startswith(INFORMATION):
        return _("Information at θ = {theta}", theta=key.removeprefix(INFORMATION))
    return _(_SINGLE[key]) if key in _SINGLE else key


def place_label(place: str, _: Translate) -> str:
    """Return a place such as ``rows[2]`` in the reader's words: Row 2."""
    name, bracket, rest = place.partition("[")
    words = _(_FIELDS[name]) if name in _FIELDS else name
    return f"{words} {rest.rstrip(']')}" if bracket else words


def field_label(field: str, _: Translate) -> str:
    """Return a blueprint field in the reader's words."""
    return _(_FIELDS[field]) if field in _FIELDS else field


def error_facts(facts: Mapping[str, Any], _: Translate) -> dict[str, Any]:
    """Return the facts of a refusal with places, fields, types and states in the reader's words."""
    shown = dict(facts)
    if "place" in shown:
        shown["place"] = place_label(str(shown["place"]), _)
    if "field" in shown:
        shown["field"] = field_label(str(shown["field"]), _)
    if "kind" in shown:
        shown["kind"] = _(ITEM_TYPES.get(str(shown["kind"]), str(shown["kind"])))
    if "rule" in shown:
        shown["rule"] = _(_SINGLE.get(str(shown["rule"]), str(shown["rule"])))
    if "status" in shown:
        state = next((s for s in PaperStatus if s.value == shown["status"]), None)
        shown["status"] = _(PAPER_STATUSES[state][0]) if state else shown["status"]
    return shown


def items_of_changes(changes: Sequence[Mapping[str, Any]]) -> list[UUID]:
    """Return the items that changes name; see change_text."""
    texts = [part for change in changes for part in change.get("items", ())]
    return [UUID(found) for text in texts for found in _ID.findall(text)]


def change_text(
    change: Mapping[str, Any],
    spec: BlueprintSpec,
    _: Translate,
    numbers: Mapping[UUID, int] | None = None,
    *,
    label: Label = rule_label,
) -> str:
    """Return one change of the smallest set in a sentence; items are named by their ``numbers`` in the bank."""
    name = label(change["key"], spec, _)
    if change["side"] == "drop":
        return _("Drop the rule “{rule}”", rule=name)
    if change["side"] == "spare":
        few, many = len(change["items"]), format(change["before"], "g")
        named = [_part_text(part, _, numbers or {}) for part in change["items"][:MOST_NAMED]]
        entries = "、".join(named) + ("…" if few > MOST_NAMED else "")
        return _(
            "“{rule}”: leave out {few} of its {many} entries: {entries}",
            rule=name,
            few=few,
            many=many,
            entries=entries,
        )
    if change["key"] == NO_SHARING:
        return _("Let an item be used in up to {most} forms", most=f"{change['after']:g}")
    sentences = {
        "minimum": N_("“{rule}”: lower the minimum from {before} to {after}"),
        "maximum": N_("“{rule}”: raise the maximum from {before} to {after}"),
        "tolerance": N_("“{rule}”: widen the tolerance from ±{before} to ±{after}"),
    }
    sentence = sentences[change["side"]]
    return _(sentence, rule=name, before=change["before"], after=change["after"])


def _part_text(part: str, _: Translate, numbers: Mapping[UUID, int]) -> str:
    if part in EQUAL_BY:
        return _(EQUAL_BY[part])

    def numbered(found: re.Match[str]) -> str:
        number = numbers.get(UUID(found[0]))
        return found[0] if number is None else _("no. {number}", number=number)

    return _ID.sub(numbered, part)


def clash_text(key: str, spec: BlueprintSpec, _: Translate, *, label: Label = rule_label) -> str:
    """Return a rule of a clash with what it asks for."""
    name = label(key, spec, _)
    if key.startswith(ROW):
        low, high = spec.bounds_of(spec.rows[int(key.removeprefix(ROW)) - 1])
        return _("{rule}: {amount} items", rule=name, amount=amount_text(low, high))
    if key.startswith(SECTION):
        count = next(s.count for s in spec.sections if s.type == key.removeprefix(SECTION))
        return _("{rule}: {amount} items", rule=name, amount=str(count))
    if key.startswith(EARLIER) and spec.earlier is not None:
        return _("{rule}: {amount} items", rule=name, amount=amount_text(0, spec.earlier.maximum))
    if key.startswith(ROW_POINTS):
        points = spec.rows[int(key.removeprefix(ROW_POINTS)) - 1].points or 0
        return f"{name} {amount_text(points, None)}"
    if key == MIN_POINTS:
        return f"{name} {spec.min_points}"
    if key == OVERLAP:
        return f"{name} {amount_text(0, spec.max_common)}"
    if key == UNUSED_SINCE:
        return _("No item used since {day}", day=str(spec.unused_since))
    if key == UNUSED_PAPERS:
        return _("No item of the {count} latest sealed papers", count=spec.unused_papers)
    if key == MOST_USED:
        return _("No item that stands in more than {count} sealed papers", count=spec.most_used)
    if key == PER_POINT:
        return _("At most {most} items per assessment point", most=spec.max_per_point)
    if key == TOTAL:
        return _("{rule}: {amount} marks", rule=name, amount=format(spec.total_marks.normalize(), "f"))
    if key == LENGTH:
        return _("{rule}: {amount} items", rule=name, amount=str(spec.length))
    return name


def amount_text(low: float | None, high: float | None) -> str:
    """Return ``5``, ``5–8``, ``≥ 5`` or ``≤ 8``."""
    if high is None:
        return f"≥ {low:g}" if low else "—"
    if low == high:
        return f"{high:g}"
    return f"{low:g}–{high:g}" if low else f"≤ {high:g}"


def value_label(attribute: str, value: str, nodes: Mapping[str, str], _: Translate) -> str:
    """Return the value of an attribute in words: a type's name, a node with its name."""
    if not value:
        return _("(none)")
    if attribute == "type":
        return _(ITEM_TYPES.get(value, value))
    if attribute.startswith("node"):
        return f"{value} {nodes[value]}" if value in nodes else value
    return value


def form_names(count: int, _: Translate) -> Sequence[str]:
    """Return the names of forms."""
    return [_("Form {number}", number=k + 1) for k in range(count)]
