"""Languages: catalogues read from ``web/locale/<language>/*.po``, one file an area; Chinese unless chosen.

Message ids are the English text, so the English catalogue is complete by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from babel.messages.pofile import read_po

LOCALE_FOLDER = Path(__file__).parent / "locale"
LANGUAGES = {"zh_CN": "简体中文", "en": "English"}
DEFAULT_LANGUAGE = "zh_CN"
ZONE = ZoneInfo("Asia/Shanghai")

Translate = Callable[..., str]


def N_(message: str) -> str:  # noqa: N802  the usual name for “translate later”
    """Mark ``message`` for the catalogue; translate it where it is shown."""
    return message


def _read(language: str) -> Iterator[tuple[str, str]]:
    for path in sorted((LOCALE_FOLDER / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id and message.string and not message.fuzzy:
                    yield str(message.id), str(message.string)


@cache
def _locale(language: str) -> Locale:
    """Return a language's rules; given by name, Babel would look for them at every time and number shown."""
    return Locale.parse(language)


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return message id → translation of all areas."""
    return dict(_read(language))


def conflicts(language: str) -> set[str]:
    """Return message ids that two areas translate differently: only one of them would be seen."""
    seen: dict[str, str] = {}
    return {message for message, text in _read(language) if seen.setdefault(message, text) != text}


def translator(language: str) -> Translate:
    """Return ``_(message, **facts)`` for a language; facts fill the braces after translation."""
    messages = catalogue(language)

    def translate(message: str, **facts: object) -> str:
        text = messages.get(message, message)
        return text.format(**facts) if facts else text

    return translate


def choose_language(cookie: str | None, accepted: str | None) -> str:
    """Return the language to show: the reader's choice, else Chinese unless only English is accepted."""
    if cookie in LANGUAGES:
        return cookie
    wanted = (accepted or "").lower()
    return "en" if wanted.startswith("en") and "zh" not in wanted else DEFAULT_LANGUAGE


def format_time(value: datetime | None, language: str) -> str:
    """Show a time in the site's zone, to the minute."""
    if value is None:
        return "—"
    local = value.astimezone(ZONE)
    pattern = "y年M月d日 HH:mm" if language == "zh_CN" else "d MMM y, HH:mm"
    return dates.format_datetime(local, pattern, locale=_locale(language))


def format_day(value: date | None, language: str) -> str:
    """Show a day."""
    if value is None:
        return "—"
    if isinstance(value, datetime):
        value = value.astimezone(ZONE).date()
    return dates.format_date(
        value, "y年M月d日" if language == "zh_CN" else "d MMM y", locale=_locale(language)
    )


def format_number(value: float | Decimal | None, language: str, digits: int = 2) -> str:
    """Show a number with at most ``digits`` decimals."""
    if value is None:
        return "—"
    pattern = "#,##0" + ("." + "#" * digits if digits else "")
    return numbers.format_decimal(value, format=pattern, locale=_locale(language))
