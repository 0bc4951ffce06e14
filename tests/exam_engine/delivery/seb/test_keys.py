"""Keys of the Safe Exam Browser: the documented form, digests worked out by another program."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.delivery.seb import keys
from exam_engine.delivery.seb.rules import SebKeyTwice, SebKeyWrong, keys_as_text, read_keys

SETTINGS = {
    "URLFilterRules": [{"regex": False, "expression": "exam.lan/x", "active": True, "action": 1}],
    "startURL": "https://exam.lan/exam/login",
    "originatorVersion": "SEB_Win_3.10.1",
    "proxies": {},
    "URLFilterEnable": True,
    "examKeySalt": bytes([0, 1, 2]),
    "allowQuit": False,
}


def test_the_config_key_is_the_digest_of_sorted_settings() -> None:
    """The digest is that of `sha256sum`. Settings of SEB for macOS 2.1.4, with its key 4fa9af8e…, agreed once too."""
    text = keys.seb_json(SETTINGS)

    assert text == (
        '{"allowQuit":false,"examKeySalt":"AAEC","startURL":"https://exam.lan/exam/login","URLFilterEnable":true,'
        '"URLFilterRules":[{"action":1,"active":true,"expression":"exam.lan/x","regex":false}]}'
    )
    assert keys.config_key(SETTINGS) == "97622e11f8728ef6333c5826e9290e9e86442529f7d2dd6c36161a0194255b21"


def test_names_stand_in_the_order_that_the_documentation_shows() -> None:
    """Names around capitals and digits, in the order of the example at safeexambrowser.org/developer."""
    # fmt: off
    shown = [
        "allowDownUploads", "allowedDisplayBuiltin", "allowFlashFullscreen", "browserURLSalt",
        "browserUserAgent", "browserUserAgentMac", "browserUserAgentMacCustom", "enableF1", "enableF10",
        "enableF2", "touchOptimized", "URLFilterEnable", "URLFilterIgnoreList", "URLFilterMessage",
        "urlFilterRegex", "URLFilterRules", "urlFilterTrustedContent", "whitelistURLFilter", "zoomMode",
    ]
    # fmt: on

    assert list(json.loads(keys.seb_json(dict.fromkeys(reversed(shown), 0)))) == shown


def test_nothing_is_escaped_and_times_are_written_in_full() -> None:
    settings = {"b": r"^https?:\/\/", "a": datetime(2026, 5, 1, 9, tzinfo=UTC)}

    assert keys.seb_json(settings) == r'{"a":"2026-05-01T09:00:00Z","b":"^https?:\/\/"}'
    with pytest.raises(ValueError, match="case alone"):
        keys.seb_json({"allowWlan": True, "allowWLAN": True})
    with pytest.raises(TypeError):
        keys.seb_json({"zoom": 1.5})


def test_a_browser_shows_the_digest_of_address_and_key() -> None:
    key = "4fa9af8ec8759eb7c680752ef4ee5eaf1a860628608fccae2715d519849f9292"
    sent = "18af664067a9820dc3f0c615e3fb421a413ad4b127da8584fc3bd3744c2b0850"
    address = "https://exam.lan/exam/seb?proof=1"

    assert keys.request_hash(address, key) == sent
    assert keys.shows(address + "#top", key, sent.upper())
    assert not keys.shows("https://exam.lan/exam/seb?proof=2", key, sent)
    assert not keys.shows(address, key, "")
    assert keys.shows_one_of(address, ["0" * 64, key], sent)
    assert not keys.shows_one_of(address, ["0" * 64], sent)


@pytest.mark.parametrize(
    ("base", "seen"),
    [
        ("https://Exam.LAN:443/", "https://exam.lan/exam"),
        ("http://192.168.1.10:8000", "http://192.168.1.10:8000/exam"),
        ("https://exam.lan/skills/", "https://exam.lan/skills/exam"),
        ("http://[::1]:80", "http://[::1]/exam"),
    ],
)
def test_an_address_is_written_as_browsers_write_it(base: str, seen: str) -> None:
    assert keys.seen_address(base, "/exam") == seen


@given(st.lists(st.tuples(st.integers(0, 2**256 - 1), st.text("abc 3.", max_size=9)), max_size=5))
def test_key_lines_are_read_as_they_are_written(pairs: list[tuple[int, str]]) -> None:
    lines = {f"{key:064X}": label.strip() for key, label in pairs}
    text = "\n\n".join(f" {key}  {label}" for key, label in lines.items())

    found = read_keys(text)

    assert [(key.key.upper(), key.label) for key in found] == list(lines.items())
    assert read_keys(keys_as_text(found)) == found


def test_a_wrong_key_is_named_with_its_line() -> None:
    with pytest.raises(SebKeyWrong) as short:
        read_keys("0" * 64 + " Windows\n\n" + "0" * 63)
    with pytest.raises(SebKeyTwice) as twice:
        read_keys("\n".join(["a" * 64, "b" * 64, "A" * 64 + " again"]))

    assert (short.value.facts["line"], twice.value.facts) == (3, {"line": 3, "first": 1})
