"""Answers and keys are read as described or refused with the place."""

from __future__ import annotations

import pytest

from exam_engine.calibration.answer_file import read_answers, read_key
from exam_engine.calibration.rules import Fault, KeyRefused, ResponsesRefused

KEY = {"Q1": ("B", ("A", "B", "C")), "Q2": ("T", ()), "Q9": ("A", ())}


def test_answers_become_positions_of_options() -> None:
    found = read_answers(
        "person,room,Q1,Q2,remark,Q3\n甲,1,B,T,,x\n乙,2,C,F,,\n丙,1,,,,y\n".encode(),
        KEY,
        group="room",
        ignore=["remark"],
    )

    assert found.persons == ("甲", "乙", "丙")
    assert found.items == ("Q1", "Q2")
    assert found.labels == (("A", "B", "C"), ("F", "T"))
    assert found.chosen.tolist() == [[1, 1], [2, 0], [-1, -1]]
    assert found.key.tolist() == [1, 1]
    assert found.group == ("1", "2", "1")
    assert (found.unkeyed, found.unused) == (("Q3",), ("Q9",))


def test_persons_without_names_are_numbered() -> None:
    assert read_answers(b"Q1,Q2\nA,T\nA,T\n", KEY).persons == ("1", "2")


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        (b"Q1,Q2\nD,T\n", [(Fault.OPTION, 2, 1)]),
        (b"Q1,Q2\nA\n", [(Fault.WIDTH, 2, None)]),
        (b"Q1,Q1\nA,A\n", [(Fault.DUPLICATE, 1, 2)]),
        (b"Q1,,\nA,A,\n", [(Fault.NO_NAME, 1, 2), (Fault.NO_NAME, 1, 3)]),
        (b"person,Q1\nx,A\nx,B\n", [(Fault.TWICE, 3, None)]),
        (b"Q1,Q2\n", [(Fault.NO_ROWS, None, None)]),
    ],
)
def test_every_fault_has_its_place(content: bytes, faults: list[tuple[Fault, int, int]]) -> None:
    with pytest.raises(ResponsesRefused) as refused:
        read_answers(content, KEY)

    assert [(one.fault, one.row, one.column) for one in refused.value.problems] == faults


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"item,answer\nQ1,A\n", 'columns "item" and "key"'),
        (b"item,key\nQ1,\n", "row 2: item or key is empty"),
        (b"item,key\nQ1,A\nQ1,B\n", "row 3: item Q1 is named twice"),
        (b"item,key,options\nQ1,E,A B C\n", "the key E of Q1 is not one of its options"),
        (b"item,key\n", "no row under the header"),
        (b"item,key\nQ1\n", "row 2: 1 cells"),
    ],
)
def test_a_bad_key_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(KeyRefused, match=message):
        read_key(content)


def test_answers_without_any_key_are_refused() -> None:
    with pytest.raises(KeyRefused, match="no column of the answers has a key"):
        read_answers(b"X1,X2\nA,B\n", KEY)
