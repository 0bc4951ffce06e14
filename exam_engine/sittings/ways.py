"""How papers reach candidates: which papers a sitting takes, and what is refused of papers and forms. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exam_engine.sittings.rules import Way
from itembank.base.errors import Conflict, Invalid


class PaperNotSealed(Conflict):
    """A paper that is not sealed cannot be used."""

    code = "paper_not_sealed"
    message = "The paper “{label}” is not sealed. Only sealed papers can be used in a sitting."


class PaperOfAnotherWay(Conflict):
    """A paper is sealed for another way of giving papers than that of the sitting."""

    code = "paper_of_another_way"
    message = (
        "Paper {label} is sealed for: {sealed}. This sitting gives: {way}. "
        "Choose another paper, or change first how papers reach the candidates."
    )


def way_of(collection: Mapping[str, Any] | None) -> Way:
    """Return how a sealed paper is given: what is sealed with it says so."""
    return Way((collection or {}).get("way", Way.FIXED))


def check_way(label: str, collection: Mapping[str, Any] | None, way: Way) -> None:
    """Raise PaperOfAnotherWay unless a paper is sealed for a way of giving papers."""
    sealed = way_of(collection)
    if sealed is not way:
        raise PaperOfAnotherWay(label=label, sealed=sealed.value, way=way.value)


class PaperDoesNotFit(Invalid):
    """A paper is of another occupation or level."""

    code = "paper_does_not_fit"
    message = "The paper “{label}” is not for the occupation and level of this plan."


class PaperIsCollection(Invalid):
    """A paper that holds the forms of many candidates is given to nobody as a whole."""

    code = "paper_is_collection"
    message = "Paper {label} holds the forms of many candidates; nobody is given all of it."


class WayWrong(Conflict):
    """The act belongs to another way in which papers reach candidates."""

    code = "sitting_way_wrong"
    message = (
        "Choose first how papers reach the candidates of this sitting; only a theory sitting has papers."
    )


class BlueprintDoesNotFit(Invalid):
    """A blueprint is of another occupation or level."""

    code = "blueprint_does_not_fit"
    message = "The blueprint “{name}” is not for the occupation and level of this plan."


class DrawnAlready(Conflict):
    """Forms stand, or are being drawn."""

    code = "forms_drawn_already"
    message = "Forms of this sitting are drawn or being drawn. Drop them, or cancel the job, before you draw others."


class FormsNotReady(Conflict):
    """There are no individual forms yet."""

    code = "forms_not_ready"
    message = "There are no individual forms yet. Have them drawn, approved and sealed first."


class FormsUsedUp(Conflict):
    """More candidates than forms."""

    code = "forms_used_up"
    message = (
        "{candidates} candidates need a form of their own; {forms} were drawn, reserves included. "
        "Drop the forms and draw more."
    )


class FormsMissing(Conflict):
    """Some candidates have no form."""

    code = "forms_missing"
    message = "{count} candidates have no form of their own yet. Deal the sealed forms out first."
