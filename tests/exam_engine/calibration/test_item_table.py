"""An item table is read as described or refused with the place."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.calibration.item_table import read_items
from exam_engine.calibration.rules import ItemsRefused
from exam_engine.psychometrics.irt.models import Model


def test_a_table_made_by_hand_needs_little() -> None:
    table = read_items(
        "item;a;b;c;step1;step2\n甲;1.2;-0.5;;;\n乙;1;0.3;0.2;;\n丙;0.8;;;-1;1\n丁;;;;;\n".encode()
    )

    assert table.names == ("甲", "乙", "丙")
    assert table.without == ("丁",)
    assert table.items.models == (Model.TWO_PL, Model.THREE_PL, Model.GPCM)
    np.testing.assert_allclose(table.items.b, [-0.5, 0.3, 0.0], atol=1e-15)
    np.testing.assert_allclose(table.items.steps[2], [-1.0, 1.0])
    assert np.isnan(table.se_a).all()


def test_a_rasch_table_needs_no_slopes() -> None:
    assert read_items(b"item,model,b\nQ1,rasch,0.5\n").items.a.tolist() == [1.0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", 'no column "item"'),
        (b"name,a,b\nQ1,1,0\n", 'no column "item"'),
        (b"item,b,b\nQ1,1,0\n", "appears twice"),
        (b"item,a,b\nQ1,1,x\n", 'row 2, column b \\(Q1\\): "x" is not a number'),
        (b"item,a,b\nQ1,1,inf\n", '"inf" is not a number'),
        (b"item,a,b\nQ1,1,0\nQ1,1,0\n", "row 3: the item is named twice"),
        (b"item,a,b\n,1,0\n", "row 2: no item name"),
        (b"item,a,b\nQ1,,\n", "no item of the table has parameters"),
        (b"item,model,a,b\nQ1,5pl,1,0\n", 'model "5pl" is none of'),
        (b"item,a,b,c\nQ1,1,0,1.5\n", "0 <= lower"),
        (b"item,model,a,step1,step2\nQ1,graded,1,1,-1\n", "must rise"),
        (b"item,a,b\nQ1,1,0,5\n", "row 2: 4 cells, the header has 3"),
        (b"item,a,step1,step2,step3\nQ1,1,-1,,1\n", "step3 is given, but step2 is empty"),
        (b"item,a,b\nQ1,0,1\n", "a is 0"),
        (b"item;b\nQ1;0,5\n", "such as 0.5"),
        (b"\xff\xfe\x00", "neither UTF-8"),
    ],
)
def test_every_fault_is_named_with_its_place(content: bytes, message: str) -> None:
    with pytest.raises(ItemsRefused, match=message):
        read_items(content)
