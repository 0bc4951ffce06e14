"""What is done for the candidates of a batch, one function a kind of request (``entering``, ``working``).

Each leaves ``answer`` empty where anything is out of the ordinary: wrong code, not admitted, too early, too late,
somebody else's, several sittings. The ordinary road then decides, with all its refusals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from exam_engine.delivery.lean.entering import enter, start, wait
from exam_engine.delivery.lean.flush import Flush
from exam_engine.delivery.lean.requests import (
    Advance,
    Enter,
    Given,
    HandIn,
    Open,
    Read,
    Request,
    Start,
    Wait,
)
from exam_engine.delivery.lean.working import advance, given, hand_in, open_here, read

Act = Callable[[Flush, Sequence[Any]], None]

ACTS: Mapping[type[Request], Act] = {
    Enter: enter,
    Wait: wait,
    Start: start,
    Read: read,
    Open: open_here,
    Given: given,
    Advance: advance,
    HandIn: hand_in,
}
