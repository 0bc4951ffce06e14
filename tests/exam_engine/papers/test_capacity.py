"""How many more forms a bank can give, and what runs out first."""

from __future__ import annotations

from exam_engine.assembly import Assembled, Count, Is, PerValue, Pool, Specification, assemble
from exam_engine.papers.capacity import MOST, capacity, without_items

TYPES = ["x"] * 7 + ["y"] * 20
POINTS = ["p1"] * 4 + ["p2", "p3", "p4"] + [f"q{k}" for k in range(20)]
POOL = Pool(
    ids=[f"i{k}" for k in range(27)],
    numeric={"marks": [1] * 27, "difficulty": [3] * 27},
    categorical={"type": TYPES, "point": POINTS},
)
RULES = (
    Count(name="length", minimum=5, maximum=5, structural=True),
    Count(name="two of x", where=(Is("type", "x"),), minimum=2),
    PerValue(name="one a point", attribute="point"),
)


def test_the_row_that_runs_out_first_is_named_with_its_numbers() -> None:
    found = capacity(POOL, Specification(RULES))

    first = found.rows[0]
    # Four of the seven share a point: three forms hold 3 + 3 of them, four could hold 4 + 3 = 7 and need 8.
    assert (first.rule, first.needs, first.items, first.usable, first.lasts) == ("two of x", 2, 7, 7, 3)
    assert found.bound == 3
    assert isinstance(assemble(POOL, Specification(RULES), forms=3), Assembled)
    assert [one.point for one in found.points] == ["p2", "p3", "p4", "p1"]


def test_items_of_sealed_papers_are_kept_out() -> None:
    barred = {"i4", "i5", "i6"}

    found = capacity(POOL, Specification(RULES), barred)

    assert found.pool == 24
    assert found.bound == 0
    assert [(one.point, one.items) for one in found.points][:3] == [("p2", 0), ("p3", 0), ("p4", 0)]
    kept_out = without_items(Specification(RULES), POOL, barred | {"not in the pool"}).rules[-1]
    assert kept_out.ids == ("i4", "i5", "i6")  # type: ignore[union-attr]


def test_forms_that_may_share_items_are_limited_by_none() -> None:
    found = capacity(POOL, Specification(RULES, max_use=None))

    assert found.bound == MOST
    assert {row.lasts for row in found.rows} == {MOST}
