"""Word tables that hold one question a row under a header."""

from __future__ import annotations

from itembank.interchange.grid import header_of, read_rows
from itembank.interchange.report import ImportReport, Place
from itembank.interchange.word.reading import Table


def read_question_table(table: Table) -> ImportReport | None:
    """Return the questions of a table with columns for stem and answer, or None for any other table."""
    rows = [[cell.text for cell in row] for row in table.rows]
    columns = header_of(rows[0]) if rows else None
    if columns is None:
        return None
    places = [
        (Place("table", number, number, sheet=str(table.index)), row) for number, row in enumerate(rows, 1)
    ]
    return read_rows(places[1:], columns, format="word")
