"""Filed scopes: who writes them, and what they allow."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from exam_engine.filing import service as filing
from exam_engine.filing.rules import NotFilingAuthority, OutsideScope, ScopeExists, ValidityWrong
from itembank.people.models import Institution
from itembank.people.rules import InstitutionKind
from tests.factories.people import make_institution, make_platform
from tests.factories.sittings import NOW, centre_officer, file_levels, make_occupation, officer_of


def test_a_filed_level_may_be_evaluated_and_another_is_refused_by_name(
    session: Session, institution: Institution
) -> None:
    occupation = file_levels(session, institution, (5, 4))
    check = {"institution_id": institution.id, "occupation_id": occupation.id}

    found = filing.check_scope(session, **check, level=4, on=date(2026, 7, 1))
    with pytest.raises(OutsideScope) as refused:
        filing.check_scope(session, **check, level=3, on=date(2026, 7, 1))
    with pytest.raises(OutsideScope):
        filing.check_scope(session, **check, level=4, on=date(2029, 1, 1))

    assert found.number == "备〔2026〕001号"
    assert refused.value.facts["wanted"] == "电工 三级/高级工"
    assert "电工 五级/初级工" in str(refused.value.facts["filed"])


def test_only_a_centre_above_files(session: Session, institution: Institution) -> None:
    occupation = make_occupation(session)
    elsewhere = make_institution(session, kind=InstitutionKind.PROVINCE_CENTRE, parent=make_platform(session))
    values = {
        "institution_id": institution.id,
        "occupation_id": occupation.id,
        "levels": [4],
        "number": "1",
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2026, 12, 31),
        "now": NOW,
    }
    stranger = centre_officer(session, make_institution(session, parent=elsewhere))

    for actor in (stranger, officer_of(institution)):
        with pytest.raises(NotFilingAuthority):
            filing.file_scope(session, actor=actor, **values)
    with pytest.raises(ValidityWrong):
        filing.file_scope(
            session,
            actor=centre_officer(session, institution),
            **{**values, "valid_until": date(2025, 1, 1)},
        )


def test_a_withdrawn_filing_ends_and_can_be_written_anew(session: Session, institution: Institution) -> None:
    occupation = file_levels(session, institution)
    actor = centre_officer(session, institution)
    with pytest.raises(ScopeExists):
        file_levels(session, institution)

    scope = filing.list_scopes(session)[0].scope
    filing.withdraw_scope(
        session, actor=actor, scope_id=scope.id, reason="机构申请退出", on=date(2026, 6, 30), now=NOW
    )

    check = {"institution_id": institution.id, "occupation_id": occupation.id, "level": 4}
    assert filing.check_scope(session, **check, on=date(2026, 6, 29))
    with pytest.raises(OutsideScope):
        filing.check_scope(session, **check, on=date(2026, 6, 30))
    file_levels(session, institution)
    assert filing.check_scope(session, **check, on=date(2026, 7, 1))
