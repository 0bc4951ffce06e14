"""The smallest change among rules that each seem to suffice: which are asked, and in what order."""

from __future__ import annotations

from exam_engine.assembly.least_change import Changes, Judge, smallest_change
from exam_engine.assembly.relax import MINIMUM, Dial, Give

NAMES = ("a", "b", "c")
GIVES = {name: Give(name, (Dial(name, MINIMUM, 5.0, -1.0, 5, 5.0),), (), 1) for name in NAMES}
"""Three rules with a minimum of 5 that may go down to 0."""


def _change(helps: str) -> tuple[Changes, bool, list[tuple[str, float]]]:
    """Return the change found where each rule seems to suffice and one does, and what was asked by forms."""
    asked: list[tuple[str, float]] = []

    def is_possible(changes: Changes) -> bool:
        assert changes, "that there are no forms without a change is known"
        asked.append((changes[0].rule, changes[0].after))
        return changes[0].rule == helps and changes[0].after <= 3

    judge = Judge(lambda changes: True, is_possible)
    changes, confirmed = smallest_change(GIVES, lambda names: None, [frozenset(NAMES)], judge)
    return changes, confirmed, asked


def test_after_a_rule_misled_the_next_ones_are_asked_at_their_fullest_first() -> None:
    _, _, asked = _change("c")

    assert [at for at in asked if at[0] == "a"] == [("a", 4.0), ("a", 0.0)]
    assert [at for at in asked if at[0] == "b"] == [("b", 0.0)]


def test_a_rule_that_helps_is_tuned_by_forms_after_others_misled() -> None:
    for helps in NAMES:
        changes, confirmed, _ = _change(helps)

        assert confirmed
        assert [(one.rule, one.after) for one in changes] == [(helps, 3.0)]


def test_nothing_is_confirmed_when_no_rule_helps_by_forms() -> None:
    _, confirmed, _ = _change("none of them")

    assert not confirmed
