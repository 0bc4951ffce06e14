"""How many persons a calibration needs, and what to use below that."""

from __future__ import annotations

from dataclasses import dataclass

from exam_engine.psychometrics.irt.models import Model

MINIMUM_PERSONS = {Model.RASCH: 100, Model.TWO_PL: 500}
"""Persons below which a model is advised against.

Rasch: 100 persons place an item within ± 0.5 logit with 95 % confidence (Linacre, 1994, Rasch Measurement
Transactions 7(4), 328). 2PL: 500 (Hulin, Lissak & Drasgow, 1982, Applied Psychological Measurement 6,
249–260).
"""


@dataclass(frozen=True)
class Advice:
    """Whether a sample carries a model, and what it does carry.

    Attributes
    ----------
    model : Model
        The model asked for.
    n_persons, minimum : int
        The sample, and the size from which the model is advised.
    enough : bool
        Whether the sample reaches that size.
    offered : tuple of Model
        Models that may be used with this sample: below its minimum the 2PL is not, the Rasch model is, with a
        warning that its difficulties are rough. Classical statistics are always offered.
    """

    model: Model
    n_persons: int
    minimum: int
    enough: bool
    offered: tuple[Model, ...]

    @property
    def is_offered(self) -> bool:
        """Whether the model asked for may be used at all."""
        return self.model in self.offered


def advise(n_persons: int, model: Model | str) -> Advice:
    """Say whether a sample is large enough for a model.

    Parameters
    ----------
    n_persons : int
        Persons in the sample.
    model : Model or {"rasch", "2pl"}

    Returns
    -------
    Advice

    Notes
    -----
    The thresholds and their sources stand at `MINIMUM_PERSONS`.

    Examples
    --------
    >>> advise(400, "2pl").is_offered, advise(400, "rasch").enough, advise(40, "rasch").enough
    (False, True, False)
    """
    kind = Model(model)
    offered = tuple(
        candidate
        for candidate in Model
        if candidate is Model.RASCH or n_persons >= MINIMUM_PERSONS[candidate]
    )
    minimum = MINIMUM_PERSONS[kind]
    return Advice(kind, n_persons, minimum, n_persons >= minimum, offered)
