"""A response file is read as described or refused with every place."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.calibration import reading
from exam_engine.calibration.reading import read_responses
from exam_engine.calibration.rules import Fault, FileTooLarge, ResponsesRefused


def faults(content: bytes) -> list[tuple[Fault, int | None, int | None]]:
    with pytest.raises(ResponsesRefused) as refused:
        read_responses(content)
    return [(problem.fault, problem.row, problem.column) for problem in refused.value.problems]


def test_empty_means_not_presented() -> None:
    matrix = read_responses(b"Q1,Q2\n1,0\n,1\n")

    assert matrix.items == ("Q1", "Q2")
    assert matrix.responses.tolist() == [[1, 0], [-1, 1]]


@pytest.mark.parametrize(
    "content",
    [
        b"person,Q1,Q2\np1,1,0\np2,,1\n",
        "\ufeffPerson;Q1;Q2\r\n甲;1;0\r\n\r\n乙;;1\r\n".encode(),
        "person\tQ1\tQ2\n甲\t1\t 0\n乙\t\t1".encode("gb18030"),
    ],
    ids=["comma", "semicolon with mark and Windows lines", "tab in GB 18030"],
)
def test_the_person_column_and_the_dialects(content: bytes) -> None:
    matrix = read_responses(content)

    assert matrix.items == ("Q1", "Q2")
    assert matrix.responses.tolist() == [[1, 0], [-1, 1]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", [(Fault.EMPTY, 1, None)]),
        (b"\n\n", [(Fault.EMPTY, 1, None)]),
        (b"person\np1\n", [(Fault.EMPTY, 1, None)]),
        (b"Q1,Q2\n", [(Fault.NO_ROWS, None, None)]),
        (b"Q1,,Q1\n1,1,1\n", [(Fault.NO_NAME, 1, 2), (Fault.DUPLICATE, 1, 3)]),
        (b"Q1,Q2\n1,2\n1\n0,x\n", [(Fault.VALUE, 2, 2), (Fault.WIDTH, 3, None), (Fault.VALUE, 4, 2)]),
        (b"Q1,Q2\n1,0.5\n-1,1\n", [(Fault.VALUE, 2, 2), (Fault.VALUE, 3, 1)]),
        (b"PK\x03\x04\x00\x00\xff\xff", [(Fault.ENCODING, None, None)]),
    ],
)
def test_every_fault_is_named_with_its_place(
    content: bytes, expected: list[tuple[Fault, int | None, int | None]]
) -> None:
    assert faults(content) == expected


def test_the_message_says_where_and_what() -> None:
    with pytest.raises(ResponsesRefused) as refused:
        read_responses(b"person,Q1\np1,1\np2,yes\n")

    assert 'row 3, column 2 (Q1): "yes": a response must be 0, 1 or empty' in str(refused.value)


def test_many_problems_are_counted_but_not_all_kept() -> None:
    with pytest.raises(ResponsesRefused) as refused:
        read_responses(b"Q1\n" + b"7\n" * 1000)

    assert refused.value.count == 1000
    assert len(refused.value.problems) == 200


def test_a_file_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_CELLS", 3)

    with pytest.raises(FileTooLarge):
        read_responses(b"Q1,Q2\n1,1\n1,1\n")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(ResponsesRefused):
        matrix = read_responses(content)

        assert matrix.responses.shape[1] == len(matrix.items)


def test_scores_are_read_only_where_they_are_asked_for() -> None:
    content = b"Q1,Q2\n10,0\n,3\n"

    assert read_responses(content, highest=10).responses.tolist() == [[10, 0], [-1, 3]]
    assert faults(content) == [(Fault.VALUE, 2, 1), (Fault.VALUE, 3, 2)]
    with pytest.raises(ResponsesRefused, match="whole number from 0 to 100"):
        read_responses(b"Q1\n101\n", highest=100)
