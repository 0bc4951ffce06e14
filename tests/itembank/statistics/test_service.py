"""Scales kept and read back, on a real database."""

from __future__ import annotations

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from itembank.items.models import Item
from itembank.people.models import Institution
from itembank.people.rules import SYSTEM
from itembank.statistics import service as statistics
from itembank.statistics.rules import ScaleModel
from itembank.statistics.service import ItemFigures, ScaleDraft
from tests.factories.people import NOW
from tests.factories.statistics import make_items


def test_a_scale_keeps_asymptotes_and_their_covariances(session: Session, institution: Institution) -> None:
    occupation_id, _ = make_items(session, institution=institution, level=4, count=3)
    ids = [item.id for item in _items(session)]
    common = {"n_responses": 1200, "p_value": 0.6, "point_biserial": 0.4, "corrected_point_biserial": 0.3}
    guessed = {"c": 0.21, "se_c": 0.05, "cov_ac": 0.01, "cov_dc": -0.02}
    draft = ScaleDraft(
        institution_id=institution.id,
        occupation_id=occupation_id,
        level=4,
        name="三参数",
        model=ScaleModel.THREE_PL,
        n_persons=1200,
        summary={},
        source={"kind": "direct"},
        items=[
            ItemFigures(ids[0], **common, is_constant=False, a=1.2, b=0.3, **guessed),
            ItemFigures(ids[1], **common, is_constant=False, a=1.0, b=0.0),
            ItemFigures(ids[2], **common, is_constant=True),
        ],
    )

    scale = statistics.keep_scale(session, actor=SYSTEM, draft=draft, now=NOW)
    session.expire_all()

    rows = statistics.item_parameters(session, scale.id)
    table = statistics.parameters(session, scale.id)
    assert statistics.find_scale(session, scale.id).model.has_asymptote
    assert {name: getattr(rows[0], name) for name in guessed} == guessed
    np.testing.assert_array_equal(table.c, [0.21, 0.0, np.nan])
    np.testing.assert_array_equal(table.se_c, [0.05, np.nan, np.nan])


def _items(session: Session) -> list[Item]:
    return list(session.scalars(select(Item).order_by(Item.number)))
