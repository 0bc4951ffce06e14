"""The errors a caller can act on.

ExamError
├── Invalid       what was sent breaks a rule        (422)
├── NotFound      no such thing, or not yours to see (404)
├── Forbidden     you may not do this                (403)
├── Conflict      the state does not allow it        (409)
├── TooMany       slow down                          (429)
└── Unavailable   a resource is away; try again      (503)

A subclass names one refusal: a stable ``code`` and an English ``message`` template over its facts. The web
translates the template, so the facts stay data.
"""

from __future__ import annotations

from typing import ClassVar


class ExamError(Exception):
    """An expected refusal with a stable code and the facts of the case."""

    code: ClassVar[str] = "error"
    message: ClassVar[str] = "The request was refused."

    def __init__(self, **facts: object) -> None:
        super().__init__(facts)
        self.facts = facts

    def __str__(self) -> str:
        return self.message.format(**self.facts) if self.facts else self.message


class Invalid(ExamError):
    """What was sent breaks a rule."""

    code = "invalid"
    message = "The data sent is not valid."


class NotFound(ExamError):
    """No such thing, or nothing the actor may see."""

    code = "not_found"
    message = "Not found."


class Forbidden(ExamError):
    """The actor may not do this."""

    code = "forbidden"
    message = "You may not do this."


class Conflict(ExamError):
    """The present state does not allow it."""

    code = "conflict"
    message = "The present state does not allow this."


class TooMany(ExamError):
    """Too many attempts in a short time."""

    code = "too_many"
    message = "Too many attempts. Try again later."


class Unavailable(ExamError):
    """Something this needs is away; trying again may help."""

    code = "unavailable"
    message = "The service is not available. Try again."
