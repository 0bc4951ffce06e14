"""What people and institutions can be asked to do."""

from itembank.people.service.accounts import (
    change_password,
    create_user,
    find_user,
    grant_role,
    members,
    reset_password,
    revoke_role,
)
from itembank.people.service.institutions import (
    actor_for,
    actor_named,
    create_institution,
    find_institution,
    institution_named,
    list_institutions,
    platform,
    scope_of,
)
from itembank.people.service.logins import (
    Login,
    act_at,
    log_in,
    log_out,
    open_candidate_session,
    open_staff_session,
    resume,
    workplaces,
)
from itembank.people.service.persons import (
    PersonFacts,
    find_person,
    keep_person,
    read_person,
    read_persons,
)
from itembank.people.service.site import is_demonstration, mark_demonstration

__all__ = [
    "Login",
    "PersonFacts",
    "act_at",
    "actor_for",
    "actor_named",
    "change_password",
    "create_institution",
    "create_user",
    "find_institution",
    "find_person",
    "find_user",
    "grant_role",
    "institution_named",
    "is_demonstration",
    "keep_person",
    "list_institutions",
    "log_in",
    "log_out",
    "mark_demonstration",
    "members",
    "open_candidate_session",
    "open_staff_session",
    "platform",
    "read_person",
    "read_persons",
    "reset_password",
    "resume",
    "revoke_role",
    "scope_of",
    "workplaces",
]
