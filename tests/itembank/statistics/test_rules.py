"""Which items deserve a second look."""

from __future__ import annotations

import pytest

from itembank.statistics.rules import ItemFlag, flags_of


@pytest.mark.parametrize(
    ("n_responses", "p_value", "discrimination", "is_constant", "expected"),
    [
        (400, 0.6, 0.35, False, []),
        (400, 0.6, 0.1, False, [ItemFlag.WEAK]),
        (400, 0.6, -0.1, False, [ItemFlag.NEGATIVE]),
        (400, 0.97, 0.2, False, [ItemFlag.TOO_EASY]),
        (400, 0.15, 0.2, False, [ItemFlag.TOO_HARD]),
        (400, 1.0, None, True, [ItemFlag.CONSTANT, ItemFlag.TOO_EASY]),
        (0, None, None, True, [ItemFlag.CONSTANT, ItemFlag.FEW_RESPONSES]),
    ],
)
def test_flags(
    n_responses: int,
    p_value: float | None,
    discrimination: float | None,
    is_constant: bool,
    expected: list[ItemFlag],
) -> None:
    found = flags_of(
        n_responses=n_responses, p_value=p_value, discrimination=discrimination, is_constant=is_constant
    )

    assert found == expected
