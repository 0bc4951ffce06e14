"""The comparison of acknowledgements with the database finds every kind of difference."""

from __future__ import annotations

from dataclasses import asdict
from uuid import uuid4

import pytest

from exam_engine.delivery.models import Attempt
from exam_engine.delivery.rules import AnswerRow, receipt
from exam_engine.delivery.saving.store import write_answers
from itembank.base.db import Scope
from scripts.load.ledger import Ledger, compare
from tests.factories.delivery import make_attempt


@pytest.fixture
def attempt(database, institution) -> Attempt:
    with database.session(scope=Scope.everything()) as session:
        return make_attempt(session, institution_id=institution.id, started_at=database.clock.now())


def save(database, attempt, item, revision, response) -> None:
    row = AnswerRow(attempt.id, item, 1, revision, response, False)
    with database.session(scope=Scope.everything()) as session:
        write_answers(session.connection(), [row], saved_at=database.clock.now())


def hand_in(database, attempt, digest) -> None:
    with database.session(scope=Scope.everything()) as session:
        session.get(Attempt, attempt.id).receipt = digest
        session.get(Attempt, attempt.id).submitted_at = database.clock.now()


def test_answers_that_are_stored_or_replaced_by_newer_ones_are_kept(database, attempt) -> None:
    item, ledger = uuid4(), Ledger()
    for revision in (1, 2):
        save(database, attempt, item, revision, ["B"])
        ledger.acknowledged(str(attempt.id), str(item), (1, revision, ("B",)))
    digest = receipt(attempt.id, [(item, 1, 2, ["B"])])
    hand_in(database, attempt, digest)
    ledger.handed_in(str(attempt.id), digest)

    found = compare(ledger, database)

    assert found.clean
    assert (found.acknowledged, found.receipts) == (2, 1)


@pytest.mark.parametrize(
    ("answered", "difference"),
    [
        ((1, 2, ("A",)), {"lost": 1}),
        ((2, 1, ("A",)), {"lost": 1}),
        ((1, 1, ("B",)), {"wrong": 2}),
        ((0, 9, ("A",)), {"missing_in_history": 1}),
    ],
)
def test_a_difference_is_found(database, attempt, answered, difference) -> None:
    item, ledger = uuid4(), Ledger()
    save(database, attempt, item, 1, ["A"])
    ledger.acknowledged(str(attempt.id), str(item), answered)

    found = asdict(compare(ledger, database))

    assert {name: found[name] for name in ("lost", "wrong", "missing_in_history")} == {
        "lost": 0,
        "wrong": 0,
        "missing_in_history": 0,
    } | difference


def test_a_receipt_of_other_answers_is_found(database, attempt) -> None:
    item, ledger = uuid4(), Ledger()
    save(database, attempt, item, 1, ["A"])
    digest = receipt(attempt.id, [(item, 1, 1, ["B"])])
    hand_in(database, attempt, digest)
    ledger.handed_in(str(attempt.id), digest)

    assert compare(ledger, database).receipts_wrong == 1
