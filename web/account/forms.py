"""Forms of login and account."""

from __future__ import annotations

from pydantic import BaseModel, Field


class LoginForm(BaseModel):
    """User name and password."""

    username: str = Field(min_length=1, max_length=60)
    password: str = Field(min_length=1, max_length=200)


class PasswordForm(BaseModel):
    """A change of one's own password."""

    present: str = Field(min_length=1, max_length=200)
    password: str = Field(min_length=1, max_length=200)
    again: str = Field(min_length=1, max_length=200)
