"""Pool files: what is read, and what is refused with row and column."""

from __future__ import annotations

import pytest

from exam_engine.papers import pool_file
from exam_engine.papers.pool_file import MAX_ITEMS, PoolRefused, read_pool

TEXT = "id;a;b;type;seconds;unit;enemies\nQ1;1.2;-0.5;单选;30;1;Q2\nQ2;0.8;0;;45;2;Q1\n\nQ3;1;1;多选;60;2;\n"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_columns_are_numbers_where_all_cells_are_and_labels_elsewhere(encoding: str) -> None:
    found = read_pool(TEXT.encode(encoding))

    assert found.pool.ids == ("Q1", "Q2", "Q3")
    assert sorted(found.pool.numeric) == ["a", "b", "seconds", "unit"]
    assert found.pool.texts("type").tolist() == ["单选", "", "多选"]
    assert found.pool.numbers("seconds").tolist() == [30, 45, 60]
    assert found.pool.c is None
    assert found.enemies == (("Q1", "Q2"),)
    assert found.rows[2] == ("Q3", "1", "1", "多选", "60", "2", "")


def test_columns_are_what_the_rules_take_them_for() -> None:
    found = read_pool(TEXT.encode(), numeric=["b"], categorical=["unit"])

    assert found.pool.texts("unit").tolist() == ["1", "2", "2"]
    assert list(found.pool.numeric) == ["b"]
    with pytest.raises(PoolRefused, match='row 2, column type: "单选" is not a number'):
        read_pool(TEXT.encode(), numeric=["type"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'row 1: there is no column "id"'),
        ("id,a\nQ1,1\n", 'row 1: column "a" needs a column "b"'),
        ("id,x,x\nQ1,1,1\n", 'row 1, column 3: "x" names two columns'),
        ("id,ids\nQ1,1\n", "row 1, column 2: .* rename the column"),
        ("id,x\n", "row 2: there is no item"),
        ("id,x\nQ1,1\n ,2\n", "row 3, column id: the id is empty"),
        ('id,x\n"Q1","a\nb"\nQ1,2\n', 'row 4, column id: "Q1" is the id of row 2 already'),
        ("id,x\nQ1,1\nQ2,2,3\n", "row 3: 3 cells, the header has 2"),
        ("id,a,b\nQ1,nan,0\n", 'row 2, column a: "nan" is not a number between'),
        ("id,a,b\nQ1,,0\n", "row 2, column a: the cell is empty"),
        ("id,a,b\nQ1,-0.5,0\n", "row 2, column a: -0.5: a discrimination is above 0"),
        ("id,a,b,c\nQ1,1,0,1\n", "row 2, column c: 1: a lower asymptote is at least 0 and below 1"),
        ("id,enemies\nQ1,Q7\n", 'row 2, column enemies: there is no item "Q7"'),
        ("id,enemies\nQ1,Q1\n", 'row 2, column enemies: "Q1" cannot be its own enemy'),
        ("id,x\nQ1,\0\n", "row 2: a NUL character"),
        ('id,x\nQ1,"open\n', "row .*: not CSV"),
    ],
)
def test_a_fault_is_named_with_row_and_column(text: str, message: str) -> None:
    with pytest.raises(PoolRefused, match=message):
        read_pool(text.encode())


def test_a_million_rows_are_refused_by_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_ITEMS == 100_000
    monkeypatch.setattr(pool_file, "MAX_ITEMS", 100)
    text = "id\n" + "\n".join(f"Q{k}" for k in range(101))

    with pytest.raises(PoolRefused, match="row 102: more than 100 items"):
        read_pool(text.encode())


def test_bytes_that_are_no_text_and_files_that_are_too_large_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(PoolRefused, match="neither UTF-8 nor GB 18030"):
        read_pool(b"id\n\xff\xff\n")
    monkeypatch.setattr(pool_file, "MAX_BYTES", 2**20)
    with pytest.raises(PoolRefused, match="larger than 1 MB"):
        read_pool(b"x" * (2**20 + 1))
