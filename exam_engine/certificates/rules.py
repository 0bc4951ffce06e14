"""Certificate numbers and what stands on a certificate. No I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from itembank.base.errors import Conflict, Invalid


class CertificateKind(StrEnum):
    """What a certificate attests; each kind has its own number scheme."""

    SKILL_LEVEL = "skill_level"
    SINGLE_SKILL = "single_skill"
    SENIOR_SPECIALIST = "senior_specialist"
    CHIEF_SPECIALIST = "chief_specialist"


class CertificateStatus(StrEnum):
    """Whether a certificate is in force."""

    VALID = "valid"
    REVOKED = "revoked"


class NumberMalformed(Invalid):
    """A text is not a certificate number; each subclass names the broken rule."""

    code = "certificate_number_malformed"
    message = "“{text}” is not a certificate number: it is not Y or S followed by 21 digits."


class NumberLengthWrong(NumberMalformed):
    """The number does not have 22 characters."""

    code = "certificate_number_length"
    message = "“{text}” is not a certificate number: it has {length} characters, not 22."


class NumberProvinceUnknown(NumberMalformed):
    """Characters 6 and 7 are no province."""

    code = "certificate_number_province"
    message = "“{text}” is not a certificate number: characters 6–7 ({found}) are no province."


class NumberLevelUnknown(NumberMalformed):
    """Character 16 is no level."""

    code = "certificate_number_level"
    message = "“{text}” is not a certificate number: character 16 ({found}) is no level from 1 to 5."


class NumberSerialZero(NumberMalformed):
    """The serial begins at 000001."""

    code = "certificate_number_serial"
    message = "“{text}” is not a certificate number: the serial begins at 000001."


class NumberSchemeUnknown(Invalid):
    """The number scheme of this certificate kind is not published, so none is made up."""

    code = "certificate_number_scheme_unknown"
    message = (
        "There is no published number scheme for certificates of the kind “{kind}”. No number was given."
    )


class SiteCodeMalformed(Invalid):
    """A site code does not have its 13 characters in the published layout."""

    code = "site_code_malformed"
    message = (
        "“{text}” is not a site code. A site code has 13 characters: Y or S, four digits of the ministry's "
        "institution code, two of the province and six of the site."
    )


class SerialsExhausted(Conflict):
    """All serials of this site, year and level are used."""

    code = "certificate_serials_exhausted"
    message = "All {last} serials of site {site} for year {year} and level {level} are used."


PROVINCES = frozenset(
    f"{region}{number}"
    for region, numbers in {1: "12345", 2: "123", 3: "1234567", 4: "123456", 5: "01234", 6: "12345"}.items()
    for number in numbers
) | {"71", "81", "82"}
"""First two digits of administrative divisions (GB/T 2260)."""

LEVELS = range(1, 6)
CENTURY = 2000
LAST_SERIAL = 999_999
NUMBER_LENGTH = 22
_SITE = re.compile(r"([YS])(\d{4})(\d{2})(\d{6})", re.ASCII)
_NUMBER = re.compile(r"([YS]\d{12})(\d{2})(\d)(\d{6})", re.ASCII)


@dataclass(frozen=True, order=True)
class SiteCode:
    """Characters 1–13 of a certificate number: who evaluates, filed where, and which site."""

    kind: str
    """``Y`` employer (用人单位) or ``S`` social training-and-evaluation organisation (社会培训评价组织)."""
    ministry: str
    """Institution code given by the ministry; ``0000`` when filed with a province."""
    province: str
    site: str

    def __str__(self) -> str:
        return f"{self.kind}{self.ministry}{self.province}{self.site}"

    @classmethod
    def parse(cls, text: str) -> SiteCode:
        """Return the parts of a site code, or raise SiteCodeMalformed."""
        match = _SITE.fullmatch(tidy(text))
        if match is None or match[3] not in PROVINCES:
            raise SiteCodeMalformed(text=text)
        return cls(*match.groups())


@dataclass(frozen=True, order=True)
class SerialRange:
    """The set of numbers in which a serial is unique: one site, one year, one level."""

    site: SiteCode
    year: int
    level: int


@dataclass(frozen=True, order=True)
class CertificateNumber:
    """The parts of a certificate number; its text is only ever made from them."""

    range: SerialRange
    serial: int

    def __str__(self) -> str:
        yy = self.range.year - CENTURY
        return f"{self.range.site}{yy:02d}{self.range.level}{self.serial:06d}"


class NumberScheme(Protocol):
    """How certificates of one kind are numbered."""

    def make(self, numbers: SerialRange, serial: int) -> CertificateNumber:
        """Return the number with this serial."""

    def parse(self, text: str) -> CertificateNumber:
        """Return the parts of a number, or raise NumberMalformed."""


class SkillLevelScheme:
    """职业技能等级证书编码规则（试行）: 22 characters, no check digit."""

    def make(self, numbers: SerialRange, serial: int) -> CertificateNumber:
        if numbers.level not in LEVELS or not CENTURY <= numbers.year < CENTURY + 100:
            raise ValueError(f"no certificate numbers for level {numbers.level} of {numbers.year}")
        if not 1 <= serial <= LAST_SERIAL:
            raise SerialsExhausted(
                last=LAST_SERIAL, site=numbers.site, year=numbers.year, level=numbers.level
            )
        return CertificateNumber(numbers, serial)

    def parse(self, text: str) -> CertificateNumber:
        plain = tidy(text)
        if len(plain) != NUMBER_LENGTH:
            raise NumberLengthWrong(text=text, length=len(plain))
        match = _NUMBER.fullmatch(plain)
        if match is None:
            raise NumberMalformed(text=text)
        site, year, level, serial = match.groups()
        if site[5:7] not in PROVINCES:
            raise NumberProvinceUnknown(text=text, found=site[5:7])
        if int(level) not in LEVELS:
            raise NumberLevelUnknown(text=text, found=level)
        if int(serial) == 0:
            raise NumberSerialZero(text=text)
        numbers = SerialRange(SiteCode.parse(site), CENTURY + int(year), int(level))
        return CertificateNumber(numbers, int(serial))


SCHEMES: Mapping[CertificateKind, NumberScheme] = {CertificateKind.SKILL_LEVEL: SkillLevelScheme()}
"""Only published schemes: those of single skills, 特级技师 and 首席技师 are not published in full."""


def scheme_for(kind: str) -> NumberScheme:
    """Return the number scheme of a certificate kind, or raise NumberSchemeUnknown."""
    scheme = SCHEMES.get(CertificateKind(kind)) if kind in set(CertificateKind) else None
    if scheme is None:
        raise NumberSchemeUnknown(kind=kind)
    return scheme


def tidy(text: str) -> str:
    """Return a number as typed by a person in its written form: half-width, upper case, no separators."""
    return re.sub(r"[\s\-‐-―−]", "", unicodedata.normalize("NFKC", text)).upper()


def tidy_name(text: str) -> str:
    """Return a person's name as compared on verification: one form of width and middle dot, no blanks."""
    dots = re.sub(r"[·•・‧∙．.]", "·", unicodedata.normalize("NFKC", text))
    return re.sub(r"\s+", "", dots).casefold()
