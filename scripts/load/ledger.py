"""What was acknowledged, kept by the candidates' side, and compared with what the database holds.

An acknowledged answer is *kept* when the stored one of the same question is the same (epoch, revision) or newer, and
*right* when the stored response of that very revision is the one that was sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from exam_engine.delivery import service as delivery
from exam_engine.delivery.rules import receipt
from itembank.base.db import Database, Scope

PORTION = 200
"""Attempts compared at a time."""

Answered = tuple[int, int, tuple[str, ...]]
"""Epoch, revision, response."""


@dataclass
class Ledger:
    """Acknowledgements of all candidates."""

    answers: dict[UUID, dict[UUID, list[Answered]]] = field(default_factory=dict)
    receipts: dict[UUID, str] = field(default_factory=dict)
    accepted_after_hand_in: int = 0
    count: int = 0

    def acknowledged(self, attempt: str, item: str, answered: Answered) -> None:
        """Note one acknowledged answer."""
        self.answers.setdefault(UUID(attempt), {}).setdefault(UUID(item), []).append(answered)
        self.count += 1

    def handed_in(self, attempt: str, digest: str) -> None:
        """Note a receipt."""
        self.receipts[UUID(attempt)] = digest


@dataclass(frozen=True)
class Findings:
    """How the database compares."""

    acknowledged: int
    lost: int
    """Acknowledged, and neither it nor a newer one is stored."""
    missing_in_history: int
    """Acknowledged, and not in the history."""
    wrong: int
    """Stored with another response than was sent."""
    receipts: int
    receipts_wrong: int
    """Receipts that are not those of the stored attempt and its answers."""
    accepted_after_hand_in: int

    @property
    def clean(self) -> bool:
        return not (
            self.lost
            or self.missing_in_history
            or self.wrong
            or self.receipts_wrong
            or self.accepted_after_hand_in
        )


def compare(ledger: Ledger, database: Database) -> Findings:
    """Look every acknowledged answer and every receipt up."""
    lost = missing = wrong = receipts_wrong = 0
    attempts = sorted({*ledger.answers, *ledger.receipts})
    for start in range(0, len(attempts), PORTION):
        part = attempts[start : start + PORTION]
        # A load test looks at a hall of its own, whose institution it knows.
        with database.session(scope=Scope.everything(), writes=False) as session:
            stored = delivery.kept(session, part)
        latest, history, receipts = stored.latest, stored.history, stored.receipts
        for attempt in part:
            for item, answered in ledger.answers.get(attempt, {}).items():
                newest = latest.get((attempt, item))
                for epoch, revision, response in answered:
                    kept = newest is not None and newest[:2] >= (epoch, revision)
                    lost += not kept
                    found = history.get((attempt, item, epoch, revision))
                    missing += kept and found is None
                    wrong += found is not None and found != response
                    same = newest is not None and newest[:2] == (epoch, revision)
                    wrong += same and newest is not None and newest[2] != response
            if attempt in ledger.receipts:
                rows = [(item, *kept) for (one, item), kept in latest.items() if one == attempt]
                digest = receipt(attempt, [(item, e, r, list(chosen)) for item, e, r, chosen in rows])
                receipts_wrong += not (ledger.receipts[attempt] == receipts.get(attempt) == digest)
    return Findings(
        ledger.count,
        lost,
        missing,
        wrong,
        len(ledger.receipts),
        receipts_wrong,
        ledger.accepted_after_hand_in,
    )
