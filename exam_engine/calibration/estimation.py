"""How parameters are to be estimated: what a caller may choose beside the model. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field

from exam_engine.calibration.item_table import NamedItems
from exam_engine.psychometrics.irt.calibrate import NODES, NONE, ErrorMethod, Normal, Priors
from exam_engine.psychometrics.irt.models import Model

PRIOR_NAMES = {"a": "log_a", "b": "b", "c": "logit_c", "u": "logit_u"}
"""Letter of a parameter → the prior it means: slopes on the log scale, asymptotes on the logit scale."""

WORDS = {"log_a": "log a", "b": "b", "logit_c": "logit c", "logit_u": "logit u"}


@dataclass(frozen=True)
class Estimation:
    """Choices of an estimation.

    Attributes
    ----------
    priors : Priors
        By default normal priors on the logits of the asymptotes, which only 3PL and 4PL items have.
    fixed : NamedItems, optional
        Items of known parameters, found in the data by name; the others come onto their scale.
    item_models : tuple of (item name, Model)
        Items with another model than the rest.
    density : str
        ``normal`` or ``empirical``.
    errors : ErrorMethod
    nodes : int
    equivalent_persons : bool
        Take unlinked blocks of items as linked by their persons.
    """

    priors: Priors = field(default_factory=Priors)
    fixed: NamedItems | None = None
    item_models: tuple[tuple[str, Model], ...] = ()
    density: str = "normal"
    errors: ErrorMethod = ErrorMethod.OBSERVED
    nodes: int = NODES
    equivalent_persons: bool = False


def priors_of(given: dict[str, tuple[float, float]], *, defaults: bool = True) -> Priors:
    """Return the priors of the parameters named by letter, over the defaults or over none.

    >>> priors_of({"a": (0.0, 0.5)}, defaults=False)
    Priors(log_a=Normal(mean=0.0, sd=0.5), b=None, logit_c=None, logit_u=None)

    Raises
    ------
    ValueError
        If a letter is none of a, b, c, u, or a standard deviation is not positive.
    """
    base = Priors() if defaults else NONE
    values = {name: getattr(base, name) for name in PRIOR_NAMES.values()}
    for letter, (mean, sd) in given.items():
        if letter not in PRIOR_NAMES:
            raise ValueError(f"a prior is of {', '.join(PRIOR_NAMES)}, not of {letter}")
        values[PRIOR_NAMES[letter]] = Normal(mean, sd)
    return Priors(**values)


def priors_in_words(priors: Priors, models: frozenset[Model]) -> tuple[str, ...]:
    """Return the priors that take part for items of these models."""
    with_asymptote = bool(models & {Model.THREE_PL, Model.FOUR_PL})
    takes_part = {
        "log_a": bool(models - {Model.RASCH, Model.ONE_PL, Model.PCM, Model.NOMINAL}),
        "b": True,
        "logit_c": with_asymptote,
        "logit_u": Model.FOUR_PL in models,
    }
    return tuple(
        f"{WORDS[name]} ~ normal({prior.mean:g}, {prior.sd:g})"
        for name, used in takes_part.items()
        if used and (prior := getattr(priors, name)) is not None
    )
