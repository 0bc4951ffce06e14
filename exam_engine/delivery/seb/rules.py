"""Whether a sitting asks for the Safe Exam Browser, and what is refused without it. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from itembank.base.errors import Conflict, Forbidden, Invalid


class SebUse(StrEnum):
    """What a sitting wants of its candidates' browsers."""

    OFF = "off"
    ALLOWED = "allowed"
    """A configuration is there, and the console shows who works with it; other browsers work too."""
    REQUIRED = "required"


class Shown(StrEnum):
    """How a candidate's browser stands."""

    SEB = "seb"
    LET_IN = "let_in"
    """Admitted without by the invigilator."""
    MISSING = "missing"


class SebNeeded(Forbidden):
    """The sitting is for the Safe Exam Browser, and this login has not been shown to be one."""

    code = "seb_needed"
    message = (
        "This examination can only be taken in the Safe Exam Browser. Open it there, with the configuration file of "
        "this examination, and log in again. If that does not work, ask the invigilator, who can let you in without."
    )


class SebConfigurationWrong(Forbidden):
    """It is a Safe Exam Browser, but with another configuration, of another version, or at another address."""

    code = "seb_configuration_wrong"
    message = (
        "This Safe Exam Browser runs with another configuration than that of this examination, in a version that is "
        "not admitted, or under another address than {address}. Quit it and open the configuration file again; if "
        "that does not help, ask the invigilator."
    )


class SebUnknown(Conflict):
    """The sitting does not use the Safe Exam Browser."""

    code = "seb_not_used"
    message = "This sitting does not use the Safe Exam Browser. Switch it on first."


class SebTheoryOnly(Conflict):
    """Only theory examinations are taken in a browser."""

    code = "seb_theory_only"
    message = "The Safe Exam Browser is for theory examinations: nothing else is taken in a browser."


class SebClosed(Conflict):
    """After the closing of a sitting nothing changes."""

    code = "seb_sitting_closed"
    message = "This sitting is closed; its use of the Safe Exam Browser no longer changes."


class SebReasonMissing(Invalid):
    """What changes after the publication, or lets somebody in, has its reason."""

    code = "seb_reason_missing"
    message = "State the reason: it is kept in the record of the examination."


class SebKeyWrong(Invalid):
    """A Browser Exam Key has 64 hexadecimal digits."""

    code = "seb_key_wrong"
    message = (
        "Line {line}: “{text}” is no Browser Exam Key. Each line holds the 64 digits 0–9, a–f that Safe Exam Browser "
        "shows, and after them its version, such as: 81aad4…dc Windows 3.10."
    )


class SebKeyTwice(Invalid):
    """One key, two lines."""

    code = "seb_key_twice"
    message = "Line {line}: this Browser Exam Key already stands in line {first}."


class SebTooManyKeys(Invalid):
    """More keys than versions of a browser can be."""

    code = "seb_too_many_keys"
    message = "At most {most} Browser Exam Keys can be admitted; {count} were given."


MOST_KEYS = 40
MOST_LABEL = 60
_KEY = re.compile(r"([0-9A-Fa-f]{64})(?:\s+(.*))?")


@dataclass(frozen=True)
class ExamKey:
    """The Browser Exam Key of one version of the browser with the sitting's configuration."""

    key: str
    label: str = ""


def read_keys(text: str) -> list[ExamKey]:
    """Return the keys of a text with one key and its label a line.

    Raises SebKeyWrong, SebKeyTwice or SebTooManyKeys.
    """
    found: dict[str, tuple[int, ExamKey]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        match = _KEY.fullmatch(line.strip())
        if match is None:
            raise SebKeyWrong(line=number, text=line.strip()[:20])
        key = match[1].lower()
        if key in found:
            raise SebKeyTwice(line=number, first=found[key][0])
        found[key] = number, ExamKey(key, (match[2] or "").strip()[:MOST_LABEL])
    if len(found) > MOST_KEYS:
        raise SebTooManyKeys(most=MOST_KEYS, count=len(found))
    return [key for _, key in found.values()]


def keys_as_text(keys: Sequence[ExamKey]) -> str:
    """Return the keys as ``read_keys`` reads them."""
    return "\n".join(f"{key.key} {key.label}".rstrip() for key in keys)
