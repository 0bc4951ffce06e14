"""Pool files: what is read, and what is refused with row and column."""

from __future__ import annotations

import pytest

from exam_engine.papers import pool_file
from exam_engine.papers.pool_cells import PoolRefused
from exam_engine.papers.pool_file import MAX_ITEMS, read_pool

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


MIXED = """id,model,a,b,c,b1,b2,b3,unit
Q1,3PL,1.2,-0.5,0.2,,,,u
Q2,GRM,1.1,,,-1,0.5,,u
Q3,gpcm,0.7,,,0.4,-0.2,1,v
Q4,rasch,,0.3,,,,,v
"""


def test_each_row_may_have_its_own_model() -> None:
    found = read_pool(MIXED.encode())

    items = found.pool.items
    assert items is not None
    assert [str(model) for model in items.models] == ["3pl", "graded", "gpcm", "2pl"]
    assert items.highest.tolist() == [1, 2, 3, 1]
    assert items.steps[2].tolist() == pytest.approx([0.4, -0.2, 1.0])
    assert found.pool.numbers("b").tolist() == pytest.approx([-0.5, -0.25, 0.4, 0.3])
    assert found.pool.numbers("a").tolist() == pytest.approx([1.2, 1.1, 0.7, 1.0])


def test_a_constant_before_a_is_taken_into_the_discrimination() -> None:
    plain = read_pool(b"id,a,b\nQ1,1.7,0.5\nQ2,0.85,0\n").pool
    scaled = read_pool(b"id,a,b,scaling\nQ1,1,0.5,1.7\nQ2,0.5,0,1.7\n").pool
    mixed = read_pool(b"id,model,a,scaling,b,b1,b2\nQ1,2pl,1,1.7,0.5,,\nQ2,graded,1,1.7,,-1,1\n").pool

    assert scaled.information([0.0, 1.0]).tolist() == plain.information([0.0, 1.0]).tolist()
    assert mixed.information([0.3])[0, 0] == pytest.approx(plain.information([0.3])[0, 0])
    assert mixed.items is not None
    assert mixed.items.steps[1].tolist() == pytest.approx([-1.0, 1.0])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("4PL,1,0,0,,", 'row 2, column model: "4PL" is none of rasch, 1pl'),
        ("graded,1,,,1,1", "row 2, column b2: 1: thresholds of a graded item rise"),
        ("gpcm,1,,,,1", "row 2, column b1: empty: a gpcm item has its steps from b1 on"),
        ("gpcm,1,0,,1,2", "row 2, column b: a gpcm item has none"),
        ("2pl,1,0,0.2,,", "row 2, column c: a 2pl item has none"),
        ("2pl,1,0,,1,", "row 2, column b1: a 2pl item has none"),
        ("2pl,,0,,,", "row 2, column a: the cell is empty"),
        ("3pl,1,0,,,", "row 2, column c: the cell is empty"),
    ],
)
def test_a_fault_in_a_row_with_its_own_model_is_named(row: str, message: str) -> None:
    with pytest.raises(PoolRefused, match=message):
        read_pool(f"id,model,a,b,c,b1,b2\nQ1,{row}\n".encode())


def test_steps_need_the_model_beside_them() -> None:
    with pytest.raises(PoolRefused, match='row 1: column "b1" needs a column "model" beside it'):
        read_pool(b"id,a,b1\nQ1,1,0\n")
