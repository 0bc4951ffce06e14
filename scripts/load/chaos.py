"""Candidates at work while servers are killed; at the end every acknowledgement is compared with the database.

Lanes of candidates save one answer after the other, as fast as they are acknowledged, after a short pause. A candidate
who was not answered sends the same answers again, like the exam page; some take over on another device; each hands in
after a while and then tries to save once more, and the next one sits down. Meanwhile processes are killed with SIGKILL:
a web worker, the whole database server, one of its backends, Redis. A kill counts once saves go on after it.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from scripts.load.candidate import Broken, Candidate, Link, Reply, Unexpected
from scripts.load.hall import Hall
from scripts.load.ledger import Ledger

SAVES_BEFORE_HAND_IN = 150
TAKE_OVER = 0.005
"""Chance, at each save, that the candidate goes on at another PC."""

BATCH = 3
"""Most answers sent at once."""

PAUSE_SECONDS = 0.02
RETRY_SECONDS = 0.1
RECOVERED = 200
"""Acknowledged saves after a kill until the next one comes."""

RECOVERY_SECONDS = 90


class NotRecovered(RuntimeError):
    """After a kill, saves were no longer acknowledged."""


@dataclass
class Kill:
    """One kind of kill: ``strike`` kills and, where nobody else does, starts again."""

    name: str
    strike: Callable[[], None]


@dataclass
class Tally:
    """What happened."""

    kills: Counter[str] = field(default_factory=Counter)
    interrupting: Counter[str] = field(default_factory=Counter)
    """Kills that cut off or refused saves which were under way."""
    unacknowledged: Counter[str] = field(default_factory=Counter)
    """Saves under way at the instant of the kills."""
    refusals: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    take_overs: int = 0
    seconds: float = 0.0
    longest_gap_seconds: float = 0.0


class Chaos:
    """One run against one server.

    Parameters
    ----------
    hall : Hall
        A sitting that has begun; every lane works through its share of the tickets.
    kills : mapping of name to Kill, each to be done ``times``
    least_saves : int
        The run goes on until so many answers were acknowledged, even when all kills are done.
    """

    def __init__(
        self,
        url: str,
        hall: Hall,
        kills: Mapping[str, Kill],
        *,
        times: int,
        lanes: int,
        least_saves: int,
        seed: int,
    ) -> None:
        self._url, self._kills, self._times, self._least = url, kills, times, least_saves
        self._rng = random.Random(seed)
        self.ledger, self.tally = Ledger(), Tally()
        self._under_way = 0
        self._cut = 0
        self._ended = False
        self._last_acknowledged = time.monotonic()
        self._tickets = iter(hall.tickets)
        self._lanes = lanes

    async def run(self, say: Callable[[str], None]) -> None:
        """Let candidates work and servers die; raises NotRecovered."""
        begun = time.monotonic()
        lanes = [asyncio.create_task(self._lane(number)) for number in range(self._lanes)]
        killing = asyncio.create_task(self._strike_all(say))
        done, _ = await asyncio.wait([killing, *lanes], return_when=asyncio.FIRST_EXCEPTION)
        self._ended = True
        for task in done:
            task.result()
        await asyncio.gather(*lanes)
        self.tally.seconds = time.monotonic() - begun

    async def _strike_all(self, say: Callable[[str], None]) -> None:
        order = [name for name in self._kills for _ in range(self._times)]
        self._rng.shuffle(order)
        await self._recovered(self.ledger.count + RECOVERED, "the start")
        for number, name in enumerate(order, 1):
            kill, before = self._kills[name], self._cut
            # At a moment when answers are on their way, or there would be nothing to lose.
            while not self._under_way:
                await asyncio.sleep(0.001)
            self.tally.unacknowledged[name] += self._under_way
            count = self.ledger.count
            await asyncio.get_running_loop().run_in_executor(None, kill.strike)
            await self._recovered(count + RECOVERED, name)
            self.tally.kills[name] += 1
            self.tally.interrupting[name] += self._cut > before
            say(f"{number}/{len(order)} {name}: {self.ledger.count} answers acknowledged")
            await asyncio.sleep(self._rng.uniform(0.1, 0.6))
        while self.ledger.count < self._least:
            await asyncio.sleep(0.2)
        self._ended = True

    async def _recovered(self, count: int, name: str) -> None:
        limit = time.monotonic() + RECOVERY_SECONDS
        while self.ledger.count < count:
            if time.monotonic() > limit:
                raise NotRecovered(
                    f"{RECOVERY_SECONDS} s after {name}, saves are not acknowledged: {dict(self.tally.refusals)}"
                )
            await asyncio.sleep(0.05)

    async def _lane(self, number: int) -> None:
        for ticket in self._tickets:
            if self._ended:
                return
            candidate = Candidate(Link(self._url, f"127.0.{1 + number % 250}.1"), ticket)
            await self._work(candidate)
            candidate.link.close()
        if not self._ended:
            raise RuntimeError("the hall has no more candidates: give it more of them")

    async def _work(self, candidate: Candidate) -> None:
        await self._until_done(partial(self._sit_down, candidate))
        revision = 0
        for _ in range(SAVES_BEFORE_HAND_IN):
            if self._ended:
                return
            if self._rng.random() < TAKE_OVER:
                await self._until_done(partial(self._sit_down, candidate))
                self.tally.take_overs += 1
            answers = []
            for question in self._rng.sample(candidate.questions, self._rng.randint(1, BATCH)):
                revision += 1
                label = self._rng.choice(question.labels)
                answers.append({"item": question.item, "revision": revision, "response": [label]})
            await self._until_done(partial(self._save, candidate, answers))
            await asyncio.sleep(PAUSE_SECONDS * self._rng.random())
        await self._until_done(partial(self._hand_in, candidate))
        await self._try_afterwards(candidate, revision + 1)

    async def _until_done(self, step: Callable[[], Any]) -> None:
        """Do a step again until the server has answered it."""
        while not await self._tried(step):
            await asyncio.sleep(RETRY_SECONDS * (0.5 + self._rng.random()))

    async def _tried(self, step: Callable[[], Any]) -> bool:
        try:
            await step()
        except Broken:
            self.tally.broken += 1
            return False
        except Unexpected as refused:
            self._count(refused.reply)
            if refused.reply.status < 500 and refused.reply.status != 429:
                raise
            return False
        return True

    def _count(self, reply: Reply) -> None:
        self.tally.refusals[f"{reply.status} {reply.code}"] += 1

    async def _sit_down(self, candidate: Candidate) -> None:
        await candidate.enter()
        await candidate.wait()
        if not candidate.attempt:
            await candidate.start()
        if not candidate.questions:
            await candidate.look()
        await candidate.open()

    async def _save(self, candidate: Candidate, answers: list[dict[str, Any]]) -> None:
        epoch = candidate.epoch
        self._under_way += 1
        try:
            reply = await candidate.save(answers)
        except Broken:
            self._cut += 1
            raise
        finally:
            self._under_way -= 1
        if reply.status != 200:
            self._cut += reply.status == 503
            raise Unexpected("save", reply)
        now = time.monotonic()
        self.tally.longest_gap_seconds = max(self.tally.longest_gap_seconds, now - self._last_acknowledged)
        self._last_acknowledged = now
        sent = {(a["item"], a["revision"]): tuple(a["response"]) for a in answers}
        for item, revision in reply.json()["accepted"]:
            self.ledger.acknowledged(candidate.attempt, item, (epoch, revision, sent[(item, revision)]))

    async def _hand_in(self, candidate: Candidate) -> None:
        reply = await candidate.hand_in()
        if reply.status != 200:
            raise Unexpected("hand-in", reply)
        self.ledger.handed_in(candidate.attempt, reply.json()["receipt"])

    async def _try_afterwards(self, candidate: Candidate, revision: int) -> None:
        question = candidate.questions[0]
        answer = {"item": question.item, "revision": revision, "response": [question.labels[0]]}
        for _ in range(3):
            try:
                reply = await candidate.save([answer])
            except Broken:
                continue
            self._count(reply)
            self.ledger.accepted_after_hand_in += reply.status == 200


def kill_process(pid: int) -> None:
    """End a process as a crash would; one that has gone already is fine."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
