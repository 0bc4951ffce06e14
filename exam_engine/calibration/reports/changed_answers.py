"""Changed answers of a sitting: counts of persons and rooms, and whether the changed answers are too good. No I/O.

The first answer is the one with which somebody left the item for the first time; see `reports.visits`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.reports.study import (
    MINIMUM_PERSONS,
    Model,
    Study,
    known,
    marks_of,
    tally,
    told_rates,
)
from exam_engine.psychometrics.forensics.change import (
    ChangeCounts,
    ErasureIndex,
    GroupErasures,
    count_changes,
    erasure_index,
    group_erasure_index,
)
from exam_engine.psychometrics.forensics.errors.scores import change_errors
from exam_engine.psychometrics.forensics.wrong_to_right import (
    GroupChanges,
    PersonChanges,
    UsualChanges,
    flag_groups,
    flag_persons,
    usual_changes,
)

MINIMUM_CHANGES = 20
"""Changed answers of all candidates together, and those from wrong to right, below which nothing is compared: what is
usual would rest on a handful. Our own choice."""


def analyse_changes(study: Study) -> dict[str, Any]:
    """Return the section on changed answers, or why there is none."""
    history = study.book.history
    if history is None:
        return {"absent": "no_history"}
    counts = _count(study, history.first)
    n_persons = int((counts.n_items > 0).sum())
    facts = {
        "persons": n_persons,
        "changed": int(counts.n_changed.sum()),
        "wrong_to_right": int(counts.wrong_to_right.sum()),
        "right_to_wrong": int(counts.right_to_wrong.sum()),
        "wrong_to_wrong": int(counts.wrong_to_wrong.sum()),
    }
    if n_persons < MINIMUM_PERSONS or study.model is None:
        return {"absent": "few_persons"} | facts
    if facts["wrong_to_right"] < MINIMUM_CHANGES:
        return {"absent": "few_changes"} | facts
    usual = usual_changes(counts.wrong_to_right, counts.n_items)
    level = study.level
    persons = flag_persons(counts.wrong_to_right, counts.n_items, usual=usual, level=level)
    model, changed = study.model, counts.is_changed[:, study.model.columns]
    final = np.where(study.marks < 0, -1, study.marks)[:, model.columns]
    erased = erasure_index(model.items, final, changed, level=level)
    flagged = {
        "wrong_to_right": tally(persons.p_value, persons.is_flagged),
        "erasure": tally(erased.p_value, erased.is_flagged),
    }
    by_room = None
    if study.has_rooms:
        groups = flag_groups(counts.wrong_to_right, counts.n_items, study.rooms, usual=usual, level=level)
        by_room = (groups, group_erasure_index(erased, study.rooms, level=level))
        flagged |= {
            "group_wrong_to_right": tally(by_room[0].p_value, by_room[0].is_flagged),
            "group_erasure_index": tally(by_room[1].p_value, by_room[1].is_flagged),
        }
    rates = _rates(study, model, final, changed, usual)
    return facts | {
        "usual_rate": usual.rate,
        "overdispersion": usual.overdispersion,
        "cautions": sorted({caution.value for caution in (*usual.cautions, *erased.cautions)}),
        "rates": told_rates(rates, flagged),
        "rows": _rows(counts, persons, erased),
        "rooms": _rooms(study, counts, by_room),
    }


def _count(study: Study, first: NDArray[np.int16]) -> ChangeCounts:
    """Count changes: answers written as 0 right, 1 wrong as in the end, 2 another wrong one; −1 none."""
    last = study.book.answers
    was_right, is_right = marks_of(study.book, first) == 1, study.marks == 1
    begun = np.where(first <= 0, -1, np.where(was_right, 0, np.where(first == last, 1, 2)))
    ended = np.where(last <= 0, -1, np.where(is_right, 0, 1))
    return count_changes(begun, ended, np.zeros(last.shape[1], dtype=np.intp))


def _rates(
    study: Study,
    model: Model,
    final: NDArray[np.int8],
    changed: NDArray[np.bool_],
    usual: UsualChanges,
) -> tuple[Any, ...]:
    rng = study.rng(3)
    return change_errors(
        model.items,
        final,
        changed,
        study.rooms,
        rng=rng,
        theta=rng.normal(0.0, np.sqrt(model.variance), study.n_persons),
        usual=usual,
        level=study.level,
        replications=study.replications(final.shape[1]),
        progress=study.telling(72, 82, "simulating honest changes"),
    )


def _rows(counts: ChangeCounts, persons: PersonChanges, erased: ErasureIndex) -> list[dict[str, Any]]:
    return [
        {
            "person": int(person),
            "n_items": int(counts.n_items[person]),
            "changed": int(counts.n_changed[person]),
            "wrong_to_right": int(counts.wrong_to_right[person]),
            "right_to_wrong": int(counts.right_to_wrong[person]),
            "wrong_to_wrong": int(counts.wrong_to_wrong[person]),
            "expected": float(persons.expected[person]),
            "p": known(persons.adjusted_p_value[person]),
            "p_erasure": known(erased.adjusted_p_value[person]),
            "p_single": known(np.fmin(persons.p_value[person], erased.p_value[person])),
            "flagged": bool(persons.is_flagged[person] or erased.is_flagged[person]),
        }
        for person in np.flatnonzero(counts.n_items > 0)
    ]


def _rooms(
    study: Study, counts: ChangeCounts, by_room: tuple[GroupChanges, GroupErasures] | None
) -> list[dict[str, Any]]:
    found = []
    for name in np.unique(study.rooms):
        inside = study.rooms == name
        row: dict[str, Any] = {
            "name": str(name),
            "persons": int((inside & (counts.n_items > 0)).sum()),
            "changed": int(counts.n_changed[inside].sum()),
            "wrong_to_right": int(counts.wrong_to_right[inside].sum()),
            "right_to_wrong": int(counts.right_to_wrong[inside].sum()),
            "wrong_to_wrong": int(counts.wrong_to_wrong[inside].sum()),
            "expected": None,
            "p": None,
            "p_erasure": None,
            "flagged": False,
        }
        if by_room is not None:
            groups, erased = by_room
            at = int(np.searchsorted(groups.groups, name))
            row |= {"expected": float(groups.expected[at]), "p": known(groups.adjusted_p_value[at])}
            row["flagged"] = bool(groups.is_flagged[at])
            where = np.flatnonzero(erased.groups == name)
            if where.size:
                row["p_erasure"] = known(erased.adjusted_p_value[where[0]])
                row["flagged"] = row["flagged"] or bool(erased.is_flagged[where[0]])
        found.append(row)
    return found
