"""Files from disk: plain ones at once, unusual ones row by row, Parquet by columns; always the same matrix."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from arro3.core import Array, DataType, Table
from arro3.io import write_parquet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exam_engine.calibration import plain_reading, spool
from exam_engine.calibration.careful_reading import decode, read_text
from exam_engine.calibration.plain_reading import NotPlain, read_plain
from exam_engine.calibration.reading import read_file
from exam_engine.calibration.response_matrix import ResponseMatrix
from exam_engine.calibration.rules import Fault, ResponsesRefused


def write(folder: Path, content: bytes) -> Path:
    path = folder / "responses.csv"
    path.write_bytes(content)
    return path


def outcome(read: object, *arguments: object, **more: object) -> object:
    """Return what a reader gives, as plain data, or the faults it names."""
    try:
        matrix = read(*arguments, **more)  # type: ignore[operator]
    except ResponsesRefused as refused:
        return refused.problems
    return plain(matrix)


def plain(matrix: ResponseMatrix) -> object:
    group = None if matrix.group is None else matrix.group.tolist()
    return (matrix.items, matrix.responses.tolist(), matrix.first_column, group, matrix.group_names)


@pytest.mark.parametrize(
    "content",
    [
        b"Q1,Q2\n1,0\n,1\n",
        b"Q1,Q2\r\n1,0\r\n,1\r\n",
        b"Q1;Q2\n1;0\n;1",
        b"person,Q1,Q2\nanyone,1,0\n,,1\n",
        "person\t甲\t乙\n张三\t1\t0\n李四\t\t1\n".encode(),
        "person\t甲\t乙\n张三\t1\t0\n李四\t\t1\n".encode("gb18030"),
        b"Q1,Q2\n10,100\n7,\n",
    ],
)
def test_plain_files_are_read_at_once_and_as_the_careful_reader_reads_them(
    content: bytes, tmp_path: Path
) -> None:
    quick = read_plain(write(tmp_path, content), highest=100)

    assert plain(quick) == plain(read_text(decode(content), highest=100))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Q1\n1\n\n0\n",
        b'Q1,Q2\n"1",0\n',
        b"Q1,Q2\n1,0\n\n0,1\n",
        b"Q1,Q2\n1,0\n1\n",
        b"Q1,Q2\n1\n0,1,1\n",
        b"Q1,Q2\n01,0\n",
        b"Q1,Q2\n 1,0\n",
        b"Q1,Q2\n-1,0\n",
        b"Q1,Q2\n1,x\n",
        b"Q1,Q2\n1,101\n",
        b"Q1,Q2\r1,0\r",
        b"Q1,Q2\n1,0\r\r\n",
        b"Q1,Q1\n1,0\n",
        b"Q1,Q2\n",
        b"person,Q1\na\x00,1\n",
        b"person,Q1\n\xff\xff\xff,1\n",
        "person,项\n张,1\n".encode() + "李,0\n".encode("gb18030"),
    ],
)
def test_everything_else_goes_to_the_careful_reader(content: bytes, tmp_path: Path) -> None:
    path = write(tmp_path, content)

    with pytest.raises(NotPlain):
        read_plain(path, highest=100)
    assert outcome(read_file, path, highest=100) == outcome(lambda: read_text(decode(content), highest=100))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet='01279,;\n\r" xa', max_size=60), st.sampled_from([1, 9, 100]))
def test_both_readers_agree_on_any_text(tmp_path: Path, text: str, highest: int) -> None:
    content = ("Q1,Q2\n" + text).encode()

    assert outcome(read_file, write(tmp_path, content), highest=highest) == outcome(
        lambda: read_text(decode(content), highest=highest)
    )


def test_blocks_end_where_they_will(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    marks = rng.integers(-1, 12, (200, 7))
    rows = [
        ",".join(["甲乙"[at % 2], *("" if mark < 0 else str(mark) for mark in row)])
        for at, row in enumerate(marks)
    ]
    path = write(tmp_path, "\n".join(["school," + ",".join(f"Q{at}" for at in range(7)), *rows]).encode())
    monkeypatch.setattr(plain_reading, "BLOCK_BYTES", 97)
    monkeypatch.setattr(spool, "LARGEST_IN_MEMORY", 500)

    matrix = read_plain(path, highest=11, group="school")

    assert isinstance(matrix.responses, np.memmap)
    np.testing.assert_array_equal(matrix.responses, marks)
    assert matrix.group is not None
    assert matrix.group_names == ("乙", "甲")
    assert matrix.group.tolist() == [1, 0] * 100
    assert matrix.n_persons == int((marks >= 0).any(axis=1).sum())


def test_named_columns_are_groups_or_left_out(tmp_path: Path) -> None:
    content = b"person,Q1,remark,Q2,site\n1,1,odd,0,b\n2,0,,1,a\n"

    matrix = read_file(write(tmp_path, content), group="site", ignore=["remark"])

    assert matrix.items == ("Q1", "Q2")
    assert matrix.responses.tolist() == [[1, 0], [0, 1]]
    assert (matrix.group_names, list(matrix.group if matrix.group is not None else [])) == (
        ("a", "b"),
        [1, 0],
    )
    with pytest.raises(ResponsesRefused) as refused:
        read_file(write(tmp_path, b"site,Q1\n,1\na,0\n"), group="site")
    assert [(one.fault, one.row, one.column) for one in refused.value.problems] == [(Fault.NO_GROUP, 2, 1)]
    with pytest.raises(ResponsesRefused, match=r"row 1 \(city\): the header has no column of this name"):
        read_file(write(tmp_path, content), group="city")


def table(**columns: Array) -> Table:
    return Table.from_pydict(dict(columns))


def test_parquet_gives_the_same_matrix(tmp_path: Path) -> None:
    path = tmp_path / "responses.parquet"
    write_parquet(
        table(
            person=Array(["p1", "p2", "p3"], DataType.utf8()),
            Q1=Array(np.array([1, 0, 2], dtype=np.int8)),
            Q2=Array([1, None, 3], DataType.int64()),
            Q3=Array([1.0, None, float("nan")], DataType.float64()),
            Q4=Array([True, None, False], DataType.bool()),
            Q5=Array([None, None, None], DataType.int32()),
            school=Array(["乙", "甲", "乙"], DataType.utf8()),
        ),
        str(path),
    )

    matrix = read_file(path, highest=100, group="school")

    assert matrix.items == ("Q1", "Q2", "Q3", "Q4", "Q5")
    assert matrix.responses.tolist() == [[1, 1, 1, 1, -1], [0, -1, -1, -1, -1], [2, 3, -1, 0, -1]]
    assert matrix.group_names == ("乙", "甲")


def test_parquet_is_refused_by_column_and_value(tmp_path: Path) -> None:
    path = tmp_path / "responses.parquet"
    write_parquet(
        table(Q1=Array(["A", "B"], DataType.utf8()), Q2=Array(np.array([0, 1], dtype=np.int8))), str(path)
    )
    with pytest.raises(
        ResponsesRefused, match=r'column 1 \(Q1\): "Utf8": a column of responses must hold whole'
    ):
        read_file(path)
    write_parquet(
        table(Q1=Array(np.array([0.5, 1.0])), Q2=Array(np.array([7, 1], dtype=np.int64))), str(path)
    )
    with pytest.raises(ResponsesRefused) as refused:
        read_file(path)
    assert [(one.row, one.column, one.value) for one in refused.value.problems] == [
        (1, 1, "0.5"),
        (1, 2, "7"),
    ]
    for content in (b"Q1,Q2\n1,0\n", b"PAR1 and no more PAR1"):
        path.write_bytes(content)
        with pytest.raises(ResponsesRefused, match="not a readable Parquet file"):
            read_file(path)
