"""What a cell of a registration list must hold, each rule a named refusal. No I/O."""

from __future__ import annotations

import re
from datetime import date

from stdnum.cn import ric
from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidLength, ValidationError

from exam_engine.sittings.columns import SEXES
from itembank.base.errors import Invalid


class CellMissing(Invalid):
    """A required cell is empty."""

    code = "cell_missing"
    message = "The cell must be filled in."


class CellTooLong(Invalid):
    """A cell is longer than what is kept."""

    code = "cell_too_long"
    message = "At most {most} characters are kept; the cell has {length}."


class CellNotOffered(Invalid):
    """A cell is none of the values allowed."""

    code = "cell_not_offered"
    message = "“{value}” is none of the values allowed: {allowed}."


class NameWrong(Invalid):
    """The cell holds no name."""

    code = "cell_name_wrong"
    message = "“{value}” is not a name: letters, Chinese characters, spaces, hyphens and middle dots only."


class DigitsLost(Invalid):
    """The spreadsheet kept a long number as a number."""

    code = "cell_digits_lost"
    message = "“{value}” was kept as a number and lost its last digits. Format the column as text and enter it again."


class CitizenIdLength(Invalid):
    """A citizen ID has 18 characters."""

    code = "citizen_id_length"
    message = "A citizen ID number has 18 characters; this one has {length}."


class CitizenIdChecksum(Invalid):
    """The check character is wrong (GB 11643)."""

    code = "citizen_id_checksum"
    message = "The check character of the citizen ID is wrong: after {body} it must be {right}, not {found}."


class CitizenIdWrong(Invalid):
    """The number contains something other than digits, or no valid date or region."""

    code = "citizen_id_wrong"
    message = "This is not a citizen ID number: its region code or date of birth does not exist."


class DocumentNumberWrong(Invalid):
    """Other documents have 4 to 30 letters and digits."""

    code = "document_number_wrong"
    message = "A number of this kind of document has 4 to 30 letters, digits or hyphens."


class ContradictsId(Invalid):
    """Sex or date of birth is not what the citizen ID says."""

    code = "contradicts_citizen_id"
    message = "“{value}” contradicts the citizen ID, which says {right}."


class DateWrong(Invalid):
    """The cell holds no date."""

    code = "cell_date_wrong"
    message = "“{value}” is not a date such as 1990-10-01 between 1900 and today."


class TelephoneWrong(Invalid):
    """The cell holds no mobile number."""

    code = "cell_telephone_wrong"
    message = "“{value}” is not a mobile number of 11 digits."


class DiffersFromPlan(Invalid):
    """The row is for another occupation, work type or level."""

    code = "differs_from_plan"
    message = "“{value}” is not what this plan examines: {right}."


class OrdinalWrong(Invalid):
    """The entry condition is none of those configured."""

    code = "cell_condition_wrong"
    message = "“{value}” is not the ordinal of an entry condition; this level has 1 to {last}."


class AddressMissing(Invalid):
    """Certificates by courier need an address."""

    code = "address_missing"
    message = "An address is required when the certificate is sent by courier."


class RepeatedInList(Invalid):
    """The same document stands in an earlier row."""

    code = "repeated_in_list"
    message = "The same document number stands in row {first} already."


class AlreadyRegistered(Invalid):
    """The person is already registered for this plan."""

    code = "already_registered"
    message = "This person is already registered for this plan."


class PersonDiffers(Invalid):
    """The document is on record for somebody of another name."""

    code = "person_differs"
    message = (
        "This document number is on record with another name. Check the document; if the record is wrong, "
    )
    message += "correct it on the registration it came from."


_DATE = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})(?:\s*[-/.月]\s*(\d{1,2})?\s*日?)?|(\d{4})(\d{2})(\d{2})", re.ASCII
)
_NAME = re.compile(r"[^\W\d_][^\W\d_ '\-·.]*(?:[ '\-·.]+[^\W\d_]+)*\.?")
DOCUMENT_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9\-（）()第字号\u4e00-\u9fff]{3,29}")
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
EXPONENT = re.compile(r"\d(?:\.\d+)?E\+?\d+", re.ASCII | re.IGNORECASE)
_BETWEEN_HAN = re.compile(
    r"(?<=[\u3400-\u9fff\U00020000-\U0003ffff])\s+(?=[\u3400-\u9fff\U00020000-\U0003ffff])"
)


def read_day(text: str, *, today: date, month_is_enough: bool = False) -> date:
    """Return the date a cell names; raises DateWrong."""
    found = _DATE.fullmatch(text.strip())
    parts = [part for part in found.groups() if part] if found else []
    try:
        if len(parts) == 2 and month_is_enough:
            parts.append("1")
        day = date(*map(int, parts)) if len(parts) == 3 else None
    except ValueError:
        day = None
    if day is None or not date(1900, 1, 1) <= day <= today:
        raise DateWrong(value=text)
    return day


def read_name(text: str) -> str:
    """Return a name with the filling spaces between Chinese characters removed; raises NameWrong."""
    name = _BETWEEN_HAN.sub("", text.replace("•", "·").replace("‧", "·").strip())
    if len(name) > 50 or not _NAME.fullmatch(name):
        raise NameWrong(value=text)
    return name


def read_citizen_id(text: str) -> tuple[str, str, date]:
    """Return number, sex (男, 女) and date of birth of a citizen ID (GB 11643).

    Raises DigitsLost, CitizenIdLength, CitizenIdChecksum or CitizenIdWrong.
    """
    if EXPONENT.fullmatch(text):
        raise DigitsLost(value=text)
    number = re.sub(r"[\s\-]", "", text).upper()
    try:
        ric.validate(number)
    except InvalidLength as error:
        raise CitizenIdLength(length=len(number)) from error
    except InvalidChecksum as error:
        body, found = number[:-1], number[-1]
        raise CitizenIdChecksum(body=body, right=ric.calc_check_digit(number), found=found) from error
    except InvalidComponent as error:
        # Region codes come and go, and some were given after the birth: only an impossible date refuses.
        if not _has_birth_date(number):
            raise CitizenIdWrong from error
    except ValidationError as error:
        raise CitizenIdWrong from error
    return number, SEXES[0] if int(number[16]) % 2 else SEXES[1], ric.get_birth_date(number)


def _has_birth_date(number: str) -> bool:
    try:
        return ric.get_birth_date(number) is not None
    except ValidationError:
        return False


def read_ordinal(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise CellNotOffered(value=text, allowed="1, 2, 3 …")
    return int(text)


def read_mobile(text: str) -> str:
    number = re.sub(r"[\s\-]", "", text).removeprefix("+86")
    if not _MOBILE.fullmatch(number):
        raise TelephoneWrong(value=text)
    return number
