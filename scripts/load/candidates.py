"""Candidates of a load test, each on a clock of its own: what is due is sent when it is due (open loop).

Everybody logs in within the minute before the start, clicks within ``spike`` seconds after it, saves every 20 and calls
every 30 seconds with jitter, loses the network now and then and comes back with all that was answered meanwhile,
sometimes goes on at another PC, and hands in within the last minute. Delays count from when a request was due.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.load.candidate import Broken, Candidate, Link, Reply, Unexpected
from scripts.load.figures import BEAT_SECONDS, SAVE_SECONDS, Figures
from scripts.load.hall import Ticket
from scripts.load.ledger import Ledger

CUT, AWAY_SECONDS = 0.01, (5.0, 25.0)
"""Chance at each save that the network is lost, and for how long."""

TAKE_OVER = 0.002
TRIES, RETRY_SECONDS = 20, 1.0


@dataclass
class Course:
    """When what happens, in seconds of the monotonic clock."""

    logins: tuple[float, float]
    start: float
    spike: float
    end: float
    hand_in: float
    """Length of the time in which all hand in after the end."""
    burst: tuple[float, float] = (math.inf, 1.0)
    """From when to the end everybody saves and calls so many times as often."""

    def hurried(self, due: float) -> float:
        """Return when something due is done: sooner, if it falls into the burst."""
        begin, factor = self.burst
        return due if due <= begin else begin + (due - begin) / factor


@dataclass
class Run:
    """What all candidates share."""

    url: str
    course: Course
    seed: int
    figures: Figures = field(default_factory=Figures)
    ledger: Ledger = field(default_factory=Ledger)
    cuts: int = 0
    take_overs: int = 0


async def sit(run: Run, tickets: Sequence[Ticket]) -> None:
    """Let everybody sit the exam."""
    await asyncio.gather(*(_Sitter(run, ticket, number).sit() for number, ticket in enumerate(tickets)))


class _Sitter:
    def __init__(self, run: Run, ticket: Ticket, number: int) -> None:
        self.run, self.rng = run, random.Random(run.seed * 1_000_003 + number)
        # A room stands behind an address of its own, as the rate limits expect; loopback has many.
        local = f"127.1.{ticket.room % 250}.1" if "//127.0.0.1" in run.url else None
        self.candidate = Candidate(Link(run.url, local), ticket)
        self.revision = 0
        self.waiting: list[dict[str, Any]] = []

    async def sit(self) -> None:
        """From the login to the receipt."""
        course, candidate = self.run.course, self.candidate
        await self._asleep(self.rng.uniform(*course.logins))
        if not await self._done("login", candidate.enter) or not await self._done("waiting", candidate.wait):
            return
        await self._asleep(course.start + self.rng.uniform(0.0, course.spike))
        for kind, step in (("start", candidate.start), ("page", candidate.look), ("open", candidate.open)):
            if not await self._done(kind, step):
                return
        await self._work()
        await self._asleep(course.end + self.rng.uniform(0.0, course.hand_in))
        await self._save(time.monotonic())
        if self.waiting:
            self.run.figures.failed("hand-in", "answers left over")
        await self._done("hand-in", self._hand_in)
        candidate.link.close()

    async def _work(self) -> None:
        end = self.run.course.end
        hurried = self.run.course.hurried
        save = hurried(time.monotonic() + SAVE_SECONDS * self.rng.random())
        beat = hurried(time.monotonic() + BEAT_SECONDS * self.rng.random())
        while min(save, beat) < end:
            due = min(save, beat)
            await self._asleep(due)
            if due == beat:
                await self._beat(due)
                beat = self._next(due, BEAT_SECONDS * self.rng.uniform(0.8, 1.2))
                continue
            self._answer()
            if self.rng.random() < CUT:
                self.run.cuts += 1
                self.candidate.link.close()
                save = self._next(due, self.rng.uniform(*AWAY_SECONDS))
                continue
            if self.rng.random() < TAKE_OVER:
                self.run.take_overs += 1
                await self._done("login", self.candidate.enter)
                await self._done("waiting", self.candidate.wait)
                await self._done("open", self.candidate.open)
                due = time.monotonic()
            await self._save(due)
            save = self._next(due, SAVE_SECONDS * self.rng.uniform(0.5, 1.5))

    def _next(self, due: float, seconds: float) -> float:
        begin, factor = self.run.course.burst
        return due + seconds / factor if due > begin else self.run.course.hurried(due + seconds)

    def _answer(self) -> None:
        """Answer a question; it waits until it is acknowledged."""
        self.revision += 1
        question = self.rng.choice(self.candidate.questions)
        self.waiting = [answer for answer in self.waiting if answer["item"] != question.item]
        label = self.rng.choice(question.labels)
        self.waiting.append({"item": question.item, "revision": self.revision, "response": [label]})

    async def _save(self, due: float) -> None:
        """Send what waits until it is acknowledged."""
        figures, candidate = self.run.figures, self.candidate
        for _ in range(TRIES):
            if not self.waiting:
                return
            sent, epoch = list(self.waiting), candidate.epoch
            try:
                reply = await candidate.save(sent)
            except Broken as broken:
                figures.failed("save", str(broken))
                await asyncio.sleep(RETRY_SECONDS * self.rng.random())
                continue
            if reply.status != 200:
                figures.failed("save", f"{reply.status} {reply.code}")
                if reply.status not in (429, 503):
                    return
                await asyncio.sleep(RETRY_SECONDS * (0.5 + self.rng.random()))
                continue
            in_burst = self.run.course.burst[0] < due < self.run.course.end
            figures.took("save in burst" if in_burst else "save", time.monotonic() - due)
            self._acknowledged(sent, epoch, reply)

    def _acknowledged(self, sent: list[dict[str, Any]], epoch: int, reply: Reply) -> None:
        responses = {(a["item"], a["revision"]): tuple(a["response"]) for a in sent}
        accepted = {(item, revision) for item, revision in reply.json()["accepted"]}
        for item, revision in accepted:
            self.run.ledger.acknowledged(
                self.candidate.attempt, item, (epoch, revision, responses[(item, revision)])
            )
        self.waiting = [a for a in self.waiting if (a["item"], a["revision"]) not in accepted]

    async def _beat(self, due: float) -> None:
        try:
            reply = await self.candidate.beat()
        except Broken as broken:
            self.run.figures.failed("heartbeat", str(broken))
            return
        if reply.status == 200:
            in_burst = due > self.run.course.burst[0]
            self.run.figures.took("call in burst" if in_burst else "heartbeat", time.monotonic() - due)
        else:
            self.run.figures.failed("heartbeat", f"{reply.status} {reply.code}")

    async def _hand_in(self) -> Reply:
        reply = await self.candidate.hand_in()
        if reply.status != 200:
            raise Unexpected("hand-in", reply)
        self.run.ledger.handed_in(self.candidate.attempt, reply.json()["receipt"])
        return reply

    async def _done(self, kind: str, step: Any) -> bool:
        """Do a step, again and again while the server asks for it; each failure counts as an error."""
        for _ in range(TRIES):
            due = time.monotonic()
            try:
                await step()
            except Broken as broken:
                self.run.figures.failed(kind, str(broken))
            except Unexpected as refused:
                reply = refused.reply
                self.run.figures.failed(kind, f"{reply.status} {reply.code}")
                if reply.status not in (429, 503):
                    return False
            else:
                self.run.figures.took(kind, time.monotonic() - due)
                return True
            await asyncio.sleep(RETRY_SECONDS * (0.5 + self.rng.random()))
        return False

    @staticmethod
    async def _asleep(until: float) -> None:
        await asyncio.sleep(max(0.0, until - time.monotonic()))
