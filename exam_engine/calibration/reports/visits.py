"""From the history of saves to first answers and times. No I/O.

The examination page sends an answer when it changes; it does not tell which question is looked at. Therefore:

- *A visit* is a run of saves of one item, in the order in which the page counted them. The answer of a visit is
  the one it ends with: picking A, then B and C of a multiple-choice item is one answer, and a slip corrected at
  once is no change. The *first answer* is that of the first visit that left one.
- *Time* is the span between a save and the one before it, by the server's clock; it belongs to the item
  that was saved, the first from the start of the attempt. Time over items that were looked at and left without an
  answer goes to the next item answered. A revisit that saves adds its span; one that saves nothing adds to the next
  item.
- Spans that do not measure work make the time of their item unknown: the first save after the page was opened again
  or on another device; any span that a pause by the invigilator falls into; above `LONGEST_SECONDS`; and several
  items that arrive in one save more than `TOGETHER_SECONDS` after the one before, as they do when the network comes
  back, with the save after them. Items that arrive together sooner share the span: none took longer.
- The way to the server is part of a time. A break of the network during one item cannot be told from thought.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

TOGETHER_SECONDS = 5.0
"""The page sends after a fifth of a second; what two quick answers in one save took stays far below this."""

LONGEST_SECONDS = 1_200.0
"""Twenty minutes without a save on one item of choice: an absence rather than thought. Our own choice."""

SHORTEST_SECONDS = 0.001
"""Times are kept in milliseconds and are positive."""


@dataclass(frozen=True, slots=True)
class Save:
    """One answer as it arrived."""

    item: int
    epoch: int
    revision: int
    saved_at: datetime
    answer: int
    """As in an answer book."""


@dataclass(frozen=True)
class Pause:
    """A pause by the invigilator; without an end until the attempt was handed in."""

    begin: datetime
    end: datetime | None


def first_answers(saves: Sequence[Save]) -> dict[int, int]:
    """Return by item the answer of the first visit that left one; ``saves`` in the page's order.

    >>> from datetime import UTC, datetime
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> order = [(7, 1), (7, 2), (8, 4), (7, 1)]
    >>> first_answers([Save(item, 1, n, now, answer) for n, (item, answer) in enumerate(order)])
    {7: 2, 8: 4}
    """
    found: dict[int, int] = {}
    for item, visit in groupby(saves, key=lambda save: save.item):
        left = list(visit)[-1].answer
        if left > 0:
            found.setdefault(item, left)
    return found


def seconds_of(
    saves: Sequence[Save], *, started_at: datetime, pauses: Sequence[Pause] = ()
) -> dict[int, float | None]:
    """Return by item the seconds spent on it, None where they are not known; ``saves`` in the page's order.

    >>> from datetime import UTC, datetime, timedelta
    >>> start = datetime(2026, 1, 1, tzinfo=UTC)
    >>> order = [(7, 20), (8, 50), (7, 60)]
    >>> seconds_of([Save(item, 1, n, start + timedelta(seconds=at), 1) for n, (item, at) in enumerate(order)],
    ...            started_at=start)
    {7: 30.0, 8: 30.0}
    """
    found: dict[int, float | None] = {}
    before, epoch, is_lost = started_at, saves[0].epoch if saves else 0, False
    for saved_at, group in groupby(saves, key=lambda save: save.saved_at):
        together = list(group)
        items = {save.item for save in together}
        span = (saved_at - before).total_seconds()
        opened_again = together[0].epoch != epoch
        was_away = len(items) > 1 and span > TOGETHER_SECONDS
        unknown = (
            is_lost
            or opened_again
            or was_away
            or not 0.0 <= span <= LONGEST_SECONDS
            or any(_touches(pause, before, saved_at) for pause in pauses)
        )
        for item in items:
            known = found.get(item, 0.0)
            found[item] = None if unknown or known is None else known + span / len(items)
        before, epoch, is_lost = saved_at, together[-1].epoch, was_away
    return {item: None if span is None else max(span, SHORTEST_SECONDS) for item, span in found.items()}


def _touches(pause: Pause, begin: datetime, end: datetime) -> bool:
    return pause.begin < end and (pause.end is None or pause.end > begin)
