"""Arrangement, tickets and entry codes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from exam_engine.sittings import service as sittings
from exam_engine.sittings.numbers import show_entry_code
from exam_engine.sittings.rules import (
    Component,
    ComponentNotPlanned,
    EntryNotOpen,
    EntryOver,
    EntryRefused,
    NobodyToArrange,
    ReviewUnfinished,
    SeatsMissing,
    SittingFrozen,
    SittingInPast,
    SittingNotDraft,
    SittingStatus,
    SittingWithoutPaper,
    SittingWithoutSeats,
    TicketMissing,
)
from itembank.people.models import Institution
from tests.factories.sittings import (
    NOW,
    STARTS,
    approve,
    arranged_sitting,
    ids,
    make_plan,
    make_room,
    make_sitting,
    make_terms,
    officer_of,
    register,
)

OPENS = make_terms().opens_at


def test_rooms_seats_and_tickets_are_given_in_one_step(session: Session, institution: Institution) -> None:
    plan, sitting, rows = arranged_sitting(session, institution, count=5)

    seats = sittings.list_seats(session, sitting.id)

    assert [view.seat.number for view in seats] == [1, 2, 3, 4, 5]
    assert {view.seat.registration_id for view in seats} == set(ids(rows))
    tickets = [row.ticket_number for row in sittings.ticketed(session, plan.id)]
    assert tickets == [f"26070162{institution.site_sequence}{serial:05d}" for serial in range(1, 6)]
    assert [view.candidate.registration.ticket_number for view in seats] == tickets


def test_what_is_not_ready_is_refused_by_name(session: Session, institution: Institution) -> None:
    actor = officer_of(institution)
    plan = make_plan(session, institution, components=(Component.THEORY, Component.PRACTICAL))
    practical = make_sitting(session, plan, actor)
    theory = make_sitting(session, plan, actor, component=Component.THEORY)
    room = make_room(session, actor, capacity=2)
    arrange = {"actor": actor, "room_ids": [room.id], "now": NOW}

    with pytest.raises(NobodyToArrange):
        sittings.arrange_sitting(session, **arrange, sitting_id=practical.id)
    rows = register(session, plan, actor, 3)
    with pytest.raises(ReviewUnfinished):
        sittings.arrange_sitting(session, **arrange, sitting_id=practical.id)
    approve(session, plan, actor, rows)
    with pytest.raises(SeatsMissing):
        sittings.arrange_sitting(session, **arrange, sitting_id=practical.id)
    with pytest.raises(SittingWithoutPaper):
        sittings.arrange_sitting(session, **arrange, sitting_id=theory.id)
    with pytest.raises(SittingWithoutSeats):
        sittings.publish_sitting(session, actor=actor, sitting_id=practical.id, now=NOW)
    with pytest.raises(ComponentNotPlanned):
        make_sitting(session, plan, actor, component=Component.REVIEW)
    with pytest.raises(TicketMissing):
        sittings.issue_entry_codes(session, actor=actor, plan_id=plan.id, now=NOW)


def test_those_who_do_not_fit_are_seated_in_another_sitting(
    session: Session, institution: Institution
) -> None:
    actor = officer_of(institution)
    plan = make_plan(session, institution, components=(Component.PRACTICAL,))
    approve(session, plan, actor, register(session, plan, actor, 5))
    morning, afternoon = make_sitting(session, plan, actor), make_sitting(session, plan, actor)
    room = make_room(session, actor, capacity=3)
    arrange = {"actor": actor, "room_ids": [room.id], "now": NOW, "only_as_many_as_fit": True}

    first = sittings.arrange_sitting(session, **arrange, sitting_id=morning.id)
    second = sittings.arrange_sitting(session, **arrange, sitting_id=afternoon.id)
    again = sittings.arrange_sitting(session, **arrange, sitting_id=morning.id)

    assert (first.seated, first.left, second.seated, second.left) == (3, 2, 2, 0)
    assert (again.seated, again.tickets) == (3, 0)
    seated = [
        view.seat.registration_id for s in (morning, afternoon) for view in sittings.list_seats(session, s.id)
    ]
    assert len(set(seated)) == 5


def test_a_published_sitting_is_frozen(session: Session, institution: Institution) -> None:
    _, sitting, _ = arranged_sitting(session, institution)
    actor = officer_of(institution)
    seat = sittings.list_seats(session, sitting.id)[0].seat

    assert sitting.status is SittingStatus.PUBLISHED
    assert sittings.terms_of(sitting) == make_terms()
    with pytest.raises(SittingFrozen):
        sittings.change_sitting(session, actor=actor, sitting_id=sitting.id, terms=make_terms(minutes=60))
    with pytest.raises(SittingFrozen):
        sittings.arrange_sitting(
            session, actor=actor, sitting_id=sitting.id, room_ids=[seat.room_id], now=NOW
        )
    with pytest.raises(SittingNotDraft):
        sittings.publish_sitting(session, actor=actor, sitting_id=sitting.id, now=NOW)


def test_a_sitting_of_the_past_is_not_published(session: Session, institution: Institution) -> None:
    actor = officer_of(institution)
    plan = make_plan(session, institution, components=(Component.PRACTICAL,))
    sitting = make_sitting(session, plan, actor)

    with pytest.raises(SittingInPast):
        sittings.publish_sitting(session, actor=actor, sitting_id=sitting.id, now=sitting.ends_at)


def test_ticket_and_code_open_the_examination_while_a_sitting_is_open(
    session: Session, institution: Institution
) -> None:
    plan, sitting, _ = arranged_sitting(session, institution)
    codes = sittings.issue_entry_codes(session, actor=officer_of(institution), plan_id=plan.id, now=NOW)
    right = {"ticket_number": codes[0].ticket_number, "entry_code": show_entry_code(codes[0].entry_code)}

    found = sittings.check_entry(session, **right, now=OPENS)

    assert found.id == codes[0].registration_id
    assert sittings.sittings_of(session, found.id)[0][0].id == sitting.id
    with pytest.raises(EntryNotOpen):
        sittings.check_entry(session, **right, now=OPENS - timedelta(minutes=1))
    with pytest.raises(EntryOver):
        sittings.check_entry(session, **right, now=STARTS + timedelta(minutes=90))


def test_a_wrong_ticket_and_a_wrong_code_are_refused_alike(
    session: Session, institution: Institution
) -> None:
    plan, _, _ = arranged_sitting(session, institution)
    codes = sittings.issue_entry_codes(session, actor=officer_of(institution), plan_id=plan.id, now=NOW)
    wrong = [
        (codes[0].ticket_number, codes[1].entry_code),
        ("9" * 19, codes[0].entry_code),
        ("", ""),
        ("’; --", "x" * 1000),
    ]

    for ticket, code in wrong:
        with pytest.raises(EntryRefused) as refused:
            sittings.check_entry(session, ticket_number=ticket, entry_code=code, now=OPENS)
        assert not refused.value.facts


def test_a_code_issued_again_replaces_the_former(session: Session, institution: Institution) -> None:
    plan, _, rows = arranged_sitting(session, institution)
    issue = {"actor": officer_of(institution), "plan_id": plan.id, "now": NOW}
    first = sittings.issue_entry_codes(session, **issue)
    again = sittings.issue_entry_codes(session, **issue, registration_ids=[first[0].registration_id])

    assert sittings.issue_entry_codes(session, **issue, only_missing=True) == []
    with pytest.raises(EntryRefused):
        sittings.check_entry(
            session, ticket_number=first[0].ticket_number, entry_code=first[0].entry_code, now=OPENS
        )
    assert sittings.check_entry(
        session, ticket_number=again[0].ticket_number, entry_code=again[0].entry_code, now=OPENS
    )
    row = next(row for row in rows if row.id == first[0].registration_id)
    assert [event.kind for event in sittings.read_events(session, row)][-2:] == ["code", "code_again"]
    assert first[0].entry_code not in str(row.entry_code_hash)
