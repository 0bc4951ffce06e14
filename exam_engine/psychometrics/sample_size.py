"""How many persons a calibration needs, and what to use below that."""

from __future__ import annotations

from dataclasses import dataclass

from exam_engine.psychometrics.irt.models import Model

MINIMUM_PERSONS = {
    Model.RASCH: 100,
    Model.ONE_PL: 100,
    Model.PCM: 100,
    Model.TWO_PL: 500,
    Model.GPCM: 500,
    Model.GRADED: 500,
    Model.NOMINAL: 600,
    Model.THREE_PL: 1000,
    Model.FOUR_PL: 5000,
}
"""Persons below which a model is advised against.

Rasch, 1PL and partial credit: 100 persons place an item within ± 0.5 logit with 95 % confidence (Linacre, 1994, Rasch
Measurement Transactions 7(4), 328). 2PL 500 and 3PL 1,000 (Hulin, Lissak & Drasgow, 1982, Applied Psychological
Measurement 6, 249–260). Graded 500 (Reise & Yu, 1990, Journal of Educational Measurement 27, 133–144), taken
for the generalised partial credit model too. Nominal 600: a house rule between those; more categories need
more persons, more items hardly do (DeMars, 2003, Applied Psychological Measurement 27, 275–288). 4PL 5,000 (Waller &
Feuerstahler, 2017, Multivariate Behavioral Research 52, 350–370).
"""

ALWAYS_OFFERED = frozenset({Model.RASCH, Model.ONE_PL, Model.PCM})
"""Models that a smaller sample may use, with a warning that the difficulties are rough."""


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
        Models that may be used with this sample: those it carries, and with a warning those in `ALWAYS_OFFERED`.
        Classical statistics are always offered.
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
    model : Model or str

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
        if candidate in ALWAYS_OFFERED or n_persons >= MINIMUM_PERSONS[candidate]
    )
    minimum = MINIMUM_PERSONS[kind]
    return Advice(kind, n_persons, minimum, n_persons >= minimum, offered)
