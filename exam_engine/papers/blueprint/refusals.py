"""What is refused in a blueprint: ``place`` and ``field`` say where. No I/O."""

from __future__ import annotations

from itembank.base.errors import Invalid


class BlueprintUnreadable(Invalid):
    """The text is not TOML at all."""

    code = "blueprint_unreadable"
    message = "The blueprint cannot be read: {reason}"


class FieldMissing(Invalid):
    """A field that every blueprint needs is not there."""

    code = "blueprint_field_missing"
    message = "{place}: the field “{field}” is missing."


class FieldUnknown(Invalid):
    """A field that no blueprint has, probably a typing mistake."""

    code = "blueprint_field_unknown"
    message = "{place}: there is no field “{field}”."


class FieldWrong(Invalid):
    """A field holds a value that it cannot have."""

    code = "blueprint_field_wrong"
    message = "{place}: “{field}” is {value}, which does not fit ({expected})."


class SectionsMissing(Invalid):
    """A blueprint without any section."""

    code = "blueprint_sections_missing"
    message = (
        "The blueprint has no section yet: give number and marks of the items of at least one item type."
    )


class TotalDiffers(Invalid):
    """Sections do not add up to the total."""

    code = "blueprint_total_differs"
    message = "The sections add up to {total} marks; the blueprint says {stated}."


class SectionTwice(Invalid):
    """Two sections of the same item type."""

    code = "blueprint_section_twice"
    message = "Two sections have the type {kind}; one section holds all items of a type."


class RowNameTwice(Invalid):
    """Two rows of one name could not be told apart in an explanation."""

    code = "blueprint_row_name_twice"
    message = "Two rows are called “{name}”; names tell rows apart."


class RowWithoutSelection(Invalid):
    """A row that selects everything."""

    code = "blueprint_row_without_selection"
    message = (
        "Row “{name}” selects nothing in particular: give a node, category, importance, difficulty or type."
    )


class RowWithoutAmount(Invalid):
    """A row that asks for nothing."""

    code = "blueprint_row_without_amount"
    message = "Row “{name}” asks for nothing: give a minimum, a maximum or a share."


class RowContradicts(Invalid):
    """A row's minimum is above its maximum."""

    code = "blueprint_row_contradicts"
    message = "Row “{name}”: the minimum {minimum} is above the maximum {maximum}."


class OnlyWhenShared(Invalid):
    """A limit on sharing where forms share nothing."""

    code = "blueprint_only_when_shared"
    message = "“{field}” limits how forms share items: let forms share items, or leave it out."


class GoalTwice(Invalid):
    """Two targets of one kind at the same ability."""

    code = "blueprint_goal_twice"
    message = "Two targets stand at θ = {theta}; one ability has one target."
