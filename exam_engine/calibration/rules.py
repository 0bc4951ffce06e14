"""What may be calibrated and how, and the refusals. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from exam_engine.psychometrics.irt.models import Model
from exam_engine.psychometrics.sample_size import MINIMUM_PERSONS, Advice, advise
from itembank.base.errors import Conflict, Invalid, NotFound

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_CELLS = 50_000_000
"""About the size at which a calibration stops fitting in 2 GB of memory."""

MAX_PROBLEMS = 200
"""A file with more problems than this is listed up to here; the count goes on."""

PERSON_COLUMN = "person"

MINIMUM_ITEMS = {Model.RASCH: 2, Model.TWO_PL: 3}
"""Items below which a model is not identified."""


class Method(StrEnum):
    """How a calibration describes the items."""

    CLASSICAL = "classical"
    RASCH = "rasch"
    TWO_PL = "2pl"

    @property
    def model(self) -> Model | None:
        """The item response model behind the method, or None."""
        return None if self is Method.CLASSICAL else Model(self.value)


class Fault(StrEnum):
    """What can be wrong in a response file."""

    ENCODING = "the file is neither UTF-8 nor GB 18030 text"
    CSV = "the row is not valid CSV"
    EMPTY = "the file has no header row with item names"
    NO_ROWS = "there is no row of responses under the header"
    NO_NAME = "the column has no item name in the header"
    DUPLICATE = "the item name appears in an earlier column too"
    WIDTH = "the row has another number of cells than the header"
    VALUE = "a response must be 0, 1 or empty (not presented)"
    SCORE = "a score must be a whole number from 0 to 100, or empty (not presented)"
    UNKNOWN_ITEM = "no such item in the bank"
    AMBIGUOUS_ITEM = "several items of the bank have this number"


@dataclass(frozen=True)
class Problem:
    """One fault with its place; rows and columns count from 1, the header being row 1."""

    fault: Fault
    row: int | None = None
    column: int | None = None
    name: str = ""
    value: str = ""


class ResponsesRefused(Invalid):
    """The response file breaks its format; nothing of it was used."""

    code = "calibration.responses_refused"
    message = "The response file was refused, {count} problems. First: {first}"

    def __init__(self, problems: tuple[Problem, ...], count: int) -> None:
        super().__init__(count=count, first=describe(problems[0]))
        self.problems = problems
        self.count = count


class FileTooLarge(Invalid):
    """The response file is larger than can be handled."""

    code = "calibration.file_too_large"
    message = "The response file is too large: at most {megabytes} MB and {cells} cells."


class SampleTooSmall(Conflict):
    """Too few persons for the model asked for."""

    code = "calibration.sample_too_small"
    message = (
        "{n_persons} persons are too few for the two-parameter model: it needs at least {minimum}. "
        "Use the Rasch model or classical statistics."
    )


class TooFewItems(Conflict):
    """Too few items that tell persons apart."""

    code = "calibration.too_few_items"
    message = "Only {n_items} items tell persons apart; the model needs at least {minimum}."


class ScoreNobodyGot(Conflict):
    """A score between others has no person: its parameter would be infinite."""

    code = "calibration.score_nobody_got"
    message = (
        "Item {item}: nobody got score {score}, but some got more. "
        "Merge neighbouring scores or leave the item out."
    )


class NoResponses(Conflict):
    """Nobody answered anything."""

    code = "calibration.no_responses"
    message = "There are no responses to calibrate."


class SittingNotOver(Conflict):
    """Somebody may still be answering."""

    code = "calibration.sitting_not_over"
    message = "The sitting of {name} is not over yet: its answers may still change."


class MixedSittings(Conflict):
    """Sittings of different occupations or levels share no items."""

    code = "calibration.mixed_sittings"
    message = "Choose sittings of one occupation and one level."


class RunNotFound(NotFound):
    """No such calibration, or not of this institution."""

    code = "calibration.run_not_found"
    message = "No such calibration."


def describe(problem: Problem) -> str:
    """Return a problem in plain English, place first.

    >>> describe(Problem(Fault.VALUE, row=3, column=2, name="Q1", value="x"))
    'row 3, column 2 (Q1): "x": a response must be 0, 1 or empty (not presented)'
    """
    places = [f"row {problem.row}"] if problem.row else []
    if problem.column:
        places.append(f"column {problem.column}")
    name = f" ({problem.name})" if problem.name else ""
    value = f'"{problem.value}": ' if problem.value else ""
    where = f"{', '.join(places)}{name}: " if places else ""
    return f"{where}{value}{problem.fault}"


def check_sample(n_persons: int, method: Method) -> Advice | None:
    """Return the advice on the sample, or raise where the model is not offered for it.

    Raises
    ------
    NoResponses
        If there is nobody.
    SampleTooSmall
        If the model needs more persons.
    """
    if n_persons == 0:
        raise NoResponses
    if method.model is None:
        return None
    advice = advise(n_persons, method.model)
    if not advice.is_offered:
        raise SampleTooSmall(n_persons=n_persons, minimum=MINIMUM_PERSONS[method.model])
    return advice
