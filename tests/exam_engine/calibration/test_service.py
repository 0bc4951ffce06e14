"""Calibrations kept as scales, on a real database."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from exam_engine.calibration import service as calibration
from exam_engine.calibration.rules import Fault, Method, ResponsesRefused
from itembank.base.db import Database, Scope
from itembank.items.models import Item
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM
from itembank.statistics import service as statistics
from itembank.statistics.models import Scale
from itembank.statistics.rules import ScaleHasNoParameters, ScaleNotFound
from tests.factories.people import NOW, make_institution
from tests.factories.statistics import make_items, simulate_answers

N_ITEMS = 8


def keep(session: Session, institution: Institution, method: Method) -> tuple[Scale, list[UUID]]:
    occupation_id, references = make_items(session, institution=institution, level=4, count=N_ITEMS)
    names = calibration.identify(session, references, occupation_id=occupation_id, level=4)
    item_ids = [names[reference][0] for reference in references]
    marks = simulate_answers(150, N_ITEMS)
    scale = calibration.calibrate_now(
        session,
        actor=SYSTEM,
        institution_id=institution.id,
        occupation_id=occupation_id,
        level=4,
        name="试测",
        method=method,
        responses={item_id: marks[:, column].tolist() for column, item_id in enumerate(item_ids)},
        now=NOW,
    )
    return scale, item_ids


def test_a_calibration_at_once_is_read_back_as_arrays_in_the_order_given(
    session: Session, institution: Institution
) -> None:
    scale, item_ids = keep(session, institution, Method.RASCH)

    table = statistics.parameters(session, scale.id)

    assert list(table.item_ids) == item_ids
    assert table.is_calibrated.all()
    assert (table.a == 1).all()
    assert (table.n_responses == 150).all()
    assert scale.summary["converged"] is True
    assert [outcome.item for _, outcome in calibration.table_of(session, scale)] == [
        str(1000 + position) for position in range(N_ITEMS)
    ]
    assert [kept.id for kept, _ in statistics.item_history(session, item_ids[0])] == [scale.id]


def test_a_classical_scale_has_no_parameters_to_assemble_with(
    session: Session, institution: Institution
) -> None:
    scale, _ = keep(session, institution, Method.CLASSICAL)

    with pytest.raises(ScaleHasNoParameters):
        statistics.parameters(session, scale.id)


def test_a_scale_of_another_institution_is_not_there(database: Database, institution: Institution) -> None:
    with database.session(scope=Scope.everything()) as session:
        other = make_institution(session)
        scale, _ = keep(session, institution, Method.CLASSICAL)

    with database.session(scope=Scope.of([other.id])) as session:
        assert statistics.list_scales(session) == []
        with pytest.raises(ScaleNotFound):
            statistics.find_scale(session, scale.id)


def test_columns_name_items_by_id_number_or_reference_and_never_by_guess(
    session: Session, institution: Institution
) -> None:
    occupation_id, references = make_items(session, institution=institution, level=4, count=4)
    first = calibration.identify(session, references[:1], occupation_id=occupation_id, level=4)[
        references[0]
    ][0]

    def ask(header: str) -> None:
        calibration.request_from_file(
            session,
            actor=SYSTEM,
            institution_id=institution.id,
            occupation_id=occupation_id,
            level=4,
            name="试测",
            method=Method.CLASSICAL,
            filename="a.csv",
            content=f"{header}\n1,0\n0,1\n".encode(),
            now=NOW,
        )

    ask(f"{first},#2")
    ask("#3,1001")
    with pytest.raises(ResponsesRefused) as unknown:
        ask("3,1001")
    with pytest.raises(ResponsesRefused) as twice:
        ask(f"{first},1000")
    session.get_one(Item, first).reference = "1001"
    session.flush()
    with pytest.raises(ResponsesRefused) as ambiguous:
        ask("#3,1001")

    assert [problem.fault for problem in unknown.value.problems] == [Fault.UNKNOWN_ITEM]
    assert [(problem.fault, problem.column) for problem in twice.value.problems] == [(Fault.DUPLICATE, 2)]
    assert [problem.fault for problem in ambiguous.value.problems] == [Fault.AMBIGUOUS_ITEM]
