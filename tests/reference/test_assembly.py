"""Optima that TestDesign publishes for its own pools: one form, information as large as can be under every rule.

The R package TestDesign (Choi, Lim & van der Linden, 2022, Behavior Research Methods 54, 217–229) with its data sets
science (1,000 items of 3PL and generalised partial credit, rules C1–C31) and fatigue (95 graded items, 111 rules);
information summed over the abilities −1, 0 and 1, D = 1. The rule about the order in print is left out. Tolerance 1e-6,
the digits that are printed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from exam_engine.assembly import (
    Assembled,
    Count,
    Enemies,
    Is,
    Maximise,
    Pool,
    Specification,
    assemble,
    verify,
)
from exam_engine.assembly.specification import Between, Condition, Rule
from exam_engine.psychometrics.irt.items import Items

SCIENCE, FATIGUE = 47.628861, 108.021990


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def items_of(table: list[dict[str, str]]) -> Items:
    """Return the items of a pool of 3PL, generalised partial credit and graded items, in their order."""
    parts = []
    for row in table:
        numbers = [float(v) for k, v in row.items() if k.startswith("PAR") and v]
        a, rest = numbers[:1], np.array([numbers[1:]])
        if row["MODEL"] == "3PL":
            parts.append(Items.dichotomous(a, [numbers[1]], c=numbers[2]))
        else:
            parts.append((Items.graded if row["MODEL"] == "GR" else Items.partial_credit)(a, rest))
    return Items.concatenate(parts)


def pool_of(folder: Path, name: str) -> Pool:
    """Return a pool with its attributes as labels, and as numbers where a column holds nothing else."""
    parameters, attributes = (
        rows(folder / f"TestDesign_{kind}_{name}.csv") for kind in ("itempool", "itemattrib")
    )
    assert [row["ID"] for row in parameters] == [row["ID"] for row in attributes]
    columns = {key.upper(): [row[key] for row in attributes] for key in attributes[0] if key != "ID"}
    return Pool(
        ids=[row["ID"] for row in attributes],
        numeric={"dok": [float(v) for v in columns["DOK"]]} if "DOK" in columns else {},
        categorical=columns,
        items=items_of(parameters),
    )


def conditions_of(text: str, pool: Pool) -> Iterator[Condition]:
    """Yield the filter that a condition of TestDesign's tables means."""
    for part in text.split(" & ") if text else []:
        if part.startswith("!is.na"):
            column = part[len("!is.na(") : -1]
            yield Is(column, *sorted({str(v) for v in pool.texts(column)} - {""}))
            continue
        column, sign, value = part.split(" ", 2)
        if sign == ">=":
            yield Between(column.lower(), low=float(value))
        else:
            yield Is(column, *re.findall(r"[\w.]+", value.removeprefix("c")))


def rules_of(folder: Path, name: str, pool: Pool, last: int) -> list[Rule]:
    """Return the rules C1 to C``last``."""
    found: list[Rule] = []
    for row in rows(folder / f"TestDesign_constraints_{name}.csv"):
        if int(row["CONSTRAINT_ID"][1:]) > last or row["TYPE"] == "Order":
            continue
        if row["TYPE"] == "Enemy":
            group = tuple(re.findall(r'"(\w+)"', row["CONDITION"]))
            found.append(Enemies(name=row["CONSTRAINT_ID"], groups=(group,)))
        else:
            where = tuple(conditions_of(row["CONDITION"], pool))
            low, high = int(row["LB"]), int(row["UB"])
            found.append(Count(name=row["CONSTRAINT_ID"], where=where, minimum=low, maximum=high))
    return found


@pytest.mark.parametrize(
    ("name", "last", "rules", "published"),
    [("science_1000", 31, 31, SCIENCE), ("fatigue_95", 111, 110, FATIGUE)],
)
def test_the_most_informative_form_is_found_and_proven(
    name: str, last: int, rules: int, published: float, reference_data: Path
) -> None:
    folder = reference_data / "assembly"
    pool = pool_of(folder, name)
    asked = rules_of(folder, name, pool, last)
    target = Maximise(name="information", theta=(-1.0, 0.0, 1.0))

    answer = assemble(pool, Specification(asked, [target]), forms=1)

    assert len(asked) == rules
    assert isinstance(answer, Assembled)
    assert verify(pool, Specification(asked), answer.forms).ok
    form = [pool.positions[item] for item in answer.forms[0]]
    assert pool.information([-1.0, 0.0, 1.0])[:, form].sum() == pytest.approx(published, abs=1e-6)
    assert answer.gap < 1e-6
