"""Keep, drop or rekey as a dry run: what scores and passes would be. Changes nothing. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from exam_engine.calibration.reports.book import AnswerBook
from exam_engine.calibration.reports.precision import precision_of
from exam_engine.calibration.reports.rules import (
    EverythingDropped,
    NothingTreated,
    Treatment,
    TreatmentUnknown,
)
from exam_engine.calibration.reports.scoring import Treated, score_book
from exam_engine.calibration.reports.sitting import MOST_POINTS, describe, histogram, known, wilson


def check_treated(book: AnswerBook, treated: Mapping[int, Treated]) -> dict[int, Treated]:
    """Return the treatments that change something.

    Raises
    ------
    TreatmentUnknown
        If an item or an answer is not in the book.
    NothingTreated
        If nothing is left.
    EverythingDropped
        If a form would have no marks.
    """
    kept = {column: how for column, how in treated.items() if how.treatment is not Treatment.KEEP}
    for column, how in kept.items():
        if not 0 <= column < len(book.items):
            raise TreatmentUnknown(item=column + 1, value="?", options="—")
        item = book.items[column]
        fits = set(how.key) <= set(item.options) and set(how.key) != set(item.key)
        if how.treatment.needs_key and not (how.key and fits):
            labels = "".join(item.options) or "—"
            raise TreatmentUnknown(item=item.name, value="".join(how.key), options=labels)
    if not kept:
        raise NothingTreated
    dropped = {column for column, how in kept.items() if how.treatment is Treatment.DROP_RESCALE}
    for form in book.forms:
        if dropped.issuperset(form.columns):
            raise EverythingDropped(form=form.label)
    return kept


def effect_of(book: AnswerBook, treated: Mapping[int, Treated], *, cut: float) -> dict[str, Any]:
    """Return what the treatments would do to scores and passes.

    Scores are compared person by person; ``falls`` passed before and would not, ``rises`` the other way round.
    """
    before, after = score_book(book), score_book(book, treated)
    change = after.score - before.score
    was, would = before.score >= cut, after.score >= cut
    passed = int(would.sum())
    forms = []
    for number, form in enumerate(book.forms):
        rows = book.form_of == number
        columns = [column for column in form.columns if after.worth[column] > 0]
        precision: dict[str, Any] = {"alpha": None, "sem": None}
        complete = book.is_complete(number)
        total = int(after.worth[list(form.columns)].sum() if complete else np.median(after.possible[rows]))
        if complete and after.worth.max(initial=0) <= MOST_POINTS:
            mine = np.maximum(after.points[np.ix_(rows, columns)], 0)
            precision = precision_of(mine, possible=int(after.worth[columns].sum()), cut=cut)
        forms.append(
            {
                "label": form.label,
                "persons": int(rows.sum()),
                "marks": float(total * after.unit),
                "alpha": precision["alpha"],
                "sem": precision["sem"],
            }
        )
    return {
        "scores": describe(after.score),
        "histogram": histogram(after.score),
        "passed": passed,
        "pass_rate": passed / book.n_persons,
        "pass_interval": wilson(passed, book.n_persons),
        "rises": int((would & ~was).sum()),
        "falls": int((was & ~would).sum()),
        "higher": int((change > 0).sum()),
        "lower": int((change < 0).sum()),
        "mean_change": known(float(change.mean())),
        "largest_gain": float(change.max()),
        "largest_loss": float(-change.min()),
        "forms": forms,
    }
