"""Figures of a load test: delays by kind of request, CPU by phase, and the ceiling that follows."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

CORES, SHARE = 2, 0.6
"""The ceiling is reckoned for 60 % of two cores."""

SAVE_SECONDS, BEAT_SECONDS, SPIKE_SECONDS = 20.0, 30.0, 60.0


@dataclass
class Figures:
    """Delays in milliseconds by kind of request; errors by what was answered."""

    delays: dict[str, array[float]] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def took(self, kind: str, seconds: float) -> None:
        """Note a request that was answered as it should be, from when it was due."""
        self.delays.setdefault(kind, array("d")).append(seconds * 1000)
        self.counts[kind] += 1

    def failed(self, kind: str, reason: str) -> None:
        """Note a request that was not."""
        self.errors[f"{kind}: {reason}"] += 1

    def table(self) -> dict[str, dict[str, float]]:
        """Return number, median, 95th and 99th centile and maximum by kind, in milliseconds."""
        found = {}
        for kind, delays in self.delays.items():
            ordered = sorted(delays)
            last = len(ordered) - 1
            found[kind] = {
                "count": len(ordered),
                **{f"p{q}": round(ordered[min(last, len(ordered) * q // 100)], 1) for q in (50, 95, 99)},
                "max": round(ordered[-1], 1),
            }
        return found


@dataclass(frozen=True)
class Phase:
    """CPU seconds of server and database between two instants, and what was done in between."""

    seconds: float
    server: float
    database: float
    counts: Counter[str]

    @property
    def cpu(self) -> float:
        return self.server + self.database


def costs(entering: Phase, starting: Phase, working: Phase, handing_in: Phase) -> dict[str, float]:
    """Return CPU milliseconds of server and database for each thing a candidate does.

    A save, all in, carries its share of heartbeats and of everything else that went on while candidates worked, watched
    rooms, reconnects and take-overs included; with "save or call" all that is shared by heartbeats, too, which go the
    same way but write nothing. What is done beside saving is charged after the saves of its phase are taken off.
    """
    save = working.cpu / max(1, working.counts["save"])
    either = working.cpu / max(1, working.counts["save"] + working.counts["heartbeat"])

    def rest(phase: Phase, kind: str) -> float:
        return max(0.0, phase.cpu - save * phase.counts["save"]) / max(1, phase.counts[kind])

    return {
        "login and waiting room": 1000 * rest(entering, "login"),
        "start, page and opening": 1000 * rest(starting, "open"),
        "save, all in": 1000 * save,
        "save or call": 1000 * either,
        "hand-in": 1000 * rest(handing_in, "hand-in"),
    }


def ceiling(cost: dict[str, float]) -> dict[str, int]:
    """Return how many candidates 60 % of two cores carry: in the spike of logins, of starts, at work, at the end.

    All log in, start, and hand in within a minute; from their start they save every 20 and call every 30 seconds.
    """
    budget = CORES * SHARE * 1000
    at_work = cost["save, all in"] / SAVE_SECONDS
    return {
        "logins within a minute": int(budget / (cost["login and waiting room"] / SPIKE_SECONDS)),
        "starts within a minute": int(budget / (cost["start, page and opening"] / SPIKE_SECONDS + at_work)),
        "at work": int(budget / at_work),
        "hand-ins within a minute": int(budget / (cost["hand-in"] / SPIKE_SECONDS + at_work)),
    }


def at_rate(cost: dict[str, float], burst: Phase) -> dict[str, float]:
    """Return ``cost`` with what a save, all in, cost in a burst at the rate of the ceiling itself."""
    return cost | {"save, all in": 1000 * burst.cpu / max(1, burst.counts["save in burst"])}


def standing(working: Phase, burst: Phase) -> dict[str, float]:
    """Return the cost of one save more with its share of calls, and what the site costs besides, whatever is saved.

    Two rates, one straight line: besides is what watched rooms, sweeper, queue of jobs and pulses cost.
    """
    slow, fast = working.counts["save"] / working.seconds, burst.counts["save in burst"] / burst.seconds
    idle, busy = working.cpu / working.seconds, burst.cpu / burst.seconds
    more = (busy - idle) / (fast - slow) if fast > slow else 0.0
    return {
        "one save more, cpu milliseconds": round(1000 * more, 3),
        "besides, cpu milliseconds a second": round(1000 * (idle - more * slow), 1),
    }


def text(report: dict[str, Any]) -> str:
    """Return the report as lines to read."""
    lines = [f"{report['candidates']} candidates, {report['minutes']} minutes, {report['url']}"]
    lines.append(f"{'request':<14}{'count':>9}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'max ms':>10}")
    for kind, row in report["delays"].items():
        lines.append(
            f"{kind:<14}{row['count']:>9}{row['p50']:>9}{row['p95']:>9}{row['p99']:>9}{row['max']:>10}"
        )
    lines.append(f"errors: {report['errors'] or 'none'}")
    lines.append(f"cut on purpose: {report['cuts']} connections; other device: {report['take_overs']}")
    names = (
        "consoles",
        "cpu milliseconds",
        "cpu share of one core",
        "ceiling at 60 % of two cores",
        "burst",
        "ceiling at 60 % of two cores, by the burst",
        "compared",
    )
    lines += [f"{name}: {report[name]}" for name in names if name in report]
    return "\n".join(lines)
