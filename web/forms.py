"""Forms: what was sent, read once, and parsed into a model with the errors beside their fields."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Request
from pydantic import AfterValidator, BaseModel, ValidationError
from starlette.datastructures import FormData as StarletteForm
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from itembank.base.errors import ExamError, Invalid
from web.i18n import N_

MAX_FIELDS = 60_000
"""Bulk actions over 50,000 rows send as many fields."""

_MESSAGES = {
    "missing": N_("This field is required."),
    "string_too_short": N_("This field is required."),
    "string_too_long": N_("At most {max_length} characters."),
    "int_parsing": N_("Enter a whole number."),
    "int_from_float": N_("Enter a whole number."),
    "decimal_parsing": N_("Enter a number."),
    "float_parsing": N_("Enter a number."),
    "greater_than_equal": N_("The value must be at least {ge}."),
    "less_than_equal": N_("The value must be at most {le}."),
    "greater_than": N_("The value must be more than {gt}."),
    "less_than": N_("The value must be less than {lt}."),
    "enum": N_("Choose one of the values offered."),
    "literal_error": N_("Choose one of the values offered."),
    "uuid_parsing": N_("Choose one of the values offered."),
    "date_from_datetime_parsing": N_("Enter a date such as 2026-05-01."),
    "date_parsing": N_("Enter a date such as 2026-05-01."),
    "datetime_from_date_parsing": N_("Enter a date and time such as 2026-05-01T09:00."),
    "datetime_parsing": N_("Enter a date and time such as 2026-05-01T09:00."),
    "bool_parsing": N_("Choose one of the values offered."),
}
_FALLBACK = N_("This value is not valid.")


class FormUnreadable(Invalid):
    """The body is not a form."""

    code = "form_unreadable"
    message = "The form could not be read: {reason}"


class TextUnreadable(Invalid):
    """A field holds characters that are no text: NUL, or one half of a surrogate pair."""

    code = "text_unreadable"
    message = "{field}: the character {character} is not text and cannot be kept. Remove it and send again."


_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


def check_text(name: str, value: str) -> None:
    """Raise TextUnreadable for characters that a database or a page cannot hold."""
    found = _NO_TEXT.search(value)
    if found:
        raise TextUnreadable(field=_NO_TEXT.sub("�", name)[:60], character=f"U+{ord(found[0]):04X}")


PageNumber = Annotated[int, AfterValidator(lambda number: min(max(number, 1), 1_000_000))]
"""A page of a list in an address; one beyond the list is its empty end."""


class FormData:
    """The fields and files of a request's body."""

    def __init__(self, form: StarletteForm | None = None) -> None:
        self._form = form or StarletteForm()

    def text(self, name: str) -> str:
        """Return a text field, empty when absent."""
        value = self._form.get(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> list[str]:
        """Return all values of a repeated field."""
        return [value for value in self._form.getlist(name) if isinstance(value, str)]

    def file(self, name: str) -> UploadFile | None:
        """Return an uploaded file, or None when none was chosen."""
        value = self._form.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None

    def read(self, name: str) -> tuple[str, bytes] | None:
        """Return name and content of an uploaded file, or None."""
        upload = self.file(name)
        return (upload.filename or "", upload.file.read()) if upload else None

    def as_dict(self, lists: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Return the text fields; those in ``lists`` as lists."""
        return {name: self.texts(name) if name in lists else self.text(name) for name in self._form}


async def form_data(request: Request) -> AsyncIterator[FormData]:
    """Read the request's form once."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        yield FormData()
        return
    try:
        form = await request.form(max_files=20, max_fields=MAX_FIELDS, max_part_size=4 * 1024 * 1024)
    except HTTPException as error:  # malformed multipart, too many fields
        raise FormUnreadable(reason=error.detail) from error
    try:
        for name, value in form.multi_items():
            check_text(name, name)
            check_text(name, value if isinstance(value, str) else value.filename or "")
        yield FormData(form)
    finally:
        await form.close()


ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True)
class FieldError:
    """One error: an English template and its facts, to translate where it is shown."""

    message: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Form(Generic[ModelT]):
    """A form as sent: the parsed model or the errors, and the values to show again."""

    values: dict[str, Any] = field(default_factory=dict)
    model: ModelT | None = None
    errors: dict[str, FieldError] = field(default_factory=dict)

    def add(self, name: str, error: ExamError | str, **facts: Any) -> None:
        """Put an error beside field ``name`` (empty name: above the form)."""
        if isinstance(error, ExamError):
            self.errors[name] = FieldError(error.message, error.facts)
        else:
            self.errors[name] = FieldError(error, facts)


def _facts(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of an error as people write them: a bound of 0, not of 0.0."""
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in told.items()
    }


def parse_form(model: type[ModelT], data: FormData) -> Form[ModelT]:
    """Parse the fields into ``model``; empty strings of optional fields count as absent."""
    lists = frozenset(
        name for name, info in model.model_fields.items() if "list[" in str(info.annotation).lower()
    )
    values = data.as_dict(lists)
    given = {
        name: value
        for name, value in values.items()
        if name in model.model_fields and not (value == "" and not model.model_fields[name].is_required())
    }
    try:
        return Form(values, model.model_validate(given))
    except ValidationError as error:
        form: Form[ModelT] = Form(values)
        for problem in error.errors():
            name = str(problem["loc"][0]) if problem["loc"] else ""
            kind = "missing" if problem.get("input") == "" else problem["type"]
            if kind == "value_error":
                form.errors.setdefault(name, FieldError(str(problem["ctx"]["error"])))
            else:
                message = _MESSAGES.get(kind, _FALLBACK)
                form.errors.setdefault(name, FieldError(message, _facts(problem.get("ctx") or {})))
        return form
