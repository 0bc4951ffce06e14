"""Reading a response matrix from Parquet: a column an item, integers or nothing, batch by batch."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from os import SEEK_END
from pathlib import Path

import numpy as np
from arro3.core import Array, DataType, RecordBatch, RecordBatchReader, Schema
from arro3.io import read_parquet as open_parquet
from numpy.typing import NDArray

from exam_engine.calibration.response_matrix import (
    Columns,
    Problems,
    ResponseMatrix,
    find_columns,
    number_groups,
)
from exam_engine.calibration.rules import Fault, Problem, ResponsesRefused
from exam_engine.calibration.spool import Spool
from itembank.base.errors import ExamError

PARQUET_SUFFIXES = frozenset({".parquet", ".pq"})

BATCH_ROWS = 65_536

MAGIC = b"PAR1"
FOOTER_BYTES = 8
"""A file ends with the length of its description, four bytes, and the four letters of the format."""


def read_parquet(
    path: Path,
    *,
    highest: int,
    group: str | None = None,
    ignore: Sequence[str] = (),
    absent: Sequence[str] = (),
    report: Callable[[int, int, str], None] | None = None,
) -> ResponseMatrix:
    """Read a Parquet file.

    Columns of items hold whole numbers: integers of any width, booleans, or floating point as data frames write
    integers with gaps; null, NaN and numbers in ``absent`` mean not presented. The column of groups is text
    or integers. Rows count from 1.

    Raises
    ------
    ResponsesRefused
        If the file is not Parquet, a column is of another type, or a value is not a score.
    """
    problems = Problems()
    codes = [float(code) for code in absent if _is_number(code)]
    spool, groups = Spool(), list[str]()
    with _refusal_of_broken_files(path):
        with _without_panic_message():
            reader = open_parquet(str(path), batch_size=BATCH_ROWS)
        columns = _columns(reader.schema, problems, group=group, ignore=ignore)
        problems.check()
        for batch in _batches(reader):
            spool.add(_scores(batch, columns, highest, spool.n_rows, problems, codes))
            if columns.group is not None:
                groups += _groups(batch, columns.group, len(groups), problems)
            if report:
                report(0, 0, f"reading, {spool.n_rows} rows")
    if spool.n_rows == 0:
        problems.add(Problem(Fault.NO_ROWS))
    problems.check()
    matrix = spool.finish()
    if columns.group is None:
        return ResponseMatrix(columns.names, matrix, columns.first_column)
    return ResponseMatrix(columns.names, matrix, columns.first_column, *number_groups(groups))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _batches(reader: RecordBatchReader) -> Iterator[RecordBatch]:
    batches = iter(reader)
    while True:
        with _without_panic_message():
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


@contextmanager
def _without_panic_message() -> Iterator[None]:
    """Keep off stderr what the reader, written in Rust, prints of a broken file before it raises."""
    sys.stderr.flush()
    kept = os.dup(2)
    silent = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silent, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(silent)


@contextmanager
def _refusal_of_broken_files(path: Path) -> Iterator[None]:
    """Turn what the reader makes of a file that is not Parquet, or a broken one, into a refusal."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, SEEK_END)
            file.seek(max(0, size - FOOTER_BYTES))
            footer = file.read()
        if footer[-4:] != MAGIC or int.from_bytes(footer[:4], "little") > size - FOOTER_BYTES:
            raise ValueError
        yield
    except (ExamError, OSError):
        raise
    except BaseException as error:
        # The reader is written in Rust: its errors are bare, and panics are not exceptions but base exceptions.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise ResponsesRefused((Problem(Fault.NOT_PARQUET),), 1) from None


def _columns(schema: Schema, problems: Problems, *, group: str | None, ignore: Sequence[str]) -> Columns:
    """Return what each column is; note those whose type holds no scores."""
    columns = find_columns(list(schema.names), problems, group=group, ignore=ignore)
    for place, name in zip(columns.items, columns.names, strict=True):
        kind = schema.field(place).type
        if not any(check(kind) for check in (DataType.is_integer, DataType.is_floating, DataType.is_boolean)):
            problems.add(Problem(Fault.COLUMN_TYPE, column=place + 1, name=name, value=_name_of(kind)))
    return columns


def _name_of(kind: DataType) -> str:
    return str(kind).strip().removeprefix("arro3.core.DataType<").removesuffix(">")


def _scores(
    batch: RecordBatch,
    columns: Columns,
    highest: int,
    before: int,
    problems: Problems,
    absent: Sequence[float],
) -> NDArray[np.int8]:
    """Return the scores of a batch, −1 where there is none; note what is no score."""
    marks = np.empty((batch.num_rows, len(columns.items)), dtype=np.int8)
    fault = Fault.VALUE if highest == 1 else Fault.SCORE
    for at, (place, name) in enumerate(zip(columns.items, columns.names, strict=True)):
        values = _numbers(batch.column(place))
        missing = np.isnan(values) | np.isin(values, absent)
        wrong = ~missing & ~((values >= 0) & (values <= highest) & (values == np.floor(values)))
        for row in np.flatnonzero(wrong).tolist():
            value = f"{values[row]:g}"
            problems.add(Problem(fault, row=before + row + 1, column=place + 1, name=name, value=value))
        marks[:, at] = np.where(missing | wrong, -1.0, values)
    return marks


def _groups(batch: RecordBatch, place: int, before: int, problems: Problems) -> list[str]:
    names = ["" if value is None else str(value).strip() for value in batch.column(place).to_pylist()]
    for row, name in enumerate(names):
        if not name:
            problems.add(
                Problem(
                    Fault.NO_GROUP, row=before + row + 1, column=place + 1, name=batch.schema.names[place]
                )
            )
    return names


class _ArrowArray(ctypes.Structure):
    """An array as the Arrow C data interface lays it out."""

    _fields_ = (
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("buffers", ctypes.POINTER(ctypes.c_void_p)),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


_pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_of.restype = ctypes.c_void_p
_pointer_of.argtypes = [ctypes.py_object, ctypes.c_char_p]


def _numbers(column: Array) -> NDArray[np.float64]:
    """Return a column as numbers, NaN for null.

    The reader gives NumPy only columns without nulls; with nulls the two buffers, values and bits that say which
    are there, are read where they lie.
    """
    plain = column.cast(DataType.float64())
    if plain.null_count == 0:
        return np.asarray(plain.to_numpy(), dtype=np.float64)
    _schema, capsule = plain.__arrow_c_array__()
    array = _ArrowArray.from_address(_pointer_of(capsule, b"arrow_array"))
    stop = array.offset + array.length
    bits, values = array.buffers[0], array.buffers[1]
    if bits is None or values is None:
        return np.full(array.length, np.nan)
    there = np.frombuffer((ctypes.c_uint8 * ((stop + 7) // 8)).from_address(bits), dtype=np.uint8)
    seen = np.unpackbits(there, count=stop, bitorder="little")[array.offset :].astype(np.bool_)
    whole = np.frombuffer((ctypes.c_double * stop).from_address(values), dtype=np.float64)
    return np.where(seen, whole[array.offset :], np.nan)
