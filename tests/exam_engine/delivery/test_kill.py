"""A server that is killed has kept every answer it acknowledged; a control shows that the check can fail."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from exam_engine.delivery.models import Answer
from itembank.base.db import Database, Scope
from itembank.people.models import Institution
from tests.factories.delivery import make_attempt

ROOT = Path(__file__).parents[3]
CANDIDATES = 12
Acknowledged = dict[tuple[UUID, UUID], int]


def saved_until_killed(
    database: Database, attempts: list[UUID], mode: str, acknowledgements: int, first: int = 1
) -> Acknowledged:
    """Run the saving process until it has acknowledged so many answers, kill it; return what it acknowledged."""
    url = database.engine.url.render_as_string(hide_password=False)
    program = [
        sys.executable,
        str(Path(__file__).with_name("killable.py")),
        url,
        mode,
        str(database.clock.offset.total_seconds()),
        str(first),
        *map(str, attempts),
    ]
    process = subprocess.Popen(
        program, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT
    )
    assert process.stdout is not None
    lines: list[bytes] = []
    reader = threading.Thread(target=lambda: lines.extend(process.stdout or ()), daemon=True)
    reader.start()
    deadline = time.monotonic() + 60
    while len(lines) < acknowledgements and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.001)
    process.kill()
    process.wait()
    reader.join()
    process.stdout.close()
    newest: Acknowledged = {}
    for line in lines:
        if not line.endswith(b"\n"):
            continue  # cut off by the kill: nobody received it
        attempt, item, revision = line.split()
        key = UUID(attempt.decode()), UUID(item.decode())
        newest[key] = max(newest.get(key, 0), int(revision))
    assert len(lines) >= acknowledgements
    return newest


def lost(database: Database, acknowledged: Acknowledged) -> int:
    """Count the keys of which the stored revision is older than the acknowledged one, or absent."""
    with database.session(writes=False) as session:
        stored = {(a.attempt_id, a.item_id): a.revision for a in session.scalars(select(Answer))}
    return sum(stored.get(key, 0) < revision for key, revision in acknowledged.items())


@pytest.fixture
def attempts(database: Database, institution: Institution) -> list[UUID]:
    with database.session(scope=Scope.everything()) as session:
        started_at = database.clock.now()
        return [
            make_attempt(session, institution_id=institution.id, started_at=started_at).id
            for _ in range(CANDIDATES)
        ]


def test_no_acknowledged_answer_is_lost_when_the_server_is_killed(database, attempts) -> None:
    for kill in range(1, 4):
        # Revisions go on from run to run, so that what an earlier one stored hides no loss.
        acknowledged = saved_until_killed(database, attempts, "after_commit", 150 * kill, kill * 1_000_000)
        assert lost(database, acknowledged) == 0


def test_the_check_finds_a_server_that_acknowledges_too_early(database, attempts) -> None:
    acknowledged = saved_until_killed(database, attempts, "before_commit", 100)

    assert lost(database, acknowledged) > 0
