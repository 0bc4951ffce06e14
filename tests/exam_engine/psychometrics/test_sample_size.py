"""Small samples get the Rasch model or classical statistics."""

from __future__ import annotations

import pytest

from exam_engine.psychometrics.irt.models import Model
from exam_engine.psychometrics.sample_size import advise


@pytest.mark.parametrize(
    ("n_persons", "model", "enough", "is_offered"),
    [
        (99, "rasch", False, True),
        (100, "rasch", True, True),
        (499, "2pl", False, False),
        (500, "2pl", True, True),
    ],
)
def test_thresholds(n_persons: int, model: str, enough: bool, is_offered: bool) -> None:
    advice = advise(n_persons, model)

    assert (advice.enough, advice.is_offered) == (enough, is_offered)
    assert Model.RASCH in advice.offered
