"""Encryption at rest: what was sealed opens where it belongs and nowhere else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itembank.base.crypto import Keyring, KeyringUnreadable, SealBroken
from itembank.base.ids import new_id

RING = Keyring.generate()


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_was_sealed_opens_again(plain: bytes, context: str) -> None:
    sealed = RING.seal(plain, purpose="item", context=context)

    assert RING.open(sealed, purpose="item", context=context) == plain


@given(st.binary(min_size=1, max_size=50), st.integers(0, 10_000))
def test_one_flipped_bit_is_noticed(plain: bytes, where: int) -> None:
    sealed = bytearray(RING.seal(plain, purpose="item", context="row"))
    sealed[where % len(sealed)] ^= 1

    with pytest.raises(SealBroken):
        RING.open(bytes(sealed), purpose="item", context="row")


def test_a_ciphertext_does_not_open_in_another_row_for_another_purpose_or_under_another_key() -> None:
    sealed = RING.seal(b"key: C", purpose="item", context="row/1")

    for ring, purpose, context in [
        (RING, "item", "row/2"),
        (RING, "paper", "row/1"),
        (Keyring.generate(), "item", "row/1"),
    ]:
        with pytest.raises(SealBroken):
            ring.open(sealed, purpose=purpose, context=context)


def test_the_key_file_is_private_made_once_and_named_when_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "keyring.json"

    first, second = Keyring.load_or_create(path), Keyring.load_or_create(path)

    assert first.primary == second.primary
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first.blind_index("x", purpose="p") == second.blind_index("x", purpose="p")
    path.write_text("{}")
    with pytest.raises(KeyringUnreadable, match="not a keyring"):
        Keyring.load(path)


def test_a_signature_holds_for_its_message_and_purpose_only() -> None:
    signature = RING.sign(b"head", purpose="audit")

    assert RING.verify(b"head", signature, purpose="audit")
    assert not RING.verify(b"heaD", signature, purpose="audit")
    assert not RING.verify(b"head", signature, purpose="other")
    assert not RING.verify(b"head", "nonsense", purpose="audit")
    assert not Keyring.generate().verify(b"head", signature, purpose="audit")


def test_ids_increase_and_are_version_seven() -> None:
    made = [new_id() for _ in range(5000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {identifier.version for identifier in made} == {7}
