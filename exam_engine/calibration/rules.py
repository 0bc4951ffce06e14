"""What may be calibrated and how, and the refusals. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from exam_engine.psychometrics.irt.checking import SINGLE_SCORE
from exam_engine.psychometrics.irt.models import Model
from exam_engine.psychometrics.irt.patterns import MAX_SCORE
from exam_engine.psychometrics.sample_size import ALWAYS_OFFERED, MINIMUM_PERSONS, Advice, advise
from itembank.base.errors import Conflict, Invalid, NotFound

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_CELLS = 50_000_000
"""About the size at which a calibration stops fitting in 2 GB of memory."""

MAX_PROBLEMS = 200
"""A file with more problems than this is listed up to here; the count goes on."""

PERSON_COLUMN = "person"

SHOWN_NAMES = 12
SHOWN_BLOCKS = 6
"""How many names of a block, and blocks, a message shows."""

MINIMUM_ITEMS = {model: 2 if model in ALWAYS_OFFERED else 3 for model in Model}
"""Items below which a model is not identified: with slopes of their own two items leave one slope open."""


class Method(StrEnum):
    """How a calibration describes the items."""

    CLASSICAL = "classical"
    RASCH = "rasch"
    TWO_PL = "2pl"
    ONE_PL = "1pl"
    THREE_PL = "3pl"
    FOUR_PL = "4pl"
    PCM = "pcm"
    GPCM = "gpcm"
    GRADED = "graded"
    NOMINAL = "nominal"

    @property
    def model(self) -> Model | None:
        """The item response model behind the method, or None."""
        return None if self is Method.CLASSICAL else Model(self.value)

    @property
    def highest(self) -> int:
        """Highest score that the method takes."""
        return 1 if self.model in SINGLE_SCORE else MAX_SCORE


STORED_METHODS = (Method.CLASSICAL, Method.RASCH, Method.ONE_PL, Method.TWO_PL, Method.THREE_PL)
"""What a scale of the bank can hold; the others are for response files outside it."""


MODEL_NAMES = {
    Model.RASCH: "Rasch",
    Model.ONE_PL: "1PL",
    Model.TWO_PL: "2PL",
    Model.THREE_PL: "3PL",
    Model.FOUR_PL: "4PL",
    Model.PCM: "PCM",
    Model.GPCM: "GPCM",
    Model.GRADED: "GRM",
    Model.NOMINAL: "NRM",
}
"""Short names that read the same in every language."""


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
    NO_COLUMN = "the header has no column of this name"
    NO_GROUP = "the person has no group"
    OPTION = "the answer is none of the item's options"
    TWICE = "the person has a row already"
    NOT_PARQUET = "the file is not a readable Parquet file"
    COLUMN_TYPE = "a column of responses must hold whole numbers or nothing"
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
        "{n_persons} persons are too few for the {model} model: it needs at least {minimum}. "
        "Use classical statistics, or one of the models offered for this sample: {offered}."
    )


class PriorRefused(Invalid):
    """A prior on the lower asymptote that no calibration needs."""

    code = "calibration.prior_refused"
    message = (
        "Prior on c: mean {mean} and standard deviation {sd} of logit c. The mean must lie from {low} to {high}, "
        "the standard deviation from {least} to {most}."
    )


class AnswersNotKept(Conflict):
    """A scale without answers of its own, such as a linked one."""

    code = "calibration.answers_not_kept"
    message = "No answers are kept with the scale “{name}”: it cannot be calibrated again."


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


class UnlinkedBlocks(Conflict):
    """Blocks of items that nobody saw together: their scales are not linked."""

    code = "calibration.unlinked_items"
    message = (
        "{n_blocks} blocks of items were never seen by one person, so that their scales are not linked: {blocks}. "
        "Calibrate each block alone, or add common items."
    )

    def __init__(self, blocks: Sequence[Sequence[str]]) -> None:
        self.blocks = tuple(tuple(block) for block in blocks)
        shown = [
            ", ".join(block[:SHOWN_NAMES]) + ("…" if len(block) > SHOWN_NAMES else "")
            for block in self.blocks[:SHOWN_BLOCKS]
        ]
        more = " | …" if len(self.blocks) > SHOWN_BLOCKS else ""
        super().__init__(n_blocks=len(self.blocks), blocks=" | ".join(shown) + more)


class ItemsRefused(Invalid):
    """An item table is not as described."""

    code = "calibration.items_refused"
    message = "The item table was refused: {reason}."

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason


class KeyRefused(Invalid):
    """A key is not as described, or does not fit the answers."""

    code = "calibration.key_refused"
    message = "The key was refused: {reason}."

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason


class SettingsRefused(Invalid):
    """The settings of an estimation do not go together, or not with these data."""

    code = "calibration.settings_refused"
    message = "These settings and data do not go together: {reason}."

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class MethodNotStored(Invalid):
    """A scale of the bank cannot hold what the method finds."""

    code = "calibration.method_not_stored"
    message = (
        "Scales of the bank hold classical statistics, Rasch, 1PL, 2PL and 3PL. "
        "Other models run on the command line."
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
        offered = [model for model in advice.offered if _is_alike(model, method)]
        raise SampleTooSmall(
            n_persons=n_persons,
            model=MODEL_NAMES[method.model],
            minimum=MINIMUM_PERSONS[method.model],
            offered=", ".join(MODEL_NAMES[model] for model in offered),
        )
    return advice


def _is_alike(model: Model, method: Method) -> bool:
    """Return whether a model may stand in for a method: for items scored 0 or 1 those that a scale holds."""
    return method.highest > 1 or Method(model.value) in STORED_METHODS


def check_stored(method: Method) -> None:
    """Raise MethodNotStored unless a scale of the bank can hold what the method finds."""
    if method not in STORED_METHODS:
        raise MethodNotStored
