"""A token is this site's, for one attempt and one device, or it is nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.delivery.rules import NotYourAttempt, TokenExpired
from exam_engine.delivery.tokens import LIFETIME, AttemptToken, issue, read
from itembank.base.crypto import Keyring
from itembank.base.ids import new_id

RING = Keyring.generate()
NOW = datetime(2026, 6, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TOKEN = AttemptToken(new_id(), new_id(), new_id(), 3)


def test_what_was_issued_is_read_back() -> None:
    assert read(RING, issue(RING, TOKEN, now=NOW), now=NOW + LIFETIME - SECOND) == TOKEN


def test_a_token_of_another_site_is_refused() -> None:
    with pytest.raises(NotYourAttempt):
        read(RING, issue(Keyring.generate(), TOKEN, now=NOW), now=NOW)


@given(st.data())
def test_a_changed_token_is_refused(data: st.DataObject) -> None:
    text = issue(RING, TOKEN, now=NOW)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda char: char != text[place]))

    with pytest.raises(NotYourAttempt):
        read(RING, text[:place] + other + text[place + 1 :], now=NOW)


@given(st.text())
def test_no_text_is_a_token(text: str) -> None:
    with pytest.raises(NotYourAttempt):
        read(RING, text, now=NOW)


def test_a_token_ends() -> None:
    with pytest.raises(TokenExpired):
        read(RING, issue(RING, TOKEN, now=NOW), now=NOW + LIFETIME)
