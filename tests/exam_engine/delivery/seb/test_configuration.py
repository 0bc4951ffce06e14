"""The configuration file, read back as its documentation describes it."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import plistlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from exam_engine.delivery.seb import configuration

SETTINGS = configuration.settings("https://exam.lan", salt=bytes(32), quit_password="QUIT-CODE")


def test_the_file_holds_the_settings_packed_twice() -> None:
    block = gzip.decompress(configuration.as_file(SETTINGS))

    assert block[:4] == b"plnd"
    assert plistlib.loads(gzip.decompress(block[4:])) == SETTINGS
    assert plistlib.loads(configuration.as_plist(SETTINGS)) == SETTINGS


def test_a_file_with_a_password_opens_with_it_alone() -> None:
    """By the steps of the file format: two keys of PBKDF2 with SHA-1, the HMAC first, then AES-256-CBC."""
    block = gzip.decompress(configuration.as_file(SETTINGS, password="ABCD-2345"))
    message, check = block[4:-32], block[-32:]

    def key(password: bytes, salt: bytes) -> bytes:
        return hashlib.pbkdf2_hmac("sha1", password, salt, 10_000, 32)

    def signed(password: bytes) -> bytes:
        return hmac.new(key(password, message[10:18]), message, hashlib.sha256).digest()

    aes = Cipher(algorithms.AES(key(b"ABCD-2345", message[2:10])), modes.CBC(message[18:34])).decryptor()
    plain = aes.update(message[34:]) + aes.finalize()
    assert (block[:4], message[:2]) == (b"pswd", b"\x02\x01")
    assert signed(b"ABCD-2345") == check
    assert signed(b"ABCD-2346") != check
    assert plistlib.loads(gzip.decompress(plain[: -plain[-1]])) == SETTINGS


def test_the_settings_keep_candidates_on_the_examination_and_let_unsent_answers_live() -> None:
    assert SETTINGS["startURL"] == "https://exam.lan/exam/login"
    assert [rule["expression"] for rule in SETTINGS["URLFilterRules"]] == [
        "exam.lan/exam/*",
        "exam.lan/static/*",
        "exam.lan/language/*",
    ]
    assert SETTINGS["hashedQuitPassword"] == hashlib.sha256(b"QUIT-CODE").hexdigest()
    assert not SETTINGS["allowSpellCheck"]
    assert not SETTINGS["removeBrowserProfile"]
