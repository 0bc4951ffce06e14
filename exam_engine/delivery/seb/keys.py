"""The keys by which a Safe Exam Browser is known, as its developer documentation defines them. No I/O.

The *Config Key* is a digest of the configuration, which both sides compute; the *Browser Exam Key* is one of
configuration and program, which only the browser can compute and somebody copies from it. The browser shows neither,
but the SHA-256 of the address that it asks for followed by the key: in the headers ``X-SafeExamBrowser-ConfigKeyHash``
and ``X-SafeExamBrowser-RequestHash``, or to the page's script as ``SafeExamBrowser.security.configKey`` and
``.browserExamKey``.

Source: https://safeexambrowser.org/developer/seb-config-key.html (2025) and the specification of the Browser Exam Key.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def seb_json(value: Any) -> str:
    """Return settings as *SEB-JSON*: JSON without white space or escapes, keys sorted without regard to case.

    Parameters
    ----------
    value : dict, list, str, bytes, int, bool or datetime
        ``originatorVersion`` at the top and empty dictionaries inside are left out; bytes become Base64, times
        ISO 8601 in UTC.

    Raises
    ------
    ValueError
        If two keys differ by case alone, whose order the format leaves open.
    TypeError
        For anything else, such as a float, whose digits it leaves open.

    Examples
    --------
    >>> seb_json({"startURL": "https://exam.lan", "URLFilterEnable": True, "allowQuit": False, "proxies": {}})
    '{"allowQuit":false,"startURL":"https://exam.lan","URLFilterEnable":true}'
    """
    if isinstance(value, dict):
        value = {key: each for key, each in value.items() if key != "originatorVersion"}
    return _json(value)


def _json(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return f'"{value}"'
        case bytes():
            return f'"{b64encode(value).decode()}"'
        case datetime():
            return f'"{value:%Y-%m-%dT%H:%M:%SZ}"'
        case list():
            return f"[{','.join(map(_json, value))}]"
        case dict():
            return _object(value)
    raise TypeError(f"SEB-JSON has no {type(value).__name__}")


def _object(value: Mapping[str, Any]) -> str:
    if len({key.lower() for key in value}) < len(value):
        raise ValueError("two keys differ by case alone")
    pairs = [f'"{key}":{_json(value[key])}' for key in sorted(value, key=str.lower) if value[key] != {}]
    return f"{{{','.join(pairs)}}}"


def config_key(settings: Mapping[str, Any]) -> str:
    """Return the Config Key of settings: the SHA-256 of their SEB-JSON, in 64 hexadecimal digits."""
    return hashlib.sha256(seb_json(dict(settings)).encode()).hexdigest()


def request_hash(address: str, key: str) -> str:
    """Return what the browser sends for a key when it asks for an address; the fragment does not count."""
    return hashlib.sha256((address.partition("#")[0] + key).encode()).hexdigest()


def shows(address: str, key: str, given: str) -> bool:
    """Tell whether ``given`` is what a browser with ``key`` sends for ``address``."""
    return hmac.compare_digest(request_hash(address, key).encode(), given.strip().lower().encode())


def shows_one_of(address: str, keys: Collection[str], given: str) -> bool:
    """Tell whether a browser with one of some keys has sent ``given``; where none is listed, any program will do."""
    return not keys or any(shows(address, key, given) for key in keys)


def seen_address(base: str, path_and_query: str) -> str:
    """Return an address as the browser sees and hashes it, query included, behind whatever proxies.

    Parameters
    ----------
    base : str
        The site's public address. Browsers write scheme and host small and leave out the usual port.

    Examples
    --------
    >>> seen_address("HTTPS://Exam.LAN:443/", "/exam/seb?proof=1")
    'https://exam.lan/exam/seb?proof=1'
    """
    parts = urlsplit(base)
    host = (
        (parts.hostname or "").encode("idna").decode()
        if ":" not in (parts.hostname or "")
        else f"[{parts.hostname}]"
    )
    port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}{path_and_query}"
