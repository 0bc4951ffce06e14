"""Forms of administration."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, Field

from itembank.people.rules import InstitutionKind, Role


class InstitutionForm(BaseModel):
    """A new institution."""

    kind: InstitutionKind
    name: str = Field(min_length=2, max_length=120)
    parent_id: UUID
    province_code: str = Field(min_length=2, max_length=2)
    credit_code: str = Field("", max_length=18)
    ministry_code: str = Field("0000", max_length=4)
    site_sequence: str = Field("", max_length=6)


class UserForm(BaseModel):
    """A new account with its first role."""

    username: str = Field(min_length=2, max_length=60)
    name: str = Field(min_length=1, max_length=60)
    role: Role
    institution_id: UUID


class RoleForm(BaseModel):
    """One role of one account at one institution."""

    user_id: UUID
    institution_id: UUID
    role: Role
