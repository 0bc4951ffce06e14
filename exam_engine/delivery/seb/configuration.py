"""The configuration file of the Safe Exam Browser for one sitting. No I/O.

Source: https://safeexambrowser.org/developer/seb-file-format.html; the password block as its programs write it
(RNCryptor, version 2: the HMAC covers the header too).
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import plistlib
import secrets
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

START_PATH = "/exam/login"
QUIT_PATH = "/exam/seb/quit"
_ALLOWED = ("/exam/*", "/static/*", "/language/*")
_ROUNDS = 10_000
_VERSION = b"\x02\x01"


def settings(base: str, *, salt: bytes, quit_password: str) -> dict[str, Any]:
    """Return the settings; what is not among them has the browser's own default, which is the safest one.

    Parameters
    ----------
    base : str
        The site's public address without a slash at its end.
    salt : bytes
        Of the sitting, at random: the keys of two sittings differ.
    quit_password : str
        Without it nobody leaves the browser before the receipt.
    """
    place = urlsplit(base).netloc + urlsplit(base).path
    allowed = [{"action": 1, "active": True, "expression": place + path, "regex": False} for path in _ALLOWED]
    return {
        "sebConfigPurpose": 0,  # for an examination, not for the machine
        "examKeySalt": salt,
        "startURL": base + START_PATH,
        "quitURL": base + QUIT_PATH,
        "quitURLConfirm": False,
        "allowQuit": True,
        "ignoreExitKeys": True,
        "hashedQuitPassword": hashlib.sha256(quit_password.encode()).hexdigest(),
        "sendBrowserExamKey": True,
        "browserWindowWebView": 3,  # macOS and iOS: the modern one, which tells the keys to the page's script
        "URLFilterEnable": True,
        "URLFilterEnableContentFilter": False,
        "URLFilterRules": allowed,
        "newBrowserWindowByLinkPolicy": 0,
        "newBrowserWindowByScriptPolicy": 0,
        "browserViewMode": 1,  # full screen
        "browserWindowAllowReload": True,
        "showReloadButton": True,
        "showTime": True,
        "showInputLanguage": True,
        "enableF5": True,
        "enableEsc": True,  # closes the page's dialogs
        "enableRightMouse": False,
        "enablePrintScreen": False,
        "allowSpellCheck": False,
        "allowDictionaryLookup": False,
        "allowPreferencesWindow": False,
        "allowScreenSharing": False,
        "allowVirtualMachine": False,
        "allowedDisplaysMaxNumber": 1,
        "examSessionReconfigureAllow": False,
        "downloadAndOpenSebConfig": False,
        # The answer file after a lost network: to the usual folder, and without a look at the disk.
        "allowDownUploads": True,
        "allowDownloads": True,
        "allowUploads": False,
        "allowCustomDownUploadLocation": False,
        "openDownloads": False,
        # What waits to be sent is sealed, and outlives a restart of the browser.
        "removeBrowserProfile": False,
        "removeLocalStorage": False,
    }


def as_plist(found: dict[str, Any]) -> bytes:
    """Return settings as the property list that the browser reads, in plain text."""
    return plistlib.dumps(found, fmt=plistlib.FMT_XML, sort_keys=True)


def as_file(found: dict[str, Any], *, password: str = "") -> bytes:
    """Return settings as a ``.seb`` file, packed; with a password the browser asks for it when it opens the file."""
    packed = gzip.compress(as_plist(found), mtime=0)
    block = b"pswd" + _sealed(packed, password) if password else b"plnd" + packed
    return gzip.compress(block, mtime=0)


def _key(password: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha1", password.encode(), salt, _ROUNDS, 32)


def _sealed(plain: bytes, password: str) -> bytes:
    key_salt, check_salt, start = secrets.token_bytes(8), secrets.token_bytes(8), secrets.token_bytes(16)
    padder = PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(_key(password, key_salt)), modes.CBC(start)).encryptor()
    box = cipher.update(padder.update(plain) + padder.finalize()) + cipher.finalize()
    message = _VERSION + key_salt + check_salt + start + box
    return message + hmac.new(_key(password, check_salt), message, hashlib.sha256).digest()
