"""The permission table and the rules of institutions."""

from __future__ import annotations

import pytest

from itembank.base.ids import new_id
from itembank.people.rules import (
    PERMISSIONS,
    Action,
    Actor,
    InstitutionKind,
    NotPermitted,
    ParentDoesNotFit,
    PasswordTooWeak,
    Role,
    RoleDoesNotFit,
    check_may,
    check_parent_fits,
    check_password,
    check_role_fits,
)


def test_an_actor_may_what_one_of_the_roles_carries_and_nothing_else() -> None:
    writer = Actor("user", new_id(), new_id(), frozenset({Role.ITEM_WRITER}))

    assert writer.may(Action.ITEM_WRITE)
    with pytest.raises(NotPermitted):
        check_may(writer, Action.PAPER_SEAL)


def test_only_a_centre_approves_and_only_candidates_sit() -> None:
    assert PERMISSIONS[Action.RECOGNITION_APPROVE] == {Role.CENTRE_OFFICER}
    assert PERMISSIONS[Action.EXAM_SIT] == {Role.CANDIDATE}


def test_a_centre_officer_exists_only_at_a_centre() -> None:
    check_role_fits(Role.CENTRE_OFFICER, InstitutionKind.CITY_CENTRE)
    with pytest.raises(RoleDoesNotFit):
        check_role_fits(Role.CENTRE_OFFICER, InstitutionKind.EMPLOYER)
    with pytest.raises(RoleDoesNotFit):
        check_role_fits(Role.CANDIDATE, InstitutionKind.EMPLOYER)


@pytest.mark.parametrize(
    ("kind", "parent", "fits"),
    [
        (InstitutionKind.PLATFORM, None, True),
        (InstitutionKind.EMPLOYER, InstitutionKind.PROVINCE_CENTRE, True),
        (InstitutionKind.SITE, InstitutionKind.SOCIAL, True),
        (InstitutionKind.EMPLOYER, None, False),
        (InstitutionKind.MINISTRY_CENTRE, InstitutionKind.EMPLOYER, False),
        (InstitutionKind.SITE, InstitutionKind.PLATFORM, False),
    ],
)
def test_institutions_stand_below_the_right_ones(kind, parent, fits) -> None:
    if fits:
        check_parent_fits(kind, parent)
    else:
        with pytest.raises(ParentDoesNotFit):
            check_parent_fits(kind, parent)


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "abcabcabcabcabc"])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(PasswordTooWeak):
        check_password(password)
